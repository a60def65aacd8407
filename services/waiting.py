"""Wait for a condition up to a limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

_POLL_S = 0.01


def wait_until(
    condition: Callable[[], object], timeout_s: float, *, poll_s: float = _POLL_S
) -> bool:
    """Return whether ``condition``, checked at least once, became true within ``timeout_s``.

    Between two checks it waits ``poll_s``: more where a check takes processor time.
    """
    deadline = time.monotonic() + timeout_s
    pause = Event()
    while not condition():
        if time.monotonic() >= deadline:
            return False
        pause.wait(poll_s)
    return True
