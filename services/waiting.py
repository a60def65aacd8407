"""Wait for a condition up to a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

_POLL_S = 0.01


def wait_until(condition: Callable[[], bool], timeout_s: float) -> bool:
    """Return whether ``condition``, checked at least once, became true within ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    pause = Event()
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause.wait(_POLL_S)
    return True
