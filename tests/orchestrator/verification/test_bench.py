"""The bench with a model behind a real server: three columns, kept replies, Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from orchestrator.errors import UsageFault
from orchestrator.verification.bench import ModelBench, spread
from orchestrator.verification.replies import KeptReplies
from scoring.quality.verification_bench import SPLITS, Base
from tests.support.label_server import PROBLEM, Served, serving

TEXT = """Since $a>0$, we may divide. The sum is $25-2\\times 6=13$.

From $t^2-5t+6=0$ we get $(t-2)(t-3)=0$, so $t=2$ or $t=3$.

The length is 4 km for all $n$. Let $w=u+v$ be the width. Let $h=u-v$ be the height.
"""
BASE = Base(problem=PROBLEM, name="x", text=TEXT, source="worked")


def benched(home: Path, served: Served, *, deadline_ms: float = 20_000) -> ModelBench:
    """Return a bench that has run over one answer."""
    spec = ModelSpec(name="verifier", engine="openai", source="m", base_url=served.base_url)
    replies = KeptReplies.opened(home, spec, deadline_ms=deadline_ms, parallel=4)
    bench = ModelBench(spec=spec, replies=replies, deadline_ms=deadline_ms, parallel=4)
    bench.run([BASE])
    return bench


def test_a_model_that_always_says_wrong_is_no_better_than_a_constant(tmp_path: Path) -> None:
    """It catches what it is sent and alarms on as much; behind computation it gets the rest."""
    with serving(Served({"C": 0.9})) as served:
        made = benched(tmp_path, served).columns.to_dict(SPLITS)
    model, both, computed = made["model"], made["both"], made["computation"]
    assert model["calculation"]["rate"] == 1
    assert model["false_alarm_rate"] == model["parsed_share"] > 0.5
    assert model["above_constant"]["difference"] <= 0.5
    assert made["constant"]["always_wrong"]["false_alarm_rate"] == 1
    assert computed["false_alarms"] == 0 < both["false_alarms"] < model["false_alarms"]
    assert both["calculation"]["caught"] == computed["calculation"]["n"]
    assert both["unverified_share"] < computed["unverified_share"]
    assert model["steps"] == both["steps"] == computed["steps"]


def test_a_model_that_follows_no_label_changes_no_mark(tmp_path: Path) -> None:
    """Its replies cannot be read: alone it verifies nothing, and both are computation."""
    with serving(Served({"The": 0.9, "C": 0.05})) as served:
        made = benched(tmp_path, served).columns.to_dict(SPLITS)
    assert made["model"]["parsed_share"] == 0
    assert made["model"]["unverified_share"] == 1
    assert made["both"]["faults"] == made["computation"]["faults"]
    assert made["both"]["false_alarms"] == made["computation"]["false_alarms"]


def test_late_labels_leave_steps_unverified(tmp_path: Path) -> None:
    """A deadline that no reply meets is counted and catches nothing."""
    with serving(Served({"C": 0.9}, delay_s=0.5)) as served:
        made = benched(tmp_path, served, deadline_ms=20).columns.to_dict(SPLITS)
    assert made["model"]["late"] > 0
    assert made["model"]["calculation"]["caught"] == 0


def test_kept_replies_are_not_asked_again(tmp_path: Path) -> None:
    """A second bench sends nothing and shows the same; a torn last line costs one reply."""
    with serving(Served({"C": 0.6, "A": 0.3})) as served:
        first = benched(tmp_path, served)
        sent = len(served.bodies)
        second = benched(tmp_path, served)
        assert len(served.bodies) == sent
        assert _marks(second) == _marks(first)
        assert second.replies.labels_by == "logprob_token_ids"
        content = first.replies.path.read_bytes()
        first.replies.path.write_bytes(content[:-20])
        third = benched(tmp_path, served)
        assert third.sent == 1
        assert len(benched(tmp_path, served).replies.known) == len(first.replies.known)


def _marks(bench: ModelBench) -> list[Any]:
    """Return what a bench shows, without times."""
    made = bench.columns.to_dict(SPLITS)
    return [(made[name]["faults"], made[name]["untouched"]) for name in ("model", "both")]


def test_a_server_that_fails_stops_the_bench(tmp_path: Path) -> None:
    """A model in a worker and a server that is away are named, with what to do."""
    with serving(Served({"C": 0.9})) as served:
        pass
    with pytest.raises(UsageFault, match="verifier"):
        benched(tmp_path, served)


def test_answers_are_spread() -> None:
    """The same few answers each time, whatever their order."""
    many = [Base(problem=PROBLEM, name=str(i), text=TEXT, source="worked") for i in range(9)]
    assert spread(many, 4) == spread(many[::-1], 4)
    assert len(spread(many, 4)) == 4
    assert spread(many, None) == many


def test_ctrl_c_prints_what_there_is_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """The command ends with 4; the second run sends only what the first did not."""
    with serving(Served({"C": 0.9}, delay_s=0.05)) as served:
        config = tmp_path / "evalctl.toml"
        config.write_text(
            f'[models.served]\nengine = "openai"\nsource = "m"\nbase_url = "{served.base_url}"\n'
        )
        environment = {
            **os.environ, "EVALCTL_HOME": str(tmp_path / "home"), "EVALCTL_CONFIG": str(config),
        }  # fmt: skip
        command = [
            str(Path(sys.executable).with_name("evalctl")), "verify-bench", "--model", "served",
            "--answers", "2", "--deadline-ms", "20000", "--parallel", "1", "--json",
        ]  # fmt: skip
        running = subprocess.Popen(command, env=environment, stdout=-1, stderr=-1, text=True)
        while len(served.bodies) < 5 and running.poll() is None:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        shown, said = running.communicate(timeout=300)
        assert running.returncode == 4, said
        assert "the same command goes on" in " ".join(said.split())
        assert json.loads(shown)["interrupted"] is True
        before = {_content(body) for body in served.bodies[1:]}
        served.bodies.clear()
        again = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=600, check=True
        )
        document = json.loads(again.stdout)
        assert document["interrupted"] is False
        assert document["labels_by"] == "logprob_token_ids"
        assert document["columns"]["model"]["steps"] == document["steps"]
        repeated = before & {_content(body) for body in served.bodies[1:]}
        assert len(repeated) <= 1  # the one that was on its way


def _content(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"])
