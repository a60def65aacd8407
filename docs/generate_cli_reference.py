#!/usr/bin/env python
"""Write docs/reference/cli.md from the help of the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from orchestrator.cli import cli

PAGE = Path(__file__).parent / "reference" / "cli.md"
WIDTH = 100
HEAD = """\
<!-- Written by `make docs` from the commands themselves; do not edit. -->
# Command line

Every command takes `--help`. With `--json`, where a command has it, one JSON document goes to
stdout and everything else to stderr; [json.md](json.md) lists its keys. RUN may be an id, a unique
prefix of one, a name, or `latest`.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a bad result: failed or dead jobs, a failed check, an invalid problem |
| 2 | wrong usage: an unknown option, model or run, an unreadable file |
| 3 | a service is unreachable |
| 4 | interrupted |
"""


def render() -> str:
    """Return the whole page."""
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    root = click.Context(cli, info_name="evalctl", **settings)
    commands = "\n".join(_sections(cli, root))
    return f"{HEAD}\n{commands}"


def _sections(group: click.Group, parent: click.Context) -> Iterator[str]:
    for name in group.list_commands(parent):
        command = group.get_command(parent, name)
        if command is None:
            raise LookupError(f"{parent.command_path} lists {name} and does not have it")
        context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
            yield f"## {context.command_path}\n\n```text\n{text}\n```\n"
        if isinstance(command, click.Group):
            yield from _sections(command, context)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
