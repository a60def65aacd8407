"""A deployment for staging faults: servers that may be killed, a fresh database, real processes."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import DBAPIError

from core.errors import ServiceUnreachable
from core.hints import HintBroker
from core.sampling_params import SamplingParams
from core.states import Mode
from db.engine import open_database, rows, transaction
from db.migrate import upgrade
from db.queue.outbox import publish_outbox
from db.runs.submissions import Submission, submit
from services.postgres import EmbeddedPostgres
from services.server import EmbeddedServer
from services.valkey import EmbeddedValkey
from services.waiting import wait_until
from tests.support.jobs import quickstart, spec, submission
from tests.support.oracle import JobKey, check, keys_of
from tests.support.processes import LoggingProcess, running

#: Lease of the workers under test, in place of 60 s; they renew it four times as often.
LEASE_S = 4.0
QUEUE = "synthetic"
_TEMPLATE = "chaos_template"
_numbers = itertools.count(1)


class Servers:
    """An embedded PostgreSQL and Valkey to be killed at will."""

    def __init__(self, folder: Path) -> None:
        self.postgres = EmbeddedPostgres(folder / "postgres")
        self.valkey = EmbeddedValkey(folder / "valkey")

    def start(self) -> None:
        """Start what does not run."""
        self.postgres.start()
        self.valkey.start()

    def stop(self) -> None:
        """Stop both in order."""
        self.valkey.stop()
        self.postgres.stop()

    def prepare(self) -> None:
        """Migrate the database that each fault gets a copy of."""
        self._administer(f"CREATE DATABASE {_TEMPLATE}")
        engine = open_database(self._url(_TEMPLATE), name="template")
        upgrade(engine)
        engine.dispose()

    @contextmanager
    def deployment(self, folder: Path) -> Iterator[Deployment]:
        """Give a deployment with a fresh database and an empty broker; then restart the servers."""
        self.start()
        client = redis_client(self.valkey.url)
        client.flushall()
        client.close()
        name = f"chaos_{next(_numbers)}"
        self._administer(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
        engine = open_database(
            self._url(name), name="chaos", settings={"evalctl.include_synthetic": "on"}
        )
        broker = HintBroker(self.valkey.url)
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")},
            "EVALCTL_HOME": str(folder / "home"),
            "EVALCTL_DATABASE_URL": self._url(name),
            "EVALCTL_BROKER_URL": self.valkey.url,
            "EVALCTL_LEASE_S": str(LEASE_S),
            "PYTHONUNBUFFERED": "1",
        }
        try:
            yield Deployment(
                servers=self, engine=engine, broker=broker, environment=environment, folder=folder
            )
        finally:
            engine.dispose()
            broker.close()
            self.start()
            self._administer(f"DROP DATABASE {name} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _url(self, database: str) -> str:
        return (
            make_url(self.postgres.url).set(database=database).render_as_string(hide_password=False)
        )


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The servers, database, broker and processes of one fault."""

    servers: Servers
    engine: Engine
    broker: HintBroker
    environment: dict[str, str]
    folder: Path
    keys: list[JobKey] = field(default_factory=list)
    #: Every worker and reconciler so far, for messages.
    processes: list[LoggingProcess] = field(default_factory=list)

    def submission(
        self,
        jobs: int,
        *,
        name: str = "run",
        max_attempts: int = 3,
        mode: Mode = Mode.LATENCY,
        sampling: SamplingParams | None = None,
        **options: Any,
    ) -> Submission:
        """Plan repetitions of one problem for one synthetic model with these engine options."""
        return submission(
            name=name,
            experiment_hash=name,
            models=(spec(name, QUEUE, **options),),
            problems=quickstart()[:1],
            repetitions=jobs,
            mode=mode.value,
            sampling=sampling or SamplingParams(),
            max_attempts=max_attempts,
        )

    def submit(self, jobs: int, *, publish: bool = True, name: str = "run", **options: Any) -> None:
        """Submit such jobs and publish their hints."""
        submission = self.submission(jobs, name=name, **options)
        self.keys += keys_of(submit(self.engine, submission).run_id, submission)
        if publish:
            publish_outbox(self.engine, self.broker)

    def worker(
        self,
        *,
        at: str | None = None,
        prefix: Sequence[str] = (),
        queue: str = QUEUE,
        **environment: str,
    ) -> AbstractContextManager[LoggingProcess]:
        """Run a worker; ``at`` names the point at which it stops itself (``tests.chaos.entry``)."""
        module = "workers" if at is None else "tests.chaos.entry"
        command = [*prefix, sys.executable, "-m", module, "--cpu", "--queue", queue]
        point = {} if at is None else {"CHAOS_AT": at}
        return self._running(command, self.environment | point | environment)

    def reconciler(self, **environment: str) -> AbstractContextManager[LoggingProcess]:
        """Run a reconciler process."""
        return self._running(
            [sys.executable, "-m", "orchestrator", "reconcile"], self.environment | environment
        )

    @contextmanager
    def _running(
        self, command: Sequence[str], environment: dict[str, str]
    ) -> Iterator[LoggingProcess]:
        with running(command, environment) as process:
            self.processes.append(process)
            yield process

    @contextmanager
    def using_broker(self, url: str) -> Iterator[None]:
        """Use another broker for the block, also for the processes started in it."""
        usual, usual_url = self.broker, self.environment["EVALCTL_BROKER_URL"]
        self.broker, self.environment["EVALCTL_BROKER_URL"] = HintBroker(url), url
        try:
            yield
        finally:
            self.broker.close()
            self.broker, self.environment["EVALCTL_BROKER_URL"] = usual, usual_url

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a statement."""
        with transaction(self.engine) as connection:
            return rows(connection, sql)

    def count(self, condition: str, table: str = "job") -> int:
        """Return how many rows of a table of schema ``eval`` meet a condition."""
        return int(self.query(f"SELECT count(*) AS n FROM eval.{table} WHERE {condition}")[0]["n"])

    def until(
        self, condition: str, *, within_s: float = 60.0, table: str = "job", least: int = 1
    ) -> None:
        """Wait until enough rows meet a condition; repeat the query while the database is away."""

        def met() -> bool:
            try:
                return self.count(condition, table) >= least
            except (ServiceUnreachable, DBAPIError):
                return False

        assert wait_until(met, within_s), (
            f"not {least} rows of {table} with {condition} in {within_s} s: {self.standing()}"
        )

    def until_finished(
        self, *, within_s: float = 90.0, state: str = "succeeded", since_s: float | None = None
    ) -> float:
        """Wait until every job has reached the state; return the seconds since then or the call."""
        began_s = time.monotonic() if since_s is None else since_s
        self.until(f"state = '{state}'", within_s=within_s, least=len(self.keys))
        return since(began_s)

    def until_true(
        self, condition: Callable[[], bool], what: str, *, within_s: float = 60.0
    ) -> None:
        """Wait until a condition holds."""
        assert wait_until(condition, within_s), f"not in {within_s} s: {what}; {self.standing()}"

    def expect_all_of(self, run_id: uuid.UUID) -> None:
        """Take the jobs that a run has now for what was submitted."""
        found = self.query(
            "SELECT j.run_id, m.name AS model, p.name AS problem, j.prompt, j.repetition "
            "FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id "
            "JOIN eval.problem AS p ON p.id = j.problem_id"
        )
        self.keys += [JobKey(**row) for row in found if row["run_id"] == run_id]

    def standing(self) -> str:
        """Return the counts of jobs and the last lines of every log, for messages."""
        logs = (process.tail() for process in self.processes)
        return "\n".join([str(self.jobs()), *logs])

    def jobs(self) -> list[dict[str, Any]]:
        """Return the counts of jobs by state and error."""
        return self.query(
            "SELECT state, error_class, attempt_no, count(*) FROM eval.job "
            "GROUP BY 1, 2, 3 ORDER BY 1"
        )

    def broken(self) -> list[str]:
        """Return the oracle's findings."""
        return check(self.engine, expected_keys=self.keys)


def redis_client(url: str) -> redis.Redis:
    """Return a client that neither waits long nor tries again."""
    return redis.Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 0))


def kill_server(server: EmbeddedServer, number: int = signal.SIGKILL) -> None:
    """Send a signal to a server and wait for its end."""
    pid = server.pid
    assert pid is not None, f"{server.name} does not run"
    os.kill(pid, number)
    assert wait_until(lambda: not server.running, 30.0), f"{server.name} survived signal {number}"


def kill(process: LoggingProcess, number: int = signal.SIGKILL) -> float:
    """Send a signal to a process and return the moment, in seconds of the monotonic clock."""
    process.process.send_signal(number)
    if number in (signal.SIGKILL, signal.SIGSEGV):
        process.process.wait(10)
    return time.monotonic()


def since(moment_s: float) -> float:
    """Return the seconds since a moment of the monotonic clock."""
    return time.monotonic() - moment_s
