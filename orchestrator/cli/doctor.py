"""``evalctl doctor``: what is wrong and how to mend it."""

from __future__ import annotations

from dataclasses import asdict

import click
from rich.table import Table

from core.settings import Settings
from orchestrator import doctor as examination
from orchestrator.console import console, json_option, print_json


@click.command()
@json_option
def doctor(*, as_json: bool) -> int:
    """Look at everything evalctl needs and say what is broken and how to mend it; exit code 1 if something is.

    A host without a GPU or without a running worker counts as broken only for what needs them.

    \b
    Example:
      evalctl doctor
    """
    checks = examination.examine(Settings.from_environment())
    needed = [check for check in checks if check.name not in {"gpu", "workers"}]
    ok = all(check.ok for check in needed)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        table = Table("check", "state", "found", "mend")
        for check in checks:
            table.add_row(
                check.name,
                "[green]ok[/]" if check.ok else "[red]broken[/]",
                check.found,
                check.mend,
            )
        console().print(table)
    return 0 if ok else 1
