"""A process of simulated workers: real hints, claims, heartbeats, leases and commits; no engine."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis
from sqlalchemy import Engine

from bench.claimer import QUEUE, register
from core.errors import DbError
from core.hints import queue_name
from core.states import WorkerState
from db.engine import DATABASE_ERRORS, open_database
from db.models import Boot
from db.queue.claims import ClaimedJob, LeaseLost, claim
from db.queue.commits import Result, commit
from db.queue.fleet import record_start
from tests.support.results import generation_row
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.lease import LeaseKeeper
from workers.lifecycle.timeouts import Timeouts

GENERATION_S = 2.0
#: The settings of a worker's session (`workers.__main__`).
PLANNER = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
#: Pause of a worker that found no hint, and after an error.
IDLE_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the workers of each process need."""

    database_url: str
    broker_url: str
    #: Where times of claims, errors and the sign to stop are.
    folder: Path
    workers: int
    processes: int
    #: Over how long they start.
    spread_s: float


def run(task: Task) -> None:
    """Run the workers until the folder holds ``stop``; the process may be killed at any time."""
    # Ctrl-C is for the process that started this one, and which kills it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threads = [
        threading.Thread(target=_guarded, args=(task, record), daemon=True)
        for record in [_recorder(task.folder)] * task.workers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _recorder(folder: Path) -> Callable[[str, object], None]:
    lines = (folder / f"{os.getpid()}.log").open("a", buffering=1, encoding="utf-8")
    return lambda kind, value: print(kind, time.time(), value, file=lines)


def _guarded(task: Task, record: Callable[[str, object], None]) -> None:
    # Each worker has its own randomness: they must not start in step.
    time.sleep(random.SystemRandom().uniform(0.0, task.spread_s))
    while not (task.folder / "stop").exists():
        try:
            _Worker(task, record).serve()
        except (*DATABASE_ERRORS, DbError, redis.RedisError) as error:
            record("error", str(error).replace("\n", " ")[:200])
            time.sleep(IDLE_S)


class _Worker:
    """One worker: two connections to the database, one to the broker, three threads."""

    def __init__(self, task: Task, record: Callable[[str, object], None]) -> None:
        self._task = task
        self._record = record
        self._timeouts = Timeouts()

    def serve(self) -> None:
        database = self._opened("fleet", settings=PLANNER)
        alive = self._opened("fleet's heartbeat")
        try:
            worker_id = register(database)
            with (
                closing(Heartbeat(alive, worker_id)) as heartbeat,
                closing(LeaseKeeper(alive, self._timeouts)) as leases,
                closing(redis.Redis.from_url(self._task.broker_url, socket_timeout=30)) as hints,
            ):
                self._record("ready", worker_id)
                boot: dict[int, int] = {}
                while not (self._task.folder / "stop").exists():
                    heartbeat.report(WorkerState.IDLE, next(iter(boot), None))
                    if not hints.lmpop(1, queue_name(QUEUE), direction="RIGHT", count=1):
                        time.sleep(IDLE_S)
                        continue
                    for job in self._claimed(database, worker_id, next(iter(boot), None)):
                        if job.model_id not in boot:
                            boot = {job.model_id: _started(database, worker_id, job)}
                        heartbeat.report(WorkerState.BUSY, job.model_id)
                        self._finish(database, leases, job, boot[job.model_id])
        finally:
            database.dispose()
            alive.dispose()

    def _opened(self, name: str, **options: Any) -> Engine:
        url = self._task.database_url
        return open_database(url, name=name, pool_size=1, overflow=0, **options)

    def _claimed(self, database: Engine, worker_id: Any, loaded: int | None) -> list[ClaimedJob]:
        began_s = time.perf_counter()
        found = claim(
            database,
            worker_id=worker_id,
            queues=(QUEUE,),
            loaded_model_id=loaded,
            loaded_for_s=1.0,
            lease_s=self._timeouts.lease_s,
        )
        self._record("claim", (time.perf_counter() - began_s) * 1000)
        return found

    def _finish(self, database: Engine, leases: LeaseKeeper, job: ClaimedJob, boot: int) -> None:
        with leases.keep(job) as lease:
            for _ in range(4):
                time.sleep(GENERATION_S / 4)
                lease.progress()
            texts = {"text": "four", "prompt": "two and two"}
            made = Result(generation=generation_row(boot), texts=texts)
            while True:
                try:
                    began_s = time.perf_counter()
                    with suppress(LeaseLost):
                        commit(database, job.job_id, job.attempt_no, made)
                except DATABASE_ERRORS as error:
                    self._record("error", str(error).replace("\n", " ")[:200])
                    lease.progress()
                    time.sleep(1.0)
                else:
                    self._record("commit", (time.perf_counter() - began_s) * 1000)
                    return


def _started(database: Engine, worker_id: Any, job: ClaimedJob) -> int:
    start = {"engine_version": "0", "config_hash": "c", "environment_hash": "e", "start_s": 0.0}
    return record_start(database, Boot(worker_id=worker_id, model_id=job.model_id, **start))
