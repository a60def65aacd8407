"""The database's roles beside its owner: writers and analysts.

The owner migrates. ``evalctl_writer`` is what submitting, workers and the reconciler need: it can
change no table, drop none and delete no result. ``evalctl_analyst`` reads the views of
``analytics_v1`` and nothing else. Both are group roles that cannot log in; login roles become
members.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from core.errors import DbError
from db.engine import rows, transaction
from db.statements import statement

ANALYST_ROLE = "evalctl_analyst"
WRITER_ROLE = "evalctl_writer"


class GrantRefused(DbError):  # noqa: N818 - named for what happened
    """Say that the role could not be granted access."""


def grant_analyst(engine: Engine, role: str) -> None:
    """Let an existing login role read the views, with a statement timeout of 60 s.

    Raise ``GrantRefused`` where the role does not exist or the owner may not create roles.
    """
    _grant(engine, ANALYST_ROLE, role)


def grant_writer(engine: Engine, role: str) -> None:
    """Let an existing login role submit, work and reconcile.

    It cannot migrate, nor change or drop a table. Raise ``GrantRefused`` as ``grant_analyst`` does,
    and for a superuser, whom no grant limits.
    """
    _grant(engine, WRITER_ROLE, role)


def renew_grants(engine: Engine) -> tuple[str, ...]:
    """Renew the grants of the roles that exist, after a migration, and return those roles.

    Nothing happens where the connected role does not own the schema.
    """
    with transaction(engine) as connection:
        owns = rows(connection, statement("owns_schema", "roles"))
        if not owns or not owns[0]["owned"]:
            return ()
        renewed = tuple(row["role"] for row in rows(connection, statement("group_roles", "roles")))
        for group in renewed:
            rows(connection, statement(group, "roles"))
    return renewed


def login_roles(engine: Engine) -> tuple[str, ...]:
    """Return the roles of the server that can log in, by name."""
    with transaction(engine) as connection:
        return tuple(row["role"] for row in rows(connection, statement("login_roles", "roles")))


def _grant(engine: Engine, group: str, role: str) -> None:
    try:
        with transaction(engine) as connection:
            _refuse_superuser(connection, role)
            quoted = connection.dialect.identifier_preparer.quote(role)
            for name in ("create_group", group, f"join_{group}"):
                sql = statement(name, "roles").replace("{group}", group).replace("{role}", quoted)
                rows(connection, sql)
    except ProgrammingError as error:
        raise GrantRefused(
            f"role {role!r} was not granted access: {error.orig}; run this as the schema's "
            "owner, with the right to create roles, for a role that exists: "
            f"CREATE ROLE {role} LOGIN PASSWORD '...'"
        ) from error


def _refuse_superuser(connection: Connection, role: str) -> None:
    found = rows(connection, statement("is_superuser", "roles"), {"role": role})
    if found and found[0]["superuser"]:
        raise GrantRefused(
            f"role {role!r} is a superuser, whom no grant limits; create a separate role and "
            "name that"
        )
