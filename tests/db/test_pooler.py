"""PgBouncer in transaction mode: another session each transaction, and nothing is lost by it."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine

from core.errors import ServiceBusy, ServiceUnreachable, SettingsError
from core.states import Mode
from db.engine import (
    open_database,
    reached_through_pooler,
    rows,
    run_alone,
    transaction,
)
from db.migrate import upgrade
from db.queue.maintenance import leadership, reconciler_runs
from db.sessions import parse_options
from tests.support.database import query, until
from tests.support.debian_packages import MissingPackage
from tests.support.oracle import JobKey, check
from tests.support.poolers import pooled
from tests.support.processes import evalctl_json, running, worker

#: PgBouncer refuses `options`, or ignores them where its configuration says so.
IGNORING = "ignore_startup_parameters = options,extra_float_digits\n"
SETTINGS = """
SELECT current_setting('statement_timeout') AS statement, current_setting('timezone') AS zone,
       current_setting('datestyle') AS style, now() AS at, interval '1 day 2 hours' AS span,
       current_setting('evalctl.include_synthetic', true) AS synthetic
"""


@pytest.fixture(params=["", IGNORING], ids=["refuses options", "ignores options"])
def pooled_url(
    request: pytest.FixtureRequest, database_url: str, engine: Engine, tmp_path: Path
) -> Iterator[str]:
    """Give the test's database behind a pool of four connections, with odd defaults."""
    name = engine.url.database
    for setting in ("datestyle = 'German'", "timezone = 'Asia/Kathmandu'", "search_path = ''"):
        run_alone(engine, f'ALTER DATABASE "{name}" SET {setting}')
    try:
        with pooled(database_url, tmp_path, size=4, more=request.param) as url:
            yield url
    except MissingPackage as reason:
        pytest.skip(str(reason))


@pytest.fixture
def through(pooled_url: str) -> Iterator[Engine]:
    """Connect through the pooler."""
    opened = open_database(pooled_url, name="pooled", settings={"evalctl.include_synthetic": "on"})
    yield opened
    opened.dispose()


def test_each_transaction_has_its_settings_and_leaves_none_behind(
    through: Engine, pooled_url: str
) -> None:
    with transaction(through) as connection:
        (inside,) = rows(connection, SETTINGS)
    (alone,) = run_alone(through, SETTINGS)
    for found in (inside, alone):
        assert (found["statement"], found["zone"], found["synthetic"]) == ("1min", "UTC", "on")
        assert found["style"].startswith("ISO")
        assert found["at"].utcoffset() == dt.timedelta(0)
        assert found["span"] == dt.timedelta(days=1, hours=2)
    with psycopg.connect(pooled_url) as other:
        for _ in range(4):
            left = other.execute(
                "SELECT current_setting('statement_timeout'), "
                "coalesce(current_setting('evalctl.include_synthetic', true), '')"
            ).fetchone()
            assert left == ("0", "")
            other.commit()


def test_timeouts_hold_and_locks_are_waited_for_no_longer(pooled_url: str) -> None:
    hasty = open_database(pooled_url, name="hasty", statement_timeout_ms=100, lock_timeout_ms=50)
    try:
        with pytest.raises(ServiceBusy, match="statement timeout"):
            run_alone(hasty, "SELECT pg_sleep(5)")
        with transaction(hasty) as holder:
            rows(holder, "LOCK TABLE eval.job")
            with pytest.raises(ServiceBusy, match="lock timeout"):
                run_alone(hasty, "SELECT 1 FROM eval.job")
        assert run_alone(hasty, "SELECT 1 AS one") == [{"one": 1}]
    finally:
        hasty.dispose()


def test_nothing_is_prepared(through: Engine) -> None:
    """Many threads repeat a statement; each may meet another of the sessions every time."""

    def repeat(number: int) -> list[int]:
        return [
            run_alone(through, "SELECT %(n)s::int + 1 AS n", {"n": number})[0]["n"]
            for _ in range(20)
        ]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(repeat, range(8)))
    assert found == [[number + 1] * 20 for number in range(8)]
    assert run_alone(through, "SELECT count(*) AS n FROM pg_prepared_statements") == [{"n": 0}]


def test_options_of_the_url_win_also_through_a_pooler(engine: Engine, pooled_url: str) -> None:
    role = f"limited_{engine.url.database}"
    run_alone(engine, f"CREATE ROLE {role} NOLOGIN")
    other = open_database(f"{pooled_url}?options=-crole%3D{role}", name="other")
    try:
        for _ in range(3):
            assert run_alone(other, "SELECT current_user AS who") == [{"who": role}]
    finally:
        other.dispose()
        run_alone(engine, f"DROP ROLE {role}")


def test_options_are_read_as_libpq_reads_them() -> None:
    found = parse_options(r"-c a.b=x\ y  -cwork_mem=1MB --statement-timeout=5s")
    assert found == {"a.b": "x y", "work_mem": "1MB", "statement_timeout": "5s"}
    with pytest.raises(SettingsError, match="-c NAME=VALUE"):
        parse_options("-B 100")


def test_one_reconciler_leads(through: Engine, second: Engine) -> None:
    with leadership(through, idle_s=30) as confirm:
        assert confirm is not None
        confirm()
        assert reconciler_runs(through)
        with leadership(second, idle_s=30) as other:
            assert other is None
    with leadership(second, idle_s=30) as other:
        assert other is not None


def test_a_database_is_migrated_through_a_pooler(engine: Engine, through: Engine) -> None:
    run_alone(engine, "DROP SCHEMA eval, eval_kept, analytics_v1 CASCADE")
    upgrade(through)
    assert run_alone(through, "SELECT count(*) AS n FROM eval.job") == [{"n": 0}]


def test_a_plain_connection_keeps_its_session(engine: Engine) -> None:
    pid = "SELECT pg_backend_pid() AS pid, pg_prepared_statements.* FROM pg_prepared_statements"
    for _ in range(8):
        found = run_alone(engine, pid)
    assert found, "statements are prepared"
    assert not reached_through_pooler(engine)


def test_a_pool_without_room_says_what_to_do(database_url: str, tmp_path: Path) -> None:
    """PgBouncer, as it can be asked of a test; a server says the same of max_connections."""
    try:
        with (
            pooled(database_url, tmp_path, clients=1) as url,
            psycopg.connect(url),
            pytest.raises(ServiceUnreachable, match="needs two connections"),
        ):
            run_alone(open_database(url, name="one too many"), "SELECT 1")
    except MissingPackage as reason:
        pytest.skip(str(reason))


MODELS = """
[models.fast]
engine = "synthetic"
source = "fake"
options = { ttft_ms = 20, tpot_ms = 2, tokens = 20, max_num_seqs = 4 }
"""
ENDS = "SELECT state, count(*) AS n FROM eval.job GROUP BY state"


@pytest.mark.timeout(300)
def test_every_job_ends_once_through_a_pooler(
    environment: dict[str, str], pooled_url: str, engine: Engine, tmp_path: Path
) -> None:
    """The whole way: commands, reconciler, and workers of which one is killed at its work."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS, encoding="utf-8")
    user = environment | {
        "EVALCTL_DATABASE_URL": pooled_url,
        "EVALCTL_CONFIG": str(config),
        "EVALCTL_LEASE_S": "4",
    }
    asked = "submit --model fast --problems quickstart --repetitions 3"
    runs = [evalctl_json(user, f"{asked} --mode {mode} --name {mode}") for mode in Mode]
    assert [run["jobs"] for run in runs] == [18, 18]
    reconciler = [sys.executable, "-m", "orchestrator", "reconcile"]
    with (
        running(reconciler, user),
        worker(user, "--queue", "synthetic") as doomed,
        worker(user, "--queue", "synthetic") as other,
    ):
        doomed.wait_for("job.succeeded")
        doomed.process.kill()
        until(engine, ENDS, [{"state": "succeeded", "n": 36}], within_s=150)
        assert other.stop() == 0
    lines = "".join(doomed.lines + other.lines)
    assert "prepared statement" not in lines
    assert "worker.unreachable" not in lines
    keys = query(
        engine,
        "SELECT j.run_id, m.name AS model, p.name AS problem, j.prompt, j.repetition "
        "FROM eval.job AS j JOIN eval.model AS m ON m.id = j.model_id "
        "JOIN eval.problem AS p ON p.id = j.problem_id",
    )
    assert check(engine, expected_keys=[JobKey(**row) for row in keys]) == []
    for run in runs:
        results = evalctl_json(user, f"results {run['run']} --synthetic")
        assert results["resources"][0]["jobs"] == 18
    found = {row["name"]: row for row in evalctl_json(user, "doctor")["checks"]}
    assert "pooler" in found["database"]["found"]
