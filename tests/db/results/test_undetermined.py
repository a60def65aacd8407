"""Scores that say what they do not know: old rows, the bounds, and what the views make of them."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.migrate import alembic_config
from db.models import Score, StepVerdict
from db.queue.commits import Result, commit
from db.results.reading import read_results
from db.results.scoring_rows import score_row
from db.runs.submissions import submit
from tests.support.database import query
from tests.support.jobs import PROBLEM, claimed, register, submission
from tests.support.results import generation_row, store_start

NEW = "SELECT score7, score7_high, steps_undetermined, coverage FROM eval.score ORDER BY id"


def scored(engine: Engine, *scores: Score, verdicts: tuple[str, ...] = ()) -> None:
    """Store a run of one problem, a repetition for each score."""
    submit(engine, submission(problems=(PROBLEM,), repetitions=len(scores)))
    worker_id = register(engine)
    for score in scores:
        job = claimed(engine, worker_id)
        boot_id = store_start(engine, worker_id, job.model_id)
        rows = [
            StepVerdict(step=f"s{number}", verdict=verdict)
            for number, verdict in enumerate(verdicts, start=1)
        ]
        made = Result(
            generation=generation_row(boot_id), texts={"text": "4"}, score=score, verdicts=rows
        )
        commit(engine, job.job_id, job.attempt_no, made)


def score(score7: float, **columns: float) -> Score:
    return Score(
        scorer_version="1",
        steps_done=2,
        steps_total=4,
        score7=score7,
        guess_suspected=False,
        **columns,
    )


def test_rows_before_are_computed_from_their_unclear_verdicts_and_go_back(engine: Engine) -> None:
    scored(engine, score(3.5), verdicts=("done", "unclear", "missing", "done"))
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
        command.upgrade(config, "head")
    assert query(engine, NEW) == [
        {"score7": 3.5, "score7_high": 5.25, "steps_undetermined": 1, "coverage": 0.75}
    ]
    query(engine, "UPDATE eval.step_verdict SET verdict = 'undetermined' WHERE step = 's3'")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0008")
    assert query(engine, "SELECT verdict FROM eval.step_verdict ORDER BY ordinal") == [
        {"verdict": verdict} for verdict in ("done", "unclear", "unclear", "done")
    ]


def test_a_score_of_a_scorer_without_the_keys_is_its_own_range(engine: Engine) -> None:
    document = {
        "scorer_version": "1.1.0",
        "path": "main",
        "steps_done": 1,
        "steps_total": 2,
        "score7": 3.5,
        "answer_correct": None,
        "answer_text": "",
        "guess_suspected": False,
    }
    scored(engine, score_row(document), score(3.5), verdicts=("done", "undetermined"))
    assert {tuple(row.values()) for row in query(engine, NEW)} == {
        (3.5, 3.5, 0, 1.0),
        (3.5, None, 0, 1.0),
    }
    (row,) = query(engine, "SELECT DISTINCT score7_high, coverage FROM analytics_v1.scores")
    assert row == {"score7_high": 3.5, "coverage": 1.0}
    full = document | {"score7_high": 7.0, "steps_undetermined": 1, "coverage": 0.5}
    known = score_row(full)
    assert (known.score7_high, known.steps_undetermined, known.coverage) == (7.0, 1, 0.5)


@pytest.mark.parametrize(
    "columns", [{"score7_high": 3.0}, {"score7_high": 7.1}, {"coverage": 1.5}, {"coverage": -0.1}]
)
def test_a_range_that_cannot_be_is_refused(engine: Engine, columns: dict[str, float]) -> None:
    with pytest.raises(DBAPIError, match="ck_score_"):
        scored(engine, score(3.5, **columns))


def test_the_ends_of_a_range_are_aggregated_alike(engine: Engine) -> None:
    ranges = ((1.0, 7.0, 0.2), (2.0, 4.0, 0.5), (3.0, 5.0, 1.0))
    scores = [
        score(low, score7_high=high, steps_undetermined=1, coverage=share)
        for low, high, share in ranges
    ]
    scored(engine, *scores)
    (run,) = query(engine, "SELECT run_id FROM analytics_v1.runs")
    (row,) = read_results(engine, run["run_id"]).to_dict()["scores"]
    assert (row["score7"], row["score7_high"], row["coverage"]) == (2.0, 5.0, 0.5)
