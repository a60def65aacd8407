"""Read the answers and steps of a run for other programs: as they stood at one moment, streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Engine

from db.engine import reachable, rows
from db.statements import statement

#: Rows that are held in memory at a time.
BATCH = 200
#: Engines whose answers a model makes: not those of written, simulated or imported ones.
RAN = frozenset({"vllm", "openai"})


class ColumnKind(StrEnum):
    """What a column holds, for formats that have types."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    #: A time with its zone.
    TIME = "time"
    #: A JSON document.
    DOCUMENT = "document"
    #: A list of texts.
    TEXTS = "texts"


#: PostgreSQL's numbers of types; any other is written as text.
_KINDS = {
    16: ColumnKind.FLAG, 20: ColumnKind.WHOLE, 21: ColumnKind.WHOLE, 23: ColumnKind.WHOLE,
    700: ColumnKind.NUMBER, 701: ColumnKind.NUMBER, 1700: ColumnKind.NUMBER,
    1184: ColumnKind.TIME, 114: ColumnKind.DOCUMENT, 3802: ColumnKind.DOCUMENT,
    1009: ColumnKind.TEXTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The columns of a table, and its rows in batches, to be read once."""

    #: Kind by name, in order.
    columns: Mapping[str, ColumnKind]
    batches: Iterator[Sequence[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the weights of a model are from."""

    engine: str
    #: A folder, the id on a hub, or the name that a server knows the model by.
    source: str
    #: What the engine loaded, ``folder`` or ``hub``; None of servers and of older starts.
    weights: str | None


class RunExport:
    """Gives the tables of a run; all of them show the same moment."""

    def __init__(self, connection: Connection, run_id: UUID) -> None:
        self._connection = connection
        self._run_id = run_id

    def answers(self) -> Table:
        """Return a row per answer, with its score, sampling and origin."""
        return self._table("answers")

    def steps(self) -> Table:
        """Return a row per step of the scores that count."""
        return self._table("steps")

    def statements(self) -> dict[str, str]:
        """Return the statement of each problem by its name, in the language of the run."""
        given = {"run": self._run_id}
        found = rows(self._connection, statement("problems", "exports"), given)
        stated: dict[str, str] = {}
        for row in found:
            languages = dict(row["document"].get("problem") or {})
            first = next(iter(languages.values()), row["problem"])
            stated[row["problem"]] = languages.get(row["language"] or "en", first)
        return stated

    def targets(self) -> dict[str, str]:
        """Return the final answer of each problem that has one, in the first form accepted."""
        given = {"run": self._run_id}
        found = rows(self._connection, statement("problems", "exports"), given)
        accepted = {
            row["problem"]: (row["document"].get("answer") or {}).get("any_of") for row in found
        }
        return {name: str(forms[0]) for name, forms in accepted.items() if forms}

    def sources(self) -> dict[str, Source]:
        """Return by name of the model where the weights of those that an engine ran are from."""
        given = {"run": self._run_id}
        found = rows(self._connection, statement("sources", "exports"), given)
        return {row.pop("model"): Source(**row) for row in map(dict, found) if row["engine"] in RAN}

    def _table(self, name: str) -> Table:
        result = self._connection.exec_driver_sql(
            statement(name, "exports"),
            {"run": self._run_id},
            execution_options={"stream_results": True, "max_row_buffer": BATCH},
        )
        kinds = {
            column[0]: _KINDS.get(cast("int", column[1]), ColumnKind.TEXT)
            for column in result.cursor.description
        }
        batches = (
            [dict(row) for row in partition] for partition in result.mappings().partitions(BATCH)
        )
        return Table(columns=kinds, batches=batches)


@contextmanager
def run_export(engine: Engine, run_id: UUID) -> Iterator[RunExport]:
    """Open a run for export. Raise ``ServiceUnreachable`` where the database is lost."""
    with reachable(engine), engine.connect() as connection:
        isolated = connection.execution_options(isolation_level="REPEATABLE READ")
        with isolated.begin():
            rows(isolated, statement("lift_statement_timeout", "connections"))
            yield RunExport(isolated, run_id)
