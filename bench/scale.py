"""A run of a million jobs: the cost of submit, claim, status and a reconciler round."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import redis

from bench.claimer import QUEUE, register, take_one
from bench.figure import Figure
from bench.place import Place, quickstart_submission
from core.hints import queue_name
from core.limits import HINTS_AT_MOST
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.engine import rows, transaction
from db.queue.fleet import list_workers
from db.runs.run import Run, find_run, list_runs, run_progress
from db.runs.submissions import submit
from db.statements import statement
from orchestrator.upkeep.reconciler import Reconciler

#: With two prompts and the 62 problems of the core set 1,000,060 jobs.
REPETITIONS = 8065
JOBS = REPETITIONS * 2 * 62
CLAIMS = 1000
SHORT_QUEUE = 10
OTHERS = 4
#: Pause of the other claimers: 200 claims a second together, as of jobs of 20 ms each.
STEP_MS = 20
MODEL = '[models.bench]\nengine = "synthetic"\nsource = "fake"\noptions = { tokens = 8 }\n'
HALF_DONE = (
    """UPDATE eval.job SET state = 'running', attempt_no = 1,
              lease_expires_at = now() + interval '1 hour'
        WHERE run_id = %(run)s AND state = 'queued' AND repetition <= %(half)s""",
    """UPDATE eval.job SET state = 'succeeded', finished_at = now(), lease_expires_at = NULL
        WHERE run_id = %(run)s AND state = 'running' AND repetition <= %(half)s""",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A command that ran to its end."""

    wall_s: float
    peak_rss_mib: float
    document: Mapping[str, Any]


def measure(place: Place) -> list[Figure]:
    """Return the figures of a short queue, then submit a million jobs and return theirs."""
    figures = _claims_on_a_short_queue(place)
    figures += _submit(place)
    run = find_run(place.engine, "million")
    figures += _tick(place)
    figures += _status(place, run, "queued")
    figures += _claims_on_a_long_queue(place)
    for sql in HALF_DONE:
        _run_long(place, sql, {"run": run.run_id, "half": REPETITIONS // 2})
    figures += _status(place, run, "half_done_unfolded")
    with transaction(place.engine) as connection:
        rows(connection, statement("fold_tallies", "runs"), {"longest": 1})
    figures += _status(place, run, "half_done")
    with place.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("VACUUM ANALYZE eval.job, eval.run_tally")
    figures += _status(place, run, "vacuumed")
    whole_ms = _command(place, "status", "million").wall_s * 1000
    return [*figures, Figure("status.command", whole_ms, "ms", settings={"jobs": JOBS})]


def _submit(place: Place) -> list[Figure]:
    with redis.Redis.from_url(place.broker_url) as client:
        before_mib = client.info("memory")["used_memory"] / 2**20
        what = ("--model", "bench", "--problems", "core", "--prompt", "plain")
        more = ("--prompt", "stepwise", "--repetitions", str(REPETITIONS), "--name", "million")
        ended = _command(place, "submit", *what, *more)
        hints = client.llen(queue_name(QUEUE))
        broker_mib = client.info("memory")["used_memory"] / 2**20 - before_mib
    settings = {"jobs": ended.document["created"], "hints_published": ended.document["published"]}
    return [
        Figure("submit.million", ended.wall_s, "s", target="<= 60", settings=settings),
        Figure("submit.peak_rss", ended.peak_rss_mib, "MiB", target="<= 300", settings=settings),
        Figure("submit.hints_in_broker", hints, "hints", target=f"<= {HINTS_AT_MOST}"),
        Figure("submit.broker_memory", broker_mib, "MiB", settings=settings),
    ]


def _command(place: Place, *arguments: str) -> Ended:
    """Run an evalctl command to its end."""
    with TemporaryDirectory() as folder:
        config = Path(folder) / "evalctl.toml"
        config.write_text(MODEL, encoding="utf-8")
        began_s = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", *arguments, "--json"],
            env=place.environment | {"EVALCTL_CONFIG": str(config)},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.monotonic() - began_s
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
    if process.returncode:
        raise RuntimeError(f"evalctl {arguments[0]} ended with {process.returncode}")
    return Ended(wall_s=wall_s, peak_rss_mib=used.ru_maxrss / 1024, document=json.loads(printed))


def _claims_on_a_short_queue(place: Place) -> list[Figure]:
    jobs_wanted = CLAIMS + SHORT_QUEUE
    wanted = quickstart_submission(
        place, "short", repetitions=jobs_wanted, sampling=SamplingParams()
    )
    model = ModelSpec(name="short", engine="synthetic", source="fake", queue=QUEUE)
    submit(place.engine, replace(wanted, models=(model,), problems=wanted.problems[:1]))
    with transaction(place.engine) as connection:
        model_id = rows(connection, "SELECT id FROM eval.model WHERE name = 'short'")[0]["id"]
        jobs = [row["id"] for row in rows(connection, "SELECT id FROM eval.job ORDER BY id")]
        hold = "UPDATE eval.job SET held = true WHERE id >= %(job)s"
        rows(connection, hold, {"job": jobs[SHORT_QUEUE]})
    later = iter(jobs[SHORT_QUEUE:])

    def let_one_go() -> None:
        with transaction(place.engine) as connection:
            release = "UPDATE eval.job SET held = false WHERE id = %(job)s"
            rows(connection, release, {"job": next(later)})

    times_ms = _claim_times(place, register(place.engine), model_id, after=let_one_go)
    cancelled = "state = 'cancelled', finished_at = now(), lease_expires_at = NULL"
    _run_long(place, f"UPDATE eval.job SET {cancelled}", {})
    _run_long(place, "DELETE FROM eval.outbox", {})
    return _claim_figures("claim.short_queue", times_ms, {"queued": SHORT_QUEUE, "claims": CLAIMS})


def _claims_on_a_long_queue(place: Place) -> list[Figure]:
    me = register(place.engine)
    with transaction(place.engine) as connection:
        model_id = rows(connection, "SELECT id FROM eval.model WHERE name = 'bench'")[0]["id"]
    settings: dict[str, Any] = {"queued": JOBS, "claims": CLAIMS}
    figures = _claim_figures("claim.long_queue", _claim_times(place, me, model_id), settings)
    for name, step_ms in (("claim.beside_4", STEP_MS), ("claim.beside_4_unpaced", 0)):
        with _other_claimers(place, model_id, step_ms) as found:
            began_s = time.monotonic()
            times_ms = _claim_times(place, me, model_id)
            span_s = time.monotonic() - began_s
        claims, none = (sum(column) for column in zip(*found, strict=True))
        beside = settings | {"others": OTHERS, "others_claims": claims}
        beside |= {"others_claims_per_s": round(claims / span_s)}
        figures += _claim_figures(name, times_ms, beside, judged=step_ms > 0)
        figures.append(
            Figure(f"{name}.empty_handed", none, "claims", target="<= 0", settings=beside)
        )
    return figures


def _claim_times(
    place: Place, worker_id: uuid.UUID, model_id: int, *, after: Callable[[], None] = lambda: None
) -> list[float]:
    """Return how long each of many claims took, in ms."""
    times_ms = []
    for _ in range(CLAIMS):
        began_s = time.perf_counter()
        found = take_one(place.engine, worker_id, model_id)
        times_ms.append((time.perf_counter() - began_s) * 1000)
        assert found, "a claim found nothing while jobs waited"
        after()
    return times_ms


@contextmanager
def _other_claimers(place: Place, model_id: int, step_ms: int) -> Iterator[list[tuple[int, int]]]:
    """Let other processes claim during the block; the list then has claims and misses of each."""
    command = [sys.executable, "-m", "bench.claimer", str(step_ms), str(model_id)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    others = [subprocess.Popen(command, env=place.environment, **pipes) for _ in range(OTHERS)]
    found: list[tuple[int, int]] = []
    try:
        for other in others:
            assert other.stdout is not None
            other.stdout.readline()
        yield found
        for other in others:
            claims, none = other.communicate(timeout=60)[0].split()
            found.append((int(claims), int(none)))
    finally:
        for other in others:
            other.kill()
            other.wait()


def _claim_figures(
    name: str, times_ms: list[float], settings: dict[str, Any], *, judged: bool = True
) -> list[Figure]:
    cuts = quantiles(times_ms, n=100)
    target = "<= 10" if judged else None
    return [
        Figure(f"{name}.p50", cuts[49], "ms", settings=settings),
        Figure(f"{name}.p99", cuts[98], "ms", target=target, settings=settings),
    ]


def _tick(place: Place) -> list[Figure]:
    reconciler = Reconciler(place.engine, place.broker)
    times_ms = [_time_ms(reconciler.tick) for _ in range(7)]
    return [Figure("reconcile.tick", median(times_ms), "ms", settings={"queued": JOBS})]


def _status(place: Place, run: Run, state: str) -> list[Figure]:
    def one() -> None:
        run_progress(place.engine, find_run(place.engine, run.name))
        list_workers(place.engine)

    settings = {"jobs": JOBS, "state": state}
    return [
        Figure(
            f"status.{what}.{state}",
            median(_time_ms(query_once) for _ in range(11)),
            "ms",
            target="<= 200",
            settings=settings,
        )
        for what, query_once in (("run", one), ("list", lambda: list_runs(place.engine)))
    ]


def _time_ms(act: Callable[[], object]) -> float:
    began_s = time.perf_counter()
    act()
    return (time.perf_counter() - began_s) * 1000


def _run_long(place: Place, sql: str, given: dict[str, Any]) -> None:
    with transaction(place.engine) as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        rows(connection, sql, given)
