"""The tests' own databases: each test finds one as the first did, whatever the one before did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

from core.hints import HintBroker
from db.engine import open_database
from services.usage import Endpoints
from tests.support.databases import SEQUENCES, TABLES, Databases, holds_rows
from tests.support.jobs import publish


@pytest.fixture(scope="module")
def databases(endpoints: Endpoints, template: str) -> Iterator[Databases]:
    """Give databases beside those that the other tests use."""
    made = Databases(endpoints.database_url, template, prefix="beside")
    yield made
    made.close()


def connect(endpoints: Endpoints, name: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url_of(endpoints, name), autocommit=True)


def url_of(endpoints: Endpoints, name: str) -> str:
    url = make_url(endpoints.database_url).set(database=name)
    return url.render_as_string(hide_password=False)


def oid(connection: psycopg.Connection[Any]) -> int:
    """Return what stays where a database is used again."""
    asked = "SELECT oid::int FROM pg_database WHERE datname = current_database()"
    (found,) = connection.execute(asked).fetchone() or (0,)
    return int(found)


def test_rows_and_numbers_are_removed_and_the_name_is_new(
    endpoints: Endpoints, databases: Databases, broker: HintBroker
) -> None:
    first = databases.take()
    with connect(endpoints, first) as left_open:
        before = oid(left_open)
        engine = open_database(url_of(endpoints, first), name="test")
        publish(engine, broker, repetitions=2)
        databases.give_back(first)
        with pytest.raises(psycopg.OperationalError):
            left_open.execute("SELECT 1")
        engine.dispose()
    second = databases.take()
    with connect(endpoints, second) as connection:
        assert oid(connection) == before
        assert first != second
        tables = [name for (name,) in connection.execute(TABLES)]
        assert [name for name in tables if holds_rows(connection, name)] == ["eval.alembic_version"]
        assert {value for _, value in connection.execute(SEQUENCES)} == {None}
    databases.give_back(second)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE eval.job ADD COLUMN more int",
        "DROP VIEW analytics_v1.steps",
        "GRANT SELECT (id) ON eval.job TO public",
        "COMMENT ON TABLE eval.job IS 'other'",
        "ALTER DATABASE {name} SET work_mem = '8MB'",
        "ALTER TABLE eval.job DISABLE TRIGGER ALL",
        "ALTER SEQUENCE eval.model_id_seq RESTART WITH 7",
        "UPDATE eval.alembic_version SET version_num = '0001'",
        "ANALYZE",
        "CREATE FUNCTION more() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        (
            "INSERT INTO eval.text_blob (hash, content) "
            "SELECT i::text, repeat(i::text, 20) FROM generate_series(1, 20000) AS i"
        ),
    ],
)
def test_after_any_other_change_the_next_database_is_a_new_copy(
    endpoints: Endpoints, databases: Databases, change: str
) -> None:
    first = databases.take()
    with connect(endpoints, first) as connection:
        before = oid(connection)
        connection.execute(change.format(name=first).encode())
    databases.give_back(first)
    second = databases.take()
    with connect(endpoints, second) as connection:
        assert oid(connection) != before
    databases.give_back(second)
