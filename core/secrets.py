"""The one place that knows what is secret, and takes it out of every text that leaves a process.

Known are the values that this process was given: keys of models, passwords within URLs, variables
with such a name. `guard_output` and the database's adapters are the doors that texts leave by.
"""

from __future__ import annotations

import base64
import io
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote

from core.settings import QUERY_SECRET, USERINFO, masked

MASK = "***"
#: Shorter values are switches and numbers, and would be struck out of half of what is said.
SHORTEST = 6
#: A value of letters or digits alone may stand everywhere, such as a number in an answer.
SHORTEST_WORD = 12
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
#: What looks like a credential.
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bhf_[A-Za-z0-9]{16,}"), MASK),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"), MASK),
    (re.compile(r"\b(Bearer)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\b(Basic)\s+(?=[A-Za-z+/]*[0-9=])[A-Za-z0-9+/]{8,}=*"), rf"\1 {MASK}"),
)


class Secrets:
    """Values that must not be seen, each in every spelling that it may come back in."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(*values)

    @classmethod
    def of_environment(cls, environ: Mapping[str, str]) -> Secrets:
        """Return what variables hold: those with the name of a secret, and passwords in URLs."""
        found = cls()
        for name, value in environ.items():
            if _SECRET_NAME.search(name) and not value.startswith(("/", "~")):
                found.learn(value)
            found.learn_url(value)
        return found

    def learn(self, *values: str | None) -> None:
        """Add values; short and plain ones, which stand in other words, are left out."""
        for value in values:
            secret = (value or "").strip()
            plain = secret.isalpha() or secret.isdigit()
            if len(secret) >= (SHORTEST_WORD if plain else SHORTEST):
                self._spellings |= _spellings(secret)
                self._pattern = None

    def learn_url(self, url: str | None) -> None:
        """Add the password of a URL, what HTTP sends for it, and keys in its query."""
        for found in USERINFO.finditer(url or ""):
            user, password = unquote(found["user"]), unquote(found["password"])
            if password.startswith("${"):  # it names a variable
                continue
            self.learn(found["password"], password)
            self.learn(base64.b64encode(f"{user}:{password}".encode()).decode())
        for found in QUERY_SECRET.finditer(url or ""):
            if not found["secret"].startswith("${"):
                self.learn(found["secret"], unquote(found["secret"]))

    def hidden(self, text: str) -> str:
        """Return a text without the known values."""
        if not self._spellings:
            return text
        if self._pattern is None:
            # The longest first: one may hold another.
            longest_first = sorted(self._spellings, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))
        return self._pattern.sub(MASK, text)


def _spellings(secret: str) -> set[str]:
    ways = {secret, quote(secret, safe=""), quote(secret), repr(secret)[1:-1]}
    return ways | {json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (True, False)}


#: What this process knows: its environment from the beginning, the rest as it is read.
KNOWN = Secrets.of_environment(os.environ)


def without_known(text: str) -> str:
    """Return a text without the values known to be secret; nothing else of it changes."""
    return KNOWN.hidden(text)


def without_secrets(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Return a text without known values, passwords in URLs and what looks like a credential.

    ``environ`` names other variables than this process's.
    """
    text = KNOWN.hidden(text)
    if environ is not None:
        text = Secrets.of_environment(environ).hidden(text)
    text = masked(text)
    for pattern, mask in _PATTERNS:
        text = pattern.sub(mask, text)
    return text


class GuardedOutput(io.TextIOWrapper):
    """A stream of text that no known secret passes; characters that it lacks become numbers."""

    def write(self, text: str, /) -> int:
        """Write a text; return its length, as callers expect."""
        super().write(without_known(text))
        return len(text)


def guard_output() -> None:
    """Let everything that this process prints and logs pass the guard.

    Call it first: handlers of logs keep the stream that they were given.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if isinstance(stream, io.TextIOWrapper) and not isinstance(stream, GuardedOutput):
            stream.flush()
            guarded = GuardedOutput(
                stream.buffer,
                encoding=stream.encoding,
                errors="backslashreplace",
                line_buffering=stream.line_buffering,
                write_through=stream.write_through,
            )
            setattr(sys, name, guarded)
