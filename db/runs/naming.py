"""Rename a run, and tag it."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine

from core.errors import DbError
from db.engine import rows, transaction
from db.runs.run import Run
from db.statements import statement


class NameTaken(DbError):  # noqa: N818 - named for what happened
    """Say that another run has the name."""


def rename_run(engine: Engine, run: Run, name: str) -> None:
    """Give a run another name, which views over finished runs show at once.

    Raise ``NameTaken`` where another run has it.
    """
    given = {"run": run.run_id, "name": name}
    with transaction(engine) as connection:
        rows(connection, statement("lock_name", "runs"), given)
        rows(connection, statement("forget_kept", "run_changes"), given)
        if rows(connection, statement("name_taken", "run_changes"), given):
            raise NameTaken(f"another run has the name {name!r}; choose another")
        rows(connection, statement("rename_run", "run_changes"), given)


def tag_run(
    engine: Engine, run: Run, *, add: Sequence[str] = (), remove: Sequence[str] = ()
) -> list[str]:
    """Add and remove tags of a run; return all that it has then, sorted."""
    given = {"run": run.run_id, "add": list(add), "remove": list(remove)}
    with transaction(engine) as connection:
        found = rows(connection, statement("tag_run", "run_changes"), given)
    return list(found[0]["tags"]) if found else []
