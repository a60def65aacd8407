"""Errors of the command line's own rooms; each sentence says what is wrong and what to do."""

from __future__ import annotations


class UsageFault(Exception):  # noqa: N818 - named for whose fault it is; the command line maps it to exit code 2
    """The user asked for something that cannot be: an unknown model, an unreadable file, an impossible number."""
