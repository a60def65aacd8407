"""Servers reached over a real network: TLS, passwords, several hosts."""
