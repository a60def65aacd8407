"""Tests of the package ``orchestrator``."""
