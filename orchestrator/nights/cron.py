"""When a schedule is due: five cron fields in a time zone, with clock changes."""

from __future__ import annotations

import datetime as dt
import difflib
import zoneinfo
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile

from cronsim import CronSim, CronSimError

from db.nights.schedules import Schedule
from orchestrator.errors import UsageFault

#: Names of the machine's own setting, not of a place.
NO_ZONES = frozenset({"localtime", "Factory"})
#: What each field takes, by the name that ``CronSim`` gives it.
_FIELDS = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, as far as the months have them",
    "month": "1 to 12 or JAN to DEC",
    "day-of-week": "0 to 7 or SUN to SAT",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """A cron expression in a time zone.

    With chosen hours, a slot in the gap of a clock change moves to the end of the gap, and a slot
    in a repeated hour occurs once. An expression for every hour follows the hours that really pass.
    """

    #: As ``CronSim`` reads them; minutes and hours are written out unless every hour is meant.
    expression: str
    zone: zoneinfo.ZoneInfo

    def after(self, instant: dt.datetime) -> Iterator[dt.datetime]:
        """Yield the slots after an instant, in UTC, each later than the one before."""
        last = instant
        for found in CronSim(self.expression, instant.astimezone(self.zone)):
            slot = found.astimezone(dt.UTC)
            # Two times in a gap fall on the same instant, and a walk that begins in the second half
            # of a doubled hour starts with slots of the first.
            if slot > last:
                last = slot
                yield slot

    def latest(self, after: dt.datetime, until: dt.datetime) -> dt.datetime | None:
        """Return the latest slot in ``(after, until]`` without a walk over a long outage."""
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


def read_cron(expression: str, timezone: str) -> Cron:
    """Read five fields and an IANA zone; raise ``UsageFault`` for others and what is never due."""
    zone = _read_zone(timezone)
    words = expression.split()
    if len(words) != 5 or len(expression) > 500:
        fields = "minute, hour, day of month, month, day of week"
        raise UsageFault(f"cron {expression[:100]!r} must have five fields: {fields}")
    try:
        start = dt.datetime.now(zone)
        parsed = CronSim(expression, start)
        if len(parsed.hours) < 24:
            # A field that begins with * would follow the clock through a gap or a doubled hour, as
            # */2 would.
            words[:2] = (
                ",".join(map(str, sorted(numbers))) for numbers in (parsed.minutes, parsed.hours)
            )
        else:
            words[1] = "*"
        due = next(CronSim(" ".join(words), start), None)
    except (CronSimError, ValueError) as error:
        raise UsageFault(f"cron {expression!r} cannot be read: {_explained(error)}") from error
    if due is None:
        raise UsageFault(f"cron {expression!r} is never due")
    return Cron(expression=" ".join(words), zone=zone)


def _explained(error: Exception) -> str:
    """Return what is wrong, with what the field may hold where one is named."""
    said = str(error)
    takes = _FIELDS.get(said.removeprefix("Bad "))
    return said if takes is None else f"{said}, which takes {takes}"


def cron_of(schedule: Schedule) -> Cron:
    """Return a stored schedule's cron; raise ``UsageFault`` where this machine lacks its zone."""
    return _stored_cron(schedule.cron, schedule.timezone)


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
    raise UsageFault(f"{name[:100]!r} is not an IANA time zone{hint}")


@lru_cache(maxsize=256)
def _stored_cron(expression: str, timezone: str) -> Cron:
    return read_cron(expression, timezone)


@lru_cache(maxsize=1024)
def next_slot(expression: str, timezone: str, after: dt.datetime) -> dt.datetime | None:
    """Return the first slot after an instant; needed every tick, computed once."""
    return next(_stored_cron(expression, timezone).after(after), None)
