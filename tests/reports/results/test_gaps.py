"""Gaps are paired by problem, with how many pair; what a result does not hold is said."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rich.console import Console
from scipy import stats
from sqlalchemy import Engine

from core.states import FailureKind
from db.queue.claims import Failure, give_up
from db.runs.submissions import submit
from reports.results.gaps import gaps, gaps_by
from reports.results.left_out import left_out_lines
from reports.tables.results import gap_table
from tests.support.jobs import QUEUES, claim_one, register, submission
from tests.support.processes import evalctl
from tests.support.results import THREE, store


def means(
    model: str, scores: dict[str, float], category: str = "secondary"
) -> list[dict[str, Any]]:
    return [
        {"model": model, "prompt": "plain", "category": category, "problem": name, "score7": score}
        for name, score in scores.items()
    ]


def test_a_gap_is_over_the_problems_that_both_have() -> None:
    a = means("a", {"p1": 4.0, "p2": 5.0, "p3": 7.0})
    b = means("b", {"p1": 5.0, "p2": 5.5, "p4": 0.0})
    (gap,) = gaps([*a, *b])

    assert (gap["a"], gap["b"], gap["problems"], gap["of"]) == ("a", "b", 2, 4)
    wanted = stats.ttest_1samp([1.0, 0.5], 0).confidence_interval()
    assert gap["difference"] == pytest.approx(0.75)
    assert (gap["ci_low"], gap["ci_high"]) == pytest.approx((wanted.low, wanted.high))


def test_an_interval_ends_where_the_scale_does() -> None:
    a = means("a", {"p1": 7.0, "p2": 7.0, "p3": 4.0})
    b = means("b", {"p1": 0.0, "p2": 1.0, "p3": 0.0})
    (gap,) = gaps([*a, *b])
    wanted = stats.ttest_1samp([-7.0, -6.0, -4.0], 0).confidence_interval()
    assert wanted.low < -7
    assert (gap["ci_low"], gap["ci_high"]) == (-7.0, pytest.approx(wanted.high))


def test_the_base_is_the_first_model_or_the_named_one_and_a_total_stands_last() -> None:
    rows = [
        *means("a", {"p1": 4.0, "p2": 5.0}), *means("a", {"q1": 1.0}, "university"),
        *means("b", {"p1": 3.0, "p2": 5.0}), *means("b", {"q1": 2.0}, "university"),
    ]  # fmt: skip
    found = gaps(rows)
    assert [gap["category"] for gap in found] == ["secondary", "university", "all"]
    assert {gap["a"] for gap in found} == {"a"}
    assert (found[-1]["problems"], found[-1]["difference"]) == (3, pytest.approx(0.0))
    assert found[1]["ci_low"] is None, "one problem has no interval"
    assert {(gap["a"], gap["b"]) for gap in gaps(rows, "b")} == {("b", "a")}
    assert gaps(means("a", {"p1": 4.0})) == []


def test_a_problem_of_several_topics_counts_in_each_and_once_in_all() -> None:
    rows = [*means("a", {"p1": 4.0, "p2": 5.0}), *means("b", {"p1": 5.0, "p2": 5.0})]
    topics = {"p1": ["algebra", "geometry"], "p2": ["algebra"]}
    found = {row["part"]: row for row in gaps_by(rows, "topic", topics)}
    assert {part: row["problems"] for part, row in found.items()} == {
        "algebra": 2, "geometry": 1, "all": 2,
    }  # fmt: skip
    assert found["algebra"]["difference"] == found["all"]["difference"] == pytest.approx(0.5)
    assert [row["part"] for row in gaps_by(rows, "prompt", {})] == ["all"]


def test_the_gap_table_fits_eighty_columns_with_long_names() -> None:
    name = "deepseek-r1-distill-qwen-7b-awq"
    rows = [*means("qwen3-4b-instruct-2507", {"p1": 4.0, "p2": 5.0}), *means(name, {"p1": 3.0})]
    console = Console(width=80)
    with console.capture() as captured:
        console.print(gap_table(gaps(rows)))
    shown = captured.get()
    assert max(map(len, shown.splitlines())) <= 80
    assert "…" not in shown, "a name is folded and not cut"
    assert "-1.00" in shown
    assert "1 of 2" in shown


def test_what_is_left_out_is_said_in_a_line() -> None:
    missing: list[dict[str, Any]] = [
        {"model": "b", "state": "dead", "jobs": 3, "reason": "the server\nis away"},
        {"model": "a", "state": "queued", "jobs": 1, "reason": None},
    ]
    scores: list[dict[str, Any]] = [
        {"model": "a", "cut_share": 0.2},
        {"model": "a", "cut_share": None},
    ]
    lines = list(left_out_lines(missing, scores))
    assert lines[0] == "left out: 3 jobs of b were given up (the model has no results): the server"
    assert lines[1] == "left out: 1 job of a is still queued"
    assert lines[2].startswith("warning: up to 20 % of the answers of a")
    assert list(left_out_lines([], [{"model": "a", "cut_share": 0.05}])) == []


def test_results_name_the_jobs_that_have_none(engine: Engine, environment: dict[str, str]) -> None:
    run = submit(engine, submission(new=True))
    job = claim_one(engine, worker_id=register(engine), queues=QUEUES)
    assert job is not None
    failure = Failure(kind=FailureKind.REJECTED, error_class="X", sentence="too long a prompt")
    give_up(engine, job.job_id, job.attempt_no, failure)

    shown = evalctl(environment, f"results {run.run_id} --synthetic")
    said = " ".join(shown.stdout.split())
    assert "left out: 1 job of " in said
    assert " failed (the model has no results): too long a prompt" in said
    document = json.loads(evalctl(environment, f"results {run.run_id} --synthetic --json").stdout)
    failed = [row for row in document["missing"] if row["state"] == "failed"]
    assert [(row["jobs"], row["reason"]) for row in failed] == [(1, "too long a prompt")]
    assert document["gaps"] == []


def test_a_base_without_scores_is_refused(engine: Engine, environment: dict[str, str]) -> None:
    run = store(engine, THREE, starts=({}, {}))
    refused = evalctl(environment, f"results {run} --synthetic --base nothing")
    assert (refused.returncode, "no scores of 'nothing'" in refused.stderr) == (2, True)
