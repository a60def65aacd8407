"""Faults on purpose: processes killed or frozen, servers lost, disks full; and what must hold."""
