"""Pause, resume, retry and the dead-letter commands as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import transaction
from db.outbox import publish_outbox
from tests.support.processes import LoggingProcess, evalctl, worker

MODELS = """
[models.fake]
engine = "synthetic"
source = "simulated"
options = { ttft_ms = 1, tpot_ms = 0.1 }
[models.frail]
engine = "synthetic"
source = "simulated"
options = { fail = { class = "ENGINE_DEAD" } }
[models.strict]
engine = "synthetic"
source = "simulated"
options = { max_model_len = 4 }
"""


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Give the environment of a user with models that work, die and refuse."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS, encoding="utf-8")
    return environment | {"EVALCTL_CONFIG": str(config)}


def run_json(user: dict[str, str], *arguments: str, code: int = 0) -> dict[str, Any]:
    done = evalctl(user, *arguments, "--json")
    assert done.returncode == code, done.stderr
    return dict(json.loads(done.stdout))


def submit(user: dict[str, str], model: str, *arguments: str) -> dict[str, Any]:
    given = ("--model", model, "--problems", "quickstart", "--repetitions", "1", "--name", model)
    return run_json(user, "submit", *given, *arguments)


def wait_for_jobs(process: LoggingProcess, event: str, jobs: int, **facts: Any) -> None:
    for _ in range(jobs):
        process.wait_for(event, **facts)


def test_pause_and_resume_around_a_worker(user: dict[str, str]) -> None:
    submit(user, "fake")
    paused = run_json(user, "pause", "fake")
    assert (paused["state"], paused["held"], paused["running"]) == ("paused", 6, 0)
    more = submit(user, "fake", "--repetitions", "2")
    assert (more["created"], more["published"]) == (6, 0)
    assert "evalctl resume fake" in more["warnings"][0]
    assert run_json(user, "status", "fake")["state"] == "paused"
    assert "evalctl resume fake" in evalctl(user, "status", "fake").stdout
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "hint.void", 6)
        resumed = run_json(user, "resume", "fake")
        assert (resumed["released"], resumed["published"], resumed["warnings"]) == (12, 12, [])
        wait_for_jobs(process, "job.succeeded", 12)
    assert run_json(user, "status", "fake")["state"] == "succeeded"
    assert run_json(user, "pause", "fake")["state"] == "succeeded", "there is nothing left to pause"


def test_dead_jobs_are_listed_shown_put_back_and_dropped(
    user: dict[str, str], engine: Engine
) -> None:
    assert run_json(user, "dead", "list") == {"jobs": [], "total": 0}
    submit(user, "frail", "--max-attempts", "1")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="dead")
        listed = run_json(user, "dead", "list", "frail")
        assert listed["total"] == len(listed["jobs"]) == 6
        job = listed["jobs"][0]
        assert (job["run_name"], job["model"], job["error_class"], job["failure_kind"]) == (
            "frail",
            "frail",
            "ENGINE_DEAD",
            "infra",
        )
        assert [attempt["outcome"] for attempt in job["attempts"]] == ["failed"]
        assert run_json(user, "dead", "show", str(job["job"])) == job
        shown = evalctl(user, "dead", "show", str(job["job"])).stdout
        assert f"dead retry --job {job['job']}" in shown
        assert "frail" in evalctl(user, "dead", "list").stdout

        retried = run_json(user, "dead", "retry", "--job", str(job["job"]))
        assert (retried["retried"], retried["job_ids"], retried["published"]) == (
            1,
            [job["job"]],
            1,
        )
        process.wait_for("job.failed", job_id=job["job"], attempt_no=2, state="dead")
        again = run_json(user, "retry", "frail")
        assert (again["retried"], again["published"]) == (6, 6)
        wait_for_jobs(process, "job.failed", 6, state="dead")
        assert process.stop() == 0
    assert len(run_json(user, "dead", "show", str(job["job"]))["attempts"]) == 3
    dropped = run_json(
        user, "dead", "drop", "frail", "--job", str(job["job"]), "--job", "999", code=1
    )
    assert (dropped["dropped"], dropped["warnings"]) == (1, ["job 999 is not dead"])
    assert run_json(user, "dead", "drop", "--all")["dropped"] == 5
    with transaction(engine) as connection:
        states = connection.exec_driver_sql("SELECT DISTINCT state FROM eval.job").scalars().all()
    assert states == ["cancelled"]
    assert run_json(user, "status", "frail")["jobs"]["cancelled"] == 6


def test_retry_puts_refused_jobs_back_too(user: dict[str, str]) -> None:
    submit(user, "strict")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="failed", attempt_no=1)
        assert run_json(user, "dead", "retry", "--all")["retried"] == 0
        assert evalctl(user, "retry", "strict").stdout == "run strict: 6 jobs requeued\n"
        wait_for_jobs(process, "job.failed", 6, state="failed", attempt_no=2)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dead", "retry"), "choose dead jobs"),
        (("dead", "drop", "latest", "--all"), "do not combine it with RUN or --job"),
        (("dead", "show", "7"), "job 7 is not dead"),
        (("dead", "list", "nope"), "no run matches 'nope'"),
        (("pause", "nope"), "no run matches 'nope'"),
        (("resume", "nope"), "no run matches 'nope'"),
        (("retry", "nope"), "no run matches 'nope'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    user: dict[str, str], arguments: tuple[str, ...], said: str
) -> None:
    done = evalctl(user, *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_broker_that_is_away_delays_a_resume_and_loses_nothing(user: dict[str, str]) -> None:
    submit(user, "fake")
    run_json(user, "pause", "fake")
    resumed = run_json(user | {"EVALCTL_BROKER_URL": "redis://127.0.0.1:1/0"}, "resume", "fake")
    assert (resumed["released"], resumed["published"]) == (6, 0)
    assert "broker is unreachable" in resumed["warnings"][0]
    assert run_json(user, "status", "fake")["state"] == "queued"


def test_a_job_that_kills_the_engines_of_two_workers_is_poison(
    user: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    submit(user, "frail", "--max-attempts", "5")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="queued")
        assert process.stop() == 0
    with transaction(engine) as connection:
        for table in ("job", "outbox"):
            connection.exec_driver_sql(f"UPDATE eval.{table} SET available_at = now()")
    assert publish_outbox(engine, broker) == 6
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="dead")
    dead = run_json(user, "dead", "list")["jobs"]
    assert {(job["failure_kind"], job["error_class"], job["attempt_no"]) for job in dead} == {
        ("poison", "ENGINE_DEAD", 2)
    }
    assert {len({attempt["worker"] for attempt in job["attempts"]}) for job in dead} == {2}
