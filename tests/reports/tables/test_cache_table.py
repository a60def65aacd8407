"""The table of prompts that may come from a server's cache."""

from __future__ import annotations

from typing import Any

import pytest

from reports.tables.resources import cache_tables

CHECK: dict[str, Any] = {
    "model": "m", "prompt": "plain", "mode": "latency", "results": 18, "problems": 6,
    "first_ttft_ms": 100.0, "later_ttft_ms": 60.0, "suspected": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("cached", "unknown", "warned"), [(0, 0, False), (0, 18, True), (4, 0, True), (4, 14, True)]
)
def test_sooner_answers_warn_only_where_a_cache_is_possible(
    cached: int, unknown: int, *, warned: bool
) -> None:
    tables = cache_tables([CHECK | {"cached": cached, "unknown": unknown}])
    assert ["WARNING" in str(table.caption) for table in tables] == [True] * warned
