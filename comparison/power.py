"""What a comparison could have seen, and what it would take to see more."""

from __future__ import annotations

import math

from comparison.student import detectable_shift

POWER = 0.8
#: Problems or repetitions beyond which a number is not worth naming.
MOST = 100_000


def smallest_effect(
    spread: float, problems: int, *, alpha: float = 0.05, power: float = POWER
) -> float | None:
    """Return the smallest mean difference that the t test finds with ``power``.

    ``spread`` is the standard deviation of the differences over the problems. None for fewer than
    two problems.
    """
    if problems < 2 or math.isnan(spread):
        return None
    return detectable_shift(problems - 1, alpha, power) * spread / math.sqrt(problems)


def problems_needed(
    spread: float, effect: float, *, alpha: float = 0.05, power: float = POWER
) -> int | None:
    """Return how many problems find ``effect`` with ``power``; None for more than ``MOST``."""
    if effect <= 0 or math.isnan(spread):
        return None

    def enough(problems: int) -> bool:
        found = smallest_effect(spread, problems, alpha=alpha, power=power)
        return found is not None and found <= effect

    if not enough(MOST):
        return None
    low, high = 1, MOST
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def repetitions_factor(
    spread: float,
    within: float | None,
    problems: int,
    effect: float,
    *,
    alpha: float = 0.05,
    power: float = POWER,
) -> float | None:
    """Return by which factor more repetitions find ``effect`` on the same problems.

    ``within`` is the part of the variance that repetitions explain at their present number. None
    where no number suffices: the problems themselves differ too much, or nothing was repeated.
    """
    if within is None or effect <= 0 or problems < 2:
        return None
    allowed = (effect * math.sqrt(problems) / detectable_shift(problems - 1, alpha, power)) ** 2
    if spread**2 <= allowed:
        return 1.0
    between = max(0.0, spread**2 - within)
    if allowed <= between or within <= 0:
        return None
    factor = min(within, spread**2) / (allowed - between)
    return factor if factor <= MOST else None
