"""``evalctl review`` and ``evalctl judge card``: people read steps, and judges are measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.runs.run import find_run
from orchestrator.judging.judge import Selection, import_replies, plan_questions
from orchestrator.judging.review import import_reviews, sampled_steps
from tests.support.database import query
from tests.support.judging import MIXED, STEPS, reply, store_scored
from tests.support.processes import evalctl

#: The words of the command.
COMMAND = ("judge", "card")
REVIEWS = """
SELECT step, reviewer, verdict, old_verdict, reason, sample, shown
  FROM analytics_v1.reviews ORDER BY review_id
"""


def sample(engine: Engine, **choice: Any) -> list[dict[str, Any]]:
    run = find_run(engine, "latest")
    return list(
        sampled_steps(engine, run, **{"number": 100, "seed": 0, "uncertain": False} | choice)
    )


def lines(rows: list[dict[str, Any]], **fields: Any) -> list[str]:
    return [json.dumps(row | fields) for row in rows]


def test_a_sample_is_random_repeatable_and_blind(engine: Engine) -> None:
    store_scored(engine, *[MIXED] * 10)
    chosen = sample(engine, number=12, seed=5)

    assert len(chosen) == 12
    assert chosen == sample(engine, number=12, seed=5) != sample(engine, number=12, seed=6)
    assert {row["verdict"] for row in chosen} == {""}
    assert "pupil" not in json.dumps(chosen), "the model is not shown"
    assert all(row["statement"] and row["describe"] and row["answer"] for row in chosen)
    assert len(sample(engine)) == 30


def test_uncertain_steps_come_first_on_request(engine: Engine) -> None:
    store_scored(engine, *[MIXED] * 4)

    assert [row["step"] for row in sample(engine, number=4, uncertain=True)] == [STEPS[1]] * 4
    more = sample(engine, number=8, uncertain=True)
    assert {row["step"] for row in more} == {STEPS[1], STEPS[2]}
    assert {row["sample"] for row in more} == {"uncertain"}


def test_reviews_are_appended_and_never_overwritten(engine: Engine) -> None:
    store_scored(engine, MIXED)
    row = next(row for row in sample(engine) if row["step"] == STEPS[1])
    said = lines([row], verdict="done", reason="third line")
    for added, verdict, reviewer in ((1, "done", "ada"), (0, "done", "ada"), (1, "wrong", "ada")):
        changed = said if verdict == "done" else lines([row], verdict=verdict)
        assert import_reviews(engine, changed, reviewer=reviewer).added == added
    import_reviews(engine, said, reviewer="bob")

    assert [tuple(one.values()) for one in query(engine, REVIEWS)] == [
        (STEPS[1], "ada", "done", "undetermined", "third line", "random", False),
        (STEPS[1], "ada", "wrong", "done", None, "random", False),
        (STEPS[1], "bob", "done", "wrong", "third line", "random", True),
    ]
    for change in ("UPDATE eval.review SET verdict = 'done'", "DELETE FROM eval.review"):
        with pytest.raises(DBAPIError, match="only appended"):
            query(engine, change)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"verdict": "good"}, "verdict 'good' is not one of"),
        ({"verdict": "done", "step": "s99"}, "no scoring"),
        ({"verdict": "done", "score": 999_999}, "no scoring"),
        ({"verdict": "done", "score": "1"}, "the line has no score and step"),
        ({"verdict": "done", "reason": ["x"]}, "the reason is not a text"),
        ({"verdict": ["done"]}, "verdict"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(
    engine: Engine, fields: dict[str, Any], reason: str
) -> None:
    store_scored(engine, MIXED)
    (first, *_) = sample(engine)
    done = import_reviews(engine, [*lines([first]), *lines([first], **fields)], reviewer="ada")

    assert (done.added, done.empty) == (0, 1)
    ((line, why),) = [(one.line, one.reason) for one in done.refused]
    assert line == 2
    assert why.startswith(reason)


def test_the_whole_way_from_a_sample_to_kappa(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    run = store_scored(engine, *[MIXED] * 5)
    file = tmp_path / "steps.jsonl"
    out = evalctl(environment, "review", "night", "--sample", "15", "-o", str(file))
    assert out.returncode == 0, out.stderr
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    truth = {STEPS[0]: "done", STEPS[1]: "done", STEPS[2]: "missing"}
    for row in rows:
        row["verdict"] = truth[row["step"]]
    file.write_text("\n".join(lines(rows)), encoding="utf-8")
    done = evalctl(environment, "review", "import", str(file), "--reviewer", "ada", "--json")
    assert json.loads(done.stdout)["added"] == 15

    bare = json.loads(evalctl(environment, *COMMAND, "night", "--json").stdout)
    assert bare["judges"]["rules"]["rules"]["coverage"] == pytest.approx(2 / 3)
    questions = plan_questions(engine, run, Selection()).questions
    said = reply({STEPS[1]: "done", STEPS[2]: "missing"})
    for key in ("a", "b"):
        replies = [
            json.dumps({"custom_id": one.custom_id, "content": said, "id": key})
            for one in questions
        ]
        import_replies(engine, run, replies, judge="big")
    found = json.loads(evalctl(environment, *COMMAND, "night", "--json").stdout)
    big = found["judges"]["big"]
    assert (big["steps"], big["base_rate"]) == (15, pytest.approx(2 / 3))
    assert big["rules_judge"]["kappa"] == 1.0
    assert big["rules_judge"]["coverage"] == 1.0
    assert (big["itself"]["steps"], big["itself"]["agree"]) == (10, 1.0)
    shown = evalctl(environment, *COMMAND, "night", "--judge", "big").stdout
    assert "rules + judge" in shown
    unknown = evalctl(environment, *COMMAND, "night", "--judge", "small")
    assert unknown.returncode == 2


def test_reviews_that_were_not_chosen_at_random_estimate_nothing(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_scored(engine, MIXED)
    import_reviews(engine, lines(sample(engine, uncertain=True), verdict="done"), reviewer="ada")
    done = evalctl(environment, *COMMAND, "night", "--json")

    assert done.returncode == 1
    document = json.loads(done.stdout)
    assert (document["reviews_left_out"], document["judges"]["rules"]["steps"]) == (3, 0)


def test_a_labelled_folder_is_asked_about_and_compared(
    environment: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "labelled"
    (folder / "answers").mkdir(parents=True)
    (folder / "answers" / "one.md").write_text("2ab = 12, so it is 13", encoding="utf-8")
    entry = {"answer": "one", "problem": "sec-symmetric-01", "style": "partial", "language": "en"}
    labels = dict.fromkeys(STEPS, "missing")
    label = {"answer": "one", "path": "main", "labeller": "ada", "labels": labels}
    for name, row in (("index.jsonl", entry), ("labels.jsonl", label)):
        (folder / name).write_text(json.dumps(row) + "\n", encoding="utf-8")
    sent, came = tmp_path / "requests.jsonl", tmp_path / "replies.jsonl"
    out = evalctl(environment, "judge", "export", "--labelled", str(folder), "-o", str(sent))
    assert out.returncode == 0, out.stderr
    (line,) = [json.loads(one) for one in sent.read_text(encoding="utf-8").splitlines()]
    assert line["custom_id"] == "one"
    asked = line["body"]["response_format"]["json_schema"]["schema"]["required"]
    came.write_text(
        json.dumps({"custom_id": "one", "content": reply(dict.fromkeys(asked, "missing"))})
    )
    arguments = ("--labelled", str(folder), "--replies", str(came), "--json")
    done = evalctl(environment, *COMMAND, *arguments)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)["judges"]["replies"]
    assert found["judge"]["decided"] == len(asked)
    assert found["judge"]["agree"] == 1.0
