"""Open connections with their session settings; behind a pooler, each transaction gets them.

PgBouncer and its like lend a connection of the server for one transaction: what a session sets, or
prepares, is not there in the next. Such a connection shows by its process number, which is not
the server's. Nothing of evalctl needs more of a session: advisory locks end with a transaction, and
hints replace LISTEN.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import nullcontext
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection
from sqlalchemy.pool import ConnectionPoolEntry

from core.errors import SettingsError
from db.statements import statement

#: Where a pooled connection keeps the settings that each of its transactions needs.
_SETTINGS = "evalctl.settings"
#: How poolers refuse settings at the start of a connection.
_REFUSED = ("unsupported startup parameter", "command-line options")
#: libpq sends these whatever the connection's own settings say, and PgBouncer keeps them.
_VARIABLES = {"PGDATESTYLE": "ISO", "PGTZ": "UTC", "PGGEQO": "default"}
#: What the server must have reported before the driver can read a row.
_REPORTED = {"DateStyle": "ISO", "TimeZone": "UTC", "IntervalStyle": "postgres"}
_WORD = re.compile(r"(?:\\.|[^\s\\])+", re.DOTALL)


class Sessions:
    """Connect to one database with the same settings each time."""

    def __init__(
        self, parameters: Mapping[str, Any], settings: Mapping[str, str], options: str = ""
    ) -> None:
        """Take libpq's ``parameters``, ``settings``, and ``options``, which win over both.

        Raise ``SettingsError`` where ``options`` are anything but ``-c NAME=VALUE``.
        """
        self._parameters = dict(parameters)
        ours = " ".join(f"-c {key}={value}" for key, value in settings.items())
        self._options = f"{ours} {options}".strip()
        self._settings = MappingProxyType({**settings, **parse_options(options)})
        self._refused = False
        os.environ.update(_VARIABLES)

    def connect(self) -> psycopg.Connection[Any]:
        """Open a connection, without the settings where they were refused."""
        if not self._refused:
            try:
                return psycopg.connect(**self._parameters, options=self._options)
            except psycopg.OperationalError as error:
                if not any(words in str(error) for words in _REFUSED):
                    raise
                self._refused = True
        # Empty and not left out: PGOPTIONS would take its place.
        return psycopg.connect(**self._parameters, options="")

    def note(self, connection: psycopg.Connection[Any], entry: ConnectionPoolEntry) -> None:
        """Find out whether a new connection leads through a pooler."""
        if connection.info.get_parameters().get("options") and not _through_pooler(connection):
            return
        connection.prepare_threshold = None
        entry.info[_SETTINGS] = self._settings


def is_pooled(info: Mapping[str, Any]) -> bool:
    """Return whether a connection with this ``info`` leads through a pooler."""
    return _SETTINGS in info


def settle(connection: Connection) -> None:
    """Give a transaction that begins its settings, unless its session has them."""
    settings = connection.info.get(_SETTINGS)
    if settings is not None:
        connection.exec_driver_sql(
            statement("settle", "connections"), {"settings": Jsonb(dict(settings))}
        )


def run_settled(
    connection: psycopg.Connection[Any],
    cursor: psycopg.Cursor[dict[str, Any]],
    info: Mapping[str, Any],
    sql: str,
    parameters: Mapping[str, Any] | None,
) -> list[dict[str, Any]]:
    """Run one statement through a pooler, in a transaction with its settings; return its rows.

    Rows are read before the commit, after which the session's style of dates is another's. Raise
    ``psycopg.Error``.
    """
    settings = {"settings": Jsonb(dict(info[_SETTINGS]))}
    # Both in one round trip, unless rows cannot be read before the settings have been reported.
    known = all(
        (connection.info.parameter_status(name) or "").startswith(value)
        for name, value in _REPORTED.items()
    )
    try:
        with connection.pipeline() if known else nullcontext():
            connection.execute(statement("settle", "connections").encode(), settings)
            cursor.execute(sql.encode(), parameters)
        found = cursor.fetchall() if cursor.description is not None else []
        connection.commit()
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise
    return found


def parse_options(options: str) -> dict[str, str]:
    """Return the settings in ``options`` as libpq reads them, e.g. ``-c role=writer``.

    Raise ``SettingsError``.
    """
    words = [re.sub(r"\\(.)", r"\1", word) for word in _WORD.findall(options)]
    found: dict[str, str] = {}
    while words:
        word = words.pop(0)
        if word == "-c" and words:
            word += words.pop(0)
        start = next((start for start in ("-c", "--") if word.startswith(start)), None)
        name, separator, value = word.removeprefix(start or "").partition("=")
        if start is None or not name or not separator:
            raise SettingsError("EVALCTL_DATABASE_URL", "may have options of -c NAME=VALUE alone")
        found[name.replace("-", "_")] = value
    return found


def _through_pooler(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the other side is not the process of the server that it says it is."""
    usual, connection.autocommit = connection.autocommit, True
    try:
        found = connection.execute(statement("process", "connections").encode()).fetchone()
    finally:
        connection.autocommit = usual
    return found is None or found[0] != connection.info.backend_pid
