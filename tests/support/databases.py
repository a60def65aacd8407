"""A migrated database for each test: the one of the test before, as long as that left only rows.

To copy the template takes hundreds of files, to empty a few tables a few statements.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import Any

import psycopg
from sqlalchemy import make_url

#: Catalogues that every change of the schema, of rights, comments and settings writes to.
CATALOGUES = (
    "pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_default_acl", "pg_description",
    "pg_event_trigger", "pg_extension", "pg_index", "pg_init_privs", "pg_largeobject_metadata",
    "pg_namespace", "pg_policy", "pg_proc", "pg_publication", "pg_rewrite", "pg_sequence",
    "pg_statistic", "pg_statistic_ext", "pg_trigger", "pg_type",
)  # fmt: skip
#: Beside those, what a vacuum writes in place, and what the whole server keeps of this database.
BESIDE = """
SELECT sum(relpages)::bigint, sum(reltuples)::bigint FROM pg_class
UNION ALL
SELECT count(setconfig), count(datacl) + sum(datconnlimit) FROM pg_database
  LEFT JOIN pg_db_role_setting ON setdatabase = pg_database.oid
 WHERE datname = current_database()
"""
TABLES = """
SELECT oid::regclass::text AS name FROM pg_class
 WHERE relkind = 'r' AND relpersistence <> 't'
   AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
 ORDER BY name
"""
SEQUENCES = """
SELECT seqrelid::regclass::text AS name, pg_sequence_last_value(seqrelid) AS value
  FROM pg_sequence ORDER BY name
"""
BACK = """
SELECT setval(seqrelid, seqstart, false) FROM pg_sequence
 WHERE pg_sequence_last_value(seqrelid) IS NOT NULL
"""
END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
#: A table that was larger is slow to read although it is empty, and the planner takes it for large.
LARGEST_BYTES = 256 * 1024


class Databases:
    """The databases of one pytest process, whose tests run one after another."""

    def __init__(self, server_url: str, template: str, *, prefix: str = "evalctl") -> None:
        """Note what the template holds."""
        self._server_url, self._template, self._prefix = server_url, template, prefix
        self._numbers = itertools.count()
        self._clean: str | None = None
        with self._connect(template) as connection:
            tables = [name for (name,) in connection.execute(TABLES)]
            given = [name for name in tables if holds_rows(connection, name)]
            self._tables = [name for name in tables if name not in given]
            values = [value for _, value in connection.execute(SEQUENCES)]
            assert set(values) == {None}, "rows of a migration took a number from a sequence"
        self._state = _state(given)
        self._before: list[Any] = []

    def take(self) -> str:
        """Return the name of a database that is as the template; no earlier one had the name."""
        name = f"{self._prefix}_{os.getpid()}_{next(self._numbers)}"
        if self._clean is None:
            self._administer(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
            # Of the copy: the server may vacuum the template at any time.
            with self._connect(name) as connection:
                self._before = connection.execute(self._state).fetchall()
        else:
            self._administer(f"ALTER DATABASE {self._clean} RENAME TO {name}")
            self._clean = None
        return name

    def give_back(self, name: str) -> None:
        """Empty a database for the next test, or drop it where more than rows has changed."""
        try:
            self._clean = name if self._emptied(name) else None
        except psycopg.Error:
            self._clean = None
        if self._clean is None:
            self._drop(name)

    def close(self) -> None:
        """Drop the database that waits for a next test."""
        if self._clean is not None:
            self._drop(self._clean)

    def _drop(self, name: str) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _emptied(self, name: str) -> bool:
        with self._connect(name) as connection:
            connection.execute(END_OTHERS)
            if connection.execute(self._state).fetchall() != self._before:
                return False
            used = [found for (found,) in connection.execute(_used(self._tables))]
            connection.execute("SET session_replication_role = replica")  # no trigger, no order
            for table in used:
                connection.execute(f"DELETE FROM {table}".encode())
                size = f"SELECT pg_relation_size('{table}')"
                (size_bytes,) = connection.execute(size.encode()).fetchone() or (0,)
                if size_bytes > LARGEST_BYTES:
                    return False
            connection.execute(BACK)
        return True

    def _connect(self, name: str) -> psycopg.Connection[Any]:
        url = make_url(self._server_url).set(database=name)
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)

    def _administer(self, statement: str) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(statement.encode())


def holds_rows(connection: psycopg.Connection[Any], table: str) -> bool:
    """Return whether a table has any."""
    return connection.execute(f"SELECT FROM {table} LIMIT 1".encode()).rowcount > 0


def _state(given: Sequence[str]) -> bytes:
    """Return a query of what emptying tables leaves as it is: the schema, and what it began with.

    A row that was written has a later transaction, and one that was removed is missing.
    """
    counted = (
        f"SELECT count(*), max(xmin::text::bigint) FROM {table}" for table in (*CATALOGUES, *given)
    )
    return " UNION ALL ".join((*counted, BESIDE)).encode()


def _used(tables: Sequence[str]) -> bytes:
    """Return a query of the tables with rows."""
    asked = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    return " UNION ALL ".join(asked).encode()
