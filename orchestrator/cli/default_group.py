"""A group of commands whose most frequent one needs no name."""

from __future__ import annotations

from typing import Any

import click


class DefaultGroup(click.Group):
    """Hand words that name none of its commands to the command ``default``."""

    def __init__(self, *arguments: Any, default: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.default = default

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Give the default command options that are not the group's."""
        default = [self.default] if self._begins_with_foreign_option(ctx, args) else []
        return super().parse_args(ctx, [*default, *args])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name, else the default one with all the words."""
        option = args and args[0].startswith("-")
        named = args and (args[0] in self.commands or option)
        if self._begins_with_foreign_option(ctx, args):
            named = False
        return super().resolve_command(ctx, args if named else [self.default, *args])

    def _begins_with_foreign_option(self, ctx: click.Context, args: list[str]) -> bool:
        own = {name for one in self.get_params(ctx) for name in one.opts}
        return bool(args) and args[0].startswith("--") and args[0].split("=")[0] not in own
