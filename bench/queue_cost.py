"""What the queue costs a job: claim and commit with the synthetic engine beside Celery's own no-op, same broker, same run."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import redis

from bench.figure import Figure
from bench.noop import DONE_KEY
from bench.place import Place, quickstart_submission
from db.engine import rows, transaction
from db.model_spec import ModelSpec
from db.outbox import publish_outbox
from db.runs import submit
from db.sampling import Sampling

NOOPS = 2000
REPETITIONS = 60
_SPAN = """
SELECT extract(epoch FROM max(a.ended_at) - min(a.started_at))::float8 AS span_s, count(*) AS jobs
  FROM eval.attempt AS a WHERE a.outcome = 'succeeded'
"""
_CLAIM_TO_COMMIT = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - started_at)) * 1000 AS ms
  FROM eval.attempt WHERE outcome = 'succeeded'
"""


def measure(place: Place) -> list[Figure]:
    """Return jobs a second of both, their ratio, and the median time from claim to commit."""
    floor = _noop_rate(place)
    jobs_per_s, claim_to_commit_ms, jobs = _synthetic_rate(place)
    settings = {"jobs": jobs, "noops": NOOPS, "pool": "threads", "workers": 1, "scored": False}
    return [
        Figure(name="celery.noop_rate", value=floor, unit="tasks/s", settings={"tasks": NOOPS, "acks_late": True}),
        Figure(name="queue.synthetic_rate", value=jobs_per_s, unit="jobs/s", settings=settings),
        Figure(name="queue.cost_per_job", value=1000 / jobs_per_s, unit="ms", settings=settings),
        Figure(name="queue.claim_to_commit_median", value=claim_to_commit_ms, unit="ms", settings=settings),
        Figure(name="queue.rate_over_noop", value=jobs_per_s / floor, unit="ratio", target=">= 0.4", settings=settings),
    ]


def _noop_rate(place: Place) -> float:
    from bench.noop import app, done, noop  # noqa: PLC0415 - reads the broker's address when it is imported

    app.conf.broker_url = place.broker_url
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(NOOPS):
            noop.apply_async((number,), producer=producer)
        done.apply_async(producer=producer)
    command = [sys.executable, "-m", "celery", "-A", "bench.noop", "worker", "-P", "threads", "-c", "1", "-Q", "bench"]
    client = redis.Redis.from_url(place.broker_url, socket_timeout=130)
    worker = subprocess.Popen(command, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while client.llen("bench") > NOOPS:
            time.sleep(0.001)
        started_s = time.monotonic()
        client.blpop([DONE_KEY], timeout=120)
        return NOOPS / (time.monotonic() - started_s)
    finally:
        worker.terminate()
        worker.wait(30)
        client.close()


def _synthetic_rate(place: Place) -> tuple[float, float, int]:
    model = ModelSpec(name="bench", engine="synthetic", source="made-up", queue="synthetic", options={"tokens": 8})
    wanted = quickstart_submission(
        "queue-cost",
        "smollm2",
        repetitions=REPETITIONS,
        # A speed run is not scored, so that the queue's cost stands alone.
        sampling=Sampling(max_tokens=8, fixed_input_tokens=8, fixed_output_tokens=8),
        settings=place.settings,
    )
    submitted = submit(place.engine, replace(wanted, models=(model,)))
    publish_outbox(place.engine, place.broker)
    command = [sys.executable, "-m", "workers", "--cpu", "--queue", "synthetic"]
    worker = subprocess.Popen(command, env=place.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline_s = time.monotonic() + 120
        while time.monotonic() < deadline_s:
            with transaction(place.engine) as connection:
                span = rows(connection, _SPAN)[0]
                if span["jobs"] == submitted.jobs:
                    median_ms = rows(connection, _CLAIM_TO_COMMIT)[0]["ms"]
                    return (submitted.jobs - 1) / span["span_s"], median_ms, submitted.jobs
            time.sleep(0.2)
        raise TimeoutError(f"only {span['jobs']} of {submitted.jobs} synthetic jobs were done in 120 s")
    finally:
        worker.terminate()
        worker.wait(60)
