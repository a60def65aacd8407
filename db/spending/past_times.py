"""What earlier jobs of the same models took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from db.engine import rows, transaction
from db.runs.submissions import Submission
from db.statements import statement

#: Newest runs, and results of them, that an estimate reads.
RUNS_AT_MOST = 20
RESULTS_AT_MOST = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTime:
    """What one result took."""

    model: str
    #: Name and content hash: a problem that was changed since is another.
    problem: tuple[str, str]
    category: str
    prompt: str
    #: Input and output tokens of a speed run, or an empty text and the most output tokens.
    length: tuple[str, str]
    run: str
    start_id: int
    #: None for a CPU, or where answers come from a server.
    gpu_name: str | None
    prompt_tokens: int | None
    output_tokens: int | None
    #: Seconds of the worker's monotonic clock.
    submitted_s: float
    last_token_s: float
    #: Seconds from the claim to the commit.
    attempt_s: float
    #: Whether its attempt started the engine.
    started_engine: bool

    @property
    def e2e_s(self) -> float:
        """Seconds from the request to the last token."""
        return self.last_token_s - self.submitted_s

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> PastTime:
        """Read a row of the statement."""
        same = (
            "model", "category", "prompt", "start_id", "gpu_name", "prompt_tokens",
            "output_tokens", "submitted_s", "last_token_s", "attempt_s", "started_engine",
        )  # fmt: skip
        return cls(
            problem=(row["problem"], row["content_hash"]),
            length=(row["fixed_input"], row["at_most"]),
            run=str(row["run_id"]),
            **{name: row[name] for name in same},
        )


def past_times(
    engine: Engine, models: Sequence[ModelSpec], *, mode: str, language: str
) -> list[PastTime]:
    """Return results of exactly these models, newest first, of the newest runs of this kind."""
    given = {
        "names": [model.name for model in models],
        "hashes": [model.spec_hash for model in models],
        "mode": mode,
        "language": language,
        "runs": RUNS_AT_MOST,
        "results": RESULTS_AT_MOST,
    }
    with transaction(engine) as connection:
        found = rows(connection, statement("past_times", "spending"), given)
    return [PastTime.from_row(row) for row in found]


def planned_already(
    engine: Engine, submission: Submission
) -> dict[tuple[str, tuple[str, str], str], int]:
    """Return how many of the planned jobs the experiment's run has, by model, problem, prompt."""
    if submission.new:
        return {}
    given = {
        "experiment_hash": submission.experiment_hash,
        "repetitions": submission.repetitions,
    }
    with transaction(engine) as connection:
        found = rows(connection, statement("planned_already", "spending"), given)
    known: dict[tuple[str, tuple[str, str], str], int] = {}
    for row in found:
        key = (row["model"], (row["problem"], row["content_hash"]), row["prompt"])
        known[key] = max(known.get(key, 0), row["jobs"])
    return known
