"""All works over TLS with the least accounts; evalctl uses no server that it cannot trust."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import psycopg
import pytest

from tests.hosts.conftest import ACCOUNTS, SecuredPair
from tests.support.processes import evalctl, evalctl_json, running, worker

pytestmark = pytest.mark.lane("hosts")

MODEL = """
[models.fake]
engine = "synthetic"
source = "fake"
options = { ttft_ms = 1, tpot_ms = 0, tokens = 20 }
"""
UNREACHABLE = 3


@pytest.fixture
def user(secured: SecuredPair, tmp_path: Path) -> dict[str, str]:
    """Give the environment of a host that knows both servers by their secured URLs."""
    config = tmp_path / "evalctl.toml"
    config.write_text(MODEL, encoding="utf-8")
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("EVALCTL_")},
        "EVALCTL_HOME": str(tmp_path / "home"),
        "EVALCTL_CONFIG": str(config),
        "EVALCTL_DATABASE_URL": secured.database_url,
        "EVALCTL_BROKER_URL": secured.broker_url,
        "PYTHONUNBUFFERED": "1",
    }


def test_a_run_over_tls_with_the_least_accounts(user: dict[str, str], secured: SecuredPair) -> None:
    secured.admin.acl_log_reset()
    with worker(user, "--queue", "synthetic") as process:
        process.wait_for("worker.ready")
        arguments = ("--model", "fake", "--problems", "quickstart", "--repetitions", "5", "--json")
        submitted = evalctl(user, "submit", *arguments)
        assert submitted.returncode == 0, submitted.stderr
        assert json.loads(submitted.stdout)["published"] == 30
        for _ in range(30):
            process.wait_for("job.succeeded")
        # Not its exit code: what else it checks depends on the machine.
        doctor = json.loads(evalctl(user, "doctor --json").stdout)
        checks = {check["name"]: check for check in doctor["checks"]}
        assert [
            name for name in ("database", "schema", "workers", "broker") if not checks[name]["ok"]
        ] == []
        with psycopg.connect(secured.owner_url) as connection:
            query = (
                "SELECT bool_and(ssl), count(*) > 1 FROM pg_stat_ssl "
                "JOIN pg_stat_activity USING (pid) WHERE usename = 'gpu_hosts'"
            )
            assert connection.execute(query).fetchone() == (True, True)
        assert process.stop() == 0
    assert evalctl(user, "reconcile --once").returncode == 0
    assert evalctl_json(user, "status latest")["state"] == "succeeded"
    denied = {(entry["reason"], entry["object"]) for entry in secured.admin.acl_log()}
    assert not denied, f"{ACCOUNTS.name} lets evalctl do too little"


def test_the_account_of_the_broker_can_do_nothing_else(secured: SecuredPair) -> None:
    for command in (
        ("CONFIG", "GET", "*"),
        ("FLUSHALL",),
        ("KEYS", "*"),
        ("ACL", "LIST"),
        ("SHUTDOWN",),
        ("SET", "x", "1"),
    ):
        answer = str(secured.admin.execute_command("ACL", "DRYRUN", "evalctl", *command))  # type: ignore[no-untyped-call]
        assert "no permissions" in answer or "permission to access" in answer, (
            f"{command}: {answer}"
        )


@pytest.mark.parametrize(
    ("variable", "trusted", "instead"),
    [
        ("EVALCTL_DATABASE_URL", "sslrootcert={ca}", "sslrootcert=system"),
        ("EVALCTL_DATABASE_URL", "@localhost", "@127.0.0.1"),
        ("EVALCTL_BROKER_URL", "ssl_ca_certs={ca}&", ""),
        ("EVALCTL_BROKER_URL", "@localhost", "@127.0.0.1"),
    ],
    ids=[
        "database of an unknown authority",
        "database of another name",
        "broker of an unknown authority",
        "of another name",
    ],
)
def test_a_server_that_cannot_prove_itself_is_refused(
    user: dict[str, str], secured: SecuredPair, variable: str, trusted: str, instead: str
) -> None:
    before = user[variable]
    user[variable] = before.replace(trusted.format(ca=secured.certificates.authority), instead)
    assert user[variable] != before
    doctor = evalctl_json(user, "doctor", code=1)
    name = "database" if "DATABASE" in variable else "broker"
    (check,) = [check for check in doctor["checks"] if check["name"] == name]
    assert not check["ok"]
    assert "certificate" in check["found"]
    if name == "database":
        with running([sys.executable, "-m", "workers", "--cpu"], user) as process:
            assert "certificate" in process.wait_for("worker.refused")["error"]
            assert process.process.wait(30) == UNREACHABLE
