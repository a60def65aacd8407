"""Stand-in for NVML, put before the real one by PYTHONPATH."""
