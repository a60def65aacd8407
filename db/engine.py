"""Connect to Postgres with deadlines on everything.

A server that is down is one error with one message.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from core.errors import ServiceBusy, ServiceUnreachable
from core.secrets import KNOWN
from core.settings import libpq_parameters, masked
from db.adapters import register_adapters
from db.sessions import Sessions, is_pooled, run_settled, settle
from db.statements import statement

CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_MS = 60_000
LOCK_TIMEOUT_MS = 10_000
#: How long a thread waits for a connection while others hold them all.
POOL_TIMEOUT_S = 30.0
#: A connection that has been idle for longer is pinged before it is used.
IDLE_S = 0.5
#: Rows that are read at a time.
PAGE = 200
#: Whatever a database may answer with: the last net of loops that must not end.
DATABASE_ERRORS = (ServiceUnreachable, SQLAlchemyError)
#: SQLSTATE of a write to a server that is a standby now, as after a switchover.
READ_ONLY = "25006"
#: How a server, or a pooler, without room for another connection refuses it.
FULL = ("too many clients", "connection slots are reserved", "no more connections allowed")


def open_database(
    url: str,
    *,
    name: str,
    pool_size: int = 5,
    overflow: int = 5,
    statement_timeout_ms: int = STATEMENT_TIMEOUT_MS,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    settings: dict[str, str] | None = None,
) -> Engine:
    """Return an engine for a ``postgresql://`` URL; nothing is connected yet.

    ``name`` is shown in ``pg_stat_activity``; ``settings`` are session settings such as
    ``evalctl.include_synthetic``, of each transaction where a pooler stands between. Options in the
    URL win. At most ``pool_size`` + ``overflow`` connections are open at once; more threads than
    that wait for one another, each as long as POOL_TIMEOUT_S.
    """
    options = {
        "statement_timeout": str(statement_timeout_ms),
        "lock_timeout": str(lock_timeout_ms),
        "idle_in_transaction_session_timeout": "120000",
        "timezone": "UTC",
        "datestyle": "ISO",
        "intervalstyle": "postgres",
        **(settings or {}),
    }
    given = libpq_parameters(url)
    KNOWN.learn(given.get("password"), given.get("sslpassword"))
    url_options = given.pop("options", "")
    parameters = {
        "connect_timeout": CONNECT_TIMEOUT_S,
        "application_name": f"evalctl {name}",
        "client_encoding": "UTF8",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
        **given,
    }
    sessions = Sessions(parameters, options, url_options)
    engine = create_engine(
        _shown(given),
        creator=sessions.connect,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_timeout=POOL_TIMEOUT_S,
    )
    event.listen(engine, "connect", sessions.note)
    event.listen(engine, "connect", _adapt)
    event.listen(engine, "begin", settle)
    event.listen(engine, "checkin", _note_idle)
    event.listen(engine, "checkout", _wake)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Run a transaction: commit at the end, roll back on an error.

    Raise ``ServiceUnreachable`` where the server is down or the connection broke, and the outcome
    may then be unknown; ``ServiceBusy``, a kind of it, where it cannot be done now, for a lock, a
    deadlock or a full disk, and was rolled back.
    """
    with reachable(engine), engine.begin() as connection:
        try:
            yield connection
        except DBAPIError as error:
            if is_read_only(error):
                connection.invalidate()  # the next one may find the new primary
            raise


@contextmanager
def reachable(engine: Engine) -> Iterator[None]:
    """Turn errors of a database that is down or busy into those that `transaction` raises."""
    try:
        yield
    except PoolTimeout as error:
        raise _pool_exhausted(engine) from error
    except DBAPIError as error:
        if is_connection_loss(error) or is_passing(error):
            raise unreachable(engine, error) from error
        raise


@contextmanager
def long_transaction(engine: Engine) -> Iterator[Connection]:
    """Run a transaction without statement timeout, for all jobs of a run of millions."""
    with transaction(engine) as connection:
        rows(connection, statement("lift_statement_timeout", "connections"))
        yield connection


def server_version(engine: Engine) -> str:
    """Return the version of the server, e.g. ``18.1``. Raise ``ServiceUnreachable``."""
    with transaction(engine) as connection:
        return str(rows(connection, statement("server_version", "connections"))[0]["version"])


def refuses_writes(engine: Engine) -> str | None:
    """Return why the server takes no writes, None where it takes them."""
    with transaction(engine) as connection:
        found = rows(connection, statement("writable", "connections"))[0]
    if found["recovering"]:
        return "is a standby in recovery"
    return "is read-only" if found["read_only"] else None


def reached_through_pooler(engine: Engine) -> bool:
    """Return whether a pooler such as PgBouncer stands before the server."""
    with transaction(engine) as connection:
        return is_pooled(connection.info)


def run_alone(
    engine: Engine, sql: str, parameters: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Run one named statement in its own transaction, in one round trip, and return its rows.

    For the statements that a worker runs for every job: they go to the driver on a pooled
    connection, past SQLAlchemy's execution. Raise ``ServiceUnreachable`` as ``transaction`` does,
    ``DBAPIError`` for what is wrong with the statement.
    """
    with reachable(engine):
        try:
            return _run_alone(engine, sql, parameters)
        except psycopg.Error as error:
            raise _wrapped(sql, error) from error


def _run_alone(engine: Engine, sql: str, parameters: dict[str, Any] | None) -> list[dict[str, Any]]:
    pooled = engine.raw_connection()
    try:
        connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
        with _leaving_standbys(pooled), connection.cursor(row_factory=dict_row) as cursor:
            if is_pooled(pooled.info):
                return run_settled(connection, cursor, pooled.info, sql, parameters)
            connection.autocommit = True
            try:
                cursor.execute(sql.encode(), parameters)
                return cursor.fetchall() if cursor.description is not None else []
            finally:
                if not connection.closed:
                    connection.autocommit = False
    finally:
        pooled.close()


@contextmanager
def _leaving_standbys(pooled: PoolProxiedConnection) -> Iterator[None]:
    """Have a broken connection leave the pool, and one that takes no writes."""
    connection = cast("psycopg.Connection[Any]", pooled.driver_connection)
    try:
        yield
    except psycopg.errors.ReadOnlySqlTransaction:
        connection.close()  # the next one may find the new primary
        raise
    finally:
        if connection.closed:
            pooled.invalidate()


def _wrapped(sql: str, error: psycopg.Error) -> DBAPIError:
    """Return the error as SQLAlchemy would raise it, without the parameters, which may be long."""
    kind = OperationalError if isinstance(error, psycopg.OperationalError) else DBAPIError
    return kind(sql, None, error)


def is_connection_loss(error: DBAPIError) -> bool:
    """Return whether the connection was lost, not whether the statement failed."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    # No state: never connected. 57P0x: shutdown or crash. 08: connection. 53300: too many clients.
    return isinstance(error, OperationalError) and (
        state is None or state.startswith(("08", "57P0")) or state == "53300"
    )


def is_read_only(error: DBAPIError) -> bool:
    """Return whether a write met a standby, as connections that outlive a switchover do."""
    return getattr(error.orig, "sqlstate", None) == READ_ONLY


def is_passing(error: DBAPIError) -> bool:
    """Return whether the server may succeed later: the transaction was rolled back."""
    state = getattr(error.orig, "sqlstate", None) or ""
    # 40: deadlock, serialisation. 53: disk, memory. 55: locks, objects in use. 57014: statement
    # timeout. 58: input or output of the system.
    return state.startswith(("40", "53", "55", "58")) or state in {"57014", READ_ONLY}


def is_refusal(error: SQLAlchemyError) -> bool:
    """Return whether the database refuses what was written for what it is, now and later."""
    cause = getattr(error, "orig", None)
    # 22: data. 23: constraints. 54: limits of the program. No state: the driver's own refusal.
    state = getattr(cause, "sqlstate", None)
    if state is None:
        return isinstance(cause, psycopg.DataError | psycopg.NotSupportedError)
    return str(state).startswith(("22", "23", "54"))


def unreachable(engine: Engine, error: DBAPIError) -> ServiceUnreachable:
    """Describe a database that is down, or cannot serve the request now; the password is masked."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    what = (
        f"database {engine.url.set(drivername='postgresql').render_as_string(hide_password=True)}"
    )
    reason = masked(lines[0]).rstrip(".")
    if is_passing(error):
        return ServiceBusy(what, reason, mend="Try again; its log says what got in the way")
    mend = "Start it, or correct EVALCTL_DATABASE_URL; `evalctl doctor` shows more"
    if any(words in reason for words in FULL):
        mend = (
            "A worker needs two connections, a command one: raise max_connections, or put "
            "PgBouncer before it"
        )
    return ServiceUnreachable(what, reason, mend=mend)


def _pool_exhausted(engine: Engine) -> ServiceBusy:
    what = (
        f"database {engine.url.set(drivername='postgresql').render_as_string(hide_password=True)}"
    )
    return ServiceBusy(
        what,
        f"no connection became free in {POOL_TIMEOUT_S:g} s",
        mend="Try again; it may be overloaded",
    )


def rows(
    connection: Connection, sql: str, parameters: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Run a named statement (psycopg parameter style) and return its rows as mappings."""
    result = connection.exec_driver_sql(sql, parameters or {})
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


def pages(
    engine: Engine, sql: str, parameters: dict[str, Any], *, key: str
) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of a statement by pages, each read in a separate transaction.

    The statement returns at most ``limit`` rows whose ``key`` is above ``after``, in its order.
    """
    after = 0
    while True:
        with transaction(engine) as connection:
            found = rows(connection, sql, parameters | {"after": after, "limit": PAGE})
        if not found:
            return
        yield found
        after = found[-1][key]


def _shown(given: dict[str, str]) -> URL:
    """Return a URL for sentences; connections are made by the parameters themselves."""
    port = given.get("port", "")
    return URL.create(
        "postgresql+psycopg",
        username=given.get("user"),
        password=given.get("password"),
        host=given.get("host"),
        port=int(port) if port.isdigit() else None,
        database=given.get("dbname"),
    )


def _adapt(connection: psycopg.Connection[Any], _entry: ConnectionPoolEntry) -> None:
    register_adapters(connection)


def _note_idle(_connection: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["idle_since_s"] = time.monotonic()


def _wake(connection: DBAPIConnection, entry: ConnectionPoolEntry, _fairy: object) -> None:
    """Replace an idle connection that is dead; ``pool_pre_ping`` would ping a busy one too."""
    if time.monotonic() - entry.info.get("idle_since_s", float("inf")) < IDLE_S:
        return
    try:
        connection.execute(statement("ping", "connections"))
        connection.rollback()
    except Exception as error:
        # The pool opens another connection.
        raise DisconnectionError from error
