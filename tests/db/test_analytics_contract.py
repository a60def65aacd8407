"""Views of analytics_v1 only gain columns at their end, and every number says its unit.

``analytics_v1.json`` holds the columns that readers rely on. After appending some, write them into
it with ``python -m tests.db.test_analytics_contract``, which adds and never takes away.
"""

from __future__ import annotations

import json
import re

import pytest
from sqlalchemy import Engine

from orchestrator.connections import connect
from tests.support.analytics_contract import (
    SNAPSHOT,
    Columns,
    changes,
    columns,
    described_columns,
)

#: What a number is counted or measured in.
UNIT = re.compile(
    r"[Mm]illiseconds|\bms\b|[Ss]econds|MiB|[Bb]ytes|[Tt]okens|MHz|degrees Celsius|\bW\b|per cent"
    r"|[Nn]umber of|[Hh]ow often|how many|Most sequences|Bits of|from 0 to|to 7\b|1, 2, \.\.\."
    r"|from 1\b|without a unit|in standard deviations|in the unit\b|of the column unit"
)
#: Numbers that name a thing and measure nothing.
NAME = re.compile(r"(?:^|_)(?:id|no|group|version|gpu|step)$")


def test_no_column_is_removed_renamed_moved_or_of_another_type(engine: Engine) -> None:
    before = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    assert len(before) >= 29
    assert changes(before, columns(engine)) == []


@pytest.mark.parametrize(
    ("now", "broken"),
    [
        ({"v": [["a", "text"], ["b", "bigint"]]}, 0),
        ({"v": [["a", "text"], ["b", "bigint"], ["c", "text"]], "w": [["x", "text"]]}, 0),
        ({"v": [["b", "bigint"], ["a", "text"]]}, 2),
        ({"v": [["a", "text"]]}, 1),
        ({"v": [["c", "text"], ["a", "text"], ["b", "bigint"]]}, 2),
        ({"v": [["a", "text"], ["b", "integer"]]}, 1),
        ({"w": [["a", "text"]]}, 1),
    ],
    ids=["same", "appended", "swapped", "removed", "inserted", "retyped", "dropped"],
)
def test_the_check_allows_appends_alone(now: Columns, broken: int) -> None:
    assert len(changes({"v": [["a", "text"], ["b", "bigint"]]}, now)) == broken


def test_every_number_says_its_unit(engine: Engine) -> None:
    numbers = {"bigint", "integer", "smallint", "double precision", "real", "numeric"}
    silent = [
        f"{row['view']}.{row['name']}: {row['comment']}"
        for row in described_columns(engine)
        if row["type"] in numbers
        and not NAME.search(row["name"])
        and not UNIT.search(row["comment"] or "")
    ]
    assert silent == []


def test_every_view_with_rows_of_a_run_names_it_by_id(engine: Engine) -> None:
    names = {view: {name for name, _ in listed} for view, listed in columns(engine).items()}
    of_runs = {view for view, listed in names.items() if listed & {"run", "job_id"}}
    assert len(of_runs) >= 20
    assert {view for view in of_runs if "run_id" not in names[view]} == set()


def test_a_unit_in_a_name_stands_in_its_comment(engine: Engine) -> None:
    words = {"_ms": "[Mm]illiseconds|ms", "_s": "[Ss]econds|per second", "_mib": "MiB",
             "_mhz": "MHz", "_c": "Celsius", "_w": r"\bW\b", "_bytes": "[Bb]ytes"}  # fmt: skip
    for row in described_columns(engine):
        name = re.sub(r"_(?:min|max|p\d+)$", "", row["name"])
        for suffix, wanted in words.items():
            if name.endswith(suffix):
                assert re.search(wanted, row["comment"]), (row["view"], row["name"])


def write_snapshot() -> None:
    """Append to the snapshot what the configured database has more; refuse what breaks it."""
    before = json.loads(SNAPSHOT.read_text(encoding="utf-8")) if SNAPSHOT.exists() else {}
    with connect(name="snapshot") as connections:
        now = columns(connections.engine)
    if broken := changes(before, now):
        raise SystemExit("\n".join(broken))
    lines = [
        f"{json.dumps(view)}: [\n    "
        + ",\n    ".join(json.dumps(column) for column in listed)
        + "\n  ]"
        for view, listed in now.items()
    ]
    SNAPSHOT.write_text("{\n  " + ",\n  ".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write_snapshot()
