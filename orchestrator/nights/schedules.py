"""Schedules: submit a run for each due slot, once.

Of several slots missed while no reconciler ran only the latest is made up for; the others are
skipped. A slot is settled in the transaction that submits its run, so a crash leaves it due and two
reconcilers cannot both submit it.
"""

from __future__ import annotations

import datetime as dt
import logging
import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError, SQLAlchemyError

from core.errors import ServiceBusy, ServiceUnreachable
from core.settings import Settings
from db.nights.schedule_slots import fail_slot, make_hand_slot, make_slot
from db.nights.schedules import Schedule, active_schedules
from db.runs.submissions import Submission, Submitted
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry, load_registry
from orchestrator.nights.cron import cron_of, next_slot
from orchestrator.runs.experiment import Experiment, make_experiment
from orchestrator.runs.submit import plan
from problems.errors import ProblemError

#: Letters and digits of any script, then also . _ -, so that it can be part of a run's name and of
#: a command line.
NAME = re.compile(r"\w[\w.-]{0,63}")
#: Most skipped slots that are counted.
COUNT_AT_MOST = 1000

log = logging.getLogger("evalctl.schedules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """Outcome of a slot that was due: a run, or an error."""

    schedule: str
    slot: dt.datetime
    submitted: Submitted | None = None
    error: str | None = None
    #: Slots before it that were skipped; at most ``COUNT_AT_MOST``.
    skipped: int = 0


def check_name(name: str) -> None:
    """Raise ``UsageFault`` for a name that a schedule cannot have."""
    if not NAME.fullmatch(name):
        raise UsageFault(
            "a schedule's name must be at most 64 letters, digits, dots, - and _, not "
            f"{name[:100]!r}"
        )


def portable(experiment: Experiment) -> Experiment:
    """Return the experiment with an absolute path: the reconciler works in another folder."""
    path = Path(experiment.problems)
    return replace(experiment, problems=str(path.absolute())) if path.exists() else experiment


def registered_models() -> Registry:
    """Read the registry as the environment says."""
    return load_registry(Settings.from_environment())


def fire_due_schedules(
    engine: Engine,
    *,
    registry: Callable[[], Registry] = registered_models,
    now: dt.datetime | None = None,
) -> tuple[Fired, ...]:
    """Submit the runs of due slots and return the outcomes.

    With nothing due this is one short transaction. ``now`` is the database's clock by default.
    Raise ``ServiceUnreachable`` where the database is down: the slots stay due.
    """
    at, active = active_schedules(engine, now)
    fired = [_fire(engine, schedule, at, registry) for schedule in active]
    return tuple(one for one in fired if one is not None)


def run_now(
    engine: Engine, schedule: Schedule, registry: Registry, now: dt.datetime | None = None
) -> tuple[dt.datetime, Submitted]:
    """Submit a schedule's experiment now; return its slot and the run.

    Raise ``UsageFault`` or ``ProblemError`` where it cannot be planned; nothing is recorded then.
    """
    planned = plan(stored_experiment(schedule), registry, new=True)
    zone = cron_of(schedule).zone
    return make_hand_slot(
        engine, schedule, lambda slot: _of_slot(planned, schedule, slot, zone, by_hand=True), now
    )


def stored_experiment(schedule: Schedule) -> Experiment:
    """Return what a schedule submits; raise ``UsageFault`` where this version cannot read it."""
    known = {field.name for field in fields(Experiment)}
    if unknown := sorted(set(schedule.experiment) - known):
        raise UsageFault(f"the experiment has unknown keys {', '.join(unknown)}")
    try:
        return make_experiment(schedule.experiment)
    except (TypeError, ValueError, AttributeError) as error:
        raise UsageFault(f"the experiment cannot be read: {error}") from error


def _fire(
    engine: Engine, schedule: Schedule, now: dt.datetime, registry: Callable[[], Registry]
) -> Fired | None:
    try:
        first = next_slot(schedule.cron, schedule.timezone, schedule.due_from)
        if first is None or first > now:
            return None
        cron = cron_of(schedule)
    except UsageFault as error:
        log.warning("schedule %s cannot be read here and submits no runs: %s", schedule.name, error)
        return None
    slot = cron.latest(schedule.due_from, now)
    assert slot is not None, "the first slot is due"
    earlier = takewhile(lambda due: due < slot, cron.after(schedule.due_from))
    skipped = sum(1 for _ in islice(earlier, COUNT_AT_MOST))
    fired = Fired(schedule=schedule.name, slot=slot, skipped=skipped)
    try:
        submission = plan(stored_experiment(schedule), registry(), new=True)
        of_slot = _of_slot(submission, schedule, slot, cron.zone)
        submitted = make_slot(engine, schedule, slot, of_slot)
    except (UsageFault, ProblemError, OSError) as error:
        return _failed(engine, schedule, fired, str(error))
    except (DataError, IntegrityError, ProgrammingError) as error:
        return _failed(engine, schedule, fired, str(error.orig).strip().partition("\n")[0])
    except (ServiceBusy, SQLAlchemyError) as error:
        # It says nothing about the schedule: the slot stays due.
        when = _local(slot, cron.zone)
        log.warning("schedule %s: slot %s will be retried: %s", schedule.name, when, error)
        return None
    except ServiceUnreachable:
        raise
    except Exception as error:  # whatever a registry or a file holds: this slot fails alone
        log.exception("schedule %s: its runs cannot be planned", schedule.name)
        return _failed(engine, schedule, fired, f"{type(error).__name__}: {error}")
    if submitted is None:
        return None
    fired = replace(fired, submitted=submitted)
    _log_skipped(fired, cron.zone)
    made = (schedule.name, _local(slot, cron.zone), submitted.name, submitted.created)
    log.info("schedule %s: slot %s submitted as run %s, %s jobs", *made)
    return fired


def _failed(engine: Engine, schedule: Schedule, fired: Fired, error: str) -> Fired | None:
    if not fail_slot(engine, schedule, fired.slot, error):
        return None
    zone = cron_of(schedule).zone
    _log_skipped(fired, zone)
    log.error("schedule %s: slot %s has no run: %s", schedule.name, _local(fired.slot, zone), error)
    return replace(fired, error=error)


def _log_skipped(fired: Fired, zone: zoneinfo.ZoneInfo) -> None:
    if fired.skipped:
        count = f"{fired.skipped}{' or more' if fired.skipped == COUNT_AT_MOST else ''}"
        facts = (fired.schedule, count, _local(fired.slot, zone))
        log.warning(
            "schedule %s: skipped %s earlier missed slots in favour of the latest, %s", *facts
        )


def _of_slot(
    submission: Submission,
    schedule: Schedule,
    slot: dt.datetime,
    zone: zoneinfo.ZoneInfo,
    *,
    by_hand: bool = False,
) -> Submission:
    """Return the submission under the name of the slot, with the slot in its provenance."""
    by_hand_at = f"{slot.astimezone(zone):%Y-%m-%dT%H:%M:%S}-by-hand"
    name = f"{schedule.name}-{by_hand_at if by_hand else _local(slot, zone)}"
    at = slot.astimezone(dt.UTC).isoformat()
    origin: dict[str, Any] = {"name": schedule.name, "slot": at, "timezone": schedule.timezone}
    origin["by_hand"] = by_hand
    return replace(submission, name=name, provenance={**submission.provenance, "schedule": origin})


def _local(slot: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """Format a slot in its zone to the minute, with the offset where it is ambiguous."""
    local = slot.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat(timespec="minutes") if twice else f"{local:%Y-%m-%dT%H:%M}"
