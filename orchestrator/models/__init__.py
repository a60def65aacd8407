"""Registered models: what may stand in evalctl.toml, and what can run on this host."""
