"""Prune what only explains a measurement once it is old, and say what takes the space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Engine

from db.engine import long_transaction, rows, transaction
from db.runs.deletion import as_owner
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Prunable:
    """Old memory traces and kept engine logs: how many, and their bytes as they are stored."""

    traces: int
    trace_bytes: int
    logs: int
    log_bytes: int

    def to_dict(self) -> dict[str, int]:
        """Return the keys of ``evalctl db prune``."""
        return asdict(self)


def prunable(engine: Engine, *, older_s: float) -> Prunable:
    """Return what is older than this and would be pruned."""
    with transaction(engine) as connection:
        return _prunable(connection, older_s)


def prune(engine: Engine, *, older_s: float) -> Prunable:
    """Empty the memory traces and remove the kept logs that are older, in one transaction.

    Peaks and means of traces, and so every figure of memory, stay. Raise ``DeletionRefused`` for a
    role that does not own the schema.
    """
    given = {"older_s": older_s}
    with as_owner(), long_transaction(engine) as connection:
        found = _prunable(connection, older_s)
        rows(connection, statement("make_text_list", "run_deletion"))
        rows(connection, statement("list_old_logs", "space"), given)
        rows(connection, statement("empty_traces", "space"), given)
        rows(connection, statement("forget_logs", "space"), given)
        rows(connection, statement("hold_texts", "run_deletion"))
        rows(connection, statement("delete_texts", "run_deletion"))
    return found


def space_use(engine: Engine) -> Mapping[str, int]:
    """Return bytes on disk: ``database`` for all of it, and the largest tables by name."""
    with transaction(engine) as connection:
        found = rows(connection, statement("space_use", "space"))
    return {row["part"]: int(row["bytes"]) for row in found}


def _prunable(connection: Connection, older_s: float) -> Prunable:
    return Prunable(**rows(connection, statement("prunable", "space"), {"older_s": older_s})[0])
