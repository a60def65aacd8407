"""Totals by run, model and problem add up to what the views with a row per result hold."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from bench.filling import RESULTS_A_REPETITION, add_runs
from db.upkeep.kept_results import keep_run
from tests.support.analytics import seed_analytics
from tests.support.database import query

JOBS = {
    "job_counts": """
SELECT run_id, model, state, error_class, sum(jobs) AS jobs, sum(attempts) AS attempts,
       min(first_created_at) AS first_at, max(last_finished_at) AS last_at
  FROM analytics_v1.job_counts GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""",
    "jobs": """
SELECT run_id, model, state, error_class, count(*) AS jobs, sum(attempts) AS attempts,
       min(created_at) AS first_at, max(finished_at) AS last_at
  FROM analytics_v1.jobs GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""",
}
ATTEMPTS = {
    "attempt_counts": """
SELECT run_id, model, worker, outcome, sum(attempts) AS attempts, sum(duration_s) AS duration_s
  FROM analytics_v1.attempt_counts GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""",
    "attempts": """
SELECT run_id, model, worker, outcome, count(*) AS attempts,
       sum(extract(epoch FROM ended_at - started_at)::double precision) AS duration_s
  FROM analytics_v1.attempts GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
""",
}
ANSWERS = {
    "answer_totals": """
SELECT model, category, prompt, sum(answers) AS answers, sum(used) AS used,
       sum(flagged) AS flagged, sum(cut) AS cut, sum(output_tokens) AS tokens,
       sum(e2e_s) AS e2e_s, sum(e2e_s_used) AS e2e_s_used, sum(ttft_ms_sum) AS ttft_ms,
       sum(timed) AS timed, min(need_mib_min) AS need_min, max(need_mib_max) AS need_max
  FROM analytics_v1.answer_totals GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""",
    "generations": """
SELECT model, category, prompt, count(*) AS answers, count(*) FILTER (WHERE used) AS used,
       count(*) FILTER (WHERE flagged) AS flagged,
       count(*) FILTER (WHERE finish_reason = 'length') AS cut, sum(output_tokens) AS tokens,
       sum(e2e_s) AS e2e_s, sum(e2e_s) FILTER (WHERE used) AS e2e_s_used,
       sum(ttft_ms) FILTER (WHERE used) AS ttft_ms,
       count(ttft_ms) FILTER (WHERE used) AS timed,
       min(need_mib) FILTER (WHERE used) AS need_min, max(need_mib) FILTER (WHERE used) AS need_max
  FROM analytics_v1.generations GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
""",
}
SCORES = {
    "answer_totals": """
SELECT model, category, sum(scored) AS scored, sum(score7_sum) AS score7,
       sum(score7_high_sum) AS score7_high, sum(steps_done) AS done, sum(steps_total) AS total,
       sum(decided) AS decided, sum(correct) AS correct, sum(guesses) AS guesses
  FROM analytics_v1.answer_totals GROUP BY 1, 2 ORDER BY 1, 2
""",
    "scores": """
SELECT model, category, count(*) AS scored, sum(score7) AS score7,
       sum(score7_high) AS score7_high, sum(steps_done) AS done, sum(steps_total) AS total,
       count(answer_correct) AS decided, count(*) FILTER (WHERE answer_correct) AS correct,
       count(*) FILTER (WHERE guess_suspected) AS guesses
  FROM analytics_v1.scores GROUP BY 1, 2 ORDER BY 1, 2
""",
}
TRACES = {
    "answer_totals": """
SELECT model, sum(traced) AS traced, sum(mean_mib_sum) AS mean_mib, max(peak_mib_max) AS peak_mib
  FROM analytics_v1.answer_totals GROUP BY 1 ORDER BY 1
""",
    "memory_samples": """
SELECT model, count(*) AS traced, sum(mean_mib) AS mean_mib, max(peak_mib) AS peak_mib
  FROM (SELECT model, avg(used_mib) AS mean_mib, max(used_mib) AS peak_mib
          FROM analytics_v1.memory_samples GROUP BY model, job_id) AS s
 GROUP BY 1 ORDER BY 1
""",
}
PAIRS = {"jobs": JOBS, "attempts": ATTEMPTS, "answers": ANSWERS, "scores": SCORES}


def same(engine: Engine, pair: dict[str, str]) -> None:
    totals, rows = (query(engine, sql) for sql in pair.values())
    assert rows
    assert [list(row) for row in totals] == [list(row) for row in rows]
    for found, wanted in zip(totals, rows, strict=True):
        numbers = {key: value for key, value in wanted.items() if isinstance(value, float)}
        assert {key: found[key] for key in numbers} == pytest.approx(numbers)
        assert {k: v for k, v in found.items() if k not in numbers} == {
            k: v for k, v in wanted.items() if k not in numbers
        }


@pytest.mark.parametrize("pair", PAIRS.values(), ids=list(PAIRS))
def test_totals_are_those_of_the_rows_kept_or_not(engine: Engine, pair: dict[str, str]) -> None:
    runs = add_runs(engine, runs=2, results=2 * RESULTS_A_REPETITION)
    query(engine, "UPDATE eval.generation SET finish_reason = 'length' WHERE job_id %% 7 = 0")
    same(engine, pair)
    assert keep_run(engine, runs[0])
    same(engine, pair)


@pytest.mark.parametrize("pair", [*PAIRS.values(), TRACES], ids=[*PAIRS, "traces"])
def test_totals_count_failures_probes_and_runs_that_wait(
    engine: Engine, pair: dict[str, str]
) -> None:
    seed_analytics(engine)
    same(engine, pair)


def test_traces_without_their_samples_keep_mean_and_peak(engine: Engine) -> None:
    seed_analytics(engine)
    before = query(engine, TRACES["answer_totals"])
    query(engine, "UPDATE eval.memory_trace SET used_mib = '{}', look_at_s = NULL")
    assert query(engine, TRACES["answer_totals"]) == before


def test_a_job_scored_again_counts_once_by_its_newest_scoring(engine: Engine) -> None:
    seed_analytics(engine)
    before = query(engine, SCORES["answer_totals"])
    query(
        engine,
        "INSERT INTO eval.score (job_id, scorer_version, steps_done, steps_total, score7, "
        "guess_suspected) SELECT job_id, '2', 4, 4, 7, false FROM eval.score",
    )
    after = query(engine, SCORES["answer_totals"])
    assert [row["scored"] for row in after] == [row["scored"] for row in before]
    assert all(row["score7"] == 7 * row["scored"] for row in after)
    same(engine, SCORES)
