"""Root installs missing programs once, with no server started; otherwise the reason is given."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import debian_packages
from tests.support.debian_packages import MissingPackage, find_program, install

Write = Callable[[str], Path]


@pytest.fixture
def apt_get(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Give what writes a fake apt-get, which stands alone on PATH and logs what it is asked."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(debian_packages, "_POLICY", tmp_path / "policy-rc.d")
    monkeypatch.setattr(debian_packages, "_LOCK", tmp_path / "lock")
    monkeypatch.setenv("PATH", str(tmp_path))
    install.cache_clear()

    def write(then: str) -> Path:
        program, log = tmp_path / "apt-get", tmp_path / "log"
        program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n{then}\n', encoding="ascii")
        program.chmod(0o755)
        return log

    return write


def test_a_missing_program_is_installed_and_its_server_not_started(
    apt_get: Write, tmp_path: Path
) -> None:
    program, policy = tmp_path / "redis-server", tmp_path / "policy-rc.d"
    log = apt_get(f"{policy} ; test $? = 101 || exit 1\n: > {program}; /bin/chmod +x {program}")

    assert find_program("redis-server") == str(program)
    assert [line.split()[2] for line in log.read_text().splitlines()] == ["update", "install"]
    assert not policy.exists(), "the switch is put back"


def test_a_failed_installation_is_tried_once_and_named(apt_get: Write) -> None:
    log = apt_get("echo E: no such network >&2; exit 100")

    for _ in range(2):
        with pytest.raises(MissingPackage, match=r"Debian: openssl\); .* 100: E: no such network"):
            find_program("openssl")
    assert len(log.read_text().splitlines()) == 2


def test_an_ordinary_user_installs_nothing(apt_get: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    log = apt_get("exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    with pytest.raises(MissingPackage, match="only root on Debian"):
        find_program("openssl")
    assert not log.exists()
