"""A writer can do the whole day's work and harm nothing.

Migrations leave what writers and analysts may do as it was.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from psycopg import sql
from sqlalchemy import Engine, make_url

from core.settings import libpq_parameters
from db.engine import rows, transaction
from db.migrate import alembic_config, upgrade
from db.roles import (
    ANALYST_ROLE,
    WRITER_ROLE,
    GrantRefused,
    grant_analyst,
    grant_writer,
    renew_grants,
)
from orchestrator.cli.database import uri
from tests.support.database import query
from tests.support.debian_packages import program_or_skip
from tests.support.processes import evalctl, evalctl_json, run_program, worker

PASSWORD = "only-for-this-test"
MODEL = (
    '[models.fake]\nengine = "synthetic"\nsource = "simulated"\noptions = { ttft_ms = '
    "1, tpot_ms = 0, tokens = 20 }\n"
)


@pytest.fixture
def login(database_url: str) -> Iterator[str]:
    """Make a login role that may do nothing yet."""
    role = f"role_{os.getpid()}"
    name = sql.Identifier(role)
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, PASSWORD))
        yield role
        owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        owner.execute(sql.SQL("DROP ROLE {}").format(name))


def url_of(login: str, database_url: str) -> str:
    return (
        make_url(database_url)
        .set(username=login, password=PASSWORD)
        .render_as_string(hide_password=False)
    )


@pytest.fixture
def writer(engine: Engine, login: str, database_url: str) -> str:
    """Give the URL of a role that was let in as a writer."""
    grant_writer(engine, login)
    return url_of(login, database_url)


def test_submit_worker_and_reconciler_need_no_more_than_a_writer(
    environment: dict[str, str], writer: str, engine: Engine, tmp_path: Path
) -> None:
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL, encoding="utf-8")
    user = environment | {"EVALCTL_DATABASE_URL": writer, "EVALCTL_CONFIG": str(config)}
    submitted = evalctl(
        user,
        "submit --model fake --problems quickstart --repetitions 2 --json",
    )
    assert submitted.returncode == 0, submitted.stderr
    with worker(user, "--queue", "synthetic") as process:
        for _ in range(12):
            process.wait_for("job.succeeded")
        assert process.stop() == 0
    assert evalctl(user, "reconcile --once").returncode == 0
    assert evalctl_json(user, "status latest")["state"] == "succeeded"
    for words in ("pause latest", "resume latest", "retry latest", "cancel latest", "doctor"):
        done = evalctl(user, words)
        assert "permission denied" not in done.stderr + done.stdout
        assert words == "doctor" or done.returncode == 0, done.stderr
    assert evalctl(user, "results latest --json").returncode == 0
    assert evalctl(user, "run rename latest mine").returncode == 0
    kept = evalctl(user, "run delete mine --yes")
    assert (kept.returncode, "only the owner of the schema" in kept.stderr) == (2, True)
    assert evalctl_json(user, "status mine")["jobs"]["succeeded"] == 12
    with transaction(engine) as connection:
        used = "SELECT count(*) AS n FROM eval.worker WHERE state = 'stopped'"
        assert rows(connection, used) == [{"n": 1}]


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE eval.job",
        "ALTER TABLE eval.job ADD COLUMN mine int",
        "ALTER TABLE eval.job DISABLE TRIGGER ALL",
        "CREATE TABLE eval.mine (x int)",
        "CREATE TABLE public.mine (x int)",
        "CREATE SCHEMA mine",
        "DROP VIEW analytics_v1.runs",
        "CREATE OR REPLACE VIEW analytics_v1.mine AS SELECT 1",
        "TRUNCATE eval.job",
        "DELETE FROM eval.job",
        "DELETE FROM eval.generation",
        "DELETE FROM eval.run",
        "UPDATE eval.alembic_version SET version_num = '0000'",
        "CREATE ROLE mine",
        "COPY eval.job TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
        "GRANT pg_read_all_data TO CURRENT_USER",
    ],
)
def test_a_writer_can_change_no_table_and_take_no_result_away(statement: str, writer: str) -> None:
    with psycopg.connect(writer) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.encode())


def test_later_migrations_reach_writers_and_analysts_by_themselves(
    engine: Engine, writer: str, login: str, database_url: str
) -> None:
    grant_analyst(engine, login)
    query(engine, "CREATE TABLE eval.later (x int)")
    query(engine, "CREATE VIEW analytics_v1.later AS SELECT x FROM eval.later")
    with psycopg.connect(writer) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        connection.execute("INSERT INTO eval.later VALUES (1)")
        connection.execute("UPDATE eval.later SET x = 2")
        assert connection.execute("SELECT x FROM analytics_v1.later").fetchall() == [(2,)]
    with psycopg.connect(url_of(login, database_url)) as connection:
        assert connection.execute("SELECT count(*) FROM analytics_v1.later").fetchone() == (1,)


def test_views_and_tables_made_again_are_granted_again(engine: Engine, writer: str) -> None:
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    upgrade(engine)
    renew_grants(engine)
    with psycopg.connect(writer) as connection:
        assert connection.execute("SELECT count(*) FROM analytics_v1.runs").fetchone() == (0,)
        connection.execute("DELETE FROM eval.outbox")
        connection.execute("DELETE FROM eval.schedule")


def test_grants_are_renewed_for_the_owner_alone(engine: Engine, writer: str, login: str) -> None:
    grant_analyst(engine, login)
    query(engine, f"REVOKE INSERT ON eval.job FROM {WRITER_ROLE}")
    assert set(renew_grants(engine)) == {WRITER_ROLE, ANALYST_ROLE}
    with psycopg.connect(writer) as connection:
        assert connection.execute(
            "SELECT has_table_privilege('eval.job', 'INSERT')"
        ).fetchone() == (True,)


def test_a_writer_may_say_upgrade_where_nothing_is_to_be_done(
    environment: dict[str, str], writer: str
) -> None:
    done = evalctl(environment | {"EVALCTL_DATABASE_URL": writer}, "db upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert "already" in done.stdout


def test_a_writer_cannot_migrate_and_learns_who_can(
    environment: dict[str, str], writer: str, engine: Engine
) -> None:
    config = alembic_config()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    done = evalctl(environment | {"EVALCTL_DATABASE_URL": writer}, "db upgrade")
    assert done.returncode == 2
    assert "permission denied" in done.stderr
    assert "must name the schema's owner" in done.stderr


def test_the_command_lets_a_role_in(
    environment: dict[str, str], login: str, engine: Engine
) -> None:
    done = evalctl(environment, f"db grant-writer {login}")
    assert done.returncode == 0
    assert done.stdout == f"role {login} can submit, run workers and reconcile\n", done.stderr
    with transaction(engine) as connection:
        member = "SELECT pg_has_role(%(login)s, %(group)s, 'MEMBER') AS member"
        assert rows(connection, member, {"login": login, "group": WRITER_ROLE}) == [
            {"member": True}
        ]


def test_a_missing_role_and_a_superuser_are_refused(
    environment: dict[str, str], engine: Engine
) -> None:
    done = evalctl(environment, "db grant-writer nobody_of_this_name")
    assert done.returncode == 2
    assert "for a role that exists: CREATE ROLE nobody_of_this_name" in done.stderr
    assert engine.url.username is not None
    with pytest.raises(GrantRefused, match="is a superuser"):
        grant_writer(engine, engine.url.username)


def test_the_url_is_what_other_tools_log_in_with(
    environment: dict[str, str], engine: Engine, login: str
) -> None:
    grant_analyst(engine, login)
    command = (sys.executable, "-m", "orchestrator", "db", "url")
    own = run_program(*command, "--with-password", env=environment)
    with psycopg.connect(own.stdout.strip()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (engine.url.username,)
    theirs = run_program(*command, "--role", login, env=environment).stdout.strip()
    assert str(engine.url.password) not in theirs
    with psycopg.connect(theirs, password=PASSWORD) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,), (
            "an analyst's search path is analytics_v1"
        )
    both = run_program(*command, "--with-password", "--role", login, env=environment)
    assert both.returncode == 2
    unknown = run_program(*command, "--role", "nobody_of_this_name", env=environment)
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "no role 'nobody_of_this_name' can log in; those that can: " in unknown.stderr
    assert login in unknown.stderr


@pytest.mark.parametrize(
    "parameters",
    [
        {"user": "a", "password": "p/ @:%?#", "host": "h.example", "port": "5433", "dbname": "d"},
        {"user": "a", "host": "/run/postgresql", "dbname": "d x"},
        {"user": "a", "host": "one,two", "port": "5432,5433", "dbname": "d", "sslmode": "require"},
        {"user": "a", "host": "::1", "port": "5432", "dbname": "d", "options": "-c jit=off"},
    ],
)
def test_a_url_is_read_back_as_it_was(parameters: dict[str, str]) -> None:
    assert libpq_parameters(uri(parameters)) == parameters


def test_the_shell_logs_in_and_its_command_line_holds_no_password(
    environment: dict[str, str], writer: str
) -> None:
    program_or_skip("psql")
    user = environment | {"EVALCTL_DATABASE_URL": writer}
    command_line = r"\! tr '\0' ' ' < /proc/$PPID/cmdline"
    shell = (sys.executable, "-m", "orchestrator", "db", "shell", "--")
    psql = ("-At", "-c", "SELECT current_user", "-c", command_line)
    done = run_program(*shell, *psql, env=user)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == make_url(writer).username
    assert "psql" in done.stdout, "its command line was read"
    assert PASSWORD not in done.stdout
