"""Fail over from a PostgreSQL to its standby while workers work, and check what is left.

    python -m tests.chaos.failover [--jobs 500] [--workers 3] [--asynchronous]

Needs Debian's package postgresql; root has it installed. The primary is killed with -9 in the
middle of the run and the standby promoted a moment later, as a failover manager would.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from core.states import Mode
from db.engine import open_database
from db.migrate import upgrade
from tests.support.debian_packages import MissingPackage
from tests.support.deployment import LEASE_S, Deployment, Servers, since
from tests.support.processes import LoggingProcess
from tests.support.replication import Pair, replicated

#: How long a failover manager takes to notice that the primary is dead.
NOTICED_AFTER_S = 2.0
#: For how long an asynchronous standby has fallen behind when the primary dies.
BEHIND_S = 1.5
SEQUENCES = 4
TOKENS = 20
SPEED: dict[str, Any] = {"ttft_ms": 40, "tpot_ms": 8, "tokens": TOKENS, "max_num_seqs": SEQUENCES}
#: Part of the jobs that are done when the primary dies.
KILLED_AT = 0.25
TWICE = "SELECT count(*) - count(DISTINCT job_id) AS n FROM eval.generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """What a failover did to a run. Times in seconds since the primary was killed."""

    promoted_s: float
    #: Until the first result that the new primary holds and the old one did not see.
    first_result_s: float
    #: Until every worker had committed again.
    all_workers_s: float
    finished_s: float
    #: Results that the old primary had acknowledged and the new one never received.
    acknowledged_and_lost: int
    attempts_lost: int
    succeeded: int
    duplicates: int
    broken: list[str]
    #: Processes that ended by themselves, or not in order.
    ended: int

    @property
    def held(self) -> bool:
        """Return whether every promise held."""
        return not self.broken and not self.ended and self.duplicates == 0

    def lines(self) -> list[str]:
        """Return what a person reads."""
        times = (self.first_result_s, self.all_workers_s, self.finished_s)
        first, workers, finished = (f"{seconds:.1f} s" for seconds in times)
        return [
            f"standby promoted {self.promoted_s:.1f} s after the primary was killed",
            f"first result {first}, every worker again {workers}, all jobs {finished} after that",
            f"succeeded {self.succeeded}, results twice {self.duplicates}",
            f"attempts lost {self.attempts_lost}, processes ended {self.ended}",
            f"results acknowledged before and computed again: {self.acknowledged_and_lost}",
            *(f"broken: {promise}" for promise in self.broken),
            "every promise held" if self.held else "promises broken",
        ]


def fail_over(jobs: int, workers: int, *, synchronous: bool = True) -> Failover:
    """Run jobs on a fresh pair, fail it over in their middle, and wait for the rest.

    Raise ``MissingPackage``.
    """
    with (
        tempfile.TemporaryDirectory(prefix="evalctl-failover-") as made,
        replicated(synchronous=synchronous) as pair,
        _deployment(Path(made), pair) as deployment,
        ExitStack() as stack,
    ):
        beside = jobs // 2
        deployment.submit(jobs - beside, name="latency", **SPEED)
        deployment.submit(
            beside,
            name="throughput",
            mode=Mode.THROUGHPUT,
            sampling=SamplingParams(fixed_input_tokens=8, fixed_output_tokens=TOKENS),
            **SPEED,
        )
        processes = [stack.enter_context(deployment.reconciler())]
        processes += [stack.enter_context(deployment.worker()) for _ in range(workers)]
        return _kill_and_promote(deployment, pair, processes, synchronous=synchronous)


def _kill_and_promote(
    deployment: Deployment, pair: Pair, processes: list[LoggingProcess], *, synchronous: bool
) -> Failover:
    jobs, pause = len(deployment.keys), threading.Event()
    deployment.until(
        "state = 'succeeded'", least=max(1, round(jobs * KILLED_AT)), within_s=60 + jobs
    )
    if not synchronous:
        pair.freeze_sender()
        pause.wait(BEHIND_S)
    acknowledged = _results(pair)
    killed_s = time.monotonic()
    pair.primary.kill()
    pause.wait(NOTICED_AFTER_S)
    pair.promote()
    promoted_s = since(killed_s)
    kept = _results(pair, new=True)
    at = pair.standby.execute("SELECT clock_timestamp()")[0][0]
    after = f"state = 'succeeded' AND finished_at > '{at.isoformat()}'"
    deployment.until(after, within_s=120)
    first_result_s = since(killed_s)
    since_then = f"outcome = 'succeeded' AND ended_at > '{at.isoformat()}'"
    working = f"id IN (SELECT worker_id FROM eval.attempt WHERE {since_then})"
    deployment.until(working, table="worker", least=len(processes) - 1, within_s=120)
    all_workers_s = since(killed_s)
    deployment.until_finished(within_s=60 + 2 * jobs)
    finished_s = since(killed_s)
    codes = [process.process.poll() or process.stop() for process in reversed(processes)]
    duplicates = deployment.query(
        "SELECT count(*) - count(DISTINCT job_id) AS n FROM eval.generation"
    )
    return Failover(
        promoted_s=promoted_s,
        first_result_s=first_result_s,
        all_workers_s=all_workers_s,
        finished_s=finished_s,
        acknowledged_and_lost=len(acknowledged - kept),
        attempts_lost=deployment.count("outcome = 'lost'", "attempt"),
        succeeded=deployment.count("state = 'succeeded'"),
        duplicates=int(duplicates[0]["n"]),
        broken=deployment.broken(),
        ended=sum(code != 0 for code in codes),
    )


def _results(pair: Pair, *, new: bool = False) -> set[tuple[int, int]]:
    """Return the results that a server holds, as pairs of job and attempt."""
    server = pair.standby if new else pair.primary
    return {
        (row[0], row[1]) for row in server.execute("SELECT job_id, attempt_no FROM eval.generation")
    }


@contextmanager
def _deployment(folder: Path, pair: Pair) -> Iterator[Deployment]:
    servers = Servers(folder)
    servers.valkey.start()
    engine = open_database(pair.url, name="failover", settings={"evalctl.include_synthetic": "on"})
    broker = HintBroker(servers.valkey.url)
    own = {key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")}
    environment = own | {
        "EVALCTL_HOME": str(folder / "home"),
        "EVALCTL_DATABASE_URL": pair.url,
        "EVALCTL_BROKER_URL": servers.valkey.url,
        "EVALCTL_LEASE_S": str(LEASE_S),
        "PYTHONUNBUFFERED": "1",
    }
    try:
        upgrade(engine)
        yield Deployment(
            servers=servers, engine=engine, broker=broker, environment=environment, folder=folder
        )
    finally:
        engine.dispose()
        broker.close()
        servers.valkey.stop()


def main() -> int:
    """Run the failover of the command line; 1 where a promise is broken, 2 where it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.failover", description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--asynchronous", action="store_true")
    asked = parser.parse_args()
    kind = "asynchronous" if asked.asynchronous else "synchronous"
    print(f"{asked.jobs} jobs, {asked.workers} workers, {kind} replication", flush=True)
    try:
        found = fail_over(asked.jobs, asked.workers, synchronous=not asked.asynchronous)
    except MissingPackage as reason:
        print(reason, file=sys.stderr)
        return 2
    print("\n".join(found.lines()))
    return 0 if found.held else 1


if __name__ == "__main__":
    sys.exit(main())
