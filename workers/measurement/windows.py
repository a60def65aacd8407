"""Samples of one source under several windows at once: one series of ticks, of which each window gets its part."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from workers.gpu.telemetry import GpuSample

#: Shortest time between two looks at the card's clock and power, whatever the rate of the samples.
LOOK_EVERY_S = 0.2

Sample = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Window:
    first: Sample
    #: How many ticks and looks had been taken before it began.
    ticks_before: int
    looks_before: int


class Windows:
    """Sample while any window is open; ``look`` tells of the card and is None where there is no card to look at."""

    def __init__(
        self,
        read_mib: Callable[[], float],
        period_s: float,
        *,
        look: Callable[[float], GpuSample] | None = None,
    ) -> None:
        self._read_mib = read_mib
        self._period_s = period_s
        self._look = look
        self._open: dict[int, _Window] = {}
        self._stopped: dict[int, tuple[list[Sample], list[GpuSample]]] = {}
        self._ticks: list[Sample] = []
        self._looks: list[GpuSample] = []
        #: Ticks and looks that were taken and then forgotten, because no open window covers them.
        self._ticks_forgotten = self._looks_forgotten = 0
        self._next_s = self._look_next_s = 0.0

    @property
    def wait_s(self) -> float | None:
        """Seconds until the next tick is due; None while no window is open."""
        return max(0.0, self._next_s - time.monotonic()) if self._open else None

    def begin(self, number: int) -> None:
        """Open a window with a sample of its own."""
        first = self._sample()
        if not self._open:
            self._next_s = first[0] + self._period_s
        self._open[number] = _Window(
            first=first,
            ticks_before=self._ticks_forgotten + len(self._ticks),
            looks_before=self._looks_forgotten + len(self._looks),
        )

    def stop(self, number: int) -> None:
        """Close a window with a sample of its own. Raise KeyError for one not open."""
        window = self._open.pop(number)
        ticks = self._ticks[window.ticks_before - self._ticks_forgotten :]
        looks = self._looks[window.looks_before - self._looks_forgotten :]
        samples = [window.first, *ticks, self._sample()]
        self._forget()
        self._stopped[number] = samples, looks

    def trace(self, number: int) -> dict[str, Any]:
        """Return all samples of a window, once. Raise KeyError for one not stopped."""
        samples, looks = self._stopped.pop(number)
        return {
            "at_s": [at_s for at_s, _ in samples],
            "used_mib": [mib for _, mib in samples],
            "looks": [asdict(look) for look in looks],
        }

    def tick(self) -> None:
        """Take a sample for all open windows, and a look at the card when one is due."""
        now_s, _ = sample = self._sample()
        self._ticks.append(sample)
        if self._look is not None and now_s >= self._look_next_s:
            self._looks.append(self._look(now_s))
            self._look_next_s = now_s + LOOK_EVERY_S
        # A late sample moves the later ones instead of being followed by a burst.
        self._next_s = max(self._next_s + self._period_s, time.monotonic())

    def _sample(self) -> Sample:
        mib = self._read_mib()
        return time.monotonic(), mib

    def _forget(self) -> None:
        windows = self._open.values()
        ticks = min(
            (w.ticks_before for w in windows), default=self._ticks_forgotten + len(self._ticks)
        )
        looks = min(
            (w.looks_before for w in windows), default=self._looks_forgotten + len(self._looks)
        )
        del self._ticks[: ticks - self._ticks_forgotten]
        del self._looks[: looks - self._looks_forgotten]
        self._ticks_forgotten, self._looks_forgotten = ticks, looks
