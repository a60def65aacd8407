"""A dump holds all that the database holds; it is read into an empty database and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, make_url

from db.engine import open_database
from db.migrate import schema_version
from db.roles import grant_analyst
from tests.support.database import query
from tests.support.processes import evalctl
from tests.support.results import store

FIGURES = "SELECT x::text AS row FROM analytics_v1.generations AS x ORDER BY 1"


@pytest.fixture
def empty(database_url: str) -> Iterator[str]:
    """Give an empty database of the same server."""
    name = f"restored_{os.getpid()}"
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def test_a_restored_database_has_the_same_figures(
    engine: Engine, environment: dict[str, str], empty: str, tmp_path: Path
) -> None:
    store(engine, [{"peak_mib": 900, "memory_kind": "device"}, {"peak_mib": 800}])
    query(engine, "CREATE ROLE dump_reader LOGIN")
    grant_analyst(engine, "dump_reader")
    file = tmp_path / "a.dump"

    dumped = evalctl(environment, "db dump", str(file))
    restored = evalctl(environment | {"EVALCTL_DATABASE_URL": empty}, "db restore", str(file))

    assert (dumped.returncode, restored.returncode) == (0, 0), dumped.stderr + restored.stderr
    assert (file.stat().st_mode & 0o777, list(tmp_path.glob(".*"))) == (0o600, [])
    other = open_database(empty, name="restored", settings={"evalctl.include_synthetic": "on"})
    try:
        figures = query(engine, FIGURES)
        assert len(figures) == 2
        assert query(other, FIGURES) == figures
        assert schema_version(other).current
        assert query(
            other, "SELECT has_schema_privilege('dump_reader', 'analytics_v1', 'USAGE') AS may"
        ) == [{"may": True}]
    finally:
        other.dispose()
        query(engine, "DROP OWNED BY dump_reader")
        query(engine, "DROP ROLE dump_reader")


def test_nothing_is_written_over(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "a.dump"
    file.write_text("mine")

    dumped = evalctl(environment, "db dump", str(file))
    restored = evalctl(environment, "db restore", str(file))

    assert (dumped.returncode, restored.returncode) == (2, 2)
    assert "name a new file" in dumped.stderr
    assert "restore into an empty one" in restored.stderr
    assert file.read_text() == "mine"


def test_what_is_no_dump_leaves_the_database_empty(
    environment: dict[str, str], empty: str, tmp_path: Path
) -> None:
    (tmp_path / "a.dump").write_text("no dump")

    restored = evalctl(
        environment | {"EVALCTL_DATABASE_URL": empty}, "db restore", str(tmp_path / "a.dump")
    )

    assert restored.returncode == 2
    assert "pg_restore failed" in restored.stderr
    with psycopg.connect(empty) as connection:
        found = connection.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 'eval'")
        assert found.fetchone() == (0,)


def test_a_folder_that_cannot_be_written_is_named(
    environment: dict[str, str], tmp_path: Path
) -> None:
    dumped = evalctl(environment, "db dump", str(tmp_path / "missing" / "a.dump"))

    assert dumped.returncode != 0
    assert "cannot be written: No such file or directory" in dumped.stderr
    assert list(tmp_path.glob("*.dump")) == []
