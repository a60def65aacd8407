"""What answers cost, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from comparison.cost import (
    GPU_HOURS,
    PER_TOKEN,
    Prices,
    gpu_seconds,
    mean_cost,
    per_right_answer,
)

MEANS: dict[str, Any] = {
    "e2e_s": 4.0,
    "input_tokens": 100.0,
    "output_tokens": 500.0,
    "tokens_per_s": None,
}


def test_a_gpu_is_paid_for_as_long_as_the_answer_has_it() -> None:
    prices = Prices(per_gpu_hour=1.8)

    assert prices.basis == GPU_HOURS
    assert mean_cost(prices, **MEANS) == pytest.approx(2.0)
    assert mean_cost(prices, **MEANS | {"tokens_per_s": 1000.0}) == pytest.approx(0.25)
    assert mean_cost(prices, **MEANS | {"e2e_s": None}) is None
    assert gpu_seconds(np.array([4.0]), np.array([500.0]), 1000.0) == pytest.approx([0.5])


def test_tokens_are_paid_for_each_way() -> None:
    prices = Prices(per_million_input_tokens=2.0, per_million_output_tokens=10.0, per_gpu_hour=9.0)

    assert prices.basis == PER_TOKEN, "tokens where one of their prices is said"
    assert mean_cost(prices, **MEANS) == pytest.approx(0.2 + 5.0)
    assert mean_cost(Prices(per_million_output_tokens=10.0), **MEANS) == pytest.approx(5.0)
    assert mean_cost(prices, **MEANS | {"input_tokens": None}) is None
    assert mean_cost(Prices(), **MEANS) is None


def test_a_right_answer_bears_the_cost_of_the_wrong_ones() -> None:
    assert per_right_answer(5.0, 0.25) == pytest.approx(0.02)
    assert per_right_answer(5.0, 0.0) is None
    assert per_right_answer(5.0, None) is None
    assert per_right_answer(None, 0.5) is None


def test_every_gpu_of_an_engine_is_paid_for() -> None:
    row: dict[str, Any] = {"price_per_gpu_hour": 1.8, "gpus": 2}
    row |= dict.fromkeys(("price_per_million_input_tokens", "price_per_million_output_tokens"))
    assert mean_cost(Prices.from_row(row), **MEANS) == pytest.approx(4.0)
