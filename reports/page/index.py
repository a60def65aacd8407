"""The page that lists runs, with links to the reports that stand in its folder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

Row = Mapping[str, Any]

_RUN = re.compile(rb'<meta name="evalctl-run" content="([0-9a-f-]{36})">')
#: Bytes at the head of a page in which the name of its run stands.
_HEAD_BYTES = 4096


def index_document(runs: Sequence[Row], reports: Mapping[str, Path]) -> dict[str, Any]:
    """Return the document of the index; ``reports`` holds the page of each run that has one."""
    return {"runs": [_run(run, reports.get(str(run["run_id"]))) for run in runs]}


def find_reports(folder: Path) -> dict[str, Path]:
    """Return the newest report of each run among the pages of a folder, by the run's id."""
    found: dict[str, Path] = {}
    for page in sorted(folder.glob("*.html"), key=lambda path: path.stat().st_mtime):
        with page.open("rb") as file:
            named = _RUN.search(file.read(_HEAD_BYTES))
        if named:
            found[named[1].decode()] = page
    return found


def _run(run: Row, report: Path | None) -> dict[str, Any]:
    scores = run["scores"] or []
    return {
        **run,
        "scores": scores,
        "several": len({row["prompt"] for row in scores}) > 1,
        "file": None if report is None else f"./{quote(report.name)}",
    }
