"""Read drafts, verifications and the marks of a run."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from core.errors import DbError
from db.engine import rows, run_alone, transaction
from db.statements import statement

FILE = "verification"


class VerificationNotFound(DbError):  # noqa: N818 - named for what happened
    """Say that a job has no verification and is none."""

    def __init__(self, job_id: int) -> None:
        super().__init__(
            f"job {job_id} is neither a draft nor a verification of a pipeline; "
            "`evalctl pipeline drafts RUN` lists those of a run"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The answer that a verification job reads, and how long a step may take."""

    job_id: int
    text: str
    deadline_ms: float
    #: Of the words that the verifier is sent, as submitted.
    prompt_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVerification:
    """One verification job with its draft; what it found is None until it has succeeded."""

    job_id: int
    state: str
    #: Why the last attempt ended without a result.
    error: str | None
    run_id: uuid.UUID
    run: str
    draft_job_id: int
    model: str
    verifier: str
    problem: str
    prompt: str
    repetition: int
    #: The draft, and the whole solution with its marks.
    text: str
    document: str | None
    labels_by: str | None
    deadline_ms: float | None
    rule_ms: float | None
    model_ms: float | None
    draft_e2e_s: float
    draft_tokens: int
    draft_need_mib: float | None
    verification_need_mib: float | None
    verification_prompt_tokens: int | None
    #: Each with index, start, end, mark, by, reason, parsed, late, rule_ms, model_ms, probability
    #: and outside_mass.
    steps: Sequence[Mapping[str, Any]]


def read_draft(engine: Engine, job_id: int) -> Draft:
    """Return the draft of a verification job."""
    row = run_alone(engine, statement("draft", FILE), {"job": job_id})[0]
    return Draft(
        job_id=row["draft_job_id"],
        text=row["text"],
        deadline_ms=row["deadline_ms"],
        prompt_version=row["prompt_version"],
    )


def read_verification(engine: Engine, job_id: int) -> StoredVerification:
    """Return a verification by its job or by that of its draft. Raise ``VerificationNotFound``."""
    with transaction(engine) as connection:
        found = rows(connection, statement("verification", FILE), {"job": job_id})
    if not found:
        raise VerificationNotFound(job_id)
    row = found[0]
    names = {
        "job_id": "job",
        "error": "error_message",
        "run_id": "run",
        "run": "run_name",
        "draft_job_id": "draft_job",
    }
    fields = StoredVerification.__dataclass_fields__
    return StoredVerification(**{name: row[names.get(name, name)] for name in fields})


def verified_drafts(engine: Engine, run_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return the drafts of a run whose verification is queued or done, with their marks."""
    return run_alone(engine, statement("verified_drafts", FILE), {"run": run_id})


def verification_table(connection: Connection, run_id: uuid.UUID) -> list[dict[str, Any]]:
    """Return marks and times of a run's drafts by model, verifier, prompt and category."""
    return rows(connection, statement("verification_table", FILE), {"run": run_id})
