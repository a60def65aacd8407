"""Run a fleet of a given size against one PostgreSQL and one Valkey, and measure both.

python -m bench.fleet.simulation [--workers 10,100] [--seconds 60] [--direct] [--pooled]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import psutil
import psycopg
from sqlalchemy import Engine

from bench.fleet.workers import Task, run
from core.hints import HintBroker
from core.sampling_params import SamplingParams
from db.engine import DATABASE_ERRORS, open_database, rows, transaction
from db.migrate import upgrade
from db.queue.claims import LEASE_S
from db.runs.submissions import submit
from orchestrator.upkeep.reconciler import TICK_S, Reconciler
from services.postgres import EmbeddedPostgres
from services.valkey import EmbeddedValkey
from tests.support.jobs import quickstart, spec, submission
from tests.support.oracle import JobKey, check, keys_of
from tests.support.poolers import pooled

#: A fleet is run by this many processes, so that killing one kills 5 % of the workers.
PROCESSES = 20
MAX_CONNECTIONS = 2200
POOL = 20
#: What heartbeats and renewals of leases are, among the statements of the server.
SHARES = """
SELECT sum(total_exec_time) AS all_ms,
       sum(total_exec_time) FILTER (WHERE query LIKE 'UPDATE eval.worker SET%%') AS beats_ms,
       sum(calls) FILTER (WHERE query LIKE 'UPDATE eval.worker SET%%') AS beats,
       sum(total_exec_time) FILTER (
           WHERE query LIKE '%%SET lease_expires_at = now() + make_interval%%'
             AND query NOT LIKE '%%SKIP LOCKED%%') AS renewals_ms,
       sum(total_exec_time) FILTER (WHERE query LIKE '%%FOR UPDATE SKIP LOCKED LIMIT%%'
             AND query LIKE '%%eval.model_server%%') AS claims_ms
  FROM pg_stat_statements
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a fleet did in the window; times in milliseconds, shares of the statements' time."""

    workers: int
    way: str
    seconds: float
    jobs_per_s: float
    #: Two seconds a job, and nothing else.
    ideal_jobs_per_s: float
    claim_p50_ms: float
    claim_p99_ms: float
    commit_p99_ms: float
    tick_p50_ms: float
    tick_max_ms: float
    heartbeat_share: float
    renewal_share: float
    heartbeats_per_s: float
    connections: int
    load_average: float
    postgres_cores: float
    killed: int
    lost_attempts: int
    duplicates: int
    broken: list[str]
    errors: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Place:
    """The two servers of a simulation."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    folder: Path


@contextmanager
def servers() -> Iterator[Place]:
    """Run both, the database with room for every connection and with statistics of statements."""
    with tempfile.TemporaryDirectory(prefix="evalctl-fleet-") as made:
        folder = Path(made)
        folder.chmod(0o711)
        postgres = EmbeddedPostgres(folder / "postgres")
        valkey = EmbeddedValkey(folder / "valkey")
        try:
            postgres.start()
            valkey.start()
            with psycopg.connect(postgres.url, autocommit=True) as connection:
                connection.execute(f"ALTER SYSTEM SET max_connections = {MAX_CONNECTIONS}".encode())
                connection.execute("ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements")
            postgres.stop()
            postgres.start()
            yield Place(postgres=postgres, valkey=valkey, folder=folder)
        finally:
            valkey.stop()
            postgres.stop()


def simulate(place: Place, workers: int, *, through_pooler: bool, seconds: float) -> Measured:
    """Run a fleet on a fresh database, kill a part of it, and check what is left."""
    way = "pooled" if through_pooler else "direct"
    name = f"fleet_{workers}_{way}"
    with psycopg.connect(place.postgres.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = place.postgres.url.replace("/evalctl?", f"/{name}?")
    folder = place.folder / name
    folder.mkdir()
    engine = open_database(url, name="bench", settings={"evalctl.include_synthetic": "on"})
    upgrade(engine)
    with transaction(engine) as connection_:
        rows(connection_, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
    broker = HintBroker(place.valkey.url)
    try:
        task = Task(
            database_url=url,
            broker_url=place.valkey.url,
            folder=folder,
            workers=workers // min(PROCESSES, workers),
            processes=min(PROCESSES, workers),
            spread_s=2.0 + workers / 50,
        )
        if through_pooler:
            with pooled(url, folder, size=POOL) as pool_url:
                task = replace(task, database_url=pool_url)
                return _Simulation(place, engine, broker, task, seconds).run(way)
        return _Simulation(place, engine, broker, task, seconds).run(way)
    finally:
        broker.close()
        engine.dispose()


class _Simulation:
    """One fleet: its processes, its reconciler and what it recorded."""

    def __init__(
        self, place: Place, engine: Engine, broker: HintBroker, task: Task, seconds: float
    ) -> None:
        self._place, self._engine, self._broker, self._task = place, engine, broker, task
        self._folder, self._seconds = task.folder, seconds
        self._processes = task.processes
        self._workers = task.workers * task.processes
        self._ticks: list[float] = []
        self._ended = threading.Event()
        self._fleet: list[ForkProcess] = []

    def run(self, way: str) -> Measured:
        """Start, measure, kill, and settle; no process of the fleet is left, however it ends."""
        try:
            return self._measured(way)
        finally:
            self._ended.set()
            for process in self._fleet:
                if process.is_alive():
                    process.kill()
                    process.join()

    def _measured(self, way: str) -> Measured:
        keys = self._submit()
        reconciler = threading.Thread(target=self._reconcile, daemon=True)
        reconciler.start()
        fork = multiprocessing.get_context("fork")
        fleet = self._fleet
        fleet += [fork.Process(target=run, args=(self._task,)) for _ in range(self._processes)]
        for process in fleet:
            process.start()
        self._until(lambda: len(self._records("ready")) >= self._workers, 180)
        self._query("SELECT pg_stat_statements_reset()")
        began_s, cpu_s, before = time.time(), self._postgres_cpu_s(), len(self._ticks)
        doomed = fleet.pop()
        assert doomed.pid is not None
        os.kill(doomed.pid, signal.SIGKILL)
        doomed.join()
        fleet.append(fork.Process(target=run, args=(self._task,)))
        fleet[-1].start()
        time.sleep(self._seconds)
        ended_s = time.time()
        cores = (self._postgres_cpu_s() - cpu_s) / (ended_s - began_s)
        ticks = self._ticks[before:] or [0.0]
        (shares,) = self._query(SHARES)
        connections = self._query(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()"
        )[0]["n"]
        lost = "SELECT count(*) AS n FROM eval.attempt WHERE outcome = 'lost'"
        # What the killed ones held is taken back when its lease has run out, and done again.
        time.sleep(max(0.0, LEASE_S + 5.0 - (time.time() - began_s)))
        open_jobs = "SELECT count(*) AS n FROM eval.job WHERE state = 'running'"
        held = f"{open_jobs} AND lease_expires_at < now()"
        self._until(lambda: self._query(held)[0]["n"] == 0, 60)
        (self._folder / "stop").touch()
        for process in fleet:
            process.join(60)
            process.kill()
        self._until(lambda: self._query(open_jobs)[0]["n"] == 0, LEASE_S + 30.0)
        self._query(
            "UPDATE eval.job SET state = 'cancelled', finished_at = now() WHERE state = 'queued'"
        )
        self._ended.set()
        reconciler.join()
        window = ended_s - began_s
        claims = self._records("claim", began_s, ended_s)
        commits = self._records("commit", began_s, ended_s)
        errors = Counter(self._records("error"))
        total_ms = float(shares["all_ms"] or 1.0)
        twice = self._query("SELECT count(*) - count(DISTINCT job_id) AS n FROM eval.generation")
        return Measured(
            workers=self._workers,
            way=way,
            seconds=round(window, 1),
            jobs_per_s=len(commits) / window,
            ideal_jobs_per_s=self._workers / 2,
            claim_p50_ms=_quantile(claims, 0.5),
            claim_p99_ms=_quantile(claims, 0.99),
            commit_p99_ms=_quantile(commits, 0.99),
            tick_p50_ms=statistics.median(ticks),
            tick_max_ms=max(ticks),
            heartbeat_share=float(shares["beats_ms"] or 0.0) / total_ms,
            renewal_share=float(shares["renewals_ms"] or 0.0) / total_ms,
            heartbeats_per_s=float(shares["beats"] or 0) / window,
            connections=connections,
            load_average=os.getloadavg()[0],
            postgres_cores=cores,
            killed=self._task.workers,
            lost_attempts=self._query(lost)[0]["n"],
            duplicates=twice[0]["n"],
            broken=check(self._engine, expected_keys=keys),
            errors=dict(errors.most_common(3)),
        )

    def _submit(self) -> list[JobKey]:
        wanted = submission(
            name="fleet",
            experiment_hash="fleet",
            models=(spec("fleet"),),
            problems=quickstart()[:1],
            repetitions=int(self._workers * (self._seconds + 120) / 2),
            sampling=SamplingParams(),
        )
        return keys_of(submit(self._engine, wanted).run_id, wanted)

    def _reconcile(self) -> None:
        reconciler = Reconciler(self._engine, self._broker)
        while not self._ended.is_set():
            began_s = time.perf_counter()
            try:
                reconciler.tick()
            except DATABASE_ERRORS as error:
                print("reconciler:", error, file=sys.stderr)
            self._ticks.append((time.perf_counter() - began_s) * 1000)
            self._ended.wait(TICK_S)

    def _records(self, kind: str, from_s: float = 0.0, to_s: float = float("inf")) -> list[Any]:
        """Return what the workers recorded: milliseconds, or texts."""
        found = []
        for path in self._folder.glob("*.log"):
            for line in path.read_text(encoding="utf-8").splitlines():
                word, at, value = [*line.split(" ", 2), "", ""][:3]
                if word == kind and from_s <= float(at) <= to_s:
                    found.append(float(value) if kind in {"claim", "commit"} else value)
        return found

    def _query(self, sql: str) -> list[dict[str, Any]]:
        with transaction(self._engine) as connection:
            return rows(connection, sql)

    def _until(self, condition: Any, within_s: float) -> None:
        deadline_s = time.monotonic() + within_s
        while not condition() and time.monotonic() < deadline_s:
            time.sleep(1.0)

    def _postgres_cpu_s(self) -> float:
        pid = self._place.postgres.pid
        assert pid is not None
        server = psutil.Process(pid)
        used = 0.0
        for process in [server, *server.children()]:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            used += times.user + times.system
            if process is server:
                # Those of backends that have ended.
                used += times.children_user + times.children_system
        return used


def _quantile(values: list[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def main() -> None:
    """Print a line of JSON for each fleet of the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.fleet.simulation", description=__doc__)
    parser.add_argument("--workers", default="10,100,300,1000")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--direct", action="store_true")
    parser.add_argument("--pooled", action="store_true")
    asked = parser.parse_args()
    ways = [pool for pool, wanted in ((False, asked.direct), (True, asked.pooled)) if wanted]
    # SIGTERM ends it as Ctrl-C does: its servers and its fleet end with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt), servers() as place:
        for number in map(int, asked.workers.split(",")):
            for through_pooler in ways or [False, True]:
                found = simulate(
                    place, number, through_pooler=through_pooler, seconds=asked.seconds
                )
                print(json.dumps(asdict(found)), flush=True)
        return
    sys.exit("ended early: its servers and its fleet have ended")


if __name__ == "__main__":
    main()
