"""``evalctl db``: migrate, check, copy, open a shell, grant access to writers and analysts."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import click
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import ProgrammingError

from core.errors import DbError, ServiceUnreachable
from core.settings import libpq_parameters
from db.migrate import schema_version, upgrade
from db.roles import grant_analyst, grant_writer, login_roles, renew_grants
from orchestrator.cli.dump import dump, restore
from orchestrator.cli.examples import examples
from orchestrator.cli.prune import prune
from orchestrator.connections import connect
from orchestrator.console import json_option, print_json, say
from orchestrator.errors import UsageFault
from services.postgres import postgres_binary


@click.group(name="db")
@examples("evalctl db upgrade")
def database() -> None:
    """Manage the database."""


@database.command(name="upgrade")
@examples("evalctl db upgrade")
def upgrade_command() -> int:
    """Migrate the database to the schema of this evalctl. Only its owner can.

    Nothing happens when the schema is current.
    Writers and analysts get access to new tables and views.
    """
    with connect(name="migrate", check_schema=False) as connections:
        before = schema_version(connections.engine)
        try:
            if not before.current:
                upgrade(connections.engine)
        except ProgrammingError as error:
            raise DbError(
                f"migration failed: {error.orig}; EVALCTL_DATABASE_URL must name the schema's owner"
            ) from error
        renew_grants(connections.engine)
    say(f"database is {'already ' if before.current else 'now '}at revision {before.needed}")
    return 0


@database.command()
@json_option
@examples("evalctl db check")
def check(*, as_json: bool) -> int:
    """Check whether the database schema is current. Exit code 1 if it is not."""
    with connect(name="check", check_schema=False) as connections:
        version = schema_version(connections.engine)
    if as_json:
        print_json({"found": version.found, "needed": version.needed, "current": version.current})
    else:
        say(f"found revision {version.found or 'none'}, need {version.needed}")
    return 0 if version.current else 1


@database.command()
@click.argument("arguments", nargs=-1)
@examples('evalctl db shell -- -c "SELECT * FROM analytics_v1.runs"')
def shell(*, arguments: tuple[str, ...]) -> None:
    """Open psql on the database.

    Extra arguments are passed to psql: the one on PATH, else that of the embedded PostgreSQL. The
    password is passed in the environment, not on the command line. With arguments there is no
    pager, unless PSQL_PAGER is set.
    """
    psql = shutil.which("psql") or _embedded_psql()
    with connect(name="shell") as connections:
        given = libpq_parameters(connections.endpoints.database_url)
        pager = {"PSQL_PAGER": ""} if arguments else {}
        environment = {**pager, **os.environ, "PGPASSWORD": given.pop("password", "")}
        plain = make_conninfo(**given)
        code = os.spawnve(os.P_WAIT, psql, [psql, plain, *arguments], environment)  # noqa: S606
    raise SystemExit(code)


@database.command()
@click.option("--role", metavar="NAME", help="Another login role, named without a password.")
@click.option("--with-password", is_flag=True, help="Print the password too.")
@examples("evalctl db url --role alice", 'psql "$(evalctl db url --with-password)"')
def url(*, role: str | None, with_password: bool) -> int:
    """Print the database's URL, for psql and other tools.

    The password of evalctl's own role is printed only on demand: keep it out of logs and files.
    That of another role is known to its owner alone.
    """
    if role is not None and with_password:
        raise UsageFault("evalctl knows no password of another role: leave one of the two out")
    with connect(name="url", check_schema=False) as connections:
        given = libpq_parameters(connections.endpoints.database_url)
        known = () if role is None else login_roles(connections.engine)
    if role is not None and role not in known:
        raise UsageFault(f"no role {role!r} can log in; those that can: {', '.join(known)}")
    if not with_password:
        given.pop("password", None)
    if role is not None:
        given["user"] = role
    # Around the guard of secrets: this one was asked for.
    sys.stdout.flush()
    sys.stdout.buffer.write(f"{uri(given)}\n".encode())
    sys.stdout.buffer.flush()
    return 0


for command in (dump, prune, restore):
    database.add_command(command)


@database.command(name="grant-analyst")
@click.argument("role")
@examples("evalctl db grant-analyst alice")
def grant_analyst_command(*, role: str) -> int:
    """Let a role read analytics_v1, and nothing else."""
    with connect(name="grant") as connections:
        grant_analyst(connections.engine, role)
    say(f"role {role} can read analytics_v1")
    return 0


@database.command(name="grant-writer")
@click.argument("role")
@examples("evalctl db grant-writer gpu_hosts")
def grant_writer_command(*, role: str) -> int:
    """Let a database role submit, run workers and reconcile.

    It cannot change or drop a table.
    """
    with connect(name="grant") as connections:
        grant_writer(connections.engine, role)
    say(f"role {role} can submit, run workers and reconcile")
    return 0


def uri(parameters: Mapping[str, str]) -> str:
    """Return connection parameters as one URI, which libpq reads back as the same parameters."""
    order = ("user", "password", "host", "port", "dbname")
    user, password, host, port, name = (quote(parameters.get(key, ""), safe="") for key in order)
    login = user + (f":{password}" if password else "") + ("@" if user or password else "")
    place = host + (f":{port}" if port else "")
    rest = {key: value for key, value in parameters.items() if key not in order}
    if "," in parameters.get("host", "") + parameters.get("port", ""):
        # Several hosts: libpq takes them as parameters too.
        rest |= {key: parameters[key] for key in ("host", "port") if key in parameters}
        place = ""
    return f"postgresql://{login}{place}/{name}" + (
        f"?{urlencode(rest, quote_via=quote)}" if rest else ""
    )


def _embedded_psql() -> str:
    try:
        return str(postgres_binary("psql"))
    except ServiceUnreachable as error:
        raise UsageFault(
            "psql is not installed; install PostgreSQL's client (Debian: postgresql-client)"
        ) from error
