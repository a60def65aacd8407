"""The table of prompts that may come from a server's cache, and what arouses suspicion of one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from reports.tables.resources import cache_tables
from tests.support.compared import graded, store_run
from tests.support.database import query

CHECK: dict[str, Any] = {
    "model": "m", "prompt": "plain", "mode": "latency", "results": 18, "problems": 6,
    "first_ttft_ms": 100.0, "later_ttft_ms": 60.0,
}  # fmt: skip


@pytest.mark.parametrize("suspected", [True, False])
@pytest.mark.parametrize(
    ("cached", "unknown", "warned"),
    [(0, 0, False), (0, 18, False), (4, 0, True), (4, 14, True)],
)
def test_only_a_reported_cache_is_worth_a_warning(
    cached: int, unknown: int, *, warned: bool, suspected: bool
) -> None:
    row = CHECK | {"cached": cached, "unknown": unknown, "suspected": suspected}
    captions = [str(table.caption) for table in cache_tables([row])]

    assert len(captions) == (cached + unknown > 0)
    assert any("WARNING" in caption for caption in captions) is warned
    sooner = any("over 20 % sooner" in caption for caption in captions)
    assert sooner is (suspected and unknown > 0)


#: Later repetitions begin in half the time, and the server does not report its cache.
SOONER = """
UPDATE eval.generation AS g SET cached_tokens = NULL,
       first_token_s = first_token_s - (first_token_s - submitted_s) * 0.5 * (j.repetition > 1)::int
  FROM eval.job AS j WHERE j.id = g.job_id
"""


@pytest.mark.parametrize(("mode", "suspected"), [("latency", True), ("throughput", False)])
def test_a_queue_arouses_no_suspicion(engine: Engine, mode: str, *, suspected: bool) -> None:
    store_run(engine, "r", graded(), model="m")
    query(engine, SOONER)
    query(engine, f"UPDATE eval.job SET mode = '{mode}'")
    query(engine, f"UPDATE eval.run SET mode = '{mode}'")

    (check,) = query(engine, "SELECT * FROM analytics_v1.cache_checks")

    assert check["later_ttft_ms"] == pytest.approx(check["first_ttft_ms"] / 2)
    assert (check["unknown"], check["suspected"]) == (36, suspected)
