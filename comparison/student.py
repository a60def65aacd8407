"""Student's t distribution and the power of its test, without SciPy."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

#: Steps of the continued fraction at most; it needs about the square root of the degrees of
#: freedom.
STEPS = 2000
NODES, WEIGHTS = np.polynomial.legendre.leggauss(200)


def t_cdf(t: float, df: float) -> float:
    """Return the probability that Student's t with ``df`` degrees of freedom is at most ``t``."""
    if math.isinf(t):
        return 1.0 if t > 0 else 0.0
    square = t * t
    if square < df:
        inside = _beta_share(0.5, df / 2, square / (df + square))
        return 0.5 + math.copysign(inside / 2, t)
    tail = _beta_share(df / 2, 0.5, df / (df + square)) / 2
    return 1 - tail if t > 0 else tail


@lru_cache(maxsize=4096)
def t_quantile(probability: float, df: float) -> float:
    """Return the t that Student's t does not exceed with ``probability``, by bisection.

    Raise ``ValueError`` outside 0 < probability < 1 or without degrees of freedom.
    """
    if not (0 < probability < 1 and df > 0):
        raise ValueError(f"no quantile {probability} of Student's t with {df} degrees of freedom")
    if probability == 0.5:
        return 0.0
    if probability > 0.5:
        return -t_quantile(1 - probability, df)
    low = -1.0
    while t_cdf(low, df) > probability:
        low *= 2
    high = 0.0
    while (middle := (low + high) / 2) not in {low, high}:
        low, high = (middle, high) if t_cdf(middle, df) < probability else (low, middle)
    return low


def shifted_power(shift: float, df: int, alpha: float = 0.05) -> float:
    """Return the power of the two-sided t test when the effect is ``shift`` standard errors.

    The statistic then follows the non-central t distribution; its tails are integrated over the
    spread that a sample may show.
    """
    critical = t_quantile(1 - alpha / 2, df)
    low, high = max(0.0, 1 - 9 / math.sqrt(df)), 1 + 9 / math.sqrt(df)
    spread = (high + low) / 2 + (high - low) / 2 * NODES
    log_density = (
        math.log(2)
        + df / 2 * math.log(df / 2)
        - math.lgamma(df / 2)
        + (df - 1) * np.log(spread)
        - df * spread**2 / 2
    )
    weights = WEIGHTS * (high - low) / 2 * np.exp(log_density)
    tails = [
        math.erfc((critical * one - shift) / math.sqrt(2)) / 2
        + math.erfc((critical * one + shift) / math.sqrt(2)) / 2
        for one in spread
    ]
    return float(min(1.0, weights @ np.array(tails)))


@lru_cache(maxsize=4096)
def detectable_shift(df: int, alpha: float = 0.05, power: float = 0.8) -> float:
    """Return the effect, in standard errors, that the two-sided t test sees with ``power``."""
    low, high = 0.0, 4.0
    while shifted_power(high, df, alpha) < power:
        high *= 2
    while high - low > 1e-9 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if shifted_power(middle, df, alpha) < power else (low, middle)
    return high


def _beta_share(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b)."""
    if x <= 0 or x >= 1:
        return min(1.0, max(0.0, x))
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    if x < (a + 1) / (a + b + 2):
        return front * _beta_fraction(a, b, x) / a
    return 1 - front * _beta_fraction(b, a, 1 - x) / b


def _beta_fraction(a: float, b: float, x: float) -> float:
    """Return the continued fraction of the incomplete beta function, by Lentz's method."""
    tiny = 1e-300
    c, d = 1.0, 1 - (a + b) * x / (a + 1)
    d = 1 / (d if abs(d) > tiny else tiny)
    result = d
    for m in range(1, STEPS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 + term * d
            d = 1 / (d if abs(d) > tiny else tiny)
            c = 1 + term / c
            c = c if abs(c) > tiny else tiny
            result *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return result
