"""Work for a while under faults drawn at random, and ask the oracle at the end: ``make soak``.

Real servers, a real reconciler and real workers with the synthetic engine. The seed decides which
faults come and when; what they hit depends on the machine, so the same seed is a similar and not
the same walk.
"""

from __future__ import annotations

import argparse
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from core.errors import ServiceUnreachable
from core.sampling_params import SamplingParams
from core.states import Mode
from services.server import EmbeddedServer
from tests.support.deployment import LEASE_S, QUEUE, Deployment, Servers, kill_server, redis_client
from tests.support.processes import LoggingProcess

TOKENS = 20
#: Requests that an engine serves at once in throughput mode.
SEQUENCES = 4
#: Share of the time that workers would need without any fault.
BUSY = 0.6
#: Seconds between two faults, at least and at most.
PAUSE_S = (1.0, 6.0)
#: How long the rest may take once no more faults come.
SETTLE_S = 300.0
REPORT_EVERY_S = 30.0
WORKER = (sys.executable, "-m", "workers", "--cpu", "--queue", QUEUE)
RECONCILER = (sys.executable, "-m", "orchestrator", "reconcile")


class Crew:
    """Workers and a reconciler that are started again whenever they end, as a supervisor would."""

    def __init__(self, environment: dict[str, str], workers: int) -> None:
        self._environment = environment
        self._commands: list[Sequence[str]] = [RECONCILER, *[WORKER] * workers]
        self._running = [LoggingProcess(command, environment) for command in self._commands]
        self._ended: list[LoggingProcess] = []
        #: When each frozen process is to go on, on the monotonic clock.
        self._frozen_until_s: dict[LoggingProcess, float] = {}
        #: Exit codes of the processes that were started again.
        self.exits: Counter[int] = Counter()

    @property
    def reconciler(self) -> LoggingProcess:
        """The reconciler of now."""
        return self._running[0]

    def any_worker(self, draw: random.Random) -> LoggingProcess:
        """Return one of the workers of now."""
        return draw.choice(self._running[1:])

    def freeze(self, process: LoggingProcess, for_s: float) -> None:
        """Stop a process for a while."""
        process.process.send_signal(signal.SIGSTOP)
        self._frozen_until_s[process] = time.monotonic() + for_s

    def check(self, *, thaw_all: bool = False) -> None:
        """Let go on what has been frozen for long enough, and start again what has ended."""
        for process, until_s in list(self._frozen_until_s.items()):
            if thaw_all or time.monotonic() > until_s:
                process.process.send_signal(signal.SIGCONT)
                del self._frozen_until_s[process]
        for place, process in enumerate(self._running):
            code = process.process.poll()
            if code is not None:
                self.exits[code] += 1
                self._ended.append(process)
                self._frozen_until_s.pop(process, None)
                self._running[place] = LoggingProcess(self._commands[place], self._environment)

    def stop(self) -> list[int]:
        """End everything in order and return the exit codes, the reconciler's first."""
        self.check(thaw_all=True)
        for process in self._running:
            process.process.send_signal(signal.SIGTERM)
        for process in self._running:
            # One signal is enough: a second may meet Python after it has put its own handler away.
            with suppress(subprocess.TimeoutExpired):
                process.process.wait(60)
        return [process.stop() for process in self._running]

    def kill(self) -> None:
        """End what is left, without asking."""
        for process in self._running:
            if process.process.poll() is None:
                process.process.kill()
            process.process.wait()

    def count(self, event: str) -> int:
        """Return how often an event stands in the logs of all processes there were."""
        return sum(
            f'"event": "{event}"' in line
            for process in (*self._ended, *self._running)
            for line in process.lines
        )


class Soak:
    """The faults, and what they are made on."""

    def __init__(self, deployment: Deployment, crew: Crew, draw: random.Random) -> None:
        self._stand, self._crew, self._draw = deployment, crew, draw
        self.made: Counter[str] = Counter()
        self.faults: dict[str, Callable[[], None]] = {
            "worker kill -9": lambda: self._signal(signal.SIGKILL),
            "worker SIGTERM": lambda: self._signal(signal.SIGTERM),
            "worker frozen past its lease": lambda: crew.freeze(
                crew.any_worker(draw), LEASE_S * draw.uniform(1.1, 2.0)
            ),
            "worker frozen for a moment": lambda: crew.freeze(
                crew.any_worker(draw), LEASE_S * draw.uniform(0.1, 0.5)
            ),
            "reconciler kill -9": self._kill_reconciler,
            "FLUSHALL": self._flush,
            "Valkey kill -9": lambda: self._restart(deployment.servers.valkey, signal.SIGKILL),
            "Valkey restart": lambda: self._restart(deployment.servers.valkey, signal.SIGTERM),
            "PostgreSQL fast restart": lambda: self._restart(
                deployment.servers.postgres, signal.SIGINT
            ),
            "PostgreSQL immediate restart": lambda: self._restart(
                deployment.servers.postgres, signal.SIGQUIT
            ),
            "PostgreSQL kill -9": lambda: self._restart(
                deployment.servers.postgres, signal.SIGKILL
            ),
        }

    def make_one(self) -> None:
        """Draw a fault and make it."""
        name = self._draw.choice(sorted(self.faults))
        self.faults[name]()
        self.made[name] += 1

    def _signal(self, number: int) -> None:
        self._crew.any_worker(self._draw).process.send_signal(number)

    def _kill_reconciler(self) -> None:
        self._crew.reconciler.process.kill()

    def _flush(self) -> None:
        with redis_client(self._stand.servers.valkey.url) as client:
            client.flushall()

    def _restart(self, server: EmbeddedServer, number: int) -> None:
        kill_server(server, number)
        threading.Event().wait(self._draw.uniform(0.0, 3.0))
        server.start()


def main() -> int:
    """Run the soak of the command line; 1 where a promise is broken or a job did not end."""
    asked = _arguments()
    print(
        f"seed {asked.seed}: {asked.jobs} jobs, {asked.workers} workers, "
        f"faults for {asked.minutes:g} min",
        flush=True,
    )
    with tempfile.TemporaryDirectory(prefix="evalctl-soak-") as made:
        folder = Path(made)
        servers = Servers(folder)
        servers.start()
        try:
            servers.prepare()
            with servers.deployment(folder) as deployment:
                return _soak(deployment, asked)
        finally:
            servers.stop()


def _soak(deployment: Deployment, asked: argparse.Namespace) -> int:
    """Do half of the jobs one at a time, the others several at once with foreseeable ends."""
    beside = asked.jobs // 2
    alone = asked.jobs - beside
    job_ms = asked.workers * asked.minutes * 60_000 / (alone + beside / SEQUENCES) * BUSY
    # One request in 200 takes its engine down.
    fail = {"class": "ENGINE_DEAD", "every": 200, "by": "request"}
    speed = {"ttft_ms": job_ms / 4, "tpot_ms": job_ms * 0.75 / TOKENS}
    options = {**speed, "tokens": TOKENS, "max_num_seqs": SEQUENCES, "fail": fail}
    deployment.submit(alone, name="soak-latency", max_attempts=50, **options)
    deployment.submit(
        beside,
        name="soak-throughput",
        max_attempts=50,
        mode=Mode.THROUGHPUT,
        sampling=SamplingParams(fixed_input_tokens=8, fixed_output_tokens=TOKENS),
        **options,
    )
    crew = Crew(deployment.environment, asked.workers)
    try:
        soak = Soak(deployment, crew, random.Random(asked.seed))  # noqa: S311 - to be repeated, not to be secret
        chance = random.Random(asked.seed + 1)  # noqa: S311
        _make_faults(deployment, crew, soak, time.monotonic() + asked.minutes * 60, chance)
        print(f"no more faults; up to {SETTLE_S:g} s for the rest", flush=True)
        _settle(deployment, crew)
        codes = crew.stop()
    finally:
        crew.kill()
    return _report(deployment, crew, soak, codes)


def _make_faults(
    deployment: Deployment, crew: Crew, soak: Soak, until_s: float, draw: random.Random
) -> None:
    pause, report_s = threading.Event(), time.monotonic() + REPORT_EVERY_S
    while time.monotonic() < until_s and _open(deployment) != 0:
        pause.wait(draw.uniform(*PAUSE_S))
        soak.make_one()
        crew.check()
        if time.monotonic() > report_s:
            report_s += REPORT_EVERY_S
            print(f"{sum(soak.made.values())} faults, {_open(deployment)} jobs open", flush=True)


def _settle(deployment: Deployment, crew: Crew) -> None:
    pause, deadline_s = threading.Event(), time.monotonic() + SETTLE_S
    while _open(deployment) != 0 and time.monotonic() < deadline_s:
        crew.check(thaw_all=True)
        pause.wait(0.5)


def _open(deployment: Deployment) -> int | None:
    """Return how many jobs have not ended; None while the database cannot say."""
    with suppress(ServiceUnreachable, DBAPIError):
        return deployment.count("state IN ('queued', 'running')")
    return None


#: Jobs that were given up, with the end of each of their attempts.
DEAD = """
SELECT j.id AS job, j.failure_kind AS kind,
       string_agg(coalesce(a.error_class, a.outcome), ', ' ORDER BY a.attempt_no) AS attempts
  FROM eval.job AS j LEFT JOIN eval.attempt AS a ON a.job_id = j.id
 WHERE j.state = 'dead'
 GROUP BY j.id ORDER BY j.id LIMIT 20
"""


def _report(deployment: Deployment, crew: Crew, soak: Soak, codes: Sequence[int]) -> int:
    states = deployment.query(
        "SELECT state, count(*) AS n FROM eval.job GROUP BY state ORDER BY state"
    )
    duplicates = deployment.query(
        "SELECT count(*) - count(DISTINCT job_id) AS n FROM eval.generation"
    )[0]["n"]
    lost = deployment.count("outcome = 'lost'", "attempt")
    print("faults: " + ", ".join(f"{name} {times}" for name, times in sorted(soak.made.items())))
    print("jobs: " + ", ".join(f"{row['state']} {row['n']}" for row in states))
    print(f"attempts: {deployment.count('true', 'attempt')}, lost {lost}")
    ends = deployment.query(
        "SELECT error_class AS class, count(*) AS n FROM eval.attempt "
        "WHERE outcome = 'failed' GROUP BY 1"
    )
    print("failed attempts: " + ", ".join(f"{row['class']} {row['n']}" for row in ends))
    for row in deployment.query(DEAD):
        print(f"dead: job {row['job']} as {row['kind']} after {row['attempts']}")
    print(f"late attempts refused: {crew.count('job.lease_lost')}; duplicate results: {duplicates}")
    print(
        f"processes started again, by exit code: {dict(crew.exits)}; "
        f"ended in order with {sorted(codes)}"
    )
    broken = [*deployment.broken(), *(["a process did not end in order"] if any(codes) else [])]
    for promise in broken:
        print(f"broken: {promise}")
    print("every promise held" if not broken else f"{len(broken)} promises broken")
    return 1 if broken or duplicates else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
