"""What a database takes of 10, 100, 300 and 1,000 simulated workers, direct and pooled."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from bench.figure import Figure
from bench.fleet.simulation import POOL, Measured, servers, simulate

WORKERS = (10, 100, 300, 1000)
SECONDS = 60.0


def measure() -> list[Figure]:
    """Run all fleets; a promise that broke is printed and counted."""
    figures: list[Figure] = []
    with servers() as place:
        for workers in WORKERS:
            for through_pooler in (False, True):
                found = simulate(place, workers, through_pooler=through_pooler, seconds=SECONDS)
                figures += _figures(found)
    return figures


def _figures(found: Measured) -> Iterator[Figure]:
    for promise in found.broken:
        print(f"{found.workers} workers, {found.way}: {promise}", file=sys.stderr)
    settings = {
        "generation_s": 2.0,
        "killed": found.killed,
        "pool": POOL if found.way == "pooled" else None,
        "load_average": round(found.load_average, 1),
        "errors": found.errors,
    }
    name = f"fleet.{found.workers}_workers.{found.way}"
    values = (
        ("jobs", found.jobs_per_s, "jobs/s", f">= {0.9 * found.ideal_jobs_per_s:g}"),
        ("claim_p99", found.claim_p99_ms, "ms", None),
        ("tick_max", found.tick_max_ms, "ms", None),
        ("heartbeat_share", found.heartbeat_share + found.renewal_share, "share", "<= 0.2"),
        ("connections", found.connections, "connections", None),
        ("postgres", found.postgres_cores, "cores", None),
        ("broken_promises", len(found.broken) + found.duplicates, "promises", "<= 0"),
    )
    for figure, value, unit, target in values:
        yield Figure(f"{name}.{figure}", float(value), unit, target, settings)
