"""``evalctl nights``: the nights of a schedule beside its baseline."""

from __future__ import annotations

import click
from click import option

from core.states import LOUD, NightState
from db.nights.alerts import unsent_alerts
from db.nights.nightly import find_watch, last_nights
from db.nights.schedules import find_schedule
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say, warn
from orchestrator.nights.cron import cron_of
from reports.tables.nights import SPARKS, nights_text


@click.command()
@click.argument("name")
@option(
    "--limit",
    type=click.IntRange(1, 400),
    default=SPARKS,
    show_default=True,
    help="Maximum number of nights to show.",
)
@json_option
@examples("evalctl nights nightly", "evalctl nights nightly --limit 7 --json")
def nights(*, name: str, limit: int, as_json: bool) -> int:
    """Show a schedule's last nights and their metrics.

    Each line of a metric has a bar per night, the last value, its difference from the baseline and
    what the rules say. Exit code 1 if the last night that is known regressed, is late, was missed
    or failed.
    """
    with connect(name="nights") as connections:
        schedule = find_schedule(connections.engine, name)
        one = find_watch(connections.engine, schedule.name)
        found, metrics = last_nights(connections.engine, one, limit=limit)
        warnings = [
            f"{row['alerts']} alerts by {row['channel']} were not sent"
            f"{', ' + str(row['abandoned']) + ' given up' if row['abandoned'] else ''}: "
            f"{row['last_error'] or 'the sender stopped on the way'}"
            for row in unsent_alerts(connections.engine, name)
        ]
    known = [NightState(night["state"]) for night in found if night["state"] != NightState.OPEN]
    code = 1 if known and known[0] in LOUD and known[0] is not NightState.WARNED else 0
    if as_json:
        print_json(
            {
                "schedule": name,
                "baseline": one.baseline,
                "due_within_h": one.due_within_s / 3600,
                "nights": found,
                "metrics": metrics,
                "warnings": warnings,
            }
        )
        return code
    if not found:
        say("no nights yet: the first is the next slot of the schedule")
    else:
        for line in nights_text(found, metrics, cron_of(schedule).zone):
            say(line)
    warn(*warnings)
    return code
