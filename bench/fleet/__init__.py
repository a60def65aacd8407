"""A simulated fleet: the real statements of many workers, without their engines."""
