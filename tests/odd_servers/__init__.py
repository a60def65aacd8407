"""Servers of models that misbehave on purpose, and what evalctl makes of each."""
