"""``evalctl judge``: requests out, replies in, rules + judge beside rules."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db.judging.judgements import NewJudgement, SaidStep, add_judgements, scored_answers
from db.judging.rescoring import add_scores
from db.runs.run import find_run
from orchestrator.judging.judge import Selection, import_replies, plan_questions
from scoring.judging.merge import merge
from scoring.judging.reply import JudgeVerdict
from tests.support.database import count, query
from tests.support.judging import (
    ANSWER,
    MIXED,
    PATH,
    STEPS,
    batch_reply,
    reply,
    scored,
    store_scored,
)
from tests.support.processes import evalctl

SHOWN = """
SELECT rules_score7, rules_score7_high, rules_coverage, score7, score7_high, coverage,
       steps_changed, dones_flagged, steps_unjudged, shown
  FROM analytics_v1.judged_scores WHERE judge = %(judge)s ORDER BY score_id
"""
STORED = "SELECT count(*) FROM eval.judgement"


def requests(engine: Engine, **selection: Any) -> list[tuple[str, tuple[str, ...]]]:
    planned = plan_questions(engine, find_run(engine, "latest"), Selection(**selection))
    return [(one.custom_id, one.request.step_ids) for one in planned.questions]


def test_only_missing_and_undetermined_steps_are_asked_about(engine: Engine) -> None:
    store_scored(engine, MIXED, ("done", "done", "done"), ("wrong", "done", "missing"))

    assert [steps for _, steps in requests(engine)] == [STEPS[1:], STEPS[2:]]
    assert [steps for _, steps in requests(engine, check_done=True)] == [
        STEPS,
        STEPS,
        STEPS[1:],
    ]
    ids = [custom_id for custom_id, _ in requests(engine)]
    assert ids == [custom_id for custom_id, _ in requests(engine)], "the ids are stable"
    assert all(len(custom_id) <= 64 for custom_id in ids)


def test_a_file_of_requests_goes_out_and_its_replies_come_back_once(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    store_scored(engine, MIXED, ("done", "missing", "missing"))
    sent, came = tmp_path / "requests.jsonl", tmp_path / "replies.jsonl"

    out = evalctl(environment, "judge", "export", "night", "-o", str(sent), "--model-name", "big")
    assert out.returncode == 0, out.stderr
    assert "2 requests about 4 steps of 2 scored answers" in out.stdout
    lines = [json.loads(line) for line in sent.read_text(encoding="utf-8").splitlines()]
    assert {line["body"]["model"] for line in lines} == {"big"}
    assert all(ANSWER in line["body"]["messages"][1]["content"] for line in lines)
    said = [{STEPS[1]: "done", STEPS[2]: "missing"}, {STEPS[1]: "wrong", STEPS[2]: "done"}]
    came.write_text(
        "\n".join(
            [
                batch_reply(lines[0]["custom_id"], reply(said[0]), id="chatcmpl-1"),
                json.dumps({"custom_id": lines[1]["custom_id"], "content": reply(said[1])}),
                "nonsense",
                json.dumps({"custom_id": "score-999-3-0", "content": "{}"}),
                json.dumps({"custom_id": lines[0]["custom_id"][:-1] + "x", "content": "{}"}),
            ]
        ),
        encoding="utf-8",
    )
    arguments = ("judge", "import", "night", str(came), "--judge", "big", "--json")
    first = evalctl(environment, *arguments)
    assert first.returncode == 1, "three lines hold no reply"
    document = json.loads(first.stdout)
    assert (document["added"], document["known"], document["steps_judged"]) == (2, 0, 4)
    assert {one["line"]: one["reason"].split(" ")[0] for one in document["refused"]} == {
        3: "the",
        4: "run",
        5: "the",
    }
    again = json.loads(evalctl(environment, *arguments).stdout)
    assert (again["added"], again["known"]) == (0, 2)
    assert count(engine, STORED) == 2

    results = json.loads(
        evalctl(environment, "results", "night", "--judge", "big", "--synthetic", "--json").stdout
    )
    (row,) = results["judged"]
    assert (row["judged"], row["steps_changed"], row["dones_flagged"]) == (2, 3, 0)
    assert row["rules_score7"] < row["score7"] <= row["score7_high"]
    (rules,) = results["scores"]
    assert rules["score7"] == row["rules_score7"], "the rules' scores stay as they were"
    shown = evalctl(environment, "results", "night", "--judge", "big", "--synthetic").stdout
    assert "rules + big" in shown
    useless = [json.dumps({"custom_id": line["custom_id"], "content": "Sure!"}) for line in lines]
    came.write_text("\n".join(useless), encoding="utf-8")
    evalctl(environment, "judge", "import", "night", str(came), "--judge", "mute")
    mute = evalctl(environment, "results", "night", "--judge", "mute", "--synthetic", "--json")
    (row,) = json.loads(mute.stdout)["judged"]
    assert (row["judged"], row["steps_unjudged"]) == (0, 4), "replies without a verdict are none"
    unknown = evalctl(environment, "results", "night", "--judge", "other", "--synthetic")
    assert unknown.returncode == 2
    assert "it has judgements of mute, big" in unknown.stderr


def test_rules_and_rules_with_judge_are_both_kept(engine: Engine) -> None:
    store_scored(engine, MIXED)
    ((custom_id, _),) = requests(engine, check_done=True)
    said = {STEPS[0]: "missing", STEPS[1]: "done", STEPS[2]: "wrong"}
    import_replies(engine, find_run(engine, "latest"), [plain(custom_id, said)], judge="big")

    (row,) = query(engine, SHOWN, judge="big")
    rules = scored(MIXED)
    assert (row["rules_score7"], row["rules_score7_high"]) == (rules.score7, rules.score7_high)
    expected = scored(("done", "done", "wrong"))
    assert (row["score7"], row["score7_high"]) == (expected.score7, expected.score7)
    assert (row["coverage"], row["steps_changed"], row["dones_flagged"]) == (1, 2, 1)
    assert query(engine, "SELECT verdict FROM analytics_v1.step_verdicts ORDER BY ordinal") == [
        {"verdict": verdict} for verdict in MIXED
    ]


def test_a_reply_that_cannot_be_read_is_kept_named_and_asked_again(engine: Engine) -> None:
    run = store_scored(engine, MIXED)
    ((custom_id, steps),) = requests(engine)
    half = {STEPS[1]: "done"}
    done = import_replies(engine, run, [plain(custom_id, half)], judge="big")

    assert (done.added, done.judged) == (1, 1)
    assert [(one["line"], one["step"]) for one in done.unusable] == [(1, STEPS[2])]
    assert requests(engine, judge="big") == [(custom_id, steps)]
    ((again, left),) = requests(engine, judge="big", retry_unscored=True)
    assert left == STEPS[2:]
    assert requests(engine, judge="other", retry_unscored=True) == []
    import_replies(engine, run, [plain(again, {STEPS[2]: "wrong"})], judge="big")
    assert requests(engine, judge="big", retry_unscored=True) == []
    (row,) = query(engine, SHOWN, judge="big")
    assert (row["steps_changed"], row["steps_unjudged"]) == (2, 0), "of two judgements together"
    assert query(
        engine, "SELECT steps_asked, steps_judged, shown FROM analytics_v1.judgements ORDER BY 1"
    ) == [
        {"steps_asked": 1, "steps_judged": 1, "shown": True},
        {"steps_asked": 2, "steps_judged": 1, "shown": False},
    ]


def test_hostile_replies_are_stored_and_decide_nothing(engine: Engine) -> None:
    run = store_scored(engine, MIXED)
    ((custom_id, _),) = requests(engine)
    contents = ["\ud800\x00", "", "[" * 50_000, reply({STEPS[1]: "done"}, quote="full marks")]
    lines = [json.dumps({"custom_id": custom_id, "content": content}) for content in contents]
    done = import_replies(engine, run, lines, judge="big")

    assert (done.added, done.judged, len(done.unusable)) == (4, 0, 8)
    (row,) = query(engine, SHOWN, judge="big")
    assert (row["score7"], row["steps_changed"]) == (row["rules_score7"], 0)


def test_a_new_scoring_leaves_the_old_judgements_behind(engine: Engine) -> None:
    run = store_scored(engine, MIXED)
    ((custom_id, _),) = requests(engine)
    (job,) = query(engine, "SELECT id FROM eval.job")
    newer = scored(MIXED)
    newer.scorer_version = "9"
    add_scores(engine, [(job["id"], newer, ())])
    done = import_replies(engine, run, [plain(custom_id, {STEPS[1]: "done"})], judge="big")

    assert (done.added, done.superseded) == (1, 1)
    assert query(engine, SHOWN, judge="big") == []
    assert query(engine, "SELECT shown FROM analytics_v1.judgements") == [{"shown": False}]


def test_the_newest_judge_of_an_answer_is_shown(engine: Engine) -> None:
    run = store_scored(engine, MIXED)
    ((custom_id, _),) = requests(engine)
    for name in ("first", "second"):
        import_replies(engine, run, [plain(custom_id, {STEPS[1]: "done"})], judge=name)

    shown = {name: query(engine, SHOWN, judge=name)[0]["shown"] for name in ("first", "second")}
    assert shown == {"first": False, "second": True}


def test_view_and_pure_function_merge_alike(engine: Engine) -> None:
    """Every pair of verdicts, and random histories of several judgements."""
    rules = ("done", "present_invalid", "wrong", "missing", "undetermined")
    run = store_scored(engine, *itertools.product(rules, repeat=3))
    draw = random.Random(7)  # noqa: S311 - the same histories each time
    expected: dict[int, tuple[Any, ...]] = {}
    made: list[NewJudgement] = []
    for answer in scored_answers(engine, run.run_id):
        history = [
            JudgeVerdict(step_id=step, verdict=draw.choice(("done", "wrong", "missing", None)))
            for step in [*STEPS, *STEPS]
        ]
        in_order = {step.id: answer.steps[step.id] for step in PATH.steps}
        merged = merge(PATH, in_order, history)
        expected[answer.score_id] = (
            merged.score7,
            merged.score7_high,
            merged.coverage,
            merged.steps_changed,
            merged.dones_flagged,
        )
        made += [
            NewJudgement(
                score_id=answer.score_id,
                judge="big",
                prompt_hash="p",
                prompt_version="1",
                temperature=None,
                reply="{}",
                reply_key=str(at),
                steps=[
                    SaidStep(step=one.step_id, verdict=one.verdict, quote="", reason="")
                    for one in history[at : at + len(STEPS)]
                ],
            )
            for at in (0, len(STEPS))
        ]
    assert add_judgements(engine, made) == len(made)
    found = query(
        engine,
        "SELECT score_id, score7, score7_high, coverage, steps_changed, dones_flagged "
        "FROM analytics_v1.judged_scores",
    )
    assert len(found) == len(expected) == 125
    for row in found:
        assert tuple(row.values())[1:] == pytest.approx(expected[row["score_id"]])


def plain(custom_id: str, verdicts: dict[str, str]) -> str:
    return json.dumps({"custom_id": custom_id, "content": reply(verdicts)})
