"""Schedules as a user meets them, with a real reconciler and a real worker."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from services.usage import Endpoints
from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json, running, worker

MODELS = """
[models.fake]
engine = "synthetic"
source = "simulated"
options = { ttft_ms = 1, tpot_ms = 0.1 }
"""
EXPERIMENT = 'models = ["fake"]\nproblems = "quickstart"\nrepetitions = 1\n'
RECONCILE = (sys.executable, "-m", "orchestrator", "reconcile")
ADD = "schedule add nightly --cron '0 2 * * *' --tz Asia/Shanghai"
A_DAY_AGO = "UPDATE eval.schedule SET due_from = due_from - interval '1 day'"


@pytest.fixture
def experiment(tmp_path: Path) -> str:
    """Give an experiment file."""
    path = tmp_path / "nightly.toml"
    path.write_text(EXPERIMENT, encoding="utf-8")
    return str(path)


def add(user: dict[str, str], experiment: str) -> dict[str, Any]:
    return evalctl_json(user, f"{ADD} -f {experiment}")


def test_in_a_home_of_its_own(
    home: Path, endpoints: Endpoints, config: Path, experiment: str
) -> None:
    assert endpoints.database_url
    kept = {key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")}
    user = kept | {"EVALCTL_HOME": str(home), "EVALCTL_CONFIG": str(config)}
    added = add(user, experiment)
    assert (added["schedule"], added["added"]) == ("nightly", True)
    assert (added["jobs"], added["due"]) == (6, None)
    assert [slot[11:] for slot in added["next"]] == ["18:00:00+00:00"] * 3, (
        "two in the morning in Shanghai"
    )
    assert "no reconciler is running" in added["warnings"][0]
    run = evalctl_json(user, "schedule run-now nightly")
    assert (run["schedule"], run["created"], run["new"]) == ("nightly", 6, True)
    shown = evalctl_json(user, "schedule show nightly")
    assert [(slot["run_id"], slot["state"], slot["by_hand"]) for slot in shown["slots"]] == [
        (run["run"], "queued", True)
    ]
    assert shown["slots"][0]["slot"] == run["slot"]
    assert evalctl_json(user, "schedule remove nightly") == {
        "schedule": "nightly",
        "removed": True,
        "slots": 1,
    }
    assert evalctl(user, f"status {run['name']}").returncode == 0


def test_a_missed_slot_is_submitted_run_and_shown(
    user: dict[str, str], experiment: str, engine: Engine
) -> None:
    add(user, experiment)
    query(engine, A_DAY_AGO)
    due = evalctl_json(user, "schedule show nightly")["due"]
    assert due.endswith("T18:00:00+00:00")
    assert "due, not yet submitted" in evalctl(user, "schedule show nightly").stdout
    with running(RECONCILE, user), worker(user, "--queue", "synthetic") as process:
        for _ in range(6):
            process.wait_for("job.succeeded")
        assert evalctl_json(user, "schedule list")["warnings"] == [], "a reconciler is active"
    shown = evalctl_json(user, "schedule show nightly")
    (slot,) = shown["slots"]
    assert (slot["slot"], slot["state"]) == (due, "succeeded")
    assert (slot["error_message"], slot["by_hand"]) == (None, False)
    assert slot["run"].startswith("nightly-2")
    assert slot["run"].endswith("T02:00")
    assert (shown["due"], shown["last"]) == (None, slot)
    text = evalctl(user, "schedule show nightly").stdout
    assert slot["run"] in text
    assert "late" in text
    listed = evalctl(user, "schedule list").stdout
    assert slot["run"] in listed
    assert "succeeded" in listed


def test_a_slot_that_cannot_be_made_ends_show_with_1(
    user: dict[str, str], experiment: str, engine: Engine, config: Path
) -> None:
    add(user, experiment)
    query(engine, A_DAY_AGO)
    config.write_text("", encoding="utf-8")
    assert evalctl(user, "reconcile --once").returncode == 0
    shown = evalctl_json(user, "schedule show nightly", code=1)
    assert "no model is registered as 'fake'" in shown["slots"][0]["error_message"]
    assert (shown["slots"][0]["run"], shown["slots"][0]["state"]) == (None, None)
    assert "no run: no model is registered" in evalctl(user, "schedule show nightly").stdout
    listed = evalctl(user, "schedule list").stdout
    assert "no run" in listed
    assert "`evalctl schedule show nightly` explains why" in listed
    refused = evalctl(user, "schedule run-now nightly")
    assert refused.returncode == 2
    assert "schedule nightly cannot be run: no model is registered" in refused.stderr
    config.write_text(MODELS, encoding="utf-8")
    assert evalctl_json(user, "schedule run-now nightly")["created"] == 6
    assert evalctl_json(user, "schedule show nightly")["last"]["state"] == "queued"


def test_pause_resume_and_remove_can_be_said_twice(user: dict[str, str], experiment: str) -> None:
    assert add(user, experiment)["added"]
    assert not add(user, experiment)["added"]
    assert "already exists" in evalctl(user, f"{ADD} -f {experiment}").stdout
    assert [evalctl_json(user, "schedule pause nightly")["changed"] for _ in range(2)] == [
        True,
        False,
    ]
    paused = evalctl_json(user, "schedule list")["schedules"][0]
    assert (paused["next"], paused["due"], bool(paused["paused_at"])) == ([], None, True)
    assert "resume nightly" in evalctl(user, "schedule show nightly").stdout
    assert [evalctl_json(user, "schedule resume nightly")["changed"] for _ in range(2)] == [
        True,
        False,
    ]
    assert "was not paused" in evalctl(user, "schedule resume nightly").stdout
    evalctl_json(user, "schedule remove nightly")
    assert evalctl(user, "schedule remove nightly").returncode == 2
    assert "no schedules yet" in evalctl(user, "schedule list").stdout


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "a b"}, "a schedule's name must be"),
        ({"--cron": "0 2 * *"}, "five fields"),
        ({"--cron": "0 25 * * *"}, "Bad hour"),
        ({"--tz": "Asia/Shangai"}, "did you mean Asia/Shanghai"),
        ({"-f": "no-such.toml"}, "cannot read no-such.toml"),
    ],
)
def test_what_cannot_be_scheduled_is_one_sentence_and_exit_code_2(
    user: dict[str, str], experiment: str, changed: dict[str, str], said: str
) -> None:
    given = {"--cron": "0 2 * * *", "--tz": "Asia/Shanghai", "-f": experiment} | changed
    name = given.pop("name", "nightly")
    done = evalctl(user, "schedule add", name, *(word for pair in given.items() for word in pair))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert evalctl_json(user, "schedule list")["schedules"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('models = ["lost"]\nproblems = "quickstart"\n', "no model is registered as 'lost'"),
        ('models = ["fake"]\nproblems = "no-such-set"\n', "there is no problem set 'no-such-set'"),
        ('models = ["fake"]\nproblems = "quickstart"\nwarp = 9\n', "unknown keys warp"),
        ("models = [", "is not valid TOML"),
    ],
)
def test_an_experiment_is_checked_when_it_is_added(
    user: dict[str, str], experiment: str, text: str, said: str
) -> None:
    Path(experiment).write_text(text, encoding="utf-8")
    done = evalctl(user, f"schedule add nightly --cron '0 2 * * *' -f {experiment}")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_yaml_file_and_utc_are_taken(user: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "weekly.yaml"
    path.write_text("models: [fake]\nproblems: quickstart\nrepetitions: 2\n", encoding="utf-8")
    added = evalctl_json(user, f"schedule add weekly --cron '0 2 * * 0' -f {path}")
    assert (added["timezone"], added["jobs"]) == ("UTC", 12)


@pytest.mark.parametrize("command", ["show", "pause", "resume", "remove", "run-now"])
def test_an_unknown_schedule_is_named(user: dict[str, str], command: str) -> None:
    done = evalctl(user, f"schedule {command} nope")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no schedule is named 'nope'" in done.stderr
