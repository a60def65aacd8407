"""``evalctl baseline``: which nights are the reference of nightly comparisons, and why."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click import option

from comparison.nights import FEWEST_NIGHTS
from core.counts import counted
from db.nights.baselines import baseline_versions
from orchestrator.cli.examples import examples
from orchestrator.cli.numbers import whole
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json, say
from orchestrator.nights.baseline import pin as pin_baseline
from reports.tables.layout import listing, short_time

Command = TypeVar("Command", bound=Callable[..., Any])


def _pin_options(command: Command) -> Command:
    for one in (
        json_option,
        option("--by", metavar="NAME", help="Who pins it (default: the user that runs this)."),
        option(
            "--leave-out",
            multiple=True,
            metavar="RUN",
            help="A night, by the name of its run, that must not count; may be repeated.",
        ),
        option(
            "--nights",
            type=whole(FEWEST_NIGHTS),
            default=FEWEST_NIGHTS,
            show_default=True,
            help="How many of the last nights are frozen.",
        ),
        option("--why", required=True, metavar="TEXT", help="Why these nights; stored for good."),
        click.argument("name"),
    ):
        command = one(command)
    return command


@click.group()
@examples("evalctl baseline show main")
def baseline() -> None:
    """Choose the nights that later nights are compared with.

    A baseline is frozen when it is pinned. Every version is kept with its reason.
    """


@baseline.command()
@_pin_options
@examples("evalctl baseline pin main --why 'first ten nights on the new GPU'")
def pin(**given: Any) -> int:
    """Pin the last nights of a schedule as its baseline.

    From then on its nights can alarm.
    """
    return _pin(again=False, **given)


@baseline.command()
@_pin_options
@examples("evalctl baseline repin main --why 'vLLM 0.33: TPOT fell by 8 %' --nights 14")
def repin(**given: Any) -> int:
    """Pin other nights, as the next version. The versions before are kept."""
    return _pin(again=True, **given)


@baseline.command()
@click.argument("name")
@json_option
@examples("evalctl baseline show main")
def show(*, name: str, as_json: bool) -> int:
    """Show a baseline's versions: nights, by whom and why."""
    with connect(name="baseline") as connections:
        versions = baseline_versions(connections.engine, name)
    if as_json:
        print_json({"baseline": name, "versions": [one.to_dict() for one in versions]})
        return 0
    lines = [
        (
            *(str(one.version), short_time(one.created_at), one.pinned_by),
            *(str(len(one.run_ids)), one.schedule, one.reason),
        )
        for one in versions
    ]
    columns = ("version", "pinned (UTC)", "by", "nights", "schedule", "why")
    console().print(listing(columns, lines, figures=("version", "pinned (UTC)", "nights")))
    return 0


def _pin(
    *,
    name: str,
    why: str,
    nights: int,
    leave_out: tuple[str, ...],
    by: str | None,
    again: bool,
    as_json: bool,
) -> int:
    with connect(name="baseline") as connections:
        found = pin_baseline(
            connections.engine,
            name,
            why=why,
            by=by or getpass.getuser(),
            nights=nights,
            leave_out=leave_out,
            again=again,
        )
    if as_json:
        print_json(
            {
                "baseline": name,
                "version": found.version,
                "runs": list(found.runs),
                "series": found.series,
            }
        )
        return 0
    frozen = counted(len(found.runs), "night")
    say(
        f"baseline {name} version {found.version}: {frozen}, {found.runs[0]} to "
        f"{found.runs[-1]}, {counted(found.series, 'metric')} frozen"
    )
    return 0
