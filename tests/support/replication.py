"""A real pair of Debian's PostgreSQL on loopback: a primary, and a standby that streams from it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from services.files import free_port, read_number
from services.waiting import wait_until
from tests.support.debian_packages import find_program

USER, DATABASE, STANDBY = "evalctl", "evalctl", "standby"
_STARTS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One server of the pair: its folder, its port and the programs of its package."""

    programs: Path
    data: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        """Return the URL of this server alone."""
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def pid(self) -> int | None:
        """Return the number of the server's first process."""
        return read_number(self.data / "postmaster.pid")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        log = str(self.data.parent / f"{self.data.name}.log")
        self.control("start", "-w", "-l", log, "-o", f"-p {self.port} -h 127.0.0.1 -k ''")

    def control(self, *words: str) -> None:
        """Run pg_ctl on this server."""
        run_as_owner(self.programs / "pg_ctl", "-D", self.data, *words)

    def kill(self) -> None:
        """Kill the server and all of its processes, as a power failure would."""
        assert self.pid is not None
        server = psutil.Process(self.pid)
        family = [server, *server.children(recursive=True)]
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement outside transactions and return its rows."""
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description is not None else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A primary and its standby."""

    primary: Cluster
    standby: Cluster

    @property
    def url(self) -> str:
        """Return the URL with both hosts; whichever takes writes serves."""
        hosts = f"127.0.0.1:{self.primary.port},127.0.0.1:{self.standby.port}"
        account = f"{USER}:{self.primary.password}"
        return f"postgresql://{account}@{hosts}/{DATABASE}?target_session_attrs=read-write"

    def promote(self) -> None:
        """Make the standby the primary, and wait until it takes writes."""
        self.standby.control("promote", "-w")

    def freeze_sender(self) -> None:
        """Have the standby fall behind: what the primary commits from now on stays with it."""
        (row,) = self.primary.execute("SELECT pid FROM pg_stat_replication")
        os.kill(int(row[0]), signal.SIGSTOP)


@contextmanager
def replicated(*, synchronous: bool = True) -> Iterator[Pair]:
    """Run a pair until the end of the block. Raise ``MissingPackage``."""
    find_program("pg_ctlcluster")
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parts[-2]))
    folder = Path(tempfile.mkdtemp(prefix="evalctl-pair-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    password = secrets.token_hex(16)
    primary, standby = (
        Cluster(programs=programs, data=folder / name, port=free_port(None), password=password)
        for name in ("primary", STANDBY)
    )
    try:
        _initialise(primary)
        primary.start()
        _run_postgres(primary, f"CREATE DATABASE {DATABASE}")
        _copy(primary, standby)
        standby.start()
        if synchronous:
            primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
            primary.execute("SELECT pg_reload_conf()")
        state = "sync" if synchronous else "async"
        assert wait_until(lambda: _replicates(primary, state), _STARTS_WITHIN_S), "no replication"
        yield Pair(primary=primary, standby=standby)
    finally:
        for cluster in (primary, standby):
            if (pid := cluster.pid) is not None and psutil.pid_exists(pid):
                cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)


def run_as_owner(*words: object) -> None:
    """Run a program that refuses root; the output stays in files, as servers inherit it."""
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        account = {"user": "postgres", "group": "postgres", "extra_groups": []}
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            cwd="/",
            **account,
        )
        output.seek(0)
        assert done.returncode == 0, output.read().decode()


def _initialise(cluster: Cluster) -> None:
    secret = cluster.data.parent / "password"
    secret.write_text(cluster.password, encoding="ascii")
    secret.chmod(0o644)
    settings = [
        "max_wal_senders=5", "wal_keep_size=256MB", "max_connections=100", "jit=off",
    ]  # fmt: skip
    run_as_owner(
        cluster.programs / "initdb", "-D", cluster.data, "-U", USER, "-E", "UTF8", "--locale=C",
        "--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions",
    )  # fmt: skip
    with (cluster.data / "postgresql.conf").open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in settings)


def _run_postgres(cluster: Cluster, statement: str) -> None:
    url = cluster.url.removesuffix(DATABASE) + "postgres"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def _copy(primary: Cluster, standby: Cluster) -> None:
    source = f"{primary.url}?application_name={STANDBY}"
    run_as_owner(
        primary.programs / "pg_basebackup", "-D", standby.data, "-d", source, "-R", "-X", "stream",
        "-c", "fast",
    )  # fmt: skip


def _replicates(primary: Cluster, state: str) -> bool:
    return primary.execute("SELECT state, sync_state FROM pg_stat_replication") == [
        ("streaming", state)
    ]
