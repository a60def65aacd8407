"""A sample of one GPU or group: clock, temperature, power, what keeps it from running faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

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
    """One GPU, or the group of a worker, at one moment.

    A value that the driver does not report is None.
    """

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


def of_group(samples: Sequence[GpuSample]) -> GpuSample:
    """Return the sample of a group: its lowest clock, highest temperature and power in sum.

    A power cap counts only where it holds a GPU below its maximum, as for one GPU.
    """
    if len(samples) == 1:
        return samples[0]
    slowed = [sample for sample in samples if sample.throttled]
    reported = [sample.reasons for sample in samples if sample.reasons is not None]
    reasons = reduce(or_, reported, 0)
    if not any((sample.reasons or 0) & POWER_CAP for sample in slowed):
        reasons &= ~POWER_CAP
    powers = [sample.power_w for sample in samples if sample.power_w is not None]
    return GpuSample(
        at_s=samples[0].at_s,
        sm_clock_mhz=min(_known(sample.sm_clock_mhz for sample in slowed or samples), default=None),
        temperature_c=max(_known(sample.temperature_c for sample in samples), default=None),
        power_w=sum(powers) if len(powers) == len(samples) else None,
        reasons=reasons if reported else None,
        max_sm_clock_mhz=max(_known(sample.max_sm_clock_mhz for sample in samples), default=None),
    )


def _known(values: Iterable[int | None]) -> list[int]:
    return [value for value in values if value is not None]


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
