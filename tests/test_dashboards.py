"""The Grafana dashboards: current, from the provisioned source alone, every statement runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from deploy.build_dashboards import (
    DASHBOARDS,
    FOLDER,
    QUERIES,
    Dashboard,
    path_of,
    queries,
    rendered,
)
from services.usage import Endpoints
from tests.support.analytics import Analyst, seeded_analyst
from tests.support.processes import ROOT

CHOSEN = {"run": "quickstart", "schedule": "nightly", "metric": "score7"}
DOCUMENTS = {one.name: json.loads(path_of(one).read_text(encoding="utf-8")) for one in DASHBOARDS}
PANELS = [(name, panel) for name, document in DOCUMENTS.items() for panel in document["panels"]]
each_panel = pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=[f"{name}-{panel['title']}" for name, panel in PANELS]
)


@pytest.fixture(scope="module")
def analyst(endpoints: Endpoints) -> Iterator[Analyst]:
    """Connect as an analyst to a seeded database, made once since the tests only read it."""
    with seeded_analyst(endpoints.database_url, "dashboards") as connection:
        yield connection


def as_grafana_sends_it(sql: str) -> str:
    """Replace Grafana's macro and variables as its PostgreSQL source does."""
    between = r"\1 BETWEEN now() - interval '1 day' AND now() + interval '1 day'"
    filled = re.sub(r"\$__timeFilter\(([^)]+)\)", between, sql)
    for name, value in CHOSEN.items():
        filled = filled.replace(f"${{{name}:sqlstring}}", f"'{value}'")
    assert "$" not in filled, "a macro or variable that no test knows"
    return filled


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_a_dashboard_is_current_and_every_statement_is_used(dashboard: Dashboard) -> None:
    assert path_of(dashboard).read_text(encoding="utf-8") == rendered(dashboard), "run `make docs`"
    used = {panel.query for panel in dashboard.panels}
    assert set(queries(dashboard.name)) == used | {f"choose_{one}" for one in dashboard.variables}


def test_there_are_three_and_no_other_file() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {"queue", "run", "nights"}
    assert {path.stem for path in QUERIES.iterdir()} == {"queue", "run", "nights"}


@each_panel
def test_a_panel_finds_rows_as_an_analyst(
    name: str, panel: dict[str, Any], analyst: Analyst
) -> None:
    (target,) = panel["targets"]
    found = analyst.execute(as_grafana_sends_it(target["rawSql"]).encode()).fetchall()
    assert found, name
    if panel["type"] == "timeseries":
        assert list(found[0])[:2] == ["time", "metric"]
        assert target["format"] == "time_series"
    if panel["type"] == "stat":
        assert len(found) == len(found[0]) == 1


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=lambda one: one.name)
def test_a_variable_offers_choices(dashboard: Dashboard, analyst: Analyst) -> None:
    for name in dashboard.variables:
        sql = queries(dashboard.name)[f"choose_{name}"]
        choices = [next(iter(row.values())) for row in analyst.execute(sql.encode()).fetchall()]
        assert CHOSEN[name] in choices


def test_every_source_is_the_provisioned_one_and_it_logs_in_as_an_analyst() -> None:
    folder = ROOT / "deploy" / "grafana" / "provisioning"
    text = (folder / "datasources" / "evalctl.yaml").read_text(encoding="utf-8")
    (source,) = yaml.safe_load(text)["datasources"]
    named = {json.dumps(one, sort_keys=True) for one in _sources(DOCUMENTS)}
    assert named == {json.dumps({"type": source["type"], "uid": source["uid"]}, sort_keys=True)}
    assert source["user"] == "grafana"
    assert source["secureJsonData"] == {"password": "$GRAFANA_DATABASE_PASSWORD"}
    page = (ROOT / "docs" / "how-to" / "monitor.md").read_text(encoding="utf-8")
    assert "evalctl db grant-analyst grafana" in page
    (provider,) = yaml.safe_load(
        (folder / "dashboards" / "evalctl.yaml").read_text(encoding="utf-8")
    )["providers"]
    assert provider["options"]["path"] == "/etc/evalctl-grafana/dashboards"


def test_panels_do_not_overlap_and_fit_the_grid() -> None:
    for document in DOCUMENTS.values():
        taken: set[tuple[int, int]] = set()
        for panel in document["panels"]:
            at = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(at["x"], at["x"] + at["w"])
                for y in range(at["y"], at["y"] + at["h"])
            }
            assert not cells & taken
            assert at["x"] + at["w"] <= 24
            taken |= cells


def _sources(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "datasource":
                yield inner
            else:
                yield from _sources(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _sources(inner)
