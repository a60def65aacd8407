"""``evalctl results`` as a user runs it: single tables, and flagged results on request."""

from __future__ import annotations

import json

from sqlalchemy import Engine

from tests.support.processes import evalctl
from tests.support.results import THREE, store


def test_tables_are_chosen_and_flagged_rows_taken_in(
    engine: Engine, environment: dict[str, str]
) -> None:
    run = str(store(engine, THREE, starts=({}, {})))

    def jobs(*options: str) -> list[int]:
        shown = json.loads(
            evalctl(environment, f"results {run} --synthetic --json", *options).stdout
        )
        return [row["jobs"] for row in shown["resources"]]

    assert (jobs(), jobs("--include-flagged")) == ([2], [3])
    shown = evalctl(environment, f"results {run} --synthetic --table resources").stdout
    assert ["throttled", "1"] in [line.replace("│", " ").split() for line in shown.splitlines()]
    assert (
        "Resources" not in evalctl(environment, f"results {run} --synthetic --table scores").stdout
    )
