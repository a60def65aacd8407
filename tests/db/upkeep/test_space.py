"""Old traces and kept logs go; every figure, and whatever is not old, stays."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.upkeep.space import prunable, prune, space_use
from tests.support.database import count, query
from tests.support.processes import evalctl, evalctl_json
from tests.support.results import store

DAY_S = 86_400
OLD = "UPDATE eval.{} SET {} = now() - interval '40 days' WHERE {}"
FIGURES = "SELECT x::text AS row FROM analytics_v1.generations AS x ORDER BY 1"
SAMPLES = "SELECT job_id, count(*) AS n FROM analytics_v1.memory_samples GROUP BY 1 ORDER BY 1"
LOG = "SELECT log_text_hash FROM eval.boot ORDER BY id"


@pytest.fixture
def jobs(engine: Engine) -> list[int]:
    """Store two answers with traces and two engine starts with logs, the first of each old."""
    store(
        engine,
        [{"peak_mib": 900, "memory_kind": "device"}, {"peak_mib": 800, "start": 1}],
        starts=({}, {}),
    )
    stored = query(engine, "SELECT job_id FROM eval.generation ORDER BY job_id")
    found = [row["job_id"] for row in stored]
    for n in (1, 2):
        query(engine, "INSERT INTO eval.text_blob (hash, content) VALUES (%(hash)s, %(text)s)",
              hash=f"log{n}", text=f"engine log {n}")  # fmt: skip
        query(engine, "UPDATE eval.boot SET log_text_hash = %(hash)s WHERE id = (SELECT id FROM "
                      "eval.boot ORDER BY id OFFSET %(skip)s LIMIT 1)",
              hash=f"log{n}", skip=n - 1)  # fmt: skip
    query(engine, OLD.format("generation", "created_at", f"job_id = {found[0]}"))
    query(engine, OLD.format("boot", "started_at", "log_text_hash = 'log1'"))
    return found


def test_old_samples_and_logs_go_and_figures_stay(engine: Engine, jobs: list[int]) -> None:
    figures = query(engine, FIGURES)
    found = prunable(engine, older_s=30 * DAY_S)
    assert (found.traces, found.logs) == (1, 1)
    assert min(found.trace_bytes, found.log_bytes) > 0

    assert prune(engine, older_s=30 * DAY_S) == found

    assert query(engine, FIGURES) == figures
    assert query(engine, SAMPLES) == [{"job_id": jobs[1], "n": 1}]
    assert query(engine, LOG) == [{"log_text_hash": None}, {"log_text_hash": "log2"}]
    assert count(engine, "SELECT count(*) FROM eval.text_blob WHERE hash = 'log1'") == 0
    assert count(engine, "SELECT count(*) FROM eval.text_blob WHERE hash = 'log2'") == 1
    again = prune(engine, older_s=30 * DAY_S)
    assert (again.traces, again.logs) == (0, 0)


@pytest.mark.usefixtures("jobs")
def test_the_command_changes_nothing_without_yes(
    engine: Engine, environment: dict[str, str]
) -> None:
    dry = evalctl(environment, "db prune --older-than 30d")
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.startswith("1 memory traces (")
    assert "--yes removes them" in dry.stdout
    assert len(query(engine, SAMPLES)) == 2

    done = evalctl_json(environment, "db prune --older-than 4w --yes")
    assert (done["pruned"], done["traces"], done["logs"]) == (True, 1, 1)
    assert len(query(engine, SAMPLES)) == 1
    for age in ("30", "0d", "-1d", "1y", "1000000d"):
        refused = evalctl(environment, "db prune --older-than", age)
        assert (refused.returncode, "e.g. 12h, 30d or 8w" in refused.stderr) == (2, True)


def test_doctor_says_what_takes_the_space(engine: Engine, environment: dict[str, str]) -> None:
    used = space_use(engine)
    assert used["database"] > max(size for part, size in used.items() if part != "database") > 0
    checks = evalctl_json(environment, "doctor", code=evalctl(environment, "doctor").returncode)
    found = next(one["found"] for one in checks["checks"] if one["name"] == "space")
    assert found.startswith("database ")
    assert "eval." in found
