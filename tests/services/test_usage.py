"""Reference counting of the embedded services, with real servers and real processes as users."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import redis

from core.errors import ServicesInUse
from core.settings import Settings
from services.postgres import EmbeddedPostgres
from services.usage import (
    Endpoints,
    revive_services,
    service_users,
    services,
    services_state,
    stop_services,
)
from services.valkey import EmbeddedValkey
from services.waiting import wait_until
from tests.support.processes import lives

_EXTERNAL = "postgresql://me:topsecret@db.example:5432/eval"
#: Users are separate processes; a server that has imported this module forks them in
#: milliseconds.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


def use(home: Path, channel: Connection) -> None:
    """Say that it begins, enter, say when, and stay until a line or an interrupt."""
    os.setsid()
    channel.send("begins")
    with services(Settings(home=home)):
        channel.send(time.monotonic())
        with suppress(KeyboardInterrupt):
            channel.recv()


class User:
    """Another process that uses the services of ``home`` until ``leave``."""

    def __init__(self, home: Path) -> None:
        self.channel, theirs = _PROCESSES.Pipe()
        self.process = _PROCESSES.Process(target=use, args=(home, theirs))
        self.process.start()
        theirs.close()
        assert self._said() == "begins"

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process.pid is not None
        return self.process.pid

    def entered(self) -> float:
        """Wait until it is inside; return the monotonic time at which it was."""
        return float(self._said())

    def leave(self) -> None:
        """End its use and wait until it has exited."""
        self.channel.send("go")
        self._end(0)

    def interrupted(self) -> None:
        """Send what Ctrl-C sends to all processes of its terminal, and wait until it has exited."""
        os.killpg(self.pid, signal.SIGINT)
        self._end(0)

    def killed(self) -> None:
        """Kill it hard and wait until it has exited."""
        self.process.kill()
        self._end(-signal.SIGKILL)

    def _end(self, status: int) -> None:
        self.process.join(30)
        assert self.process.exitcode == status
        self.process.close()
        self.channel.close()

    def _said(self) -> Any:
        assert self.channel.poll(30)
        return self.channel.recv()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the home that the tests share, so that initdb runs once."""
    return tmp_path_factory.mktemp("shared") / "home"


@pytest.fixture
def settings(home: Path) -> Iterator[Settings]:
    """Return its settings with the servers stopped, before and after."""
    settings = Settings(home=home)
    assert running(settings) == [False, False]
    yield settings
    stop_services(settings, force=True, wait_s=0)


def running(settings: Settings) -> list[bool | None]:
    return [state.running for state in services_state(settings)]


def assert_answering(endpoints: Endpoints) -> None:
    with psycopg.connect(endpoints.database_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert endpoints.broker_url is not None
    with redis.Redis.from_url(endpoints.broker_url) as client:
        assert client.ping()


def test_real_servers_are_passed_through_untouched(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = Settings(
        home=home, database_url=_EXTERNAL, broker_url="redis://:topsecret@queue.example/2"
    )

    with services(settings) as endpoints:
        assert endpoints.database_url == _EXTERNAL
        assert endpoints.broker_url == "redis://:topsecret@queue.example/2"
        assert not endpoints.embedded
        assert "topsecret" not in repr(endpoints)
        assert "topsecret" not in repr(services_state(settings))
    with services(settings, broker=False) as endpoints:
        assert endpoints.broker_url is None
    assert stop_services(settings) == ()
    assert not home.exists()


def test_only_the_missing_kind_is_embedded(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=_EXTERNAL)

    with services(settings) as endpoints:
        assert endpoints.database_url == _EXTERNAL
        assert endpoints.embedded
        assert endpoints.broker_url is not None
        with redis.Redis.from_url(endpoints.broker_url) as client:
            assert client.ping()
        assert running(settings) == [None, True]
        assert not (settings.home / "postgres").exists()
    assert running(settings) == [None, False]


def test_a_broker_that_is_not_wanted_is_not_started(settings: Settings) -> None:
    with services(settings, broker=False) as endpoints:
        assert endpoints.broker_url is None
        assert running(settings) == [True, False]


def test_the_only_user_starts_and_stops_both(settings: Settings) -> None:
    with services(settings) as endpoints:
        assert_answering(endpoints)
        database, broker = services_state(settings)
        assert (database.pid or 0) > 0
        assert str(database.port) in endpoints.database_url
        assert str(broker.port) in str(endpoints.broker_url)
        assert "***" in str(database.url)
        assert service_users(settings) in ((os.getpid(),), ())

    after = services_state(settings)
    assert [(state.running, state.pid, state.port) for state in after] == [(False, None, None)] * 2
    assert not lives(database.pid or 0)


def test_an_error_in_the_body_stops_them_too(settings: Settings) -> None:
    with pytest.raises(ZeroDivisionError), services(settings):
        _ = 1 / 0

    assert running(settings) == [False, False]


def test_the_last_of_two_processes_stops_them(settings: Settings) -> None:
    first, second = User(settings.home), User(settings.home)
    first.entered()
    second.entered()
    pids = [state.pid for state in services_state(settings)]

    first.leave()

    assert None not in pids
    assert [state.pid for state in services_state(settings)] == pids
    second.leave()
    assert running(settings) == [False, False]


def test_a_killed_user_does_not_count(settings: Settings) -> None:
    with services(settings):
        killed = User(settings.home)
        killed.entered()
        killed.killed()
        assert running(settings) == [True, True]

    assert running(settings) == [False, False]


def test_servers_left_by_a_killed_user_are_taken_over(settings: Settings) -> None:
    killed = User(settings.home)
    killed.entered()
    killed.killed()
    left = [state.pid for state in services_state(settings)]

    with services(settings) as endpoints:
        assert None not in left
        assert [state.pid for state in services_state(settings)] == left
        assert_answering(endpoints)
    assert running(settings) == [False, False]


def test_ctrl_c_for_a_user_does_not_reach_the_servers(settings: Settings) -> None:
    user = User(settings.home)
    user.entered()
    with services(settings) as endpoints:
        user.interrupted()

        assert_answering(endpoints)


def test_a_starter_waits_for_a_stopper(settings: Settings) -> None:
    stopper = os.open(settings.home / "services.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(stopper, fcntl.LOCK_EX)
    # With the servers up already, nothing but the lock keeps the user outside.
    EmbeddedPostgres(settings.home / "postgres").start()
    EmbeddedValkey(settings.home / "valkey").start()
    user = User(settings.home)
    early = user.channel.poll(0.5)
    released = time.monotonic()
    os.close(stopper)

    assert not early
    assert user.entered() > released
    user.leave()


def test_stopping_refuses_while_they_are_used(settings: Settings) -> None:
    user = User(settings.home)
    user.entered()

    with pytest.raises(ServicesInUse, match="still use them") as caught:
        stop_services(settings, wait_s=0)

    assert caught.value.users in ((user.pid,), ())
    assert running(settings) == [True, True]
    assert stop_services(settings, force=True, wait_s=0) == (
        "embedded PostgreSQL",
        "embedded Valkey",
    )
    assert running(settings) == [False, False]
    assert stop_services(settings, force=True, wait_s=0) == ()
    user.leave()


def test_a_server_killed_during_use_is_revived_under_its_url(settings: Settings) -> None:
    with services(settings) as endpoints:
        assert revive_services(settings) == ()
        database, _ = services_state(settings)
        psutil.Process(database.pid).kill()
        assert wait_until(lambda: running(settings) == [False, True], 10)

        assert revive_services(settings) == ("embedded PostgreSQL",)

        assert_answering(endpoints)


def test_variables_of_another_server_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {
        "PGSERVICE": "nosuch", "PGHOSTADDR": "10.255.255.1", "PGHOST": "db.example",
        "PGPORT": "1", "PGDATESTYLE": "German", "PGCLIENTENCODING": "LATIN1",
        "PGREQUIREAUTH": "none", "PGCHANNELBINDING": "require", "PGOPTIONS": "-c no.such=1",
    }  # fmt: skip
    for name, value in others.items():
        monkeypatch.setenv(name, value)
    settings = Settings(home=tmp_path / "home")
    with (
        services(settings, broker=False) as endpoints,
        psycopg.connect(endpoints.database_url, connect_timeout=5) as connection,
    ):
        shown = connection.execute("SHOW datestyle").fetchone()
    assert shown is not None
    assert shown[0].startswith("ISO")
