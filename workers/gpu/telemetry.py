"""One GPU sample: clock, temperature, power, and what keeps the GPU from running faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import pynvml

#: Clock event reasons of which one sample makes a result ``throttled``: heat or a brake decided the
#: clock, not a setting.
THROTTLED = (
    pynvml.nvmlClocksEventReasonSwThermalSlowdown
    | pynvml.nvmlClocksThrottleReasonHwSlowdown
    | pynvml.nvmlClocksThrottleReasonHwThermalSlowdown
    | pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown
)
#: The power cap counts as well, although many GPUs reach it whenever they are busy: a result made
#: there depends on the GPU's power limit as much as on the model. But the driver derives this
#: reason from a mean over the last moments and reports it after a warm-up even at full clock and a
#: third of the power limit (observed), so it counts only where the clock is below the maximum.
POWER_CAP = pynvml.nvmlClocksEventReasonSwPowerCap
#: How often a throttled GPU is sampled until it runs freely.
SAMPLE_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One GPU at one moment; a value that the driver does not report is None."""

    #: On the monotonic clock.
    at_s: float
    sm_clock_mhz: int | None = None
    temperature_c: int | None = None
    #: As the driver averages it, on recent GPUs over a second.
    power_w: float | None = None
    #: Bits of NVML's ClocksEventReasons.
    reasons: int | None = None
    #: The highest clock of this GPU.
    max_sm_clock_mhz: int | None = None

    @property
    def throttled(self) -> bool:
        """Whether anything but a setting lowered the clock, as far as the driver reports it."""
        reasons = self.reasons or 0
        full = self.max_sm_clock_mhz is not None and self.sm_clock_mhz == self.max_sm_clock_mhz
        return bool(reasons & THROTTLED) or (bool(reasons & POWER_CAP) and not full)


def wait_while_throttled(
    sample: Callable[[], GpuSample], on_progress: Callable[[], None], within_s: float
) -> float | None:
    """Return the seconds until nothing throttles the GPU, or None; ``on_progress`` may end it."""
    began_s = time.monotonic()
    pause = threading.Event()
    while sample().throttled:
        if time.monotonic() - began_s > within_s:
            return None
        pause.wait(SAMPLE_EVERY_S)
        on_progress()
    return time.monotonic() - began_s
