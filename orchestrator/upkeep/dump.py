"""The whole database as one file, and back: PostgreSQL's own pg_dump and pg_restore."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from psycopg.conninfo import make_conninfo

from core.errors import DbError, ServiceUnreachable
from core.settings import libpq_parameters
from orchestrator.errors import UsageFault
from services.postgres import postgres_binary

#: Roles belong to a server and not to a database, and so do their grants.
_ROLES_STAY = ("--no-owner", "--no-privileges")


class CopyFailed(DbError):  # noqa: N818 - named for what happened
    """Say that a dump was not written or not read, in the words of PostgreSQL's program."""


def dump(database_url: str, path: Path) -> int:
    """Write the database into a new file that its owner alone can read; return its bytes.

    Raise ``CopyFailed``, and then leave no file.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.touch(mode=0o600)
        words = ("--format=custom", *_ROLES_STAY, f"--file={partial}")
        _run("pg_dump", words, database_url)
        # Not replace: a file that appeared meanwhile stays.
        os.link(partial, path)
    except OSError as error:
        raise CopyFailed(f"{path} cannot be written: {error.strerror}") from error
    finally:
        partial.unlink(missing_ok=True)
    return path.stat().st_size


def restore(database_url: str, path: Path) -> None:
    """Read a dump into an empty database, in one transaction; raise ``CopyFailed``."""
    words = ("--exit-on-error", "--single-transaction", *_ROLES_STAY, str(path))
    _run("pg_restore", words, database_url)


def _run(program: str, words: tuple[str, ...], database_url: str) -> None:
    """Run a program on the database; the password goes through its environment."""
    given = libpq_parameters(database_url)
    environment = {**os.environ, "PGPASSWORD": given.pop("password", "")}
    target = f"--dbname={make_conninfo(**given)}"
    done = subprocess.run(
        (_binary(program), target, *words),
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise CopyFailed(f"{program} failed: {' '.join(done.stderr.split())[-400:]}")


def _binary(program: str) -> str:
    """Return the embedded PostgreSQL's program, else the one on PATH."""
    try:
        return str(postgres_binary(program))
    except ServiceUnreachable as error:
        if found := shutil.which(program):
            return found
        raise UsageFault(
            f"{program} is not installed; install PostgreSQL's client (Debian: postgresql-client)"
        ) from error
