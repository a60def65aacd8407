"""Schedules: say when slots are due in a time zone, and submit a run for each slot once.

Of several slots that passed while no reconciler ran only the latest is made up for; the others are passed over. A slot is
settled in the transaction that submits its run, so a crash leaves it due and two reconcilers cannot both make it.
"""

from __future__ import annotations

import datetime as dt
import difflib
import logging
import re
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from itertools import islice, takewhile
from pathlib import Path
from typing import Any

from cronsim import CronSim, CronSimError
from sqlalchemy import Engine
from sqlalchemy.exc import DataError, IntegrityError, ProgrammingError

from core.errors import ServiceBusy
from core.settings import Settings
from db.runs import Submission, Submitted
from db.schedules import Schedule, active_schedules, fail_slot, make_hand_slot, make_slot
from orchestrator.errors import UsageFault
from orchestrator.experiment import Experiment, make_experiment
from orchestrator.registry import Registry, load_registry
from orchestrator.submit import plan
from problems.errors import ProblemError

#: Letters and digits of any script, then also . _ -, so that it can stand in a run's name and on a command line.
NAME = re.compile(r"\w[\w.-]{0,63}")
#: Slots passed over that are counted; more are said to be more.
COUNT_AT_MOST = 1000
#: Names of the machine's own setting, not of a place.
NO_ZONES = frozenset({"localtime", "Factory"})

log = logging.getLogger("evalctl.schedules")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A cron expression in a time zone.

    Where hours are chosen, clocks going forward move a slot that they skip to the end of the gap, and clocks going back
    give a slot of the doubled hour once. An expression for every hour follows the hours that really pass.
    """

    #: As ``CronSim`` reads them; minutes and hours are written out unless every hour is meant.
    expression: str
    zone: zoneinfo.ZoneInfo

    def after(self, instant: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the slots after an instant, in UTC, each later than the one before."""
        last = instant
        for found in CronSim(self.expression, instant.astimezone(self.zone)):
            slot = found.astimezone(dt.UTC)
            # Two times in a gap fall on the same instant, and a walk that begins in the second half of a doubled hour
            # starts with slots of the first.
            if slot > last:
                last = slot
                yield slot

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """Return the latest slot after one instant and not after another; a long outage costs no long walk."""
        for days in (1, 32, 400):
            start = max(after, until - dt.timedelta(days=days))
            if found := self._last(start, until):
                return found
        return self._last(after, until)

    def _last(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        last = None
        for slot in takewhile(lambda slot: slot <= until, self.after(after)):
            last = slot
        return last


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """What became of a slot that was due: a run, or an error."""

    schedule: str
    slot: dt.datetime
    submitted: Submitted | None = None
    error: str | None = None
    #: Slots before it that nothing was made for; at most ``COUNT_AT_MOST``.
    passed_over: int = 0


def read_cron(expression: str, timezone: str) -> Cron:
    """Read five fields and an IANA time zone. Raise ``UsageFault`` for what is none, or is never due."""
    zone = _read_zone(timezone)
    words = expression.split()
    if len(words) != 5 or len(expression) > 500:
        raise UsageFault(
            f"cron {expression[:100]!r} must have five fields: minute, hour, day of month, month, day of week"
        )
    try:
        start = dt.datetime.now(zone)
        parsed = CronSim(expression, start)
        if len(parsed.hours) < 24:
            # A field that begins with * would follow the clock through a gap or a doubled hour, as */2 would.
            words[:2] = (
                ",".join(map(str, sorted(numbers))) for numbers in (parsed.minutes, parsed.hours)
            )
        else:
            words[1] = "*"
        due = next(CronSim(" ".join(words), start), None)
    except (CronSimError, ValueError) as error:
        raise UsageFault(f"cron {expression!r} cannot be read: {error}") from error
    if due is None:
        raise UsageFault(f"cron {expression!r} is never due")
    return Cron(expression=" ".join(words), zone=zone)


def cron_of(schedule: Schedule) -> Cron:
    """Return when a stored schedule is due. Raise ``UsageFault`` where this machine does not know its time zone."""
    return _stored_cron(schedule.cron, schedule.timezone)


def check_name(name: str) -> None:
    """Raise ``UsageFault`` for a name that a schedule cannot have."""
    if not NAME.fullmatch(name):
        raise UsageFault(
            f"a schedule's name is made of at most 64 letters, digits, dots, - and _, not {name[:100]!r}"
        )


def portable(experiment: Experiment) -> Experiment:
    """Return the experiment with a problem set on disk as an absolute path: the reconciler works in another folder."""
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
    """Make the slots that are due and return what became of them; with nothing due this is one short transaction.

    ``now`` is the database's clock unless given. Raise ``ServiceUnreachable`` where the database is away: the slots stay
    due.
    """
    at, active = active_schedules(engine, now)
    fired = [_fire(engine, schedule, at, registry) for schedule in active]
    return tuple(one for one in fired if one is not None)


def run_now(
    engine: Engine, schedule: Schedule, registry: Registry, now: dt.datetime | None = None
) -> tuple[dt.datetime, Submitted]:
    """Submit a schedule's experiment out of turn; return the slot made for it and the run.

    Raise ``UsageFault`` or ``ProblemError`` where it cannot be planned; nothing is recorded then.
    """
    planned = plan(stored_experiment(schedule), registry, new=True)
    zone = cron_of(schedule).zone
    return make_hand_slot(
        engine, schedule, lambda slot: _of_slot(planned, schedule, slot, zone, by_hand=True), now
    )


def stored_experiment(schedule: Schedule) -> Experiment:
    """Return what a schedule submits. Raise ``UsageFault`` where this version does not know what was stored."""
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
        first = _next_slot(schedule.cron, schedule.timezone, schedule.due_from)
        if first is None or first > now:
            return None
        cron = cron_of(schedule)
    except UsageFault as error:
        log.warning("schedule %s cannot be read here and makes no slots: %s", schedule.name, error)
        return None
    slot = cron.latest(schedule.due_from, now)
    assert slot is not None, "the first slot is due"
    earlier = takewhile(lambda due: due < slot, cron.after(schedule.due_from))
    fired = Fired(
        schedule=schedule.name,
        slot=slot,
        passed_over=sum(1 for _ in islice(earlier, COUNT_AT_MOST)),
    )
    try:
        submission = plan(stored_experiment(schedule), registry(), new=True)
        submitted = make_slot(
            engine, schedule, slot, _of_slot(submission, schedule, slot, cron.zone)
        )
    except (UsageFault, ProblemError, OSError) as error:
        return _failed(engine, schedule, fired, str(error))
    except (DataError, IntegrityError, ProgrammingError) as error:
        return _failed(engine, schedule, fired, str(error.orig).strip().partition("\n")[0])
    except ServiceBusy as error:
        log.warning(
            "schedule %s: slot %s is tried again: %s", schedule.name, _local(slot, cron.zone), error
        )
        return None
    if submitted is None:
        return None
    fired = replace(fired, submitted=submitted)
    _log_passed_over(fired, cron.zone)
    made = (schedule.name, _local(slot, cron.zone), submitted.name, submitted.created)
    log.info("schedule %s: slot %s is run %s, %s jobs", *made)
    return fired


def _failed(engine: Engine, schedule: Schedule, fired: Fired, error: str) -> Fired | None:
    if not fail_slot(engine, schedule, fired.slot, error):
        return None
    zone = cron_of(schedule).zone
    _log_passed_over(fired, zone)
    log.error("schedule %s: slot %s has no run: %s", schedule.name, _local(fired.slot, zone), error)
    return replace(fired, error=error)


def _log_passed_over(fired: Fired, zone: zoneinfo.ZoneInfo) -> None:
    if fired.passed_over:
        many = f"{fired.passed_over}{' or more' if fired.passed_over == COUNT_AT_MOST else ''}"
        told = (fired.schedule, many, _local(fired.slot, zone))
        log.warning(
            "schedule %s: %s earlier slots were missed and are passed over for the latest, %s",
            *told,
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
    name = (
        f"{schedule.name}-{slot.astimezone(zone):%Y-%m-%dT%H:%M:%S}-by-hand"
        if by_hand
        else (f"{schedule.name}-{_local(slot, zone)}")
    )
    origin: Mapping[str, Any] = {
        "name": schedule.name,
        "slot": slot.astimezone(dt.UTC).isoformat(),
        "timezone": schedule.timezone,
        "by_hand": by_hand,
    }
    return replace(submission, name=name, provenance={**submission.provenance, "schedule": origin})


def _local(slot: dt.datetime, zone: zoneinfo.ZoneInfo) -> str:
    """Write a slot in its zone to the minute, with the offset where the clock shows that time twice."""
    local = slot.astimezone(zone)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat(timespec="minutes") if twice else f"{local:%Y-%m-%dT%H:%M}"


def _read_zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        if name not in NO_ZONES:
            return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        pass
    known = zoneinfo.available_timezones() - NO_ZONES
    if not known:
        raise UsageFault("this machine has no time zone data; install the system package tzdata")
    near = difflib.get_close_matches(name, known, n=2, cutoff=0.8)
    hint = f"; did you mean {' or '.join(near)}?" if near else ", e.g. Asia/Shanghai or UTC"
    raise UsageFault(f"{name[:100]!r} is no IANA time zone{hint}")


@lru_cache(maxsize=256)
def _stored_cron(expression: str, timezone: str) -> Cron:
    return read_cron(expression, timezone)


@lru_cache(maxsize=1024)
def _next_slot(expression: str, timezone: str, after: dt.datetime) -> dt.datetime | None:
    """Return the first slot after an instant; asked every tick, worked out once."""
    return next(_stored_cron(expression, timezone).after(after), None)
