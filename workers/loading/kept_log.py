"""The engine's log as it is kept with its start: its end, without what looks like a credential."""

from __future__ import annotations

import os
from pathlib import Path

from core.secrets import without_secrets

#: Longest log that is kept; of a longer one the last lines.
KEPT_BYTES = 512 * 1024


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
    return without_secrets(read.decode(errors="replace"))
