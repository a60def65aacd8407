"""``evalctl results`` as a user runs it: single tables, and flagged results on request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import Engine

from core.model_spec import ModelSpec
from orchestrator.models.registry import Registry
from orchestrator.runs.experiment import Experiment
from orchestrator.runs.submit import plan
from problems.loader import load_set
from tests.support.four_models import FOUR, seed_four
from tests.support.processes import evalctl, evalctl_json
from tests.support.results import THREE, store


def test_tables_are_chosen_and_flagged_rows_taken_in(
    engine: Engine, environment: dict[str, str]
) -> None:
    run = str(store(engine, THREE, starts=({}, {})))

    def jobs(*options: str) -> list[int]:
        shown = json.loads(
            evalctl(environment, f"results {run} --synthetic --json", *options).stdout
        )
        return [row["jobs"] for row in shown["resources"]]

    assert (jobs(), jobs("--include-flagged")) == ([2], [3])
    shown = evalctl(environment, f"results {run} --synthetic --table resources").stdout
    left_out = (
        "Flagged and left out: 1 of a (throttled, the GPU lowered its clock for power or heat)"
    )
    assert left_out in " ".join(shown.split())
    counted = evalctl(environment, f"results {run} --synthetic --include-flagged").stdout
    assert "Flagged but counted: 1 of a" in " ".join(counted.split())
    assert "Times" not in evalctl(environment, f"results {run} --synthetic --table scores").stdout


def test_the_head_says_what_the_run_asked(engine: Engine, environment: dict[str, str]) -> None:
    seed_four(engine, problems=1, repetitions=1)

    shown = evalctl(environment, "results latest --synthetic").stdout
    assert "problems: core (3f9ac1d2e4b5)" in shown
    assert "prompts: plain (0a1b2c3d4e5f), stepwise (5f4e3d2c1b0a); language: en" in shown
    assert "left out: 2 jobs of " in shown
    document = json.loads(evalctl(environment, "results latest --synthetic --json").stdout)
    assert document["prompt_versions"] == {"plain": "0a1b2c3d4e5f", "stepwise": "5f4e3d2c1b0a"}
    assert (document["language"], document["mode"]) == ("en", "latency")
    for row in document["scores"]:
        assert row["score7_mean"] == row["score7"], "one repetition"
        assert (row["cut_share"], row["context_cut_share"]) in {(0, 0), (1, 0), (1, 1)}


def test_a_plan_keeps_the_hashes_of_its_problems_and_prompts() -> None:
    spec = ModelSpec(name="a", engine="synthetic", source="simulated")
    experiment = Experiment(models=("a",), problems="quickstart", prompts=("plain", "stepwise"))
    kept = plan(experiment, Registry({"a": spec})).provenance

    assert kept["problem_set_hash"] == load_set("quickstart").content_hash
    assert set(kept["prompt_versions"]) == {"plain", "stepwise"}
    assert len(set(kept["prompt_versions"].values())) == 2


def test_results_are_shown_by_any_part_and_narrowed(
    engine: Engine, environment: dict[str, str]
) -> None:
    seed_four(engine, problems=3, repetitions=2)

    def document(options: str) -> dict[str, Any]:
        return evalctl_json(environment, f"results latest --synthetic {options}")

    whole = document("")
    assert "parts" not in whole
    by_category = {
        (r["model"], r["prompt"], r["part"]): r for r in document("--by category")["parts"]
    }
    for row in whole["scores"]:
        part = by_category[row["model"], row["prompt"], row["category"]]
        for key in ("score7", "score7_mean", "answer_accuracy", "guess_rate", "cut_share"):
            assert part[key] == pytest.approx(row[key]), key
    problem = next(one for one in load_set("core") if one.level == "university")
    topics = document("--by topic --category university")
    assert {row["part"] for row in topics["parts"]} == set(problem.topics)
    assert {row["category"] for row in topics["scores"]} == {"university"}
    assert topics["resources"] == [], "they are of all problems"
    difficulty = {row["part"] for row in document("--by difficulty --category university")["parts"]}
    assert difficulty == {f"difficulty {problem.difficulty}"}
    assert {row["prompt"] for row in document("--by prompt")["parts"]} == {"all"}

    gaps = document("--by difficulty")["part_gaps"]
    parts = [row["part"] for row in gaps if row["b"] == gaps[0]["b"] and row["prompt"] == "plain"]
    assert parts == [*sorted(set(parts) - {"all"}), "all"]
    assert {row["part"] for row in document("--by problem")["part_gaps"]} == {"all"}
    shown = evalctl(environment, "results latest --synthetic --by difficulty --table scores").stdout
    _, _, table = shown.partition("paired by problem")
    assert "difficulty" in table
    assert "university" not in table
    by_default = evalctl(environment, "results latest --synthetic --table scores").stdout
    assert "university" in by_default.partition("paired by problem")[2]

    one = document(f"--problem {problem.id} --model {FOUR[0]}")
    assert {(row["model"], row["part"]) for row in one["parts"]} == {(FOUR[0], "university")}
    assert one["gaps"] == [], "one model has no gap"
    missed = one["missed_steps"]
    assert {row["problem"] for row in missed} == {problem.id}
    assert all(0 < row["missed"] <= row["answers"] == 4 for row in missed)
    step = problem.paths[0].steps[missed[0]["ordinal"] - 1]
    assert missed[0]["describe"]["en"] == step.described("en")
    shown = evalctl(environment, "results latest --synthetic --table steps").stdout
    assert f"Most missed steps of {FOUR[0]}" in shown
    assert "Scores" not in shown
    empty = evalctl(environment, "results latest --synthetic --table verification").stdout
    assert "has results, but none for the table verification" in " ".join(empty.split())
    for option in ("--problem nothing", "--model nothing"):
        unknown = evalctl(environment, f"results latest --synthetic {option}")
        assert unknown.returncode == 2
        assert f"has no {option.split()[0][2:]} 'nothing'; it has" in " ".join(
            unknown.stderr.split()
        )
