"""``evalctl results`` as a user runs it: single tables, and flagged results on request."""

from __future__ import annotations

import json

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from orchestrator.experiment import Experiment
from orchestrator.registry import Registry
from orchestrator.submit import plan
from problems.loader import load_set
from tests.support.four_models import seed_four
from tests.support.processes import evalctl
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
    assert "left out: 2 failed jobs" in shown
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
