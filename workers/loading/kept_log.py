"""The engine's log as it is kept with its start: its end, without what looks like a credential."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from core.settings import masked

#: Longest log that is kept; of a longer one the last lines.
KEPT_BYTES = 512 * 1024
MASK = "***"

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD", re.IGNORECASE)
#: Shorter values of variables with such a name are switches and numbers, and would be struck out of
#: half the log.
_SECRET_CHARACTERS = 6
_CREDENTIALS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bhf_[A-Za-z0-9]{16,}"), MASK),
    (re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"), MASK),
    (re.compile(r"\b(Bearer)\s+[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1 {MASK}"),
)


def kept_log(path: Path | None) -> str | None:
    """Return what is kept of a log so far, None where there is none to read."""
    if path is None:
        return None
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - KEPT_BYTES))
            read = log.read()
    except OSError:
        return None
    if size > KEPT_BYTES:
        read = read[read.find(b"\n") + 1 :]
    return without_credentials(read.decode(errors="replace"))


def without_credentials(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Mask what looks like a token or is the value of a secret variable of ``environ``."""
    values = os.environ if environ is None else environ
    named = (value for name, value in values.items() if _SECRET_NAME.search(name))
    secrets = {value for value in named if len(value) >= _SECRET_CHARACTERS}
    secrets |= {quote(secret, safe="") for secret in secrets}
    text = masked(text)
    for secret in sorted(secrets, key=len, reverse=True):  # the longest first: one may hold another
        text = text.replace(secret, MASK)
    for pattern, mask in _CREDENTIALS:
        text = pattern.sub(mask, text)
    return text
