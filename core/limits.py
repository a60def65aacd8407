"""Limits that several rooms keep, apart from what is costly to import."""

from __future__ import annotations

#: Hints that wait in a queue at most, some 6 MiB of the broker's memory. More would be of no use: any hint permits to claim
#: any job, and the reconciler adds hints as they are used.
HINTS_AT_MOST = 10_000
