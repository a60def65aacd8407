"""A group of commands whose most frequent one needs no name."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """Hand words that name none of its commands to the command ``default``."""

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.default = default

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name, else the default one with all the words."""
        named = args and (args[0] in self.commands or args[0].startswith("-"))
        return super().resolve_command(ctx, args if named else [self.default, *args])
