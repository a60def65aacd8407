"""``evalctl doctor``: what is broken and how to fix it."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table
from rich.text import Text

from core.settings import Settings
from orchestrator import doctor as examination
from orchestrator.cli.examples import examples
from orchestrator.console import console, json_option, print_json


@click.command()
@json_option
@examples("evalctl doctor")
def doctor(*, as_json: bool) -> int:
    """Check everything evalctl needs and show how to fix problems.

    Exit code 1 if something is broken. A missing GPU or worker is reported but does not count.
    """
    checks = examination.examine(Settings.from_environment())
    needed = [check for check in checks if check.name not in {"gpu", "workers"}]
    ok = all(check.ok for check in needed)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        table = Table("check", "state", "found", "fix")
        for check in checks:
            state = Text("ok", "green") if check.ok else Text("broken", "red")
            table.add_row(check.name, state, check.found, check.mend)
        console().print(table)
    return 0 if ok else 1
