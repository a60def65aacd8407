"""What an answer costs: seconds of a GPU at its price, or tokens at theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from comparison.paired import Floats

ANSWERS = 1000
TOKENS = 1_000_000
S_PER_HOUR = 3600
GPU_HOURS, PER_TOKEN = "GPU hours", "tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """Prices of one model, in the user's currency; None: not said."""

    per_gpu_hour: float | None = None
    per_million_input_tokens: float | None = None
    per_million_output_tokens: float | None = None
    #: GPUs that its engine takes, each of which is paid for.
    gpus: int = 1

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Prices:
        """Read the columns ``price_per_...`` and ``gpus`` of a row."""
        names = ("per_gpu_hour", "per_million_input_tokens", "per_million_output_tokens")
        prices = {name: row[f"price_{name}"] for name in names}
        return cls(**prices, gpus=row.get("gpus") or 1)

    @property
    def basis(self) -> str | None:
        """What is paid for: tokens where one of their prices is said, else GPU hours."""
        if (self.per_million_input_tokens, self.per_million_output_tokens) != (None, None):
            return PER_TOKEN
        return None if self.per_gpu_hour is None else GPU_HOURS

    def token_cost(self, input_tokens: Floats, output_tokens: Floats) -> Floats:
        """Return the cost of 1,000 answers with these tokens each; a price not said is 0."""
        paid_in = input_tokens * (self.per_million_input_tokens or 0.0)
        paid_out = output_tokens * (self.per_million_output_tokens or 0.0)
        return ANSWERS * (paid_in + paid_out) / TOKENS

    def gpu_cost(self, gpu_s: Floats) -> Floats:
        """Return the cost of 1,000 answers that take the engine's GPUs for these seconds each."""
        return ANSWERS * gpu_s * self.gpus * (self.per_gpu_hour or 0.0) / S_PER_HOUR


def gpu_seconds(e2e_s: Floats, output_tokens: Floats, tokens_per_s: float | None) -> Floats:
    """Return for how long an answer takes a GPU.

    Its end-to-end time where it has the GPU to itself, else its share: its tokens at the rate of
    the whole engine, ``tokens_per_s``.
    """
    return e2e_s if tokens_per_s is None else output_tokens / tokens_per_s


def per_right_answer(per_1000: float | None, right_share: float | None) -> float | None:
    """Return what a right answer costs, the wrong ones paid for too; None where none is right."""
    if per_1000 is None or not right_share:
        return None
    return per_1000 / ANSWERS / right_share


def mean_cost(
    prices: Prices,
    *,
    e2e_s: float | None,
    input_tokens: float | None,
    output_tokens: float | None,
    tokens_per_s: float | None,
) -> float | None:
    """Return the cost of 1,000 answers from means; None where it is not known."""
    e2e, paid_in, paid_out = (
        np.array([np.nan if one is None else one], dtype=float)
        for one in (e2e_s, input_tokens, output_tokens)
    )
    if prices.basis == PER_TOKEN:
        found = prices.token_cost(paid_in, paid_out)
    elif prices.basis == GPU_HOURS:
        found = prices.gpu_cost(gpu_seconds(e2e, paid_out, tokens_per_s))
    else:
        return None
    return float(found[0]) if np.isfinite(found[0]) else None
