"""A database that takes no writes for a while, as after a switchover, is away and comes back."""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.errors import ServiceBusy, SettingsError
from core.settings import libpq_parameters, normalised_database_url
from core.states import WorkerState
from db.engine import open_database, refuses_writes, rows, run_alone, transaction
from tests.support.jobs import register
from workers.lifecycle.heartbeat import Heartbeat

WRITE = "CREATE TABLE IF NOT EXISTS public.writes (n int)"
READ_ONLY = "options=-c%20default_transaction_read_only%3Don"


def read_only(engine: Engine) -> Engine:
    """Return an engine whose new connections write nothing."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    joined = "&" if "?" in url else "?"
    return open_database(f"{url}{joined}{READ_ONLY}", name="standby")


def test_a_write_to_a_standby_is_away_and_its_connection_leaves_the_pool(engine: Engine) -> None:
    standby = read_only(engine)
    try:
        assert refuses_writes(engine) is None
        assert refuses_writes(standby) == "is read-only"
        pid = "SELECT pg_backend_pid() AS pid"
        before = run_alone(standby, pid)[0]["pid"]
        with pytest.raises(ServiceBusy, match="read-only"):
            run_alone(standby, WRITE)
        assert run_alone(standby, pid)[0]["pid"] != before
        before = run_alone(standby, pid)[0]["pid"]
        with pytest.raises(ServiceBusy, match="read-only"), transaction(standby) as connection:
            rows(connection, WRITE)
        assert run_alone(standby, pid)[0]["pid"] != before
    finally:
        standby.dispose()


def test_a_heartbeat_outlives_any_error_of_the_database(engine: Engine) -> None:
    """The table is renamed: no lost connection, and nothing that passes by itself."""
    worker_id = register(engine)
    run_alone(engine, "ALTER TABLE eval.worker RENAME TO worker_away")
    heartbeat = Heartbeat(engine, worker_id, beat_s=0.05)
    try:
        with pytest.raises(DBAPIError):
            run_alone(engine, "SELECT 1 FROM eval.worker")
        heartbeat.report(WorkerState.BUSY, None)
        assert not threading.Event().wait(0.5)
    finally:
        run_alone(engine, "ALTER TABLE eval.worker_away RENAME TO worker")
    heartbeat.report(WorkerState.IDLE, None)
    heartbeat.close()
    assert state(engine, worker_id) == "stopped"


def state(engine: Engine, worker_id: uuid.UUID) -> str:
    found = run_alone(engine, "SELECT state FROM eval.worker WHERE id = %(w)s", {"w": worker_id})
    return str(found[0]["state"])


def test_urls_are_read_as_libpq_reads_them() -> None:
    several = libpq_parameters(
        "postgresql://u:p%2F%40@h1:5432,h2:6432/db?target_session_attrs=read-write"
    )
    assert (several["host"], several["port"]) == ("h1,h2", "5432,6432")
    assert (several["password"], several["target_session_attrs"]) == ("p/@", "read-write")
    assert libpq_parameters("postgresql://[::1]:5433/db")["host"] == "::1"
    assert libpq_parameters("postgresql:///?service=mine")["service"] == "mine"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:S3cr3t@h:abc/db",
        "postgresql://u:S3cr3t@h/db?nonsense=1",
        "host=x password=S3cr3t",
    ],
)
def test_a_url_that_cannot_be_read_is_named_and_not_shown(url: str) -> None:
    with pytest.raises(SettingsError) as refused:
        normalised_database_url(url)
    assert "EVALCTL_DATABASE_URL" in str(refused.value)
    assert "S3cr3t" not in str(refused.value)


def test_the_first_host_that_answers_serves(engine: Engine) -> None:
    url = engine.url
    hosts = f"127.0.0.1:1,{url.host}:{url.port}"
    several = open_database(
        f"postgresql://{url.username}:{url.password}@{hosts}/{url.database}", name="several"
    )
    try:
        assert run_alone(several, "SELECT 1 AS one") == [{"one": 1}]
    finally:
        several.dispose()


def test_the_session_settings_of_a_database_change_nothing(engine: Engine) -> None:
    name = engine.url.database
    run_alone(engine, f"ALTER DATABASE \"{name}\" SET datestyle = 'German'")
    run_alone(engine, f"ALTER DATABASE \"{name}\" SET timezone = 'Asia/Kathmandu'")
    run_alone(engine, f"ALTER DATABASE \"{name}\" SET search_path = ''")
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    other = open_database(url, name="other")
    try:
        with transaction(other) as connection:
            found = rows(connection, "SELECT now() AS at, current_setting('datestyle') AS style")
        assert found[0]["at"].utcoffset().total_seconds() == 0
        assert found[0]["style"].startswith("ISO")
    finally:
        other.dispose()
        for setting in ("datestyle", "timezone", "search_path"):
            run_alone(engine, f'ALTER DATABASE "{name}" RESET {setting}')


def test_the_urls_own_options_win(engine: Engine) -> None:
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    joined = "&" if "?" in url else "?"
    other = open_database(f"{url}{joined}options=-c%20statement_timeout%3D1234", name="other")
    try:
        assert run_alone(other, "SHOW statement_timeout") == [{"statement_timeout": "1234ms"}]
    finally:
        other.dispose()
