"""System programs that some tests need: as root on Debian, the tests install the package."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from services.locks import exclusive
from tests.support.processes import run_program

PACKAGES = {
    "cc": "gcc libc6-dev",
    "chromium": "chromium",
    "debootstrap": "debootstrap",
    "docker": "docker.io",
    "dockerd": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "openssl": "openssl",
    "pgbouncer": "pgbouncer",
    "pg_ctlcluster": "postgresql",
    "promtool": "prometheus",
    "psql": "postgresql-client",
    "redis-server": "redis-server",
    "shellcheck": "shellcheck",
    "unshare": "util-linux",
}
#: Two processes of one test run must not install at the same time.
_LOCK = Path(tempfile.gettempdir()) / f"evalctl-tests-apt-{os.geteuid()}.lock"
_POLICY = Path("/usr/sbin/policy-rc.d")
_LIMIT_S = 120.0


class MissingPackage(Exception):  # noqa: N818 - named for what happened
    """Say which package is missing and why it was not installed."""


def find_program(name: str) -> str:
    """Return the path of a program of ``PACKAGES``, installed if need be. Raise MissingPackage."""
    if found := shutil.which(name):
        return found
    reason = install(PACKAGES[name])
    if found := shutil.which(name):
        return found
    raise MissingPackage(f"{name} is not installed (Debian: {PACKAGES[name]}); {reason}")


def program_or_skip(name: str) -> str:
    """Return the path of a program; skip the test with the reason if it cannot be had."""
    try:
        return find_program(name)
    except MissingPackage as error:
        pytest.skip(str(error))


@cache
def install(packages: str) -> str:
    """Install packages as root, without starting their services; return how that went.

    Each is tried once in a process: a machine without a network must not wait again and again.
    """
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "only root on Debian can have the tests install it"
    wait = ("-o", "DPkg::Lock::Timeout=60")
    words = ("apt-get", *wait, "install", "-y", "--no-install-recommends", *packages.split())
    try:
        with exclusive(_LOCK, timeout_s=_LIMIT_S), _services_stay_stopped():
            _run("apt-get", *wait, "update")
            done = _run(*words)
    except (TimeoutError, subprocess.TimeoutExpired) as error:
        return f"installing it took too long: {error}"
    return f"apt-get install ended with {done.returncode}: {' '.join(done.stderr.split()[-40:])}"


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "timeout": _LIMIT_S}
    return run_program(*command, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"}, **options)


@contextmanager
def _services_stay_stopped() -> Iterator[None]:
    """Forbid packages, by Debian's own switch, to start the servers that they bring."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
