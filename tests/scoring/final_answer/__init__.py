"""Tests of the package ``scoring.final_answer``."""
