"""The role of analysts: it reads the views of ``analytics_v1`` and nothing else, and no query of it runs for long."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlalchemy.exc import ProgrammingError

from db.engine import transaction
from db.errors import DbError

ANALYST_ROLE = "evalctl_analyst"

_SET_UP = f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ANALYST_ROLE}') THEN
        CREATE ROLE {ANALYST_ROLE} NOLOGIN;
    END IF;
END $$;
GRANT USAGE ON SCHEMA analytics_v1 TO {ANALYST_ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA analytics_v1 TO {ANALYST_ROLE};
"""


class GrantRefused(DbError):  # noqa: N818 - named for what happened
    """Say that the role could not be let in."""


def grant_analyst(engine: Engine, role: str) -> None:
    """Let an existing login role read the views, read-only and with a statement timeout of 60 s.

    Raise ``GrantRefused`` where the role does not exist or the owner may not create roles.
    """
    try:
        with transaction(engine) as connection:
            quoted = connection.dialect.identifier_preparer.quote(role)
            connection.exec_driver_sql(_SET_UP)
            connection.exec_driver_sql(f"GRANT {ANALYST_ROLE} TO {quoted}")
            # Settings of a group role are not inherited at login, so they go to the role itself.
            connection.exec_driver_sql(f"ALTER ROLE {quoted} SET statement_timeout = '60s'")
            connection.exec_driver_sql(f"ALTER ROLE {quoted} SET default_transaction_read_only = on")
    except ProgrammingError as error:
        raise GrantRefused(
            f"role {role!r} was not let in: {error.orig}; create it first: CREATE ROLE {role} LOGIN PASSWORD '...'"
        ) from error
