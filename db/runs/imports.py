"""Store answers that were made elsewhere: all of a file in one transaction, or nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from core.model_spec import ModelSpec, canonical_hash
from db.adapters import dumps
from db.engine import PAGE, long_transaction, rows, transaction
from db.runs.submissions import Submission, submit_in
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file that answers come from."""

    #: Of its content, in hex.
    sha256: str
    name: str
    form: str
    origin: str
    evalctl_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What an import stored; nothing where the run had the file already."""

    run_id: UUID
    run: str
    added: int
    known: int


def known_file(engine: Engine, experiment_hash: str, sha256: str) -> Stored | None:
    """Return the run that has the answers of a file, None where it has not."""
    with transaction(engine) as connection:
        given = {"experiment_hash": experiment_hash, "sha256": sha256}
        found = rows(connection, statement("known_file", "imports"), given)
    return _known(found)


def store_answers(
    engine: Engine, submission: Submission, source: Source, answers: Iterable[Mapping[str, Any]]
) -> Stored:
    """Store the answers of a file as jobs that have succeeded.

    ``submission`` has no repetitions, so that nothing is queued; each of ``answers`` is a document
    as the statement ``add_answers`` reads it. Raise ``ServiceUnreachable``; nothing is stored then.
    """
    with long_transaction(engine) as connection:
        made = submit_in(connection, submission)
        given = {"experiment_hash": submission.experiment_hash, "sha256": source.sha256}
        if known := _known(rows(connection, statement("known_file", "imports"), given)):
            return known
        file: dict[str, Any] = {"run": made.run_id, "sha256": source.sha256, "name": source.name}
        file |= {"form": source.form, "origin": source.origin}
        file_id = rows(connection, statement("add_file", "imports"), file)[0]["id"]
        importer = _importer(submission.models, source)
        worker = rows(connection, statement("add_importer", "imports"), importer)[0]["worker_id"]
        page_of: dict[str, Any] = {"run": made.run_id, "file": file_id, "worker": worker}
        page_of |= {"prompt": submission.prompts[0], "mode": submission.mode}
        added = 0
        remaining = iter(answers)
        while page := list(islice(remaining, PAGE)):
            page_given = page_of | {"answers": dumps(page)}
            added += rows(connection, statement("add_answers", "imports"), page_given)[0]["added"]
    return Stored(run_id=made.run_id, run=made.name, added=added, known=0)


def _known(found: Sequence[Mapping[str, Any]]) -> Stored | None:
    if not found:
        return None
    row = found[0]
    return Stored(run_id=row["run_id"], run=row["run"], added=0, known=row["answers"])


def _importer(models: Sequence[ModelSpec], source: Source) -> dict[str, Any]:
    config = {"engine": "imported", "origin": source.origin, "form": source.form}
    return {
        "name": f"import-answers {platform.node()}:{os.getpid()}",
        "host": platform.node(),
        "pid": os.getpid(),
        "version": source.evalctl_version,
        "origin": source.origin,
        "config": dumps(config),
        "config_hash": canonical_hash(config),
        "environment_hash": canonical_hash({}),
        "models": dumps([{"name": one.name, "spec_hash": one.spec_hash} for one in models]),
    }
