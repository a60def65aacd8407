"""Energy of the GPUs of a worker: joules since some moment, of which only differences mean much.

The driver's counter where every GPU has one, else the integral of the power that the driver reports
(docs/measurements/energy.md): that is a mean over about a second, so the beginning of a short load
is missed. The method goes with every figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from workers.gpu.nvml import Each

COUNTER, POWER = "counter", "power"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyReading:
    """Joules at one moment, of all GPUs together."""

    joules: float
    method: str


class EnergySource(Protocol):
    """A GPU that may report energy or power; None where the driver does not."""

    def energy_j(self) -> float | None:
        """Return the joules since the driver was loaded."""

    def power_w(self) -> float | None:
        """Return the power in watts, as the driver averages it."""


class EnergyMeter:
    """Read the energy of some GPUs; the method is chosen once, when it is made.

    The integral grows at each reading, by the mean of this power and the one before: it needs
    readings a few times a second while it matters. ``each`` applies a reading to every GPU.
    """

    def __init__(self, gpus: Sequence[EnergySource], each: Each = map) -> None:
        self._gpus = gpus
        self._each = each
        counted = gpus and all(gpu.energy_j() is not None for gpu in gpus)
        self.method = COUNTER if counted else POWER
        self._integral_j = 0.0
        self._last: tuple[float, float] | None = None

    def read(self, at_s: float) -> EnergyReading | None:
        """Return the reading at a monotonic second; None where the driver reports neither."""
        if self.method == COUNTER:
            joules = _sum(list(self._each(lambda gpu: gpu.energy_j(), self._gpus)))
        else:
            joules = self._integrated(at_s)
        return None if joules is None else EnergyReading(joules=joules, method=self.method)

    def follow(self, at_s: float) -> None:
        """Take a power into the integral; nothing to do beside a counter."""
        if self.method == POWER:
            self._integrated(at_s)

    def _integrated(self, at_s: float) -> float | None:
        power_w = _sum(list(self._each(lambda gpu: gpu.power_w(), self._gpus)))
        if power_w is None:
            return None
        if self._last is not None:
            before_s, before_w = self._last
            self._integral_j += (at_s - before_s) * (before_w + power_w) / 2
        self._last = at_s, power_w
        return self._integral_j


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None
