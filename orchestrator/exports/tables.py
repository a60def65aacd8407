"""Tables of answers and steps as Parquet, CSV or JSON lines, a batch in memory at a time."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from db.results.exports import ColumnKind, RunExport, Table
from orchestrator.errors import UsageFault
from orchestrator.exports.optional_package import optional_package

#: Writes a table to a file and returns the number of its rows.
Writer = Callable[[Table, Path], int]


def export_tables(export: RunExport, folder: Path, form: str) -> dict[str, int]:
    """Write ``answers`` and ``steps`` into a folder; return the rows of each file by its name.

    A file appears under its name once it is whole. Raise ``UsageFault`` where it cannot be written.
    """
    write = WRITERS[form]
    if form == "parquet":
        _arrow()  # Say what is missing before anything is read.
    made = {}
    for name, table in (("answers", export.answers), ("steps", export.steps)):
        with whole_file(folder / f"{name}.{form}") as part:
            made[f"{name}.{form}"] = write(table(), part)
    return made


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Give a path beside the target that takes its place at the end. Raise ``UsageFault``."""
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(target)
    except OSError as error:
        raise UsageFault(f"cannot write {target}: {error.strerror or error}") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _parquet(table: Table, target: Path) -> int:
    arrow, parquet = _arrow()
    types = {
        ColumnKind.TEXT: arrow.string(),
        ColumnKind.WHOLE: arrow.int64(),
        ColumnKind.NUMBER: arrow.float64(),
        ColumnKind.FLAG: arrow.bool_(),
        ColumnKind.TIME: arrow.timestamp("us", tz="UTC"),
        ColumnKind.DOCUMENT: arrow.string(),
        ColumnKind.TEXTS: arrow.list_(arrow.string()),
    }
    schema = arrow.schema([(name, types[kind]) for name, kind in table.columns.items()])
    written = 0
    with parquet.ParquetWriter(str(target), schema, compression="zstd") as writer:
        for batch in table.batches:
            values = [_typed(table.columns, row) for row in batch]
            writer.write_batch(arrow.RecordBatch.from_pylist(values, schema=schema))
            written += len(batch)
    return written


def _csv(table: Table, target: Path) -> int:
    written = 0
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for batch in table.batches:
            writer.writerows([_cell(value) for value in row.values()] for row in batch)
            written += len(batch)
    return written


def _jsonl(table: Table, target: Path) -> int:
    written = 0
    with target.open("w", encoding="utf-8") as file:
        for batch in table.batches:
            for row in batch:
                file.write(json.dumps(row, ensure_ascii=False, default=_plain) + "\n")
            written += len(batch)
    return written


#: By format.
WRITERS: Mapping[str, Writer] = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}


def _arrow() -> tuple[Any, Any]:
    arrow = optional_package("pyarrow", extra="parquet", wanted="parquet")
    return arrow, optional_package("pyarrow.parquet", extra="parquet", wanted="parquet")


def _typed(columns: Mapping[str, ColumnKind], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with values of the types that its columns are written as."""
    return {name: _value(kind, row[name]) for name, kind in columns.items()}


def _value(kind: ColumnKind, value: Any) -> Any:
    if value is None:
        return None
    if kind is ColumnKind.DOCUMENT:
        return json.dumps(value, ensure_ascii=False)
    if kind is ColumnKind.NUMBER:
        return float(value)
    return str(value) if kind is ColumnKind.TEXT else value


def _cell(value: Any) -> Any:
    """Return a value as CSV shows it; NULL is an empty cell."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
