"""All faults, in the order of their ids: importing this module registers them."""

from __future__ import annotations

import re

from tests.chaos import (
    broker_faults,
    database_faults,
    disk_faults,
    engine_faults,
    fleet_faults,
    network_faults,
    worker_faults,
)
from tests.chaos.registry import FAULTS, Fault

#: Importing them has registered their faults.
MODULES = (
    worker_faults,
    broker_faults,
    database_faults,
    network_faults,
    disk_faults,
    fleet_faults,
    engine_faults,
)


def all_faults() -> list[Fault]:
    """Return every fault, F1a before F2 before F10."""
    return sorted(FAULTS.values(), key=lambda fault: _order(fault.fault_id))


def short_faults() -> list[Fault]:
    """Return the faults of `make test`."""
    return [fault for fault in all_faults() if fault.short]


def _order(fault_id: str) -> tuple[int, str]:
    match = re.fullmatch(r"F(\d+)([a-z]?)", fault_id)
    assert match is not None, fault_id
    return int(match[1]), match[2]
