"""The database's roles beside its owner: writers, who do evalctl's daily work, and analysts, who read.

The owner migrates. ``evalctl_writer`` is what submitting, workers and the reconciler need: it can change no table, drop none
and delete no result. ``evalctl_analyst`` reads the views of ``analytics_v1`` and nothing else. Both are group roles that
cannot log in; login roles become members.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import ProgrammingError

from core.errors import DbError
from db.engine import transaction

ANALYST_ROLE = "evalctl_analyst"
WRITER_ROLE = "evalctl_writer"
#: Tables whose rows are used up, or are the user's to take away; of everything else a writer can delete nothing.
DELETABLE = ("outbox", "run_tally", "schedule")

# Default privileges reach the tables and views that later migrations of the same owner make.
_GRANTS = {
    ANALYST_ROLE: f"""
GRANT USAGE ON SCHEMA analytics_v1 TO {ANALYST_ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA analytics_v1 TO {ANALYST_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics_v1 GRANT SELECT ON TABLES TO {ANALYST_ROLE};
""",
    WRITER_ROLE: f"""
GRANT USAGE ON SCHEMA eval, analytics_v1 TO {WRITER_ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA eval, analytics_v1 TO {WRITER_ROLE};
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA eval TO {WRITER_ROLE};
REVOKE INSERT, UPDATE ON eval.alembic_version FROM {WRITER_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA eval GRANT SELECT, INSERT, UPDATE ON TABLES TO {WRITER_ROLE};
ALTER DEFAULT PRIVILEGES IN SCHEMA analytics_v1 GRANT SELECT ON TABLES TO {WRITER_ROLE};
DO $$ DECLARE one text; BEGIN
    FOREACH one IN ARRAY ARRAY[{", ".join(f"'{table}'" for table in DELETABLE)}] LOOP
        IF to_regclass('eval.' || one) IS NOT NULL THEN
            EXECUTE format('GRANT DELETE ON eval.%%I TO {WRITER_ROLE}', one);
        END IF;
    END LOOP;
END $$;
""",  # noqa: S608 - every name is ours
}


class GrantRefused(DbError):  # noqa: N818 - named for what happened
    """Say that the role could not be let in."""


def grant_analyst(engine: Engine, role: str) -> None:
    """Let an existing login role read the views, read-only and with a statement timeout of 60 s.

    Raise ``GrantRefused`` where the role does not exist or the owner may not create roles.
    """
    # Settings of a group role are not inherited at login, so they go to the role itself.
    settings = ("statement_timeout = '60s'", "default_transaction_read_only = on")
    _grant(engine, ANALYST_ROLE, role, settings)


def grant_writer(engine: Engine, role: str) -> None:
    """Let an existing login role submit, work and reconcile. It cannot migrate, nor change or drop a table.

    Raise ``GrantRefused`` as ``grant_analyst`` does, and for a superuser, whom no grant limits.
    """
    _grant(engine, WRITER_ROLE, role, ())


def renew_grants(engine: Engine) -> tuple[str, ...]:
    """Grant again what the roles that exist are to have, after a migration, and return them.

    Nothing happens where the connected role does not own the schema: it has no say in it.
    """
    with transaction(engine) as connection:
        owner = "SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = 'eval'"
        if not connection.exec_driver_sql(owner).scalar():
            return ()
        known = connection.exec_driver_sql(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'evalctl\\_%%'"
        )
        renewed = tuple(name for name in known.scalars() if name in _GRANTS)
        for name in renewed:
            connection.exec_driver_sql(_GRANTS[name])
    return renewed


def _grant(engine: Engine, group: str, role: str, settings: tuple[str, ...]) -> None:
    try:
        with transaction(engine) as connection:
            _refuse_superuser(connection, role)
            connection.exec_driver_sql(
                f"DO $$ BEGIN CREATE ROLE {group} NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
            )
            connection.exec_driver_sql(_GRANTS[group])
            quoted = connection.dialect.identifier_preparer.quote(role)
            connection.exec_driver_sql(f"GRANT {group} TO {quoted}")
            for setting in settings:
                connection.exec_driver_sql(f"ALTER ROLE {quoted} SET {setting}")
    except ProgrammingError as error:
        raise GrantRefused(
            f"role {role!r} was not let in: {error.orig}; grant as the schema's owner, who may create roles, to a role that "
            f"exists: CREATE ROLE {role} LOGIN PASSWORD '...'"
        ) from error


def _refuse_superuser(connection: Connection, role: str) -> None:
    query = "SELECT rolsuper FROM pg_roles WHERE rolname = %s"
    if connection.exec_driver_sql(query, (role,)).scalar():
        raise GrantRefused(
            f"role {role!r} is a superuser, whom no grant limits; name a role of its own"
        )
