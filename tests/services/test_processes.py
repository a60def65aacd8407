"""Recognising processes, locks and private files: the parts that the servers' safety rests on."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest

from core.errors import ServiceStartError
from services.files import (
    explained,
    free_port,
    make_private_folder,
    open_log,
    read_number,
    tail,
    write_private,
)
from services.locks import exclusive, holders, try_lock
from services.processes import exited, minimal_environment, verified


def test_a_zombie_has_exited_and_is_never_ours() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    process = psutil.Process(child.pid)
    try:
        assert process.status() == psutil.STATUS_ZOMBIE
        assert verified(child.pid, lambda _: True) is None
        assert exited(process)
    finally:
        child.wait()
    assert verified(child.pid, lambda _: True) is None
    assert exited(process)


def test_a_stranger_with_our_pid_is_not_ours() -> None:
    assert verified(os.getpid(), lambda words: words[:1] == ["/usr/bin/other"]) is None
    mine = verified(os.getpid(), bool)
    assert mine is not None
    assert mine.pid == os.getpid()
    assert not exited(mine)


def test_an_exclusive_lock_names_its_holder_when_time_is_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with (
        exclusive(path, timeout_s=1),
        pytest.raises(TimeoutError, match=str(path)),
        exclusive(path, timeout_s=0.05),
    ):
        pytest.fail("two holders of one exclusive lock")
    with exclusive(path, timeout_s=0):
        # Some file systems show another device number in the kernel's list, so none may be found.
        assert holders(path) in ((os.getpid(),), ())
    assert holders(path) == ()


def test_shared_locks_keep_an_exclusive_one_away(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, second = (os.open(path, os.O_RDWR | os.O_CREAT) for _ in range(2))
    try:
        assert try_lock(first, fcntl.LOCK_SH)
        assert try_lock(second, fcntl.LOCK_SH)
        assert not try_lock(first, fcntl.LOCK_EX)
        assert try_lock(second, fcntl.LOCK_EX)
    finally:
        os.close(first)
        os.close(second)


def test_private_files_are_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "one\n")
    write_private(path, "22\nmore\n")

    assert path.stat().st_mode & 0o777 == 0o600
    assert read_number(path) == 22
    assert [child.name for child in tmp_path.iterdir()] == ["secret"]


def test_a_link_in_the_place_of_a_private_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("untouched")
    (tmp_path / "server.log").symlink_to(target)

    with (
        pytest.raises(ServiceStartError, match=r"symbolic links: .*server\.log"),
        explained("embedded X", tmp_path),
    ):
        open_log(tmp_path / "server.log")

    assert target.read_text() == "untouched"


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can leave its files in another user's folder"
)
def test_root_leaves_its_files_to_the_folders_owner(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)

    make_private_folder(tmp_path / "new" / "inner")
    write_private(tmp_path / "new" / "secret", "x")
    os.close(open_log(tmp_path / "new" / "server.log"))

    assert {path.stat().st_uid for path in tmp_path.rglob("*")} == {65534}


@pytest.mark.parametrize("text", ["", "x\n", "-1\n", "²\n"])
def test_a_damaged_number_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)

    assert read_number(tmp_path / "pid") is None
    assert read_number(tmp_path / "missing") is None


def test_a_large_log_is_moved_aside_once(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * (8 * 1024 * 1024 + 1))
    for text in (b"first\n", b"second\n"):
        descriptor = open_log(log)
        os.write(descriptor, text)
        os.close(descriptor)

    assert log.read_text() == "first\nsecond\n"
    assert (tmp_path / "server.log.old").stat().st_size > 8 * 1024 * 1024
    assert tail(log, start=6) == "second\n"
    assert tail(tmp_path / "missing") == ""


def test_a_free_port_is_kept() -> None:
    port = free_port(None)

    assert free_port(port) == port


def test_a_port_that_is_drawn_is_none_that_an_outgoing_connection_is_given() -> None:
    lowest = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])

    assert all(1024 < free_port(None) < lowest for _ in range(20))


def test_a_port_that_is_about_to_be_free_is_kept() -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    held = listener.getsockname()[1]
    threading.Timer(0.3, listener.close).start()
    assert free_port(held, patience_s=30.0) == held


def test_a_port_that_is_taken_is_not_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        assert free_port(taken) != taken


def test_servers_inherit_no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("PGPORT", "1")

    assert set(minimal_environment()) <= {"PATH", "HOME", "TMPDIR", "LC_ALL", "TZ"}


def test_an_error_says_service_problem_and_cure() -> None:
    error = ServiceStartError("embedded X", "it broke", mend="Mend it")

    assert str(error) == "embedded X: it broke. Mend it"
