"""``evalctl probe`` as a user meets it: what it submits, follows, prints and refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.states import Mode
from orchestrator.errors import UsageFault
from orchestrator.runs.probe_plan import Probe, context_levels, memory_mib
from tests.support.processes import evalctl, evalctl_json, worker

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
options = { fail = { no_such_failure = 1 } }
[models.served]
engine = "openai"
source = "gpt"
base_url = "http://127.0.0.1:9/v1"
"""
SMALL = "probe sequences --max-level 4 --fixed-length 16:4"


def test_limits_are_searched_followed_and_shown(user: dict[str, str]) -> None:
    with worker(user, "--queue", "synthetic"):
        done = evalctl(user, f"{SMALL} --model small --json")
        assert done.returncode == 0, done.stderr
        document = json.loads(done.stdout)
        named = {"probe": "sequences", "model": "small", "unit": "sequences"}
        bounds = {"max_stable": 2, "first_failure": 3, "reason": "RUNTIME_CUDA_OOM"}
        assert document | named | bounds == document
        points = [(one["level"], one["trials"], one["outcome"]) for one in document["points"]]
        failed = [(level, 1, "failed") for level in (3, 4)]
        assert points == [(1, 3, "stable"), (2, 3, "stable"), *failed]
        assert "small: 4 sequences, trial 1: failed (RUNTIME_CUDA_OOM)" in done.stderr

        again = evalctl(user, f"{SMALL} --model small --searches 2 --model large")
        assert again.returncode == 0, again.stderr
        why = "(RUNTIME_CUDA_OOM, limited by memory); 2 searches agree"
        assert f"small: 2 sequences stable, 3 not {why}" in again.stdout
        assert f"large: 3 sequences stable, 4 not {why}" in again.stdout

        several = evalctl_json(user, f"{SMALL} --model large --searches 2 --model small")
        assert (several["run"], several["created"]) == (document["run"], 0), (
            "the same probe is the same run"
        )
        found = [(one["model"], one["max_stable"], one["searches"]) for one in several["probes"]]
        assert found == [("large", 3, 2), ("small", 2, 2)]

        document = evalctl_json(user, f"{SMALL} --model broken --new", code=1)
        assert (document["max_stable"], document["points"]) == (None, [])
        assert "no_such_failure" in document["not_ended"][0]["error_message"]
        printed = evalctl(user, f"{SMALL} --model broken --name printed").stdout
        assert "broken: no search has finished" in printed
        assert "search 1 of broken failed: model 'broken': the option 'fail' takes" in printed
    shown = evalctl_json(user, f"results {several['run']} --synthetic --table concurrency")
    limits = {(row["model"], row["max_stable"]) for row in shown["concurrency"]}
    assert limits == {("large", 3), ("small", 2)}


def test_a_probe_can_be_queued_and_left_alone(user: dict[str, str]) -> None:
    plan = evalctl_json(user, f"{SMALL} --model small --searches 3 --dry-run")
    assert (plan["jobs"], plan["experiment"]["probe"]["max_level"]) == (3, 4)
    assert evalctl_json(user, "status")["runs"] == [], "a dry run writes nothing"
    submitted = evalctl_json(user, f"{SMALL} --model small --no-watch")
    assert (submitted["jobs"], submitted["created"], submitted["published"]) == (1, 1, 1)
    status = evalctl_json(user, f"status {submitted['run']}")
    assert (status["state"], status["jobs"]["queued"]) == ("queued", 1)
    other = evalctl_json(user, f"{SMALL} --model small --trials 1 --no-watch")
    assert other["run"] != submitted["run"], "other trials are another probe"
    assert evalctl_json(user, f"cancel {submitted['run']}")["cancelled"] == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("sequences --model nope", "no model is registered as 'nope'"),
        ("sequences --model served", "runs on an external server"),
        ("sequences", "--model"),
        ("sequences --model small --fixed-length 256", "IN:OUT"),
        ("sequences --model small --max-level 0", "--max-level must be between 1"),
        ("sequences --model small --sla-s 0", "--sla-s must be above 0"),
        ("instances --model small --hold -1", "--hold must be above 0"),
        ("instances --model small --memory-limit 24", "a size in GiB or MiB"),
        ("context --model small --levels 8k,many", "--levels '8k,many'"),
        ("context --model small --levels 100", "from 256 tokens up"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_sentence(
    user: dict[str, str], options: str, said: str
) -> None:
    done = evalctl(user, f"probe {options}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_sizes_and_lengths_are_read_as_people_write_them() -> None:
    assert (memory_mib("24GiB"), memory_mib("47.5 gib")) == (24576, 48640)
    assert memory_mib("512MiB") == 512
    assert context_levels("16k, 8k,9000") == (8192, 9000, 16384)
    assert context_levels(None) == (8192, 16384, 32768, 65536, 131072, 262144)
    with pytest.raises(UsageFault):
        memory_mib("0GiB")


def test_a_job_holds_what_its_kind_uses_and_nothing_else() -> None:
    documents: dict[str, dict[str, Any]] = {
        kind: Probe(kind=kind, models=("m",)).document
        for kind in ("sequences", "instances", "context")
    }
    lengths = {"input_tokens": 256, "output_tokens": 512}
    sequences = {"kind": "sequences", "trials": 3, "max_level": 64} | lengths
    assert documents["sequences"] == sequences
    instances = {"kind": "instances", "max_level": 16, "hold_s": 60.0}
    assert documents["instances"] == sequences | instances
    assert documents["context"]["max_level"] == documents["context"]["levels"][-1] == 262144
    limited = Probe(kind="instances", models=("m",), memory_limit="24GiB")
    assert limited.document["memory_limit_mib"] == 24576
    assert limited.to_dict()["mode"] == Mode.LATENCY.value
