"""A database of the version before is migrated, and every figure stays the same.

``home_0007.psql`` is a dump made by the code at revision 0007, which ran synthetic models to their
ends: a run in latency mode, one in throughput mode with an engine that dies under several jobs, and
jobs that were given up or wait after sharing such an engine. ``home_0007.json`` holds what its
commands printed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from sqlalchemy import Engine

from core.settings import Settings
from core.states import Mode
from db.engine import open_database
from db.migrate import alembic_config, schema_version
from db.queue.claims import claim
from orchestrator.supervisor import SupervisorFile, log_folder
from services.usage import Endpoints
from tests.support.database import query
from tests.support.jobs import register
from tests.support.processes import evalctl

FOLDER = Path(__file__).parent
OLD, NEW = "_IN_COMPANY", "_IN_BATCH"
PRINTED = json.loads((FOLDER / "home_0007.json").read_text(encoding="utf-8").replace(OLD, NEW))
ENDED_TOGETHER = """
SELECT 'job' AS kind, error_class, count(*) AS n
  FROM eval.job WHERE error_class LIKE '%%\\_IN\\_%%' GROUP BY 2
 UNION ALL
SELECT 'attempt', error_class, count(*)
  FROM eval.attempt WHERE error_class LIKE '%%\\_IN\\_%%' GROUP BY 2
 ORDER BY 1, 2
"""


@pytest.fixture
def database_url(database_url: str) -> str:
    """Give the database of the version before, in place of a migrated one."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA analytics_v1 CASCADE")
        connection.execute("DROP SCHEMA eval, eval_kept CASCADE")
        connection.execute((FOLDER / "home_0007.psql").read_bytes())
    return database_url


@pytest.fixture
def migrated(environment: dict[str, str]) -> dict[str, str]:
    """Give the environment of a user who has migrated that database."""
    refused = evalctl(environment, "status --json")
    assert refused.returncode == 3
    assert "Run `evalctl db upgrade`" in refused.stderr
    done = evalctl(environment, "db upgrade")
    assert done.returncode == 0, done.stderr
    return environment


def test_every_figure_is_as_the_version_before_printed_it(migrated: dict[str, str]) -> None:
    for run, before in PRINTED["results"].items():
        after = printed(migrated, f"results {run} --synthetic --explain")
        for row in after["scores"]:
            assert row.pop("score7_high") == row["score7"], "nothing was unclear"
            assert row.pop("coverage") == pytest.approx(1)
            assert row.pop("sampling")["temperature"] == 0
            assert row.pop("cut_share") == row.pop("context_cut_share") == 0
            assert row.pop("score7_mean") == row.pop("score7_high_mean") == row["score7"]
        for row in after["resources"]:
            assert row.pop("engine")
            assert row.pop("settings") == {}
        for row in after["explain"]["resources"]:
            assert row["example"].pop("need_all_gpus_mib") == row["example"]["need_mib"]
        added = {key: after.pop(key) for key in set(after) - set(before)}
        assert set(added) == {
            "sampling", "unscored", "cache", "gaps", "missing", "problem_set", "created_at",
            "problem_set_hash", "prompt_versions", "language", "mode", "prompt_effects",
            "prompt_steps",
            "imported", "costs", "energy", "verification",
        }  # fmt: skip
        assert not added["unscored"], "every answer was scored"
        assert_same(before, after)
    status = printed(migrated, "status")
    for row in status["runs"]:
        assert row.pop("budget_gpu_hours") is row.pop("pause_reason") is None
    assert_same(PRINTED["status"], status)
    listed = printed(migrated, "dead list")
    assert {job.pop("state") for job in listed["jobs"]} <= {"dead", "failed"}
    assert_same(PRINTED["dead"], listed)
    waiting = printed(migrated, "status waiting")
    assert waiting.pop("eta_s") is None, "nothing has ended for long"
    for key in ("budget_gpu_hours", "used_gpu_hours", "pause_reason"):
        assert waiting.pop(key) is None
    assert_same(PRINTED["status_waiting"], waiting)
    (schedule,) = printed(migrated, "schedule list")["schedules"]
    assert (schedule["schedule"], schedule["cron"]) == ("nightly", "0 2 * * *")
    assert schedule["timezone"] == "Asia/Shanghai"


def test_errors_of_jobs_that_shared_an_engine_are_renamed_there_and_back(
    migrated: dict[str, str], old_home: Engine
) -> None:
    assert migrated
    renamed = query(old_home, ENDED_TOGETHER)
    assert [(row["kind"], row["error_class"], row["n"]) for row in renamed] == [
        ("attempt", "ENGINE_DEAD_IN_BATCH", 11),
        ("attempt", "RUNTIME_CUDA_OOM_IN_BATCH", 3),
        ("job", "ENGINE_DEAD_IN_BATCH", 4),
    ]
    config = alembic_config()
    with old_home.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)
        command.downgrade(config, "0007")
    before = [row | {"error_class": row["error_class"].replace(NEW, OLD)} for row in renamed]
    assert query(old_home, ENDED_TOGETHER) == before


@pytest.mark.usefixtures("migrated")
def test_a_job_that_waits_after_sharing_a_dead_engine_is_tried_alone(old_home: Engine) -> None:
    assert schema_version(old_home).current
    query(old_home, "UPDATE eval.job SET available_at = now()")
    model = query(old_home, "SELECT id FROM eval.model WHERE name = 'away'")[0]["id"]
    queues = ("elsewhere",)
    beside: dict[str, Any] = {"worker_id": register(old_home, queues=queues), "queues": queues}
    beside |= {"loaded_for_s": 1.0}
    assert claim(old_home, **beside, loaded_model_id=model, mode=Mode.THROUGHPUT, at_most=4) == []
    (job,) = claim(old_home, **beside, loaded_model_id=None)
    assert (job.error_class, job.in_batch) == ("ENGINE_DEAD_IN_BATCH", False)


@pytest.fixture
def old_home(database_url: str) -> Iterator[Engine]:
    """Connect to that database."""
    opened = open_database(database_url, name="old home")
    yield opened
    opened.dispose()


def printed(user: dict[str, str], command_line: str) -> dict[str, Any]:
    """Return the document that a command prints."""
    done = evalctl(user, command_line, "--json")
    assert done.returncode in {0, 1}, done.stderr
    return dict(json.loads(done.stdout))


def assert_same(before: Any, after: Any) -> None:
    """Compare two documents, floats within a relative error of a millionth."""
    assert set(leaves(after)) == set(leaves(before))
    assert leaves(after) == pytest.approx(leaves(before))


def leaves(document: Any, path: str = "") -> dict[str, Any]:
    """Return the values of a nested document by their paths."""
    if not isinstance(document, dict | list):
        return {path: document}
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    return {
        key: value
        for name, inner in pairs
        for key, value in leaves(inner, f"{path}/{name}").items()
    }


def test_a_home_is_laid_out_as_the_version_before_did(home: Path, endpoints: Endpoints) -> None:
    assert endpoints.embedded
    kept = {"data", "port", "password", "start.lock", "alive.lock", "server.log"}
    assert {path.name for path in (home / "postgres").iterdir()} == kept
    assert {path.name for path in (home / "valkey").iterdir()} == kept | {
        "valkey.conf",
        "valkey.pid",
    }
    settings = Settings(home=home)
    note = SupervisorFile(settings)
    note.write()
    assert log_folder(settings) == home / "logs"
    assert {path.name for path in home.iterdir()} == {
        *("postgres", "valkey", "logs"),
        *("services.lock", "supervisor.json"),
    }
    running = note.running()
    note.remove()
    assert running is not None
