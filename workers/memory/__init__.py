"""Memory seen from outside the engine: one GPU by NVML, or a tree of processes, sampled in a process of its own."""
