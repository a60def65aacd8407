"""Answers and steps as Parquet, CSV and JSON lines: every row, with its type, as at one moment."""

from __future__ import annotations

import csv
import datetime as dt
import json
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import duckdb
import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from db.results.exports import run_export
from db.runs.run import find_run
from orchestrator.errors import UsageFault
from orchestrator.exports.tables import export_tables
from orchestrator.imports.import_answers import ImportRequest, import_answers
from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json
from tests.support.seeded_run import seed_run

HOSTILE = "=cmd|'/c calc'!A1 \"quoted\", <script>\n\u202e\x00 line"


@pytest.fixture
def seeded(engine: Engine) -> str:
    """Give a run of simulated answers with times, memory, flags and steps."""
    return str(seed_run(engine, problems=4, repetitions=2).run_id)


def exported(engine: Engine, run: str, folder: Path, form: str) -> dict[str, int]:
    with run_export(engine, find_run(engine, run).run_id) as opened:
        return export_tables(opened, folder, form)


def test_parquet_has_every_row_with_its_type_for_duckdb(
    engine: Engine, seeded: str, tmp_path: Path
) -> None:
    made = exported(engine, seeded, tmp_path, "parquet")

    (counts,) = query(
        engine,
        "SELECT count(*) AS answers, avg(e2e_s) AS e2e_s, max(created_at) AS last,"
        " sum(cardinality(flags)) AS flags FROM analytics_v1.generations WHERE run_id = %(run)s",
        run=seeded,
    )
    (steps,) = query(
        engine,
        "SELECT count(*) AS n FROM eval.step_verdict AS v JOIN analytics_v1.scores AS s"
        " ON s.score_id = v.score_id WHERE s.run_id = %(run)s",
        run=seeded,
    )
    assert made == {"answers.parquet": counts["answers"], "steps.parquet": steps["n"]}
    assert counts["answers"] >= 16
    file = tmp_path / "answers.parquet"
    with duckdb.connect() as base:
        described = {row[0]: row[1] for row in base.sql(f"DESCRIBE FROM '{file}'").fetchall()}
        found = base.sql(
            f"SELECT count(*), avg(e2e_s), epoch_us(max(created_at)), sum(len(flags))::bigint"
            f" FROM '{file}'"
        ).fetchall()[0]
        joined = base.sql(
            f"SELECT count(*) FROM '{file}' AS a JOIN '{tmp_path / 'steps.parquet'}' AS s"
            " USING (job_id) WHERE s.verdict = 'done'"
        ).fetchall()[0]
    assert described["created_at"] == "TIMESTAMP WITH TIME ZONE"
    assert (described["score7"], described["steps_done"]) == ("DOUBLE", "BIGINT")
    assert (described["answer_correct"], described["flags"]) == ("BOOLEAN", "VARCHAR[]")
    assert found[0] == counts["answers"]
    assert found[1] == pytest.approx(counts["e2e_s"])
    assert found[2] == int(counts["last"].timestamp()) * 1_000_000 + counts["last"].microsecond
    assert found[3] == counts["flags"]
    assert joined[0] > 0
    assert list(tmp_path.glob(".*.part")) == []


def test_csv_and_json_lines_hold_the_same_rows_as_parquet(
    engine: Engine, seeded: str, tmp_path: Path
) -> None:
    for form in ("parquet", "csv", "jsonl"):
        exported(engine, seeded, tmp_path, form)
    rows = parquet.read_table(tmp_path / "answers.parquet").to_pylist()
    written = (tmp_path / "answers.jsonl").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in written.split("\n") if line]
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        cells = list(csv.DictReader(file))
    assert len(rows) == len(lines) == len(cells) > 0
    for row, line, cell in zip(rows, lines, cells, strict=True):
        assert list(row) == list(line) == list(cell)
        assert row["job_id"] == line["job_id"] == int(cell["job_id"])
        assert row["e2e_s"] == line["e2e_s"] == float(cell["e2e_s"])
        assert row["output"] == line["output"] == cell["output"]
        stamp = dt.datetime.fromisoformat(cell["created_at"])
        assert row["created_at"] == stamp == dt.datetime.fromisoformat(line["created_at"])
        assert stamp.tzinfo is not None
        assert json.loads(row["sampling"]) == line["sampling"] == json.loads(cell["sampling"])
        assert row["flags"] == line["flags"] == json.loads(cell["flags"])


def test_samples_of_the_harness_go_in_are_scored_and_come_out_for_duckdb(
    environment: dict[str, str], tmp_path: Path
) -> None:
    sample = {
        "doc_id": 0,
        "doc": {"id": "sec-symmetric-01"},
        "arguments": {"gen_args_0": {"arg_0": "Q", "arg_1": {"until": [], "do_sample": False}}},
        "resps": [["(a+b)^2=a^2+2ab+b^2=25, so a^2+b^2=25-2*6=13. Answer: 13", HOSTILE]],
        "filter": "none",
    }
    path = tmp_path / "samples_m_1.jsonl"
    path.write_text(json.dumps(sample))
    evalctl_json(environment, f"import-answers {path} --model m --name r --json")
    made = evalctl_json(environment, f"export r --format parquet -o {tmp_path / 'out'} --json")
    assert made["files"] == {"answers.parquet": 2, "steps.parquet": 6}
    with duckdb.connect() as base:
        first, second = base.sql(
            "SELECT score7, answer_correct, e2e_s, untimed, origin, imported_place, output"
            f" FROM '{tmp_path / 'out' / 'answers.parquet'}' ORDER BY job_id"
        ).fetchall()
    assert first[0] > 0
    assert first[1:6] == (True, None, "imported", "lm-evaluation-harness", "line 1 response 1")
    assert second[6] == HOSTILE.replace("\x00", "\ufffd")


def test_rows_are_read_as_they_are_written(engine: Engine, tmp_path: Path) -> None:
    text = "x" * 20_000
    path = tmp_path / "many.jsonl"
    with path.open("w") as file:
        for number in range(1200):
            line = {"problem": "sec-symmetric-01", "model": "m", "text": f"{number} {text}"}
            file.write(json.dumps(line | {"finish_reason": "tool_calls"}) + "\n")
    run = import_answers(engine, ImportRequest(file=path, name="many")).run
    tracemalloc.start()
    try:
        assert exported(engine, run, tmp_path, "jsonl")["answers.jsonl"] == 1200
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.75 * 1200 * len(text), "all answers were in memory at once"


def test_a_run_without_answers_an_odd_folder_and_a_missing_package_are_sentences(
    environment: dict[str, str],
    engine: Engine,
    seeded: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").write_text("x")
    done = evalctl(environment, f"export {seeded} --format csv --synthetic -o {tmp_path}/file/in")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "cannot write" in done.stderr
    hidden = evalctl(environment, f"export {seeded} --format jsonl -o {tmp_path}/none")
    assert hidden.returncode == 2
    assert "--synthetic includes" in hidden.stderr
    given: Any = {"pyarrow": None}
    monkeypatch.setitem(sys.modules, "pyarrow", given["pyarrow"])
    with pytest.raises(UsageFault, match=r"needs the package pyarrow.*evalctl\[parquet\]"):
        exported(engine, seeded, tmp_path / "p", "parquet")
    assert not (tmp_path / "p").exists()
