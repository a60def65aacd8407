"""Tests of what is said in lines of text."""
