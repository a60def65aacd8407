#!/usr/bin/env python
"""Write deploy/grafana/dashboards/*.json: what operators see of queue, runs and nights.

Their statements are in deploy/grafana/queries; each reads the views of analytics_v1 as an analyst,
and the tests run every one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "grafana" / "dashboards"
QUERIES = Path(__file__).parent / "grafana" / "queries"
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "evalctl"}
#: Grafana's grid has 24 columns.
COLUMNS = 24


@cache
def queries(dashboard: str) -> dict[str, str]:
    """Return the statements of a dashboard by name."""
    text = (QUERIES / f"{dashboard}.sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return {
        name: sql.strip().rstrip(";") for name, sql in zip(parts[::2], parts[1::2], strict=True)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """How a statement is drawn; that of a time series has a column ``time`` first."""

    #: Also the statement's name, in lower case with underscores.
    title: str
    kind: str = "table"
    width: int = 12
    height: int = 8
    unit: str = "none"
    about: str = ""
    #: Values from which on a figure is orange or red.
    warn: float | None = None
    bad: float | None = None

    @property
    def query(self) -> str:
        """Return the name of its statement."""
        return re.sub(r"\W+", "_", self.title.lower()).strip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """Panels with the variables that they read."""

    uid: str
    title: str
    panels: Sequence[Panel]
    #: Each has a statement ``choose_NAME`` of what a user chooses from.
    variables: Sequence[str] = ()
    since: str = "now-24h"
    refresh: str = "30s"

    @property
    def name(self) -> str:
        """Return the name of its files."""
        return self.uid.removeprefix("evalctl-")


QUEUE = Dashboard(
    uid="evalctl-queue",
    title="evalctl: queue and workers",
    panels=(
        Panel(title="Jobs that wait", kind="stat", width=4, height=4),
        Panel(
            title="Oldest job waits", kind="stat", width=4, height=4, unit="s", warn=900, bad=3600
        ),
        Panel(title="Jobs that run", kind="stat", width=4, height=4),
        Panel(
            title="Late leases",
            kind="stat",
            width=4,
            height=4,
            bad=1,
            about="Above 0 for more than seconds: no reconciler takes them back.",
        ),
        Panel(
            title="Oldest hint is due for",
            kind="stat",
            width=4,
            height=4,
            unit="s",
            warn=30,
            bad=120,
        ),
        Panel(title="Quarantined workers", kind="stat", width=4, height=4, warn=1),
        Panel(title="Queues", width=24, height=6),
        Panel(
            title="Workers",
            width=24,
            height=9,
            about="Those that run, and those that were lost in the time shown.",
        ),
        Panel(title="Attempts that ended", kind="timeseries", about="Per 10 minutes, by outcome."),
        Panel(title="What failed"),
        Panel(title="Unfinished runs", width=24),
    ),
)
RUN = Dashboard(
    uid="evalctl-run",
    title="evalctl: run",
    variables=("run",),
    since="now-30d",
    panels=(
        Panel(title="Jobs by state", kind="barchart", width=8),
        Panel(title="Done", kind="stat", width=4, height=4, unit="percentunit"),
        Panel(
            title="Time to the end",
            kind="stat",
            width=4,
            height=4,
            unit="s",
            about="Open jobs at the rate of the last hour in which the run had results.",
        ),
        Panel(title="Failures by class", width=8),
        Panel(title="Scores"),
        Panel(
            title="Time and memory",
            about="Medians over problems. Need is compared with what was reserved.",
        ),
        Panel(title="Results that came in", kind="timeseries", about="Per 10 minutes and model."),
        Panel(title="Need and reservation by model", kind="barchart", unit="mbytes"),
        Panel(title="Why results were left out"),
        Panel(title="Problems with the lowest scores"),
    ),
)
NIGHTS = Dashboard(
    uid="evalctl-nights",
    title="evalctl: nights",
    variables=("schedule", "metric"),
    since="now-90d",
    refresh="5m",
    panels=(
        Panel(title="Newest night", kind="stat", width=6, height=4),
        Panel(title="Nights with an alarm", kind="stat", width=6, height=4, warn=1),
        Panel(title="Nights without a verdict", kind="stat", width=6, height=4, warn=1),
        Panel(
            title="Since the last night was done",
            kind="stat",
            width=6,
            height=4,
            unit="s",
            bad=129600,
        ),
        Panel(
            title="The metric and its frozen band",
            kind="timeseries",
            width=24,
            height=10,
            about="Value by model and prompt; reference with two standard errors below and above.",
        ),
        Panel(
            title="z, with its limit",
            kind="timeseries",
            about="In standard deviations of a night, above 0 where it is worse.",
        ),
        Panel(
            title="Drift (CUSUM), with its limit",
            kind="timeseries",
            about="Sum of the drift rule, in standard deviations.",
        ),
        Panel(title="What moved"),
        Panel(title="Nights"),
        Panel(
            title="Limits found",
            width=24,
            about="Of every run: sequences in one engine, engines on one GPU, context length.",
        ),
    ),
)

DASHBOARDS = (QUEUE, RUN, NIGHTS)


def document(dashboard: Dashboard) -> dict[str, Any]:
    """Return the dashboard as Grafana provisions it."""
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["evalctl"],
        "editable": False,
        "refresh": dashboard.refresh,
        "schemaVersion": 41,
        "time": {"from": dashboard.since, "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_variable(one, dashboard) for one in dashboard.variables]},
        "panels": _placed(dashboard),
    }


def _variable(name: str, dashboard: Dashboard) -> dict[str, Any]:
    """Return a variable whose choices are read again when the dashboard opens."""
    return {
        "name": name,
        "type": "query",
        "datasource": SOURCE,
        "query": queries(dashboard.name)[f"choose_{name}"],
        "refresh": 1,
        "sort": 0,
        "multi": False,
        "includeAll": False,
    }


def _placed(dashboard: Dashboard) -> list[dict[str, Any]]:
    """Place panels from left to right; a row is as high as its highest."""
    placed, x, y, highest = [], 0, 0, 0
    for number, panel in enumerate(dashboard.panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, highest = 0, y + highest, 0
        grid = {"x": x, "y": y, "w": panel.width, "h": panel.height}
        placed.append(
            _panel(panel, number, queries(dashboard.name)[panel.query]) | {"gridPos": grid}
        )
        x, highest = x + panel.width, max(highest, panel.height)
    return placed


def _panel(panel: Panel, number: int, sql: str) -> dict[str, Any]:
    calm = "text" if panel.kind == "stat" else "green"
    steps: list[dict[str, Any]] = [{"color": calm, "value": None}]
    steps += [
        {"color": color, "value": value}
        for color, value in (("orange", panel.warn), ("red", panel.bad))
        if value is not None
    ]
    target = {
        "refId": "A",
        "datasource": SOURCE,
        "editorMode": "code",
        "format": "time_series" if panel.kind == "timeseries" else "table",
        "rawQuery": True,
        "rawSql": sql,
    }
    return {
        "id": number,
        "title": panel.title,
        "description": panel.about,
        "type": panel.kind,
        "datasource": SOURCE,
        "targets": [target],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}},
            "overrides": [],
        },
        "options": _options(panel.kind),
    }


def _options(kind: str) -> dict[str, Any]:
    if kind == "stat":
        # A state is text: without this, Grafana shows numbers alone.
        return {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False}}
    return {}


def rendered(dashboard: Dashboard) -> str:
    """Return the text of the dashboard's file."""
    return json.dumps(document(dashboard), indent=2) + "\n"


def path_of(dashboard: Dashboard) -> Path:
    """Return where the dashboard's file is."""
    return FOLDER / f"{dashboard.name}.json"


if __name__ == "__main__":
    for one in DASHBOARDS:
        path_of(one).write_text(rendered(one), encoding="utf-8")
