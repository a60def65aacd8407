"""Tests of "no difference", and how several of them share one level."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from comparison.paired import Floats

#: Problems with a difference up to which every assignment of signs is tried.
EXACT = 13
FLIPS = 10_000
_CHUNK = 500


def sign_flip_p_values(differences: Floats, *, seed: int = 0) -> Floats:
    """Return the two-sided p-value of "signs are arbitrary" per column of differences.

    A row is a problem; 0 and NaN say that it has no difference. Up to ``EXACT`` differences all
    signs are tried, else ``FLIPS`` random ones, the same for all columns.
    """
    columns = np.nan_to_num(np.asarray(differences, dtype=np.float64))
    numbers = (columns != 0).sum(axis=0)
    values = np.ones(columns.shape[1])
    for place in np.flatnonzero((numbers > 0) & (numbers <= EXACT)):
        column = columns[:, place]
        values[place] = _exact(column[column != 0])
    if len(many := np.flatnonzero(numbers > EXACT)):
        values[many] = _random(columns[:, many], seed)
    return values


def sign_flip_p(differences: Floats, *, seed: int = 0) -> float:
    """Return the two-sided p-value of one column of differences."""
    return float(sign_flip_p_values(np.asarray(differences)[:, None], seed=seed)[0])


def binomial_p(lost: int, won: int) -> float:
    """Return the exact two-sided p-value of "lost and won are equally likely" (McNemar's test)."""
    n, fewer = lost + won, min(lost, won)
    tail = sum(math.exp(_log_choose(n, k) - n * math.log(2)) for k in range(fewer + 1))
    return min(1.0, 2 * tail)


def holm(p_values: Sequence[float]) -> list[float]:
    """Return the p-values adjusted by Holm: each at most alpha keeps the family's level alpha."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = highest
    return adjusted


def _exact(differences: Floats) -> float:
    n = len(differences)
    signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    return float(_as_extreme(signs @ differences, float(differences.sum())).mean())


def _random(columns: Floats, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    observed = columns.sum(axis=0)
    extreme = np.zeros(columns.shape[1])
    for _ in range(FLIPS // _CHUNK):
        bits = generator.integers(0, 256, (_CHUNK, (len(columns) + 7) // 8), dtype=np.uint8)
        negative = np.unpackbits(bits, axis=1, count=len(columns)).astype(np.float64)
        sums = observed - 2 * (negative @ columns)
        extreme += _as_extreme(sums, observed).sum(axis=0)
    return np.asarray((extreme + 1) / (FLIPS + 1))


def _as_extreme(sums: Floats, observed: Floats | float) -> Floats:
    """Return 1 where a sum is as far from 0 as the observed one, rounding allowed for."""
    least = np.abs(observed) * (1 - 1e-9) - 1e-12
    return (np.abs(sums) >= least).astype(np.float64)


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
