"""Passwords and keys never reach output, logs, command lines or tables, whatever goes wrong."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import quote, urlsplit

import psutil
import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import Engine

from db.engine import rows, transaction
from db.roles import grant_writer
from services.locks import wait_until
from tests.support.processes import LoggingProcess, run_program, running, worker

pytestmark = pytest.mark.lane("engines")

#: Each with a character that a URL escapes: neither spelling may be seen.
PASSWORDS = tuple(f"{name}-hidden@7c1f" for name in ("db", "broker", "sk", "wrong"))
DATABASE, BROKER, API_KEY, WRONG = PASSWORDS
SECRETS = (*PASSWORDS, *(quote(secret, safe="") for secret in PASSWORDS))
MODELS = """
[models.fake]
engine = "synthetic"
source = "fake"
options = {{ ttft_ms = 1, tpot_ms = 0, tokens = 20 }}
[models.remote]
engine = "openai"
source = "tiny"
base_url = "http://127.0.0.1:{port}/v1"
api_key_env = "REMOTE_KEY"
"""
TEXTS = """
SELECT table_schema, table_name, column_name FROM information_schema.columns
 WHERE table_schema = 'eval'
   AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY')
"""


class Gossip(BaseHTTPRequestHandler):
    """Refuse every request and repeat the caller's key in the reason, as some servers do."""

    heard: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        """Refuse."""
        self.heard.add(str(self.headers["Authorization"]))
        message = f"Incorrect API key provided: {self.headers['Authorization']}"
        answer = json.dumps({"error": {"message": message}}).encode()
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - the base class's spelling

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's spelling
        """Say nothing."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """What was seen of the processes under test."""

    environment: dict[str, str]
    home: Path
    #: What was printed or stood in a command line, by where.
    seen: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, *arguments: str, **changes: str) -> str:
        """Run a command of evalctl to its end and return what it printed."""
        command, given = (sys.executable, "-m", "orchestrator"), self.environment | changes
        done = run_program(*command, *arguments, env=given, timeout=90)
        self.seen[name] = done.stdout + done.stderr
        return self.seen[name]

    def note(self, name: str, process: LoggingProcess) -> None:
        """Keep the log of a process and the command lines of all processes there are now."""
        self.seen[name] = "".join(process.lines)
        self.seen[f"command lines beside {name}"] = "\n".join(
            " ".join(other.info["cmdline"] or ()) for other in psutil.process_iter(["cmdline"])
        )

    def files(self) -> Mapping[str, str]:
        """Return what stands in the files below EVALCTL_HOME."""
        files = (path for path in self.home.rglob("*") if path.is_file())
        return {str(path): path.read_text(encoding="utf-8", errors="replace") for path in files}


@pytest.fixture
def gossip() -> Iterator[int]:
    """Run the server that repeats keys and give its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Gossip) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture
def watched(
    environment: dict[str, str], engine: Engine, broker_url: str, tmp_path: Path, gossip: int
) -> Iterator[Watched]:
    """Give accounts with known passwords on both servers, and an API key."""
    role = f"hidden_{os.getpid()}"
    name = sql.Identifier(role)
    config = tmp_path / "evalctl.toml"
    config.write_text(MODELS.format(port=gossip), encoding="utf-8")
    url = engine.url.set(drivername="postgresql", username=role, password=DATABASE)
    broker = urlsplit(broker_url)
    with (
        psycopg.connect(environment["EVALCTL_DATABASE_URL"], autocommit=True) as owner,
        redis.Redis.from_url(broker_url) as admin,
    ):
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, DATABASE))
        grant_writer(engine, role)
        everything = {"keys": ["*"], "channels": ["*"], "commands": ["+@all"]}
        admin.acl_setuser("hidden", enabled=True, passwords=[f"+{BROKER}"], **everything)
        escaped = quote(BROKER, safe="")
        given = {
            "EVALCTL_DATABASE_URL": url.render_as_string(hide_password=False),
            "EVALCTL_BROKER_URL": f"redis://hidden:{escaped}@127.0.0.1:{broker.port}/0",
            "EVALCTL_CONFIG": str(config),
            "REMOTE_KEY": API_KEY,
        }
        yield Watched(environment=environment | given, home=tmp_path / "home")
        admin.acl_deluser("hidden")
        owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        owner.execute(sql.SQL("DROP ROLE {}").format(name))


def test_no_secret_is_seen_anywhere(watched: Watched, engine: Engine) -> None:
    models = ("--model", "fake", "--model", "remote", "--problems", "quickstart")
    bounds = ("--max-attempts", "1", "--repetitions", "1")
    assert "12 jobs" in watched.run("submit", "submit", *models, *bounds)
    with worker(watched.environment) as process:
        for _ in range(6):
            process.wait_for("job.succeeded")
        process.wait_for("job.failed", model="remote")
        watched.note("worker", process)
        assert process.stop() == 0
    with running(
        [sys.executable, "-m", "orchestrator", "up", "--foreground", "--gpus", "none"],
        watched.environment,
    ) as up:
        log = watched.home / "logs" / "worker-cpu0.log"
        assert wait_until(
            lambda: log.exists() and "worker.ready" in log.read_text(encoding="utf-8"), 60
        ), up.tail()
        for line in ("status", "status latest --json", "doctor", "results latest", "models check"):
            watched.run(line, *line.split())
        watched.note("supervisor", up)
        assert up.stop() == 0
    watched.run("reconcile", "reconcile", "--once")
    things_go_wrong(watched, engine)

    assert [
        (where, secret)
        for where, text in (watched.seen | dict(watched.files())).items()
        for secret in SECRETS
        if secret in text
    ] == []
    assert Gossip.heard == {f"Bearer {API_KEY}"}, "the key was used, and said back"
    assert {Path(file).name for file in watched.files()} >= {"worker-cpu0.log", "reconciler.log"}
    assert table_columns_with_secrets(engine) == []


def things_go_wrong(watched: Watched, engine: Engine) -> None:
    """Let everything fail that handles a secret."""
    good = watched.environment
    wrong = quote(WRONG, safe="")
    for variable, password in (("EVALCTL_DATABASE_URL", DATABASE), ("EVALCTL_BROKER_URL", BROKER)):
        given = {variable: good[variable].replace(quote(password, safe=""), wrong)}
        assert given[variable] != good[variable]
        for words in (("doctor",), ("submit", "--model", "fake", "--new")):
            watched.run(f"{words[0]} with a wrong {variable}", *words, **given)
        with worker(good | given) as process:
            said = "worker.refused" if "DATABASE" in variable else "Trying again"
            assert wait_until(partial(_said, process, said), 60), process.tail()
            watched.note(f"worker with a wrong {variable}", process)
    for broken in (
        "{scheme}//user:{wrong}@127.0.0.1:no-port/0",
        "{scheme}//user:{wrong}@[::1/0",
        "other://user:{wrong}@h/0",
    ):
        for variable, scheme in (
            ("EVALCTL_DATABASE_URL", "postgresql:"),
            ("EVALCTL_BROKER_URL", "redis:"),
        ):
            given = {variable: broken.format(scheme=scheme, wrong=wrong)}
            said = watched.run(
                f"status with {broken} as {variable}", "reconcile", "--once", **given
            )
            assert said, "it was refused with words"
    with transaction(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE eval.worker RENAME TO absent")
    with worker(good) as process:
        process.process.wait(60)
        process.stop()
        watched.note("worker that crashes", process)
    assert "Traceback" in watched.seen["worker that crashes"]
    with transaction(engine) as connection:
        connection.exec_driver_sql("ALTER TABLE eval.absent RENAME TO worker")


def table_columns_with_secrets(engine: Engine) -> list[str]:
    """Return the text columns of the database that hold one."""
    found = []
    with transaction(engine) as connection:
        columns = rows(connection, TEXTS)
        assert len(columns) > 30, "the tables were read"
        for column in columns:
            schema, table, name = (
                column[key] for key in ("table_schema", "table_name", "column_name")
            )
            query = (
                f'SELECT count(*) AS n FROM "{schema}"."{table}" '
                "WHERE EXISTS (SELECT FROM unnest(%(secrets)s::text[]) AS s "
                f'WHERE position(s IN "{name}"::text) > 0)'
            )
            if rows(connection, query, {"secrets": list(SECRETS)})[0]["n"]:
                found.append(f"{table}.{name}")
    return found


def _said(process: LoggingProcess, words: str) -> bool:
    return words in process.tail()
