"""``evalctl db``: migrate, check, open a shell, let writers and analysts in."""

from __future__ import annotations

import os
import shutil

import click
from sqlalchemy import make_url
from sqlalchemy.exc import ProgrammingError

from core.errors import DbError
from db.migrate import schema_version, upgrade
from db.roles import grant_analyst, grant_writer, renew_grants
from orchestrator.console import json_option, print_json
from orchestrator.errors import UsageFault
from orchestrator.session import open_session


@click.group(name="db")
def database() -> None:
    """Look after the database.

    \b
    Example:
      evalctl db upgrade
    """


@database.command(name="upgrade")
def upgrade_command() -> int:
    """Migrate the database to the schema of this evalctl; only its owner may. A current one is left as it is.

    Writers and analysts get what they may do with new tables and views.

    \b
    Example:
      evalctl db upgrade
    """
    with open_session(name="migrate", check_schema=False) as session:
        before = schema_version(session.engine)
        try:
            if not before.current:
                upgrade(session.engine)
        except ProgrammingError as error:
            raise DbError(
                f"not migrated: {error.orig}; EVALCTL_DATABASE_URL must name the schema's owner"
            ) from error
        renew_grants(session.engine)
    click.echo(f"database is at revision {before.needed}" + (" already" if before.current else ""))
    return 0


@database.command()
@json_option
def check(*, as_json: bool) -> int:
    """Say whether the database's schema is current; exit code 1 if not.

    \b
    Example:
      evalctl db check
    """
    with open_session(name="check", check_schema=False) as session:
        version = schema_version(session.engine)
    if as_json:
        print_json({"found": version.found, "needed": version.needed, "current": version.current})
    else:
        click.echo(f"found revision {version.found or 'none'}, needed {version.needed}")
    return 0 if version.current else 1


@database.command()
@click.argument("arguments", nargs=-1)
def shell(*, arguments: tuple[str, ...]) -> None:
    """Open psql on the database; further arguments go to psql. The password travels in the environment.

    \b
    Example:
      evalctl db shell -- -c "SELECT * FROM analytics_v1.runs"
    """
    psql = shutil.which("psql")
    if psql is None:
        raise UsageFault(
            "psql is not installed; install PostgreSQL's client (Debian: postgresql-client)"
        )
    with open_session(name="shell") as session:
        url = make_url(session.endpoints.database_url)
        environment = {**os.environ, "PGPASSWORD": str(url.password or "")}
        # ``URL.set`` takes None for "as before" and would leave three stars as the password.
        plain = url._replace(drivername="postgresql", password=None).render_as_string()
        code = os.spawnve(os.P_WAIT, psql, [psql, plain, *arguments], environment)  # noqa: S606
    raise SystemExit(code)


@database.command(name="grant-analyst")
@click.argument("role")
def grant_analyst_command(*, role: str) -> int:
    """Let a database role read the views of analytics_v1, and nothing else.

    \b
    Example:
      evalctl db grant-analyst alice
    """
    with open_session(name="grant") as session:
        grant_analyst(session.engine, role)
    click.echo(f"role {role} may read analytics_v1")
    return 0


@database.command(name="grant-writer")
@click.argument("role")
def grant_writer_command(*, role: str) -> int:
    """Let a database role submit, work and reconcile: all that hosts need, without the right to change or drop a table.

    \b
    Example:
      evalctl db grant-writer gpu_hosts
    """
    with open_session(name="grant") as session:
        grant_writer(session.engine, role)
    click.echo(f"role {role} may submit, work and reconcile")
    return 0
