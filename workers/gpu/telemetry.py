"""What a card says of its pace: clock, temperature, power and why it does not run faster, in one look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import pynvml

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One look at a card; a value that the driver does not tell is None."""

    #: On the monotonic clock.
    at_s: float
    sm_clock_mhz: int | None = None
    temperature_c: int | None = None
    #: As the driver averages it, on recent cards over a second.
    power_w: float | None = None
    #: Bits of NVML's ClocksEventReasons.
    reasons: int | None = None
    #: The highest clock that the card has.
    max_sm_clock_mhz: int | None = None


def look(handle: Any, at_s: float) -> GpuSample:
    """Ask NVML about one card. Takes longer than a look at memory: not to be done at every sample."""
    power_mw = _told(lambda: int(pynvml.nvmlDeviceGetPowerUsage(handle)))
    return GpuSample(
        at_s=at_s,
        sm_clock_mhz=_told(
            lambda: int(pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM))
        ),
        temperature_c=_told(
            lambda: int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
        ),
        power_w=None if power_mw is None else power_mw / 1000,
        reasons=_told(lambda: _reasons(handle)),
        max_sm_clock_mhz=_told(
            lambda: int(pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM))
        ),
    )


def _reasons(handle: Any) -> int:
    try:
        return int(pynvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    except pynvml.NVMLError_FunctionNotFound:  # its name before driver 535
        return int(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))


def _told(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except pynvml.NVMLError:
        return None
