"""Runs of MLflow, read back by MLflow itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient
from sqlalchemy import Engine

from db.results.exports import run_export
from db.runs.run import find_run
from orchestrator.exports.mlflow_runs import STORE, export_mlflow
from tests.support.database import query
from tests.support.seeded_run import seed_run

# MLflow's own tables are declared in a manner that SQLAlchemy 2.1 advises against.
pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning")

#: Two models with two prompts each.
GROUPS = 4


@pytest.fixture
def seeded(engine: Engine) -> str:
    """Give a run of two simulated models and prompts."""
    return str(seed_run(engine, problems=3, repetitions=2, language="en").run_id)


@pytest.fixture
def export(engine: Engine, seeded: str, tmp_path: Path) -> Callable[[], dict[str, int]]:
    """Give the export of that run into one folder."""

    def write() -> dict[str, int]:
        with run_export(engine, find_run(engine, seeded).run_id) as opened:
            return export_mlflow(opened, tmp_path, version="1.0", problem_set="math62")

    return write


def stored(folder: Path, view: int = ViewType.ACTIVE_ONLY) -> list[Any]:
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / STORE}")
    experiment = client.get_experiment_by_name("evalctl math62")
    return list(client.search_runs([experiment.experiment_id], run_view_type=view))


def test_mlflow_reads_the_scores_and_the_settings(
    engine: Engine, seeded: str, export: Callable[[], dict[str, int]], tmp_path: Path
) -> None:
    assert export() == {STORE: GROUPS}
    runs = stored(tmp_path)
    assert len(runs) == GROUPS
    assert {one.info.status for one in runs} == {"FINISHED"}
    for one in runs:
        params = one.data.params
        (expected,) = query(
            engine,
            "SELECT avg(score7) AS score7 FROM (SELECT problem, avg(score7) AS score7"
            " FROM analytics_v1.scores WHERE run_id = %(run)s AND model = %(model)s"
            " AND prompt = %(prompt)s GROUP BY problem) AS p",
            run=seeded,
            model=params["model"],
            prompt=params["prompt"],
        )
        assert one.data.metrics["steps"] == pytest.approx(expected["score7"])
        assert one.data.metrics["answers"] > 0
        assert "steps/secondary" in one.data.metrics
        assert params["sampling.temperature"] == "0.7"


def test_the_same_export_adds_nothing_and_new_answers_replace_a_run(
    export: Callable[[], dict[str, int]], tmp_path: Path
) -> None:
    export()
    first = {one.info.run_id for one in stored(tmp_path)}
    export()
    assert {one.info.run_id for one in stored(tmp_path, ViewType.ALL)} == first

    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / STORE}")
    broken = next(iter(first))
    client.set_tag(broken, "evalctl.content", "what it held before")
    export()
    assert len(stored(tmp_path)) == GROUPS
    assert first - {one.info.run_id for one in stored(tmp_path)} == {broken}


def test_an_interrupted_export_is_made_whole(
    export: Callable[[], dict[str, int]], tmp_path: Path
) -> None:
    export()
    client = MlflowClient(tracking_uri=f"sqlite:///{tmp_path / STORE}")
    cut = stored(tmp_path)[0].info.run_id
    client.update_run(cut, status="RUNNING")
    export()
    assert {one.info.status for one in stored(tmp_path)} == {"FINISHED"}
    assert len(stored(tmp_path)) == GROUPS
