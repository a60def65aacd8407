"""How fast a card ran while tokens came, and whether something held it back: from the looks of a memory trace."""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

import pynvml

from workers.gpu.telemetry import GpuSample

#: Clock event reasons of which one look makes a result ``throttled``: heat or a brake, and not a setting, decided the clock.
THROTTLED = (
    pynvml.nvmlClocksEventReasonSwThermalSlowdown
    | pynvml.nvmlClocksThrottleReasonHwSlowdown
    | pynvml.nvmlClocksThrottleReasonHwThermalSlowdown
    | pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown
)
#: The power cap counts as well, although many cards run into it whenever they are busy: a result made there tells of the
#: card's power limit as much as of the model. But the driver names it by a mean over the moment before, after a warm-up even
#: at full clock and a third of the power limit (seen): so only where the clock is below the highest.
POWER_CAP = pynvml.nvmlClocksEventReasonSwPowerCap
#: A clock under this share of the usual one is a drop; how many earlier results say what is usual, and how many are kept.
USUAL_SHARE = 0.95
USUAL_AFTER = 5
USUAL_OF = 100
#: How often a clock that is held down is looked at again.
LOOK_AGAIN_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The card between the first and the last token; a value that no look told is None."""

    #: Median of the looks.
    sm_clock_mhz: float | None = None
    #: The highest.
    temperature_c: float | None = None
    #: The mean.
    power_w: float | None = None
    #: Every reason that any look gave, as NVML's bits.
    clock_event_reasons: int | None = None
    #: Whether anything but a setting held the clock down.
    throttled: bool = False


def pace(looks: Iterable[GpuSample], from_s: float, to_s: float) -> Pace:
    """Return the pace between two monotonic seconds; nothing is known where no look fell between them."""
    within = [look for look in looks if from_s <= look.at_s <= to_s]
    clocks = [look.sm_clock_mhz for look in within if look.sm_clock_mhz is not None]
    temperatures = [look.temperature_c for look in within if look.temperature_c is not None]
    powers = [look.power_w for look in within if look.power_w is not None]
    reasons = [look.reasons for look in within if look.reasons is not None]
    every_reason = 0
    for reason in reasons:
        every_reason |= reason
    return Pace(
        sm_clock_mhz=float(statistics.median(clocks)) if clocks else None,
        temperature_c=float(max(temperatures)) if temperatures else None,
        power_w=statistics.fmean(powers) if powers else None,
        clock_event_reasons=every_reason if reasons else None,
        throttled=any(held_down(look) for look in within),
    )


def held_down(look: GpuSample) -> bool:
    """Tell whether anything but a setting held the clock down at this moment, as far as the driver tells."""
    reasons = look.reasons or 0
    at_full_clock = look.max_sm_clock_mhz is not None and look.sm_clock_mhz == look.max_sm_clock_mhz
    return bool(reasons & THROTTLED) or (bool(reasons & POWER_CAP) and not at_full_clock)


def until_free(
    look: Callable[[], GpuSample], on_progress: Callable[[], None], within_s: float
) -> float | None:
    """Wait until nothing holds the card's clock down; return the seconds, None where something still did at the end.

    ``on_progress`` is called before each look but the first; what it raises ends the wait.
    """
    began_s = time.monotonic()
    pause = threading.Event()
    while held_down(look()):
        if time.monotonic() - began_s > within_s:
            return None
        pause.wait(LOOK_AGAIN_S)
        on_progress()
    return time.monotonic() - began_s


class UsualClock:
    """The clocks of earlier results made alike. Not safe for several threads."""

    def __init__(self) -> None:
        self._alike: Hashable = None
        self._clocks: deque[float] = deque(maxlen=USUAL_OF)

    def dropped(self, clock_mhz: float | None, alike: Hashable) -> bool:
        """Take in a result's clock; tell whether it is more than a twentieth below the median of at least five earlier ones.

        ``alike`` names what makes clocks comparable; another one begins anew. A dropped clock is not taken for usual later.
        """
        if alike != self._alike:
            self._alike = alike
            self._clocks.clear()
        if clock_mhz is None:
            return False
        if len(self._clocks) >= USUAL_AFTER and clock_mhz < USUAL_SHARE * statistics.median(
            self._clocks
        ):
            return True
        self._clocks.append(clock_mhz)
        return False
