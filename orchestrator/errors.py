"""Errors of the command line; each message says what is wrong and what to do."""

from __future__ import annotations


class UsageFault(Exception):  # noqa: N818 - named for whose fault it is; the command line maps it to exit code 2
    """The request is invalid: an unknown model, an unreadable file, a bad number."""
