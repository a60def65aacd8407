"""Errors of the command line; each message says what is wrong and what to do."""

from __future__ import annotations

from collections.abc import Sequence


class UsageFault(Exception):  # noqa: N818 - named for whose fault it is; the command line maps it to exit code 2
    """The request is invalid: an unknown model, an unreadable file, a bad number."""


#: Names that a sentence lists at most.
NAMES_AT_MOST = 8


def some_names(names: Sequence[str]) -> str:
    """Return the first names with commas between them, and dots for more."""
    more = " ..." if len(names) > NAMES_AT_MOST else ""
    return (", ".join(names[:NAMES_AT_MOST]) or "none") + more
