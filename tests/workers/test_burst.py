"""Figures of requests that were sent together."""

from __future__ import annotations

import pytest

from tests.support.probing import burst, generation
from workers import errors
from workers.probes.burst import figures, percentile


def test_figures_are_over_all_requests_together() -> None:
    found = figures(
        burst(
            generation(kv_used_mib=30.0),
            generation(
                kv_used_mib=60.0,
                submitted_s=10.5,
                first_token_s=10.8,
                last_token_s=14.0,
                engine_preemptions=2,
            ),
        )
    )
    assert (found["requests"], found["errors"]) == (2, 0)
    assert (found["preemptions"], found["waiting_steps"]) == (2, 0)
    assert found["ttft_p50_ms"] == pytest.approx(200)
    assert (found["e2e_p50_s"], found["e2e_p95_s"]) == pytest.approx((2.75, 3.425))
    assert found["tokens_per_s"] == pytest.approx(200 / 4)
    assert found["need_mib"] == pytest.approx(10 + 100 + 5 + 4 + 50 + 60), (
        "the cache at its peak, over all of them"
    )
    assert figures(burst(generation(waiting_steps=None)))["waiting_steps"] is None
    assert figures(burst(failed=(errors.EngineDied("dead"),)))["need_mib"] is None


@pytest.mark.parametrize(
    ("values", "percent", "expected"), [([], 50, None), ([3.0], 95, 3.0), ([4, 1, 2, 3], 50, 2.5)]
)
def test_percentiles_are_those_of_the_database(
    values: list[float], percent: float, expected: float | None
) -> None:
    assert percentile(values, percent) == pytest.approx(expected)
