"""How a worker lives and ends: lease, heartbeat, shutdown, timeouts, and what survives a crash."""
