"""Examples in the help of commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

Command = TypeVar("Command", bound=Callable[..., Any])


def examples(*lines: str) -> Callable[[Command], Command]:
    """Return a decorator that ends a command's help with these lines, which Click does not wrap."""

    def decorate(command: Command) -> Command:
        shown = "".join(f"\n  {line}" for line in lines)
        command.__doc__ = f"{inspect.cleandoc(command.__doc__ or '')}\n\n\b\nExample:{shown}"
        return command

    return decorate
