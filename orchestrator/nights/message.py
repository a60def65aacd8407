"""What a message about a night says, to people and to programs."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Any

from comparison.metrics import METRICS
from core.states import LOUD, NightState
from db.nights.alerts import AlertText
from db.nights.nightly import Outcome, Watch
from orchestrator.errors import UsageFault
from orchestrator.nights.cron import cron_of

#: Metrics that a message names at most.
NAMED = 12
_ALARMS = frozenset({"jump", "drift"})


def worth_saying(outcome: Outcome, *, before: NightState, last_night: NightState | None) -> bool:
    """Return whether a person should hear of it.

    ``before`` is what was known of this night, ``last_night`` the state of the one before it. A
    loud night is said once and again when it changes; a quiet one only where it ends an alarm.
    """
    if outcome.state is before:
        return False
    if outcome.state in LOUD or before in LOUD:
        return True
    if outcome.state is NightState.INCOMPARABLE:
        return last_night is not NightState.INCOMPARABLE
    ended = last_night in {NightState.REGRESSED, NightState.WARNED}
    return outcome.state is NightState.QUIET and ended


def night_alert(
    one: Watch, slot: dt.datetime, outcome: Outcome, *, run: str | None, ended: bool
) -> AlertText:
    """Return the message about a night; ``ended`` says that it ends an alarm."""
    local = _local(one, slot)
    what = outcome.reason or "within what the baseline's nights do"
    state = f"{outcome.state}, the alarm has ended" if ended else outcome.state.value
    name = one.schedule.name
    alarms = [row for row in outcome.metrics if row.get("course") in _ALARMS]
    alarms.sort(key=lambda row: -row["z"])
    lines = [f"Schedule {name}, night of {local}: {state}.", what[:1].upper() + what[1:] + "."]
    lines += ["", *map(_sentence, alarms[:NAMED])] if alarms else []
    lines += ["", f"Run: {run or 'none'}", f"Baseline: {one.baseline}"]
    lines += [f"All nights: evalctl nights {name}"]
    return AlertText(
        schedule=name,
        slot=slot,
        state=outcome.state,
        subject=f"evalctl {name} {local}: {state}" + (f" - {what}" if outcome.reason else ""),
        body="\n".join(lines) + "\n",
        document={
            "schedule": name,
            "slot": slot.isoformat(),
            "state": outcome.state.value,
            "reason": outcome.reason,
            "ended": ended,
            "run": run,
            "baseline": one.baseline,
            "metrics": [_plain(row) for row in alarms],
        },
    )


def missed_outcome(count: int, why: str) -> Outcome:
    """Return the outcome of nights without a run."""
    said = f"{count} nights have no run; the last: {why}" if count > 1 else why
    return Outcome(state=NightState.MISSED, reason=said, done=True)


def _sentence(row: Mapping[str, Any]) -> str:
    metric = METRICS[row["metric"]]
    unit = "%" if metric.log_ratio else metric.unit
    values = f"{row['reference']:.{metric.digits}f} -> {row['value']:.{metric.digits}f}"
    size = f"{row['difference']:+.2f} {unit}"
    rule = (
        f"jump: {row['z']:.1f} standard deviations, limit {row['z_limit']:.1f}, two nights in a row"
        if row["course"] == "jump"
        else f"drift: sum {row['drift']:.1f}, limit {row['drift_limit']:.1f}"
    )
    return f"{row['model']}, {row['prompt']}: {row['metric']} {values} ({size}); {rule}"


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    keys: Sequence[str] = (
        *("model", "prompt", "metric", "unit", "value", "reference", "difference"),
        *("z", "z_limit", "drift", "drift_limit", "course", "tier"),
    )
    return {key: row[key] for key in keys}


def _local(one: Watch, slot: dt.datetime) -> str:
    try:
        zone: dt.tzinfo = cron_of(one.schedule).zone
    except (UsageFault, zoneinfo.ZoneInfoNotFoundError):
        zone = dt.UTC
    return f"{slot.astimezone(zone):%Y-%m-%d %H:%M}"
