"""Bring a database to the current schema and say how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from db.engine import reachable, rows
from db.statements import statement

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaVersion:
    """The revision a database is at and the one this code needs; ``None`` for an empty database."""

    found: str | None
    needed: str

    @property
    def current(self) -> bool:
        """Whether nothing is left to migrate."""
        return self.found == self.needed


def alembic_config() -> Config:
    """Return Alembic's configuration; it names no database, a connection is handed over instead."""
    from alembic.config import Config  # noqa: PLC0415 - most commands only compare revisions

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate the database up to a revision; nothing happens where it is there already.

    Raise ``ServiceUnreachable``.
    """
    from alembic import command  # noqa: PLC0415

    with reachable(engine), engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def schema_version(engine: Engine) -> SchemaVersion:
    """Compare the database's revision with the one this code needs.

    Raise ``ServiceUnreachable``.
    """
    with reachable(engine), engine.connect() as connection:
        there = rows(connection, statement("has_revision", "migrations"))[0]["found"]
        known = rows(connection, statement("revision", "migrations")) if there else [{}]
    return SchemaVersion(found=known[0].get("revision"), needed=newest_revision())


def newest_revision() -> str:
    """Return the newest revision; the files are named by their numbers."""
    return max(path.name[:4] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
