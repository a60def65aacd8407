"""Use the embedded services: they start for the first user and stop with the last."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from core.errors import ServicesInUse, ServiceStartError, ServiceUnreachable
from core.settings import Settings, masked
from services.files import explained, make_folder, open_private
from services.locks import holders, try_lock
from services.postgres import EmbeddedPostgres
from services.server import EmbeddedServer
from services.valkey import EmbeddedValkey
from services.waiting import wait_until

_STOPPER_WAIT_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Endpoints:
    """URLs of the servers to use; ``broker_url`` is None where no broker was requested."""

    database_url: str
    broker_url: str | None
    #: Whether at least one of them is an embedded server.
    embedded: bool

    def __repr__(self) -> str:
        broker_url = None if self.broker_url is None else masked(self.broker_url)
        return (
            f"Endpoints(database_url={masked(self.database_url)!r}, broker_url={broker_url!r}, "
            f"embedded={self.embedded})"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """What is known of a service without starting it; a real one has no ``pid`` or ``folder``."""

    #: ``database`` or ``broker``.
    name: str
    embedded: bool
    #: For an embedded server whether its process lives; None for a real one, which only a
    #: connection can show.
    running: bool | None
    pid: int | None
    #: Only while an embedded server runs.
    port: int | None
    folder: Path | None
    log: Path | None
    #: With the password masked; None for an embedded server that was never started.
    url: str | None


@contextmanager
def services(settings: Settings, *, broker: bool = True) -> Iterator[Endpoints]:
    """Give the URLs of a database and a broker that run during the body.

    URLs from the settings are passed through untouched. Raise ``ServiceStartError`` where an
    embedded server cannot be started and ``ServiceUnreachable`` where another process never
    finishes stopping them.
    """
    embedded = settings.database_url is None
    if embedded:
        _forget_other_servers()
    postgres = EmbeddedPostgres(_folder(settings, "postgres")) if embedded else None
    embedded = broker and settings.broker_url is None
    valkey = EmbeddedValkey(_folder(settings, "valkey")) if embedded else None
    servers = [server for server in (postgres, valkey) if server is not None]
    with _using(settings) if servers else nullcontext():
        for server in servers:
            server.start()
        yield Endpoints(
            database_url=postgres.url if postgres is not None else str(settings.database_url),
            broker_url=valkey.url
            if valkey is not None
            else settings.broker_url
            if broker
            else None,
            embedded=bool(servers),
        )


def _forget_other_servers() -> None:
    """Drop libpq's variables from this process: they are meant for another server than ours.

    A service or address among them would lead connections elsewhere, whatever the URL says.
    """
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def revive_services(settings: Settings, *, broker: bool = True) -> tuple[str, ...]:
    """Start again what died since ``services`` began, and return the names.

    Call it only inside that context. A revived server keeps its port unless another process took it
    meanwhile. Raise ``ServiceStartError`` as ``services``.
    """
    postgres, valkey = _embedded(settings)
    wanted: list[EmbeddedServer] = [postgres] if settings.database_url is None else []
    if broker and settings.broker_url is None:
        wanted.append(valkey)
    dead = [server for server in wanted if not server.running]
    for server in dead:
        server.start()
    return tuple(server.name for server in dead)


def services_state(settings: Settings) -> tuple[ServiceState, ServiceState]:
    """Return the state of database and broker, starting nothing and connecting to nothing."""
    postgres, valkey = _embedded(settings)
    database = _state("database", settings.database_url, postgres)
    return database, _state("broker", settings.broker_url, valkey)


def service_users(settings: Settings) -> tuple[int, ...]:
    """Return the pids that use the embedded services, as far as the system reports them (Linux)."""
    return holders(_lock_path(settings))


def stop_services(
    settings: Settings, *, force: bool = False, wait_s: float = 5.0
) -> tuple[str, ...]:
    """Stop the embedded servers and return the names of those that ran.

    Users get ``wait_s`` to leave; then raise ``ServicesInUse``, or with ``force`` stop all the
    same.
    """
    if not _lock_path(settings).exists():
        return _stop_all(settings)
    descriptor = _open_lock(settings)
    try:
        if not wait_until(lambda: try_lock(descriptor, fcntl.LOCK_EX), wait_s) and not force:
            raise ServicesInUse(service_users(settings))
        return _stop_all(settings)
    finally:
        os.close(descriptor)


@contextmanager
def _using(settings: Settings) -> Iterator[None]:
    """Count as a user during the body; the last to leave stops the servers."""
    descriptor = _open_lock(settings)
    try:
        # Only a stopper holds it exclusively; once it is done, the servers are started afresh.
        if not wait_until(lambda: try_lock(descriptor, fcntl.LOCK_SH), _STOPPER_WAIT_S):
            raise ServiceUnreachable(
                "embedded services",
                f"another process has been stopping them for {_STOPPER_WAIT_S:g} s",
                mend=(
                    f"Stop it and try again (processes {service_users(settings)} hold "
                    f"{_lock_path(settings)})"
                ),
            )
        try:
            yield
        finally:
            if try_lock(descriptor, fcntl.LOCK_EX):
                _stop_all(settings)
    finally:
        # Children forked meanwhile share this open file, so closing alone would leave them counted
        # as users.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)


def _stop_all(settings: Settings) -> tuple[str, ...]:
    servers = _embedded(settings)
    ran = tuple(server.name for server in servers if server.running)
    # The stack continues with the next server where one cannot be stopped.
    with ExitStack() as stack:
        for server in servers:
            stack.callback(server.stop)
    return ran


def _state(name: str, url: str | None, server: EmbeddedServer) -> ServiceState:
    if url is not None:
        return ServiceState(
            name=name,
            embedded=False,
            running=None,
            pid=None,
            port=None,
            folder=None,
            log=None,
            url=masked(url),
        )
    pid = server.pid
    server_url = None
    with suppress(ServiceStartError):
        server_url = masked(server.url)
    return ServiceState(
        name=name,
        embedded=True,
        running=pid is not None,
        pid=pid,
        port=None if pid is None else server.port,
        folder=server.folder,
        log=server.log if server.log.exists() else None,
        url=server_url,
    )


def _embedded(settings: Settings) -> tuple[EmbeddedPostgres, EmbeddedValkey]:
    postgres = EmbeddedPostgres(_folder(settings, "postgres"))
    return postgres, EmbeddedValkey(_folder(settings, "valkey"))


def _folder(settings: Settings, name: str) -> Path:
    return settings.home / name


def _lock_path(settings: Settings) -> Path:
    return settings.home / "services.lock"


def _open_lock(settings: Settings) -> int:
    with explained("embedded services", settings.home):
        make_folder(settings.home)
        return open_private(_lock_path(settings), os.O_RDWR)
