"""Pause, resume, retry and the dead-letter commands as a user meets them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.queue.outbox import publish_outbox
from tests.support.database import query
from tests.support.processes import LoggingProcess, evalctl, evalctl_json, worker

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


def submit(user: dict[str, str], model: str, *options: str) -> dict[str, Any]:
    given = f"--model {model} --problems quickstart --repetitions 1 --name {model}"
    return evalctl_json(user, f"submit {given}", *options)


def wait_for_jobs(process: LoggingProcess, event: str, jobs: int, **facts: Any) -> None:
    for _ in range(jobs):
        process.wait_for(event, **facts)


def test_pause_and_resume_around_a_worker(user: dict[str, str]) -> None:
    submit(user, "fake")
    paused = evalctl_json(user, "pause fake")
    assert (paused["state"], paused["held"], paused["running"]) == ("paused", 6, 0)
    more = submit(user, "fake", "--repetitions", "2")
    assert (more["created"], more["published"]) == (6, 0)
    assert "evalctl resume fake" in more["warnings"][0]
    assert evalctl_json(user, "status fake")["state"] == "paused"
    assert "evalctl resume fake" in evalctl(user, "status fake").stdout
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "hint.void", 6)
        resumed = evalctl_json(user, "resume fake")
        assert (resumed["released"], resumed["published"], resumed["warnings"]) == (12, 12, [])
        wait_for_jobs(process, "job.succeeded", 12)
    assert evalctl_json(user, "status fake")["state"] == "succeeded"
    assert evalctl_json(user, "pause fake")["state"] == "succeeded", (
        "there is nothing left to pause"
    )


def test_a_pause_and_a_resume_without_effect_say_so(user: dict[str, str]) -> None:
    submit(user, "fake")
    assert evalctl(user, "resume fake").stdout == "run fake is not paused: nothing to resume\n"
    assert evalctl(user, "pause fake").stdout == (
        "run fake: 6 jobs held, 0 running jobs will finish\n"
    )
    assert evalctl(user, "pause fake").stdout == "run fake is paused already\n"
    assert evalctl(user, "retry fake").stdout == (
        "run fake: nothing to retry, no job of it is failed or dead\n"
    )
    evalctl_json(user, "cancel fake")
    ended = "run fake: nothing to pause, all its jobs have ended\n"
    assert evalctl(user, "pause fake").stdout == ended


def test_a_retry_in_a_paused_run_says_that_its_jobs_wait(user: dict[str, str]) -> None:
    submit(user, "frail", "--max-attempts", "1")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="dead")
    more = submit(user, "frail", "--max-attempts", "1", "--repetitions", "2")
    assert (more["created"], evalctl_json(user, "pause frail")["held"]) == (6, 6)
    said = ["run frail is paused; resume it with `evalctl resume frail`"]
    (job, *_rest) = evalctl_json(user, "dead list frail")["jobs"]
    assert evalctl_json(user, f"dead retry --job {job['job']}")["warnings"] == said
    assert evalctl_json(user, "retry frail")["warnings"] == said


def test_dead_jobs_are_listed_shown_put_back_and_dropped(
    user: dict[str, str], engine: Engine
) -> None:
    assert evalctl_json(user, "dead list") == {"jobs": [], "total": 0}
    submit(user, "frail", "--max-attempts", "1")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="dead")
        listed = evalctl_json(user, "dead list frail")
        assert listed["total"] == len(listed["jobs"]) == 6
        job = listed["jobs"][0]
        assert (job["run_name"], job["model"]) == ("frail", "frail")
        assert (job["error_class"], job["failure_kind"]) == ("ENGINE_DEAD", "infra")
        assert [attempt["outcome"] for attempt in job["attempts"]] == ["failed"]
        assert evalctl_json(user, f"dead show {job['job']}") == job
        shown = evalctl(user, f"dead show {job['job']}").stdout
        assert f"dead retry --job {job['job']}" in shown
        assert "frail" in evalctl(user, "dead list").stdout

        retried = evalctl_json(user, f"dead retry --job {job['job']}")
        assert (retried["retried"], retried["job_ids"]) == (1, [job["job"]])
        assert retried["published"] == 1
        process.wait_for("job.failed", job_id=job["job"], attempt_no=2, state="dead")
        again = evalctl_json(user, "retry frail")
        assert (again["retried"], again["published"]) == (6, 6)
        wait_for_jobs(process, "job.failed", 6, state="dead")
        assert process.stop() == 0
    assert len(evalctl_json(user, f"dead show {job['job']}")["attempts"]) == 3
    dropped = evalctl_json(user, f"dead drop frail --job {job['job']} --job 999", code=1)
    assert (dropped["dropped"], dropped["warnings"]) == (1, ["job 999 is not dead"])
    assert evalctl_json(user, "dead drop --all")["dropped"] == 5
    assert query(engine, "SELECT DISTINCT state FROM eval.job") == [{"state": "cancelled"}]
    assert evalctl_json(user, "status frail")["jobs"]["cancelled"] == 6


def test_retry_puts_refused_jobs_back_too(user: dict[str, str]) -> None:
    submit(user, "strict")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="failed", attempt_no=1)
        assert evalctl_json(user, "dead retry --all")["retried"] == 0
        assert evalctl(user, "retry strict").stdout == "run strict: 6 jobs requeued\n"
        wait_for_jobs(process, "job.failed", 6, state="failed", attempt_no=2)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("dead retry", "choose dead jobs"),
        ("dead drop latest --all", "do not combine it with RUN or --job"),
        ("dead show 7", "job 7 is neither dead nor failed"),
        ("dead list nope", "no run matches 'nope'"),
        ("pause nope", "no run matches 'nope'"),
        ("resume nope", "no run matches 'nope'"),
        ("retry nope", "no run matches 'nope'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_2(
    user: dict[str, str], command: str, said: str
) -> None:
    done = evalctl(user, command)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""


def test_a_broker_that_is_away_delays_a_resume_and_loses_nothing(user: dict[str, str]) -> None:
    submit(user, "fake")
    evalctl_json(user, "pause fake")
    resumed = evalctl_json(user | {"EVALCTL_BROKER_URL": "redis://127.0.0.1:1/0"}, "resume fake")
    assert (resumed["released"], resumed["published"]) == (6, 0)
    assert "broker is unreachable" in resumed["warnings"][0]
    assert evalctl_json(user, "status fake")["state"] == "queued"


def test_a_job_that_kills_the_engines_of_two_workers_is_poison(
    user: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    submit(user, "frail", "--max-attempts", "5")
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="queued")
        assert process.stop() == 0
    for table in ("job", "outbox"):
        query(engine, f"UPDATE eval.{table} SET available_at = now()")
    assert publish_outbox(engine, broker) == 6
    with worker(user, "--queue", "synthetic") as process:
        wait_for_jobs(process, "job.failed", 6, state="dead")
    dead = evalctl_json(user, "dead list")["jobs"]
    assert {(job["failure_kind"], job["error_class"], job["attempt_no"]) for job in dead} == {
        ("poison", "ENGINE_DEAD", 2)
    }
    assert {len({attempt["worker"] for attempt in job["attempts"]}) for job in dead} == {2}
