"""Tests of the second reader: requests, replies, and what rules and judge say together."""
