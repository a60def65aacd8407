"""``evalctl probe`` as a user meets it: what it submits, follows, prints and refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.states import Mode
from orchestrator.errors import UsageFault
from orchestrator.probe_plan import Probe, context_levels, memory_mib
from tests.support.processes import evalctl, worker

MODELS = """
[models.small]
engine = "synthetic"
source = "simulated"
options = { tpot_ms = 5, fail = { class = "OOM", concurrent = 2 } }
[models.large]
engine = "synthetic"
source = "simulated"
options = { tpot_ms = 5, fail = { class = "OOM", concurrent = 3 } }
[models.broken]
engine = "synthetic"
source = "simulated"
options = { no_such_option = 1 }
[models.served]
engine = "openai"
source = "gpt"
base_url = "http://127.0.0.1:9/v1"
"""
SMALL = ("probe", "sequences", "--max-level", "4", "--fixed-length", "16:4")


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give the environment of a user with models that fail above N requests at once."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS, encoding="utf-8")
    return environment | {"EVALCTL_CONFIG": str(config)}


def test_limits_are_searched_followed_and_shown(user: dict[str, str]) -> None:
    with worker(user, "--queue", "synthetic"):
        done = evalctl(user, *SMALL, "--model", "small", "--json")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        assert {
            key: document[key]
            for key in ("probe", "model", "unit", "max_stable", "first_failure", "reason")
        } == {
            "probe": "sequences",
            "model": "small",
            "unit": "sequences",
            "max_stable": 2,
            "first_failure": 3,
            "reason": "RUNTIME_CUDA_OOM",
        }
        assert [(one["level"], one["trials"], one["outcome"]) for one in document["points"]] == [
            (1, 3, "stable"),
            (2, 3, "stable"),
            (3, 1, "failed"),
            (4, 1, "failed"),
        ]
        assert "small: 4 sequences, trial 1: failed (RUNTIME_CUDA_OOM)" in done.stderr

        again = evalctl(user, *SMALL, "--model", "small", "--searches", "2", "--model", "large")
        assert again.returncode == 0, again.stderr
        assert (
            "small: 2 sequences stable, 3 not (RUNTIME_CUDA_OOM, limited by memory); 2 "
            "searches agree"
        ) in again.stdout
        assert (
            "large: 3 sequences stable, 4 not (RUNTIME_CUDA_OOM, limited by memory); 2 "
            "searches agree"
        ) in again.stdout

        several = json.loads(
            evalctl(
                user, *SMALL, "--model", "large", "--searches", "2", "--model", "small", "--json"
            ).stdout
        )
        assert (several["run"], several["created"]) == (document["run"], 0), (
            "the same probe is the same run"
        )
        assert [
            (one["model"], one["max_stable"], one["searches"]) for one in several["probes"]
        ] == [
            ("large", 3, 2),
            ("small", 2, 2),
        ]

        failed = evalctl(user, *SMALL, "--model", "broken", "--new", "--json")
        assert failed.returncode == 1
        document = json.loads(failed.stdout)
        assert (document["max_stable"], document["points"]) == (None, [])
        assert "no_such_option" in document["not_ended"][0]["error_message"]
        printed = evalctl(user, *SMALL, "--model", "broken", "--name", "printed").stdout
        assert "broken: no search has finished" in printed
        assert (
            "search 1 of broken failed: model 'broken' has the option 'no_such_option'" in printed
        )
    shown = evalctl(
        user, "results", several["run"], "--synthetic", "--table", "concurrency", "--json"
    )
    assert {
        (row["model"], row["max_stable"]) for row in json.loads(shown.stdout)["concurrency"]
    } == {
        ("large", 3),
        ("small", 2),
    }


def test_a_probe_can_be_queued_and_left_alone(user: dict[str, str]) -> None:
    plan = json.loads(
        evalctl(user, *SMALL, "--model", "small", "--searches", "3", "--dry-run", "--json").stdout
    )
    assert (plan["jobs"], plan["experiment"]["probe"]["max_level"]) == (3, 4)
    assert json.loads(evalctl(user, "status", "--json").stdout)["runs"] == [], (
        "a dry run writes nothing"
    )
    queued = evalctl(user, *SMALL, "--model", "small", "--no-watch", "--json")
    assert queued.returncode == 0
    submitted = json.loads(queued.stdout)
    assert (submitted["jobs"], submitted["created"], submitted["published"]) == (1, 1, 1)
    status = json.loads(evalctl(user, "status", submitted["run"], "--json").stdout)
    assert (status["state"], status["jobs"]["queued"]) == ("queued", 1)
    other = json.loads(
        evalctl(user, *SMALL, "--model", "small", "--trials", "1", "--no-watch", "--json").stdout
    )
    assert other["run"] != submitted["run"], "other trials are another probe"
    cancelled = json.loads(evalctl(user, "cancel", submitted["run"], "--json").stdout)
    assert cancelled["cancelled"] == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("sequences", "--model", "nope"), "no model is registered as 'nope'"),
        (("sequences", "--model", "served"), "runs on an external server"),
        (("sequences",), "--model"),
        (("sequences", "--model", "small", "--fixed-length", "256"), "IN:OUT"),
        (("sequences", "--model", "small", "--max-level", "0"), "--max-level must be between 1"),
        (("sequences", "--model", "small", "--sla-s", "0"), "--sla-s must be above 0"),
        (("instances", "--model", "small", "--hold", "-1"), "--hold must be above 0"),
        (("instances", "--model", "small", "--memory-limit", "24"), "a size in GiB or MiB"),
        (("context", "--model", "small", "--levels", "8k,many"), "--levels '8k,many'"),
        (("context", "--model", "small", "--levels", "100"), "from 256 tokens up"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    user: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = evalctl(user, "probe", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_sizes_and_lengths_are_read_as_people_write_them() -> None:
    assert (memory_mib("24GiB"), memory_mib("47.5 gib"), memory_mib("512MiB")) == (
        24576,
        48640,
        512,
    )
    assert context_levels("16k, 8k,9000") == (8192, 9000, 16384)
    assert context_levels(None) == (8192, 16384, 32768, 65536, 131072, 262144)
    with pytest.raises(UsageFault):
        memory_mib("0GiB")


def test_a_job_holds_what_its_kind_uses_and_nothing_else() -> None:
    documents: dict[str, dict[str, Any]] = {
        kind: Probe(kind=kind, models=("m",)).document
        for kind in ("sequences", "instances", "context")
    }
    assert documents["sequences"] == {
        "kind": "sequences",
        "trials": 3,
        "max_level": 64,
        "input_tokens": 256,
        "output_tokens": 512,
    }
    assert documents["instances"] == documents["sequences"] | {
        "kind": "instances",
        "max_level": 16,
        "hold_s": 60.0,
    }
    assert documents["context"]["max_level"] == documents["context"]["levels"][-1] == 262144
    limited = Probe(kind="instances", models=("m",), memory_limit="24GiB")
    assert limited.document["memory_limit_mib"] == 24576
    assert limited.to_dict()["mode"] == Mode.LATENCY.value
