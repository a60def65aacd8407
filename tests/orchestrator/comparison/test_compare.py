"""``evalctl compare`` as a user runs it, on stored results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from db.runs.run import find_run
from orchestrator.judging.judge import Selection, import_replies, plan_questions
from tests.support.compared import ENVIRONMENT, graded, store_run
from tests.support.database import query
from tests.support.judging import STEPS, reply, store_scored
from tests.support.processes import evalctl, evalctl_json


def overall(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the metrics over all problems by name."""
    return {row["metric"]: row for row in document["metrics"] if row["category"] is None}


def test_the_contract_of_the_document(engine: Engine, environment: dict[str, str]) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(drop=0.1))

    document = evalctl_json(environment, "compare a b")

    assert document.keys() >= {"verdict", "metrics", "flips", "comparable", "why_not"}
    assert (document["verdict"], document["comparable"], document["why_not"]) == ("pass", True, [])
    assert overall(document)["score7"].keys() >= {
        "metric", "n", "a", "b", "difference", "ci_low", "ci_high", "p_value", "verdict",
    }  # fmt: skip
    score = overall(document)["score7"]
    assert (score["n"], score["verdict"]) == (12, "pass")
    assert score["difference"] == pytest.approx(-0.1)
    assert {row["category"] for row in document["metrics"]} == {None, "secondary", "university"}


def test_a_regression_blocks_and_shows_the_answers_that_flipped(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(drop=2))

    document = evalctl_json(environment, "compare a b --flips", code=1)
    shown = evalctl(environment, "compare a b --flips")

    assert document["verdict"] == "block"
    lost = [flip for flip in document["flips"] if flip["change"] == "lost"]
    assert len(lost) == len(document["flips"]) > 0
    assert "right" in lost[0]["a"]["text"]
    assert "wrong" in lost[0]["b"]["text"]
    assert (lost[0]["a"]["right"], lost[0]["b"]["right"]) == (2, 0)
    assert shown.returncode == 1
    assert "verdict: BLOCK" in shown.stdout
    assert f"lost: {lost[0]['problem']}" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_the_same_run_twice_shows_no_difference(
    engine: Engine, environment: dict[str, str]
) -> None:
    for problems in (3, 12):
        name = f"of-{problems}"
        store_run(engine, name, graded(problems))

        document = evalctl_json(environment, f"compare {name} {name}")

        assert document["verdict"] == "pass"
        assert {row["finding"] for row in document["metrics"]} <= {"no difference", None}
        assert document["flips"] == []
        assert "no difference" in evalctl(environment, f"compare {name} {name}").stdout


def test_too_little_data_is_inconclusive_and_says_what_would_decide(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "a", graded())
    mixed = graded(drop=0.2)
    mixed |= {name: [(0.0, False)] * 3 for name in ("p03", "p07")}
    store_run(engine, "b", mixed)

    document = evalctl_json(environment, "compare a b", code=5)
    shown = evalctl(environment, "compare a b").stdout

    (rule,) = document["rules"]
    assert (document["verdict"], rule["verdict"]) == ("inconclusive", "inconclusive")
    assert rule["problems_needed"] > 12
    assert f"{rule['problems_needed']:,} problems" in " ".join(shown.split())


def test_two_models_of_one_run(engine: Engine, environment: dict[str, str]) -> None:
    store_run(engine, "a", graded(), model="m")
    store_run(engine, "a", graded(drop=-1), model="n", need_mib=500.0)

    document = evalctl_json(environment, "compare a --models m n")

    assert document["comparisons"][0]["b"]["model"] == "n"
    assert overall(document)["score7"]["finding"] == "better"
    assert overall(document)["need_mib"]["difference"] == pytest.approx(-50)


def test_two_prompts_of_one_run_for_every_model(
    engine: Engine, environment: dict[str, str]
) -> None:
    for model in ("m", "n"):
        store_run(engine, "a", graded(), model=model)
        store_run(engine, "a", graded(drop=-1), model=model, prompt="stepwise", prompt_hash="other")

    document = evalctl_json(environment, "compare a --prompts plain stepwise")

    assert [one["b"]["model"] for one in document["comparisons"]] == ["m", "n"]
    assert document["comparable"] is True
    scores = [row for row in document["metrics"] if row["metric"] == "score7"]
    assert [row["finding"] for row in scores if row["category"] is None] == ["better", "better"]


@pytest.mark.parametrize(
    ("changed", "touched", "condition"),
    [
        ({"environment": ENVIRONMENT | {"gpu_uuid": "GPU-9"}}, {"ttft_ms", "need_mib"}, "GPU"),
        ({"environment": ENVIRONMENT | {"driver": "2"}}, {"ttft_ms", "need_mib"}, "driver"),
        ({"environment": ENVIRONMENT | {"torch": "3"}}, {"ttft_ms", "need_mib"}, "environment"),
        ({"config": {"max_num_seqs": 8}}, {"ttft_ms", "need_mib"}, "config"),
        ({"sampling": {"temperature": 0.0}}, {"score7", "ttft_ms", "need_mib"}, "sampling"),
        ({"content": "changed"}, {"score7", "ttft_ms", "need_mib"}, "problems"),
        ({"prompt_hash": "changed"}, {"score7", "ttft_ms", "need_mib"}, "prompt"),
        ({"scorer": "2"}, {"score7", "answer_correct"}, "scorer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_differs_is_refused_for_the_metrics_that_it_touches(
    engine: Engine,
    environment: dict[str, str],
    changed: dict[str, Any],
    touched: set[str],
    condition: str,
) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(), **changed)
    code = 5 if "score7" in touched else 0

    document = evalctl_json(environment, "compare a b", code=code)
    forced = evalctl_json(environment, "compare a b --force")
    shown = evalctl(environment, "compare a b --force").stdout

    refused = {name for name, row in overall(document).items() if row["refused"]}
    assert refused >= touched
    assert ("cut" in refused) is (condition in {"sampling", "problems", "prompt"})
    assert document["comparable"] is False
    assert [why.partition(":")[0] for why in document["why_not"]] == [condition]
    assert (forced["verdict"], forced["forced"]) == ("pass", True)
    assert not any(row["refused"] for row in forced["metrics"])
    assert "FORCED PASS" in shown


def test_seeds_may_differ(engine: Engine, environment: dict[str, str]) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(), sampling={"seed": 99})

    assert evalctl_json(environment, "compare a b")["comparable"] is True


def test_undetermined_steps_keep_a_verdict_open(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(drop=1.5), undetermined=1.5)

    document = evalctl_json(environment, "compare a b", code=5)

    assert "undetermined" in document["rules"][0]["why"]


def test_a_policy_file_decides(engine: Engine, environment: dict[str, str], tmp_path: Path) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b", graded(), first_token_s=1.2)
    policy = tmp_path / "gate.toml"

    for drop, tier, verdict, code in (
        ("50 %", "block", "block", 1),
        ("50 %", "warn", "warn", 0),
        ("150 %", "block", "pass", 0),
    ):
        policy.write_text(f'[[rule]]\nmetric = "ttft_ms"\nmax_drop = "{drop}"\ntier = "{tier}"\n')
        document = evalctl_json(environment, f"compare a b --policy {policy}", code=code)
        assert (document["verdict"], document["rules"][0]["metric"]) == (verdict, "ttft_ms")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("compare a", "--models A B or --prompts A B"),
        ("compare a b c", "one run or two"),
        ("compare a nothing", "no run matches"),
        ("compare a b --models m o", "no results of 'o'"),
        ("compare a b --model o", "share no such model"),
        ("compare a --prompts plain other", "prompt 'other'"),
        ("compare a b --policy /nowhere/gate.toml", "cannot read"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_a_cure(
    engine: Engine, environment: dict[str, str], command: str, said: str
) -> None:
    store_run(engine, "a", graded(2))
    store_run(engine, "b", graded(2))
    store_run(engine, "c", graded(2))

    done = evalctl(environment, command)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_broken_policy_names_its_file(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    store_run(engine, "a", graded(2))
    (tmp_path / "gate.toml").write_text("[[rule]]\nmetric = 'speed'\nmax_drop = 1")

    done = evalctl(environment, f"compare a a --policy {tmp_path / 'gate.toml'}")

    assert done.returncode == 2
    assert "gate.toml" in done.stderr
    assert "unknown metric 'speed'" in done.stderr


def test_runs_of_other_problems_have_nothing_to_pair(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "a", graded(2))
    store_run(engine, "b", {"p90": [(7.0, True)]})

    document = evalctl_json(environment, "compare a b", code=5)

    assert document["metrics"] == []
    assert document["comparisons"][0]["unpaired"] == {"a": 6, "b": 1}
    assert evalctl(environment, "compare a b").returncode == 5


def test_a_second_try_of_a_gate_is_counted(engine: Engine, environment: dict[str, str]) -> None:
    store_run(engine, "a", graded())
    store_run(engine, "b1", graded(drop=2), experiment="candidate", ordinal=1)
    store_run(engine, "b2", graded(drop=0.1), experiment="candidate", ordinal=2)
    store_run(engine, "other", graded(drop=0.1))

    first = evalctl_json(environment, "compare a b1", code=1)
    again = evalctl_json(environment, "compare a b1", code=1)
    second = evalctl_json(environment, "compare a b2")
    other = evalctl_json(environment, "compare a other")
    itself = evalctl_json(environment, "compare a a")

    # The same two runs once more are the same data: no other test.
    assert [one["comparisons"][0]["tries"] for one in (first, again, other, itself)] == [[]] * 4
    (try_,) = second["comparisons"][0]["tries"]
    assert (try_["run"], try_["verdict"], try_["forced"]) == ("b1", "block", False)
    assert "try 2 of this gate" in " ".join(evalctl(environment, "compare a b2").stdout.split())
    kept = query(
        engine,
        "SELECT run_b, verdict FROM analytics_v1.comparisons ORDER BY comparison_id",
    )
    assert [(row["run_b"], row["verdict"]) for row in kept] == [
        ("b1", "block"),
        ("b1", "block"),
        ("b2", "pass"),
        ("other", "pass"),
        ("b2", "pass"),
    ]
    with pytest.raises(DBAPIError, match="append"):
        query(engine, "DELETE FROM eval.comparison")


def test_a_judge_counts_where_it_read_both_sides(
    engine: Engine, environment: dict[str, str]
) -> None:
    for name in ("a", "b"):
        store_scored(engine, ("done", "undetermined", "missing"), name=name)
    read = {STEPS[1]: "done", STEPS[2]: "done"}

    def judge(run: str) -> None:
        found = find_run(engine, run)
        (question,) = plan_questions(engine, found, Selection()).questions
        line = json.dumps({"custom_id": question.custom_id, "content": reply(read)})
        assert import_replies(engine, found, [line], judge="big").added == 1

    def compared(*options: str, code: int = 5) -> dict[str, Any]:
        return evalctl_json(environment, "compare a b --synthetic --judge big", *options, code=code)

    judge("a")
    assert evalctl(environment, "compare a b --synthetic --judge big").returncode == 2
    judge("b")
    both = compared()

    assert both["comparable"] is True
    with_judge, alone = (
        overall(one)["score7"]
        for one in (both, evalctl_json(environment, "compare a b --synthetic", code=5))
    )
    assert with_judge["a"] == with_judge["b"] > alone["a"]


def test_a_judge_of_another_version_is_refused_for_scores(
    engine: Engine, environment: dict[str, str]
) -> None:
    for name in ("a", "b"):
        store_run(engine, name, graded())
    scores = {
        row["name"]: row["score"]
        for row in query(
            engine,
            "SELECT r.name, min(s.id) AS score FROM eval.score AS s "
            "JOIN eval.job AS j ON j.id = s.job_id JOIN eval.run AS r ON r.id = j.run_id "
            "GROUP BY r.name",
        )
    }
    for name, version in (("a", "1"), ("b", "2")):
        query(
            engine,
            "INSERT INTO eval.judgement (score_id, judge, prompt_hash, prompt_version, "
            "reply_text_hash, reply_key) SELECT %(score)s, 'big', 'p', %(version)s, min(hash), 'k' "
            "FROM eval.text_blob",
            score=scores[name],
            version=version,
        )

    document = evalctl_json(environment, "compare a b --judge big", code=5)

    assert [why.partition(":")[0] for why in document["why_not"]] == ["judge"]
    assert overall(document)["score7"]["refused"]
    assert not overall(document)["ttft_ms"]["refused"]
