"""Check command lines of evalctl in files: the command exists and takes these words."""

from __future__ import annotations

from collections.abc import Sequence

import click

from orchestrator.cli import cli


def refusal(words: Sequence[str]) -> str | None:
    """Return why evalctl would refuse these words as wrong usage, or None; nothing is run."""
    command: click.Command = cli
    name, rest = words[0], list(words[1:])
    # Click keeps a command's help option from the first context that asks for it, so the context
    # must have the root's settings.
    context = click.Context(cli, info_name=name, **cli.context_settings)
    while isinstance(command, click.Group):
        if not rest or rest[0] in {"--help", "--version"}:
            return None
        if command.invoke_without_command and rest[0].startswith("-"):
            break
        try:
            word, found, rest = command.resolve_command(context, rest)
        except click.UsageError:
            return f"{name} has no command {rest[0]!r}"
        assert found is not None
        command, name = found, f"{name} {word}"
    if "--help" in rest:
        return None
    try:
        command.make_context(name, rest, parent=context)
    except click.UsageError as error:
        return f"{name}: {error.format_message()}"
    return None


def every_command(group: click.Group = cli, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the words of every command that can be run, without mere groups, in help order."""
    context = click.Context(group, **cli.context_settings)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, f"{name} is listed and not there"
        words = (*prefix, name)
        if not isinstance(command, click.Group) or command.invoke_without_command:
            found.append(words)
        if isinstance(command, click.Group):
            found += every_command(command, words)
    return found
