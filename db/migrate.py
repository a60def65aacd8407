"""Bring a database to the current schema and say how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from db.models import SCHEMA

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
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Migrate the database up to a revision; nothing happens where it is there already."""
    with engine.connect() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def schema_version(engine: Engine) -> SchemaVersion:
    """Compare the database's revision with the one this code needs."""
    needed = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table_schema": SCHEMA})
        return SchemaVersion(found=context.get_current_revision(), needed=needed or "")
