"""Jobs a second end to end with 1, 2, 4 and 8 workers, beside Celery's own with an empty task."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import redis

from bench.figure import Figure
from bench.noop import DONE_KEY, QUEUE, STAGED, await_workers, stage
from bench.place import Place, quickstart_submission
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.submissions import Submitted, submit

WORKERS = (1, 2, 4, 8)
NOOPS = 4000
#: Repetitions of the six problems of the quickstart.
REPETITIONS, WARM_UP = 200, 10
DEADLINE_S = 180
READY = "worker.ready"
_SPAN = """
SELECT extract(epoch FROM max(a.ended_at) - min(a.started_at))::float8 AS span_s, count(*) AS jobs,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch
       FROM a.ended_at - a.started_at)) * 1000 AS median_ms
  FROM eval.attempt AS a JOIN eval.job AS j ON j.id = a.job_id
 WHERE j.run_id = %(run)s AND a.outcome = 'succeeded'
"""


def measure(place: Place) -> list[Figure]:
    """Return, for each number of worker processes, both rates and their ratio."""
    figures = []
    for workers in WORKERS:
        noops_per_s = _noop_rate(place, workers)
        jobs_per_s, median_ms, jobs = _job_rate(place, workers)
        settings: dict[str, Any] = {"workers": workers, "noops": NOOPS, "jobs": jobs}
        settings |= {"pool": "threads", "scored": False}
        late, ratio = settings | {"acks_late": True}, jobs_per_s / noops_per_s
        name = f"throughput.{workers}_workers"
        figures += [
            Figure(f"{name}.noops", noops_per_s, "tasks/s", settings=late),
            Figure(f"{name}.jobs", jobs_per_s, "jobs/s", settings=settings),
            Figure(f"{name}.claim_to_commit_median", median_ms, "ms", settings=settings),
            Figure(f"{name}.ratio", ratio, "ratio", target=">= 0.4", settings=settings),
        ]
    return figures


def _noop_rate(place: Place, workers: int) -> float:
    stage(place.broker_url, NOOPS)
    # At Celery's default level: a line of log a task would slow it down.
    arguments = ("-m", "celery", "-A", "bench.noop", "worker", "-P", "threads", "-c", "1", "-Q")
    command = [sys.executable, *arguments, QUEUE]
    names = [f"--hostname=noop-{number}@%h" for number in range(workers)]
    with (
        redis.Redis.from_url(place.broker_url, socket_timeout=DEADLINE_S + 10) as client,
        running(place, [[*command, name] for name in names]),
    ):
        await_workers(place.broker_url, workers, DEADLINE_S)
        began_s = time.monotonic()
        client.rename(STAGED, QUEUE)
        if client.blpop([DONE_KEY], timeout=DEADLINE_S) is None:
            raise TimeoutError(f"{NOOPS} tasks that do nothing were not done in {DEADLINE_S} s")
        return NOOPS / (time.monotonic() - began_s)


def _job_rate(place: Place, workers: int) -> tuple[float, float, int]:
    """Return jobs a second, the median from claim to commit in ms, and how many jobs there were."""
    command = [sys.executable, "-m", "workers", "--cpu", "--queue", "synthetic"]
    with running(place, [command] * workers) as logs:
        await_ready(logs)
        # Every worker loads its engine before the clock runs.
        finish(place, _enqueue(place, f"warm-up of {workers}", WARM_UP * workers))
        submitted = _enqueue(place, f"throughput of {workers}", REPETITIONS)
        span = finish(place, submitted)
        return (submitted.jobs - 1) / span["span_s"], span["median_ms"], submitted.jobs


def _enqueue(place: Place, name: str, repetitions: int) -> Submitted:
    model = ModelSpec(
        name="bench", engine="synthetic", source="fake", queue="synthetic", options={"tokens": 8}
    )
    # A speed run is not scored, so that the queue's cost stands alone.
    sampling = SamplingParams(max_tokens=8, fixed_input_tokens=8, fixed_output_tokens=8)
    wanted = quickstart_submission(place, name, repetitions=repetitions, sampling=sampling)
    submitted = submit(place.engine, replace(wanted, models=(model,)))
    publish_outbox(place.engine, place.broker)
    return submitted


def finish(place: Place, submitted: Submitted) -> dict[str, Any]:
    """Wait for the end of a run; return the seconds from first claim to last commit, and median."""
    deadline_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline_s:
        with transaction(place.engine) as connection:
            span = rows(connection, _SPAN, {"run": submitted.run_id})[0]
        if span["jobs"] == submitted.jobs:
            return span
        time.sleep(0.2)
    raise TimeoutError(f"only {span['jobs']} of {submitted.jobs} jobs were done in {DEADLINE_S} s")


@contextmanager
def running(place: Place, commands: Sequence[Sequence[str]]) -> Iterator[list[Path]]:
    """Run workers for the block and give their logs."""
    with TemporaryDirectory() as folder:
        logs = [Path(folder) / f"{number}.log" for number in range(len(commands))]
        processes = []
        try:
            for command, log in zip(commands, logs, strict=True):
                with log.open("wb") as out:
                    env = place.environment
                    processes.append(subprocess.Popen(command, env=env, stdout=out, stderr=out))
            yield logs
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(60)


def await_ready(logs: Sequence[Path]) -> None:
    """Wait until each worker has said in its log that it is ready."""
    deadline_s = time.monotonic() + DEADLINE_S
    while not all(READY in log.read_text() for log in logs):
        if time.monotonic() > deadline_s:
            raise TimeoutError("the workers did not start:\n" + logs[0].read_text()[-2000:])
        time.sleep(0.1)
