"""``evalctl doctor``: what is broken and how to fix it."""

from __future__ import annotations

from dataclasses import asdict

import click

from core.settings import Settings
from orchestrator import doctor as examination
from orchestrator.cli.examples import examples
from orchestrator.console import console, json_option, print_json
from reports.tables.layout import listing


@click.command()
@json_option
@examples("evalctl doctor")
def doctor(*, as_json: bool) -> int:
    """Check what evalctl needs and show how to fix it.

    Exit code 1 if something is broken. A missing GPU or worker is reported but does not count.
    """
    checks = examination.examine(Settings.from_environment())
    needed = [check for check in checks if check.name not in {"gpu", "workers"}]
    ok = all(check.ok for check in needed)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        lines = [(check.name, _state(check), check.found, check.mend) for check in checks]
        console().print(listing(("check", "state", "found", "fix"), lines, figures=("state",)))
    return 0 if ok else 1


def _state(check: examination.Check) -> str:
    if check.ok:
        return "ok"
    return "none" if check.absent else "broken"
