"""Tests of the queue: claims, leases, commits, hints."""
