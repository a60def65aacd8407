"""Score the stored generations of a run again with the scorer of this evalctl."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Engine

from db.judging.rescoring import add_scores, count_generations, generations_to_score
from db.results.scoring_rows import score_row, verdict_rows
from problems.errors import ProblemError
from problems.schema import Problem
from scoring.score import SCORER_VERSION, score_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescored:
    """Outcome of a rescoring.

    ``skipped`` answers had a score of this version, ``changed`` ones have a different score now.
    ``unreadable`` names problems whose stored document this version cannot read, with the reason.
    """

    generations: int
    scored: int
    skipped: int
    speed: int
    changed: int
    unreadable: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``rescore``, without the run itself."""
        return {
            "scorer_version": SCORER_VERSION,
            "generations": self.generations,
            "scored": self.scored,
            "skipped": self.skipped,
            "speed": self.speed,
            "changed": self.changed,
            "unreadable": [{"problem": name, "why": why} for name, why in self.unreadable.items()],
        }


def rescore_run(
    engine: Engine,
    run_id: UUID,
    *,
    force: bool = False,
    on_progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Rescored:
    """Score what this scorer version has not scored yet, or everything with ``force``.

    Old scores and verdicts are kept. Each page of generations is written in one transaction, so
    that an interruption loses nothing and running it again continues. ``on_progress`` is called
    with the generations done and to be done.
    """
    counts = count_generations(engine, run_id, SCORER_VERSION)
    skipped = 0 if force else counts.current
    wanted = counts.generations - counts.speed - skipped
    problems = StoredProblems()
    done = scored = changed = 0
    for page in generations_to_score(engine, run_id, SCORER_VERSION, force=force):
        made = []
        for stored in page:
            problem = problems.read(stored)
            if problem is None:
                continue
            score = score_text(problem, stored.text).to_dict()
            made.append((stored.job_id, score_row(score), verdict_rows(score["steps"])))
            changed += stored.score7 is not None and abs(stored.score7 - score["score7"]) > 1e-9
        add_scores(engine, made)
        scored += len(made)
        done += len(page)
        on_progress(done, wanted)
    return Rescored(
        generations=counts.generations,
        scored=scored,
        skipped=skipped,
        speed=counts.speed,
        changed=changed,
        unreadable=problems.unreadable,
    )


class StoredProblem(Protocol):
    """A problem as it was stored with its jobs."""

    @property
    def problem(self) -> str: ...  # noqa: D102 - the class says it
    @property
    def content_hash(self) -> str: ...  # noqa: D102
    @property
    def document(self) -> Mapping[str, Any]: ...  # noqa: D102


class StoredProblems:
    """Reads each stored problem document once and remembers those that cannot be read."""

    def __init__(self) -> None:
        self.unreadable: dict[str, str] = {}
        self._read: dict[str, Problem | None] = {}

    def read(self, stored: StoredProblem) -> Problem | None:
        """Return the problem as it was submitted, or None where this version cannot read it."""
        if stored.content_hash not in self._read:
            try:
                self._read[stored.content_hash] = Problem.from_dict(stored.document)
            except ProblemError as error:
                self._read[stored.content_hash] = None
                self.unreadable[stored.problem] = str(error)
        return self._read[stored.content_hash]
