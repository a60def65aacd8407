"""What judges read and say: scorings page by page, and judgements beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Engine

from core.texts import storable
from db.adapters import dumps
from db.engine import pages, rows, run_alone, transaction
from db.statements import statement


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredAnswer:
    """One scoring with all that a judge is shown, and what the judge was asked about it before."""

    score_id: int
    #: Whether no later scoring of the answer exists.
    newest: bool
    path_id: str
    model: str
    problem_id: int
    problem: str
    content_hash: str
    document: Mapping[str, Any]
    category: str
    prompt: str
    repetition: int
    language: str
    text: str
    #: The rules' verdicts by step.
    steps: Mapping[str, str]
    #: Steps on which the judge gave a usable verdict, and steps that it was asked about.
    judged: Sequence[str]
    asked: Sequence[str]
    #: How many replies of the judge about this scoring are stored.
    replies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidStep:
    """What a reply says of one step; ``verdict`` is None where nothing can be used."""

    step: str
    verdict: str | None
    quote: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJudgement:
    """A reply to store beside the scoring that it is about."""

    score_id: int
    judge: str
    prompt_hash: str
    prompt_version: str
    temperature: float | None
    reply: str
    #: Distinguishes the replies to one request.
    reply_key: str
    steps: Sequence[SaidStep]


def scored_answers(
    engine: Engine, run_id: UUID, *, judge: str | None = None, scores: Sequence[int] | None = None
) -> Iterator[ScoredAnswer]:
    """Yield the newest scoring of each answer of a run, or these scorings of it."""
    chosen = None if scores is None else list(scores)
    given = {"run": run_id, "judge": judge, "scores": chosen}
    for page in pages(engine, statement("scored_answers", "judgements"), given, key="score_id"):
        yield from (ScoredAnswer(**row) for row in page)


def add_judgements(engine: Engine, judgements: Sequence[NewJudgement]) -> int:
    """Store judgements in one transaction and return how many were not stored before."""
    documents, texts = [], {}
    for judgement in judgements:
        reply = storable(judgement.reply or "")
        key = hashlib.sha256(reply.encode()).hexdigest()
        texts[key] = reply
        document = asdict(judgement) | {"reply_text_hash": key}
        document["steps"] = [judged_step(step) for step in judgement.steps]
        del document["reply"]
        documents.append(document)
    given = {"judgements": dumps(documents), "texts": dumps(texts)}
    with transaction(engine) as connection:
        found = rows(connection, statement("add_judgements", "judgements"), given)
    return int(found[0]["added"])


def judged_step(step: SaidStep) -> dict[str, Any]:
    """Return the columns of what a reply says of one step."""
    return {
        "step": step.step,
        "verdict": step.verdict,
        "quote": step.quote,
        "reason": step.reason or None,
    }


def judged_answer(engine: Engine, score_id: int) -> tuple[str, str]:
    """Return path and text of the answer that a scoring is about."""
    row = run_alone(engine, statement("judged_answer", "judgements"), {"score": score_id})[0]
    return row["path_id"], row["text"]


def run_models(engine: Engine, run_id: UUID) -> dict[str, str]:
    """Return the models whose answers a run holds, with their sources."""
    with transaction(engine) as connection:
        found = rows(connection, statement("run_models", "judgements"), {"run": run_id})
    return {row["name"]: row["source"] for row in found}


def run_judges(engine: Engine, run_id: UUID) -> list[str]:
    """Return the judges of a run's answers, the one with the newest judgement first."""
    with transaction(engine) as connection:
        found = rows(connection, statement("run_judges", "judgements"), {"run": run_id})
    return [row["judge"] for row in found]
