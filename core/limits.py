"""Limits that several packages share, in a module that is cheap to import."""

from __future__ import annotations

#: Most hints in a queue, about 6 MiB of the broker's memory. More would be useless: any hint
#: permits a claim of any job, and the reconciler adds hints as they are used.
HINTS_AT_MOST = 10_000
