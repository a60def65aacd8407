"""The views on whole runs made up by SQL: every result is counted once, and a condition on the run reaches the inside."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine

from bench.filling import MODELS, PROMPTS, RESULTS_A_REPETITION, add_runs
from db.engine import rows, transaction
from db.results import read_results

REPETITIONS = 4
STORED = """
SELECT word, count(*) AS results
  FROM eval.generation AS g JOIN eval.job AS j ON j.id = g.job_id, unnest(g.flags) AS word
 WHERE j.run_id = %(run)s
 GROUP BY word
"""


def test_every_result_of_a_run_is_used_or_counted_as_flagged(engine: Engine) -> None:
    run, _other = add_runs(engine, runs=2, results=REPETITIONS * RESULTS_A_REPETITION)
    lines = read_results(engine, run).resources
    assert len(lines) == MODELS * PROMPTS
    assert (
        sum(line["jobs"] + line["flagged"] for line in lines) == REPETITIONS * RESULTS_A_REPETITION
    )
    counted: dict[str, int] = {}
    for line in lines:
        for word, results in line["flag_counts"].items():
            counted[word] = counted.get(word, 0) + results
    assert counted.pop("length_outlier") > 0
    with transaction(engine) as connection:
        assert {
            row["word"]: row["results"] for row in rows(connection, STORED, {"run": run})
        } == counted


@pytest.mark.parametrize(
    "view", ["generations", "problem_resources", "model_resources", "scores", "category_scores"]
)
def test_a_condition_on_the_run_reaches_every_scan_of_the_jobs(engine: Engine, view: str) -> None:
    (run,) = add_runs(engine, runs=1, results=RESULTS_A_REPETITION)
    with transaction(engine) as connection:
        plan = rows(
            connection,
            f"EXPLAIN SELECT * FROM analytics_v1.{view} WHERE run_id = %(run)s",
            {"run": run},
        )
    lines = [row["QUERY PLAN"] for row in plan]
    scans = [place for place, line in enumerate(lines) if re.search(r"Scan .*\bon job\b", line)]
    assert scans
    for place in scans:
        assert str(run) in "".join(lines[place : place + 3]), "\n".join(lines)
