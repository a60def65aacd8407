"""The table of the levels that a probe tried hides nothing on a narrow screen."""

from __future__ import annotations

import io
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from rich.console import Console

from reports.tables.probes import level_table


def point(
    search: int,
    level: int,
    reason: str | None = None,
    figures: Mapping[str, float] = MappingProxyType({}),
) -> dict[str, Any]:
    empty = dict.fromkeys(
        (
            "ttft_p50_ms",
            "e2e_p95_s",
            "tokens_per_s",
            "kv_used_mib",
            "need_mib",
            "peak_mib",
            "after_mib",
            "answer_right",
        )
    )
    outcome = "stable" if reason is None else "failed"
    return (
        {"search": search, "level": level, "trials": 3, "outcome": outcome, "reason": reason}
        | empty
        | dict(figures)
    )


FULL = {
    "ttft_p50_ms": 2186.6,
    "e2e_p95_s": 17.07,
    "tokens_per_s": 7988.7,
    "kv_used_mib": 15672.0,
    "need_mib": 23057.3,
    "peak_mib": 24283.2,
    "after_mib": 24283.2,
}


def drawn(width: int, *points: dict[str, Any]) -> str:
    screen = Console(file=io.StringIO(), width=width)
    screen.print(
        level_table({"model": "m", "probe": "sequences", "unit": "sequences", "points": points})
    )
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


@pytest.mark.parametrize("last", [1, 2])
def test_ten_columns_fit_80_characters(last: int) -> None:
    shown = drawn(80, point(1, 228, figures=FULL), point(last, 229, "RUNTIME_CUDA_OOM", FULL))
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown
    for figure in ("228", "2,187", "17.07", "7,989", "15,672", "23,057", "24,283"):
        assert figure in shown, shown
    assert "RUNTIME_CUDA_OOM" in drawn(100, point(last, 229, "RUNTIME_CUDA_OOM", FULL))


def test_searches_are_numbered_where_there_are_several() -> None:
    assert "#" not in drawn(100, point(1, 1), point(1, 2))
    assert "(#: search, n: trials)" in drawn(100, point(1, 1), point(2, 1))


def test_columns_without_a_figure_are_left_out_and_small_figures_keep_a_decimal() -> None:
    shown = drawn(100, point(1, 1, figures={"ttft_p50_ms": 21.46}), point(1, 2, "WAITING"))
    assert "need" not in shown
    assert "21.5" in shown
    assert "WAITING" in shown
