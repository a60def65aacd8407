"""``evalctl answer`` as a user runs it: the text with its passages, verdicts and who gave them."""

from __future__ import annotations

import json

from sqlalchemy import Engine

from core.sampling_params import SamplingParams
from db.judging.reviews import NewReview, add_reviews
from db.models import Score, StepVerdict
from db.queue.commits import Result, commit
from db.runs.submissions import submit
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from reports.texts.answer import ShownStep, folded_thinking, marked_text, moved
from scoring.score import score_text
from tests.support.jobs import QUEUES, claim_one, register, submission
from tests.support.processes import evalctl
from tests.support.results import generation_row, store_start

PROBLEM = load_set("core").get("sec-symmetric-01")
THINKING = "<think>Let me see [/INST].</think>\n"
ANSWER = "Since $(a+b)^2 = a^2+2ab+b^2$ and $2ab = 12$ the result is 13."


def stored(engine: Engine) -> str:
    """Store one scored answer to a real problem; return the run's id."""
    given = {"problems": (record_of(PROBLEM),), "sampling": SamplingParams()}
    run = submit(engine, submission(mode="latency", new=True, **given))
    worker_id = register(engine)
    job = claim_one(engine, worker_id=worker_id, queues=QUEUES)
    assert job is not None
    row = generation_row(store_start(engine, worker_id, job.model_id))
    text = THINKING + ANSWER
    score = score_text(PROBLEM, text)
    verdicts = [
        StepVerdict(
            step=one.step_id,
            verdict=one.verdict,
            evidence=one.evidence_text,
            evidence_start=one.start,
            evidence_end=one.end,
            reason=one.reason,
        )
        for one in score.steps
    ]
    kept = Score(
        scorer_version=score.scorer_version,
        path_id=score.path_id,
        steps_done=score.steps_done,
        steps_total=score.steps_total,
        score7=score.score7,
        score7_high=score.score7_high,
        coverage=score.coverage,
        answer_correct=score.answer_correct,
        answer_text=score.answer_text,
        guess_suspected=score.guess_suspected,
    )
    done = Result(generation=row, texts={"text": text}, score=kept, verdicts=verdicts)
    commit(engine, job.job_id, job.attempt_no, done)
    return str(run.run_id)


def test_an_answer_shows_its_passages_and_folds_its_reasoning(
    engine: Engine, environment: dict[str, str]
) -> None:
    run = stored(engine)
    command = f"answer {run} --problem sec-symmetric-01 --synthetic"

    piped = evalctl(environment, command).stdout
    assert "[s1: (a+b)^2 = a^2+2ab+b^2]" in piped
    assert "characters of reasoning folded" in piped
    assert "[/INST]" not in piped
    assert "final answer right" in piped
    assert "[/INST]" in evalctl(environment, f"{command} --thinking").stdout

    document = json.loads(evalctl(environment, f"{command} --json").stdout)
    assert document["text"] == THINKING + ANSWER
    (first, *_) = document["steps"]
    assert (first["id"], first["verdict"], first["by"]) == ("s1", "done", "rules")
    passage = first["evidence"]
    assert document["text"][passage["start"] : passage["end"]] == passage["text"]


def test_a_review_stands_before_the_rules(engine: Engine, environment: dict[str, str]) -> None:
    run = stored(engine)
    command = f"answer {run} --problem sec-symmetric-01 --synthetic --json"
    score_id = json.loads(evalctl(environment, command).stdout)["score_id"]
    review = NewReview(score_id=score_id, step="s1", verdict="wrong", reason=None, sample="random")
    add_reviews(engine, "ada", [review])

    first = json.loads(evalctl(environment, command).stdout)["steps"][0]
    assert (first["verdict"], first["by"], first["rules"]) == ("wrong", "ada", "done")


def test_what_is_not_there_is_named(engine: Engine, environment: dict[str, str]) -> None:
    run = stored(engine)
    for options, sentence in (
        ("--problem nothing --synthetic", "has no problem 'nothing'; it has sec-symmetric-01"),
        ("--problem sec-symmetric-01", "--synthetic includes answers of synthetic models"),
        ("--problem sec-symmetric-01 --synthetic --rep 9", "none with these options"),
    ):
        refused = evalctl(environment, f"answer {run} {options}")
        assert (refused.returncode, sentence in refused.stderr) == (2, True), refused.stderr


def test_names_stand_around_passages_that_overlap() -> None:
    steps = [
        ShownStep(step_id="s1", verdict="done", describe="", start=0, end=5),
        ShownStep(step_id="s2", verdict="wrong", describe="", start=5, end=8),
    ]
    assert marked_text("x = 1, y", steps, named=True).plain == "[s1: x = 1][s2: , y]"
    assert marked_text("x = 1, y", steps, named=False).plain == "x = 1, y"


def test_folding_moves_passages_with_the_text() -> None:
    text = "<think>long</think>  so x = 1"
    step = ShownStep(step_id="s1", verdict="done", describe="", start=24, end=29)
    folded, by = folded_thinking(text, 19, unfolded=False)
    (there,) = moved([step], by, of=len(folded))
    assert there.start is not None
    assert folded[there.start : there.end] == text[24:29] == "x = 1"
    inside = ShownStep(step_id="s1", verdict="done", describe="", start=2, end=4)
    (lost,) = moved([inside], by - 500, of=len(folded))
    assert lost.start is None
