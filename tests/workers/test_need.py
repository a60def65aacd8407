"""What a generation is said to need, term by term, and the flags on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.measurements import GENERATION, MEMORY
from workers.execution.rows import flags, need_mib


@pytest.mark.parametrize(("run_mib", "expected"), [(20.0, 2720.0), (450.0, 2870.0)])
def test_the_larger_activation_counts_and_the_reservation_does_not(
    run_mib: float, expected: float
) -> None:
    assert need_mib(replace(MEMORY, activation_run_mib=run_mib), GENERATION, None) == expected


@pytest.mark.parametrize(
    "term",
    [
        "context_mib",
        "weights_mib",
        "buffers_mib",
        "activation_peak_mib",
        "activation_run_mib",
        "graphs_mib",
    ],
)
def test_a_need_with_an_unknown_term_is_not_told(term: str) -> None:
    changes: dict[str, Any] = {term: None}
    assert need_mib(replace(MEMORY, **changes), GENERATION, None) is None


def test_flags_tell_what_happened_and_nothing_else() -> None:
    assert flags(GENERATION) == []
    doubted = replace(GENERATION, preemptions=1, compiled=("Triton kernel JIT compilation",))
    assert flags(doubted, ["xid", "xid"]) == ["preempted", "compile", "xid"]
