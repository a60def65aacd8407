"""Run Debian's PgBouncer in transaction mode before a database."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from services.files import free_port
from services.waiting import wait_until
from tests.support.debian_packages import find_program

#: The fewest settings that a pool needs; the server's password stays in the pool.
CONFIGURATION = """\
[databases]
{name} = host={host} port={port} dbname={name} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listens}
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
max_client_conn = {clients}
unix_socket_dir =
"""


@contextmanager
def pooled(
    url: str, folder: Path, *, mode: str = "transaction", size: int = 5, clients: int = 5000,
    more: str = "",
) -> Iterator[str]:  # fmt: skip
    """Give the URL of a database behind PgBouncer. Raise ``MissingPackage``."""
    program = find_program("pgbouncer")
    server, listens = make_url(url), free_port(None)
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        CONFIGURATION.format(
            name=server.database,
            host=server.host,
            port=server.port,
            user=server.username,
            password=server.password,
            listens=listens,
            mode=mode,
            size=size,
            clients=clients,
        )
        + more,
        encoding="utf-8",
    )
    # It refuses to run as root.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    log = folder / "pgbouncer.log"
    with (
        log.open("wb") as output,
        subprocess.Popen([program, *user, str(settings)], stdout=output, stderr=output) as process,
    ):
        found = f"postgresql://evalctl@127.0.0.1:{listens}/{server.database}"
        try:
            assert wait_until(lambda: _answers(found), 20.0), log.read_text(encoding="utf-8")
            yield found
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:
        return False
