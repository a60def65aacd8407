"""Passwords and keys never reach output, logs, command lines or tables, whatever goes wrong."""

from __future__ import annotations

import base64
import datetime as dt
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

from core.states import AlertChannel, NightState
from db.engine import rows, transaction
from db.nights.alerts import AlertText, add_alert
from db.roles import grant_writer
from services.waiting import wait_until
from tests.support.database import query
from tests.support.processes import LoggingProcess, run_program, running, worker

#: Each with a character that a URL escapes: neither spelling may be seen.
PASSWORDS = tuple(
    f"{name}-hidden@7c1f"
    for name in ("db", "broker", "sk", "wrong", "gateway", "filled", "header", "smtp", "hook")
)
DATABASE, BROKER, API_KEY, WRONG, GATEWAY, FILLED, HEADER, SMTP, HOOK = PASSWORDS
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
[models.echo]
engine = "openai"
source = "tiny"
base_url = "http://127.0.0.1:{port}/400/v1?api_key={filled}"
api_key_env = "REMOTE_KEY"
options.headers = {{ "X-Api-Key" = "${{HEADER}}" }}
[models.gateway]
engine = "openai"
source = "tiny"
base_url = "http://user:{gateway}@127.0.0.1:{port}/400/v1"
[models.away]
engine = "openai"
source = "tiny"
base_url = "http://user:${{FILLED}}@127.0.0.1:1/v1"
[models.chatty]
engine = "openai"
source = "tiny"
base_url = "http://127.0.0.1:{port}/200/v1"
api_key_env = "REMOTE_KEY"
[alerts]
webhook_url = "http://127.0.0.1:{port}/hooks/{hook}"
ping_url = "http://127.0.0.1:1/{hook}"
[alerts.mail]
host = "127.0.0.1"
port = 1
user = "nightly"
from = "nightly@example.org"
to = ["team@example.org"]
"""
TEXTS = """
SELECT table_schema, table_name, column_name FROM information_schema.columns
 WHERE table_schema NOT IN ('pg_catalog', 'information_schema')
   AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'ARRAY')
"""
CHAT = {
    "choices": [{"index": 0, "message": {"content": ""}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5},
}


class Gossip(BaseHTTPRequestHandler):
    """Repeat every header of a request in the reason of a refusal or in an answer."""

    heard: ClassVar[set[str]] = set()

    def do_GET(self) -> None:
        """List no model where chats are answered, so that they are asked for."""
        if "/v1/models" in self.path and "00/v1" in self.path:
            self._send(404, {"detail": "Not Found"})
        else:
            self.do_POST()

    def do_POST(self) -> None:
        """Answer, or refuse."""
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        headers = {name: self.headers[name] for name in ("Authorization", "X-Api-Key")}
        Gossip.heard |= {str(value) for value in headers.values()} | {self.path}
        if self.path.startswith("/200/"):
            choice: dict[str, object] = {"message": {"content": f"You sent {headers}"}}
            self._send(200, CHAT | {"choices": [choice | {"finish_reason": "stop"}]})
            return
        message = f"Incorrect API key provided: {headers} at {self.path}"
        self._send(400 if self.path.startswith("/400/") else 401, {"error": {"message": message}})

    def _send(self, status: int, document: object) -> None:
        answer = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

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
    written = {
        name: quote(value, safe="") for name, value in (("gateway", GATEWAY), ("hook", HOOK))
    }
    known = MODELS.format(port=gossip, filled="${FILLED}", **written)
    config.write_text(known, encoding="utf-8")
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
            "FILLED": quote(FILLED, safe=""),
            "HEADER": HEADER,
            "EVALCTL_SMTP_PASSWORD": SMTP,
        }
        yield Watched(environment=environment | given, home=tmp_path / "home")
        admin.acl_deluser("hidden")
        owner.execute(sql.SQL("DROP OWNED BY {}").format(name))
        owner.execute(sql.SQL("DROP ROLE {}").format(name))


def test_no_secret_is_seen_anywhere(watched: Watched, engine: Engine) -> None:
    names = ("fake", "remote", "echo", "gateway", "away", "chatty")
    models = [word for name in names for word in ("--model", name)]
    bounds = ("--problems", "quickstart", "--max-attempts", "1", "--repetitions", "1")
    assert "36 jobs" in watched.run("submit", "submit", *models, *bounds)
    add_alerts(engine)
    with worker(watched.environment) as process:
        for _ in range(6):
            process.wait_for("job.succeeded", model="fake")
        for model in ("remote", "echo", "gateway"):
            process.wait_for("job.failed", model=model)
        process.wait_for("job.succeeded", model="chatty")
        assert wait_until(partial(_held, engine), 60), process.tail()
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
        for line in (
            "status latest", "doctor", "results latest", "models list --json", "models check",
            "dead list --json", "answer latest --problem sec-symmetric-01",
            f"report latest --out {watched.home / 'report.html'}",
        ):  # fmt: skip
            watched.run(line, *line.split())
        watched.note("supervisor", up)
        assert up.stop() == 0
    watched.run("reconcile", "reconcile", "--once")
    assert query(engine, "SELECT 1 FROM eval.alert WHERE last_error IS NOT NULL"), "one was tried"
    assert_unseen(watched, engine)
    answers = {
        row["output"] for row in query(engine, "SELECT output FROM analytics_v1.generations")
    }
    assert any("Bearer ***" in answer for answer in answers), "an answer said it back"
    basic = base64.b64encode(f"user:{GATEWAY}".encode()).decode()
    hook = f"/hooks/{quote(HOOK, safe='')}"
    used = {f"Bearer {API_KEY}", f"Basic {basic}", HEADER, hook}
    assert used <= Gossip.heard, "all were used, and said back"
    assert any(quote(FILLED, safe="") in heard for heard in Gossip.heard)
    assert {Path(file).name for file in watched.files()} >= {"worker-cpu0.log", "reconciler.log"}


def assert_unseen(watched: Watched, engine: Engine) -> None:
    """Look for every secret in all that was printed, logged, listed and stored."""
    assert [
        (where, secret)
        for where, text in (watched.seen | dict(watched.files())).items()
        for secret in SECRETS
        if secret in text
    ] == []
    assert table_columns_with_secrets(engine) == []


def test_no_secret_is_seen_when_things_go_wrong(watched: Watched, engine: Engine) -> None:
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
    assert_unseen(watched, engine)


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


def add_alerts(engine: Engine) -> None:
    """Let a message wait for each channel."""
    text = AlertText(
        schedule="nightly", slot=dt.datetime(2026, 11, 24, tzinfo=dt.UTC),
        state=NightState.REGRESSED, subject="nightly: regressed", body="", document={},
    )  # fmt: skip
    with transaction(engine) as connection:
        add_alert(connection, text, tuple(AlertChannel))


def _held(engine: Engine) -> bool:
    return bool(query(engine, "SELECT 1 FROM eval.model_server WHERE held_until IS NOT NULL"))


def _said(process: LoggingProcess, words: str) -> bool:
    return words in process.tail()
