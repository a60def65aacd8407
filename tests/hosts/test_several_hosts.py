"""Two hosts with wrong clocks share a run; one loses its network during a job and comes back."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import open_database, rows, transaction
from db.migrate import upgrade
from db.queue.outbox import publish_outbox
from db.runs.submissions import submit
from services.waiting import wait_until
from tests.support.deployment import Deployment
from tests.support.network import Host, hosts, seen_from, servers_for
from tests.support.oracle import JobKey, check, keys_of
from tests.support.processes import ROOT, LoggingProcess, running

pytestmark = pytest.mark.lane("hosts")

#: A host ahead of the servers by an hour, and one behind.
SHIFTS_S = (3600, -3600)
LEASE_S = 4.0


@dataclass(slots=True, kw_only=True)
class Site:
    """Two hosts, the servers, and what was submitted."""

    joined: list[Host]
    engine: Engine
    broker: HintBroker
    #: Environment of the processes on each host, and last that of the servers' own machine.
    environments: list[dict[str, str]]
    keys: list[JobKey]

    def submit(self, jobs: int, name: str, **options: Any) -> None:
        """Submit such jobs of a synthetic model and publish their hints."""
        asked = Deployment.submission(self, jobs, name=name, **options)  # type: ignore[arg-type]
        self.keys += keys_of(submit(self.engine, asked).run_id, asked)
        publish_outbox(self.engine, self.broker)

    def doctor(self, place: int) -> dict[str, dict[str, Any]]:
        """Return what `evalctl doctor` finds on a host, by the name of the check."""
        done = subprocess.run(
            self.joined[place].words(sys.executable, "-m", "orchestrator", "doctor", "--json"),
            env=self.environments[place],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        return {check["name"]: check for check in json.loads(done.stdout)["checks"]}

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a statement."""
        with transaction(self.engine) as connection:
            return rows(connection, sql)

    def until(
        self, condition: str, *, least: int = 1, within_s: float = 90.0, table: str = "job"
    ) -> None:
        """Wait until enough rows meet a condition."""

        def met() -> bool:
            return (
                int(self.query(f"SELECT count(*) AS n FROM eval.{table} WHERE {condition}")[0]["n"])
                >= least
            )

        counts = "SELECT state, attempt_no, count(*) FROM eval.job GROUP BY 1, 2"
        assert wait_until(met, within_s), (
            f"not {least} rows of {table} with {condition}: {self.query(counts)}"
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Join two hosts and start the servers; each host has its own home and URLs."""
    folder = tmp_path_factory.mktemp("hosts")
    with hosts(SHIFTS_S, folder) as joined, servers_for(joined, folder) as (postgres, valkey):
        engine = open_database(postgres.url, name="test")
        upgrade(engine)
        broker = HintBroker(valkey.url)
        homes = [
            (seen_from(host, postgres.url), seen_from(host, valkey.url), folder / host.name)
            for host in joined
        ]
        homes.append((postgres.url, valkey.url, folder / "home"))
        kept = {key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")}
        environments = [
            kept
            | {
                "EVALCTL_HOME": str(home),
                "EVALCTL_DATABASE_URL": database_url,
                "EVALCTL_BROKER_URL": broker_url,
                "EVALCTL_LEASE_S": str(LEASE_S),
                "PYTHONUNBUFFERED": "1",
            }
            for database_url, broker_url, home in homes
        ]
        yield Site(joined=joined, engine=engine, broker=broker, environments=environments, keys=[])
        broker.close()
        engine.dispose()


def test_two_hosts_share_a_run_whatever_their_clocks_say(site: Site) -> None:
    site.submit(60, "shared", ttft_ms=100, tpot_ms=5, tokens=40)
    first, second = site.joined
    with (
        reconciler(site),
        first.worker(site.environments[0]) as one,
        second.worker(site.environments[1]) as two,
    ):
        site.until("state = 'succeeded'", least=60)
        ready = [process.wait_for("worker.ready")["at"] for process in (one, two)]
        apart = dt.datetime.fromisoformat(ready[0]) - dt.datetime.fromisoformat(ready[1])
        doctor = site.doctor(0)
        assert [
            name for name in ("database", "schema", "workers", "broker") if not doctor[name]["ok"]
        ] == []
        assert all(host.name in doctor["workers"]["found"] for host in site.joined)
        assert dt.timedelta(hours=1.9) < apart < dt.timedelta(hours=2.1), (
            "the clocks differ by two hours"
        )
        assert [process.stop() for process in (one, two)] == [0, 0]
    shares = site.query(
        "SELECT w.host, count(*) AS jobs, max(a.ended_at) <= now() AS past, min(a.started_at) > "
        "now() - interval '10 min' AS recent FROM eval.attempt AS a JOIN eval.worker AS w ON w.id "
        "= a.worker_id GROUP BY w.host ORDER BY w.host"
    )
    assert [(row["host"], row["recent"], row["past"]) for row in shares] == [
        ("host1", True, True),
        ("host2", True, True),
    ]
    assert min(row["jobs"] for row in shares) >= 10, f"one host did nearly everything: {shares}"
    measured = site.query(
        "SELECT min(last_token_s - submitted_s) AS least, max(last_token_s - submitted_s) AS most "
        "FROM eval.generation"
    )[0]
    assert 0.2 < measured["least"] <= measured["most"] < 30.0, (
        "durations know nothing of the clocks"
    )
    assert check(site.engine, expected_keys=site.keys) == []


def test_a_host_that_was_cut_off_writes_nothing_late_and_comes_back(site: Site) -> None:
    site.submit(8, "cut", ttft_ms=100, tpot_ms=100, tokens=60)
    first, second = site.joined
    with (
        reconciler(site),
        first.worker(site.environments[0]) as one,
        second.worker(site.environments[1]) as two,
    ):
        claimed = one.wait_for("job.claimed")
        two.wait_for("job.claimed")
        first.cut()
        try:
            job_id, attempt_no = claimed["job_id"], claimed["attempt_no"]
            late = f"job_id = {job_id} AND attempt_no = {attempt_no} AND outcome = 'lost'"
            site.until(late, table="attempt", within_s=60)
        finally:
            first.heal()
        site.until("state = 'succeeded'", least=len(site.keys))
        assert comes_back(one, claimed)
        assert [process.stop(within_s=90) for process in (one, two)] == [0, 0]
    assert site.query(
        f"SELECT attempt_no FROM eval.generation WHERE job_id = {claimed['job_id']}"
    ) != [{"attempt_no": 1}]
    assert check(site.engine, expected_keys=site.keys) == []


def comes_back(process: LoggingProcess, claimed: dict[str, Any]) -> bool:
    """Wait until the worker gave its late attempt up; return whether it has worked since."""
    process.wait_for("job.lease_lost", job_id=claimed["job_id"], attempt_no=claimed["attempt_no"])
    return bool(process.wait_for("job.succeeded"))


def reconciler(site: Site) -> Any:
    """Run a reconciler beside the servers for the block."""
    return running([sys.executable, "-m", "orchestrator", "reconcile"], site.environments[-1])
