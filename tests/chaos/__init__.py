"""Faults on purpose: processes killed and frozen, servers gone, disks full, and what must hold afterwards."""
