"""``evalctl db prune``: remove old memory traces and kept engine logs."""

from __future__ import annotations

import re

import click
from click import option

from db.upkeep.space import prunable
from db.upkeep.space import prune as prune_old
from orchestrator.cli.examples import examples
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault

_AGE = re.compile("([1-9][0-9]{0,4})([hdw])")
SECONDS = {"h": 3600, "d": 86_400, "w": 604_800}


@click.command()
@option("--older-than", "age", required=True, metavar="AGE", help="E.g. 12h, 30d or 8w.")
@option("--yes", is_flag=True, help="Remove them; without it nothing is changed.")
@json_option
@examples("evalctl db prune --older-than 30d", "evalctl db prune --older-than 30d --yes")
def prune(*, age: str, yes: bool, as_json: bool) -> int:
    """Remove old memory traces and kept engine logs.

    Without --yes, only their number and size are shown. Peaks and means of
    memory stay, and so does every figure of `evalctl results`.
    """
    older_s = age_s(age)
    with connect(name="prune") as connections:
        change = prune_old if yes else prunable
        found = change(connections.engine, older_s=older_s)
    if as_json:
        print_json({"older_than_s": older_s, "pruned": yes} | found.to_dict())
        return 0
    what = (
        f"{found.traces} memory traces ({_mib(found.trace_bytes)}) and {found.logs} kept logs "
        f"({_mib(found.log_bytes)}) older than {age}"
    )
    say(f"removed {what}" if yes else f"{what}; --yes removes them for good")
    return 0


def age_s(age: str) -> int:
    """Read an age such as ``30d``, in seconds; raise ``UsageFault``."""
    found = _AGE.fullmatch(age)
    if found is None:
        raise UsageFault(f"--older-than {age}: give hours, days or weeks, e.g. 12h, 30d or 8w")
    return int(found[1]) * SECONDS[found[2]]


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
