"""Tests of tables for people."""
