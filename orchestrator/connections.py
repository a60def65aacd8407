"""Connect a command to the database and the broker, after a check of the schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from core.settings import Settings
from db.engine import open_database
from db.migrate import schema_version, upgrade
from services.usage import Endpoints, services

if TYPE_CHECKING:
    from core.hints import HintBroker


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """The servers that a command uses."""

    settings: Settings
    endpoints: Endpoints
    engine: Engine
    #: None where the command needs no broker.
    broker: HintBroker | None


@contextmanager
def connect(
    *, broker: bool = False, synthetic: bool = False, name: str = "cli", check_schema: bool = True
) -> Iterator[Connections]:
    """Connect to what a command needs; embedded servers that do not run yet are started.

    An embedded database is migrated on the way; a real one only by ``evalctl db upgrade``. Raise
    ``ServiceUnreachable`` for a database that is down or not migrated. ``synthetic`` lets the
    public views show rows of synthetic models.
    """
    settings = Settings.from_environment()
    with services(settings, broker=broker) as endpoints:
        chosen = {"evalctl.include_synthetic": "on"} if synthetic else None
        engine = open_database(endpoints.database_url, name=name, settings=chosen)
        hints = _broker(endpoints.broker_url) if endpoints.broker_url else None
        try:
            if check_schema:
                ensure_schema(engine, migrate=settings.database_url is None)
            yield Connections(settings=settings, endpoints=endpoints, engine=engine, broker=hints)
        finally:
            engine.dispose()
            if hints is not None:
                hints.close()


def ensure_schema(engine: Engine, *, migrate: bool) -> None:
    """Check that the database is migrated, or migrate it; else raise ``ServiceUnreachable``."""
    version = schema_version(engine)
    if version.current:
        return
    if migrate:
        upgrade(engine)
        return
    found = f"it is at revision {version.found or 'none'}"
    needed = f"this evalctl needs {version.needed}"
    problem = f"{found}, but {needed}"
    raise ServiceUnreachable("database schema", problem, mend="Run `evalctl db upgrade`")


def _broker(url: str) -> HintBroker:
    from core.hints import HintBroker  # noqa: PLC0415 - Celery takes a fifth of a second, and most commands need no broker

    return HintBroker(url)
