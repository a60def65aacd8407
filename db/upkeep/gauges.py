"""What operators watch, read in one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Engine

from db.engine import rows, transaction
from db.statements import statement

#: Jobs of each model among which the oldest is looked for.
LOOKED_AT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LastNight:
    """The newest night of a schedule that is done."""

    schedule: str
    state: str
    #: Seconds since 1970.
    finished: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauges:
    """The state of the queue, its workers and the nights at one moment."""

    #: State: number of jobs of all runs.
    jobs: Mapping[str, int]
    #: Jobs whose lease has run out and that were not taken back yet.
    late_leases: int
    #: Queue: seconds for which its oldest job has waited, 0 where none waits.
    oldest_s: Mapping[str, float]
    #: State: number of workers; lost ones of the last hour.
    workers: Mapping[str, int]
    #: Longest time since a running worker last reported, in seconds.
    silent_s: float
    quarantined_gpus: int
    #: Hints that the broker should have, and for how long the oldest has been due, in seconds.
    hints_due: int
    outbox_lag_s: float
    #: Models whose server is away or limits requests.
    held_models: int
    nights: tuple[LastNight, ...]


def read_gauges(engine: Engine) -> Gauges:
    """Read all gauges. Raise ``ServiceUnreachable`` where the database is down."""
    with transaction(engine) as connection:
        row = rows(connection, statement("gauges", "metrics"), {"limit": LOOKED_AT})[0]
    hints_due, outbox_lag_s = row["outbox"]
    return Gauges(
        jobs=row["jobs"],
        late_leases=row["late_leases"],
        oldest_s=row["oldest_s"],
        workers=row["workers"],
        silent_s=float(row["silent_s"]),
        quarantined_gpus=row["quarantined_gpus"],
        hints_due=hints_due,
        outbox_lag_s=float(outbox_lag_s),
        held_models=row["held_models"],
        nights=tuple(
            LastNight(schedule=schedule, state=state, finished=float(finished))
            for schedule, state, finished in row["nights"]
        ),
    )
