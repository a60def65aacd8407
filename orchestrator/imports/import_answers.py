"""Read a file of answers, score each like our own, and store all of them at once."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Engine

from core.model_spec import ModelSpec, canonical_hash
from core.sampling_params import SamplingParams
from core.states import UNSCORED_ENDS, Mode
from core.texts import storable
from db.adapters import dumps
from db.results.scoring_rows import row_document, score_row, verdict_rows
from db.runs.imports import Source, known_file, store_answers
from db.runs.submissions import ProblemRecord, Submission
from orchestrator.errors import UsageFault
from orchestrator.imports.answer_file import open_answers, sha256_of
from orchestrator.imports.foreign_answer import (
    NAME_AT_MOST,
    TEXT_AT_MOST,
    AnswerFile,
    ForeignAnswer,
    Unreadable,
)
from orchestrator.imports.known_problems import KnownProblems
from orchestrator.runs.experiment import wrong_with_name
from orchestrator.runs.submit import provenance, record_of
from problems.loader import ProblemSet, load_set
from problems.schema import Problem
from scoring.score import score_text

#: Prompt style of answers to prompts that are not ours.
PROMPT = "imported"
#: Prompt styles that mean something else than a way of asking.
TAKEN = frozenset({"judge", "sequences", "instances", "context"})
#: Hash of a prompt that the file does not hold.
UNKNOWN = "unknown"
#: Sampling of answers whose file does not say all of it.
NOT_SAID = "imported"
_LINE = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """What a user says about a file of answers."""

    file: Path
    problems: str = "core"
    #: Name of the run; None: made of the file's name and content.
    name: str | None = None
    #: The model of all answers; None: as the file says.
    model: str | None = None
    #: How the problems were asked: ``plain`` or ``stepwise`` where it was as we do.
    prompt: str = PROMPT
    language: str = "en"
    #: ``lm-eval``, ``inspect`` or ``jsonl``; None: recognised by the content.
    form: str | None = None
    #: Sampling parameters that the file does not say.
    sampling: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """Outcome of an import."""

    run_id: UUID | None
    run: str
    source: Source
    added: int
    known: int
    models: tuple[str, ...]
    #: Problems that the set does not have, with the number of their answers.
    unknown: Mapping[str, int]
    refused: tuple[Unreadable, ...]
    #: Answers that no score is made of.
    unscored: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``import-answers``."""
        return {
            "run": None if self.run_id is None else str(self.run_id),
            "name": self.run,
            "file": self.source.name,
            "sha256": self.source.sha256,
            "format": self.source.form,
            "origin": self.source.origin,
            "models": list(self.models),
            "added": self.added,
            "known": self.known,
            "unscored": self.unscored,
            "unknown": [{"problem": name, "answers": n} for name, n in self.unknown.items()],
            "refused": [{"place": one.place, "reason": one.reason} for one in self.refused],
        }


def import_answers(
    engine: Engine, request: ImportRequest, *, on_progress: Callable[[int], None] = lambda _n: None
) -> Imported:
    """Import a file into the run of its name; the same file again adds nothing.

    Nothing is stored before all of the file has been scored, so that an interruption leaves
    nothing behind. ``on_progress`` is called with the number of answers scored. Raise
    ``UsageFault`` for a file that is none of answers.
    """
    if request.prompt in TAKEN or not request.prompt.strip():
        raise UsageFault(f"--prompt {request.prompt!r} means something else; name another style")
    sha256, problem_set = sha256_of(request.file), load_set(request.problems)
    opened = open_answers(request.file, request.form)
    source = Source(
        sha256=sha256,
        name=storable(request.file.name),
        form=opened.form,
        origin=storable(opened.origin),
        evalctl_version=provenance()["evalctl"],
    )
    name = request.name or f"{request.file.stem[:60]}-{sha256[:6]}"
    wrong = wrong_with_name(name)
    if wrong is not None:
        raise UsageFault(f"--name {name!r} {wrong}")
    identity = {"imported": name, "language": request.language, "prompt": request.prompt}
    experiment_hash = canonical_hash(identity | {"problem_set": problem_set.content_hash})
    if known := known_file(engine, experiment_hash, sha256):
        return Imported(
            run_id=known.run_id, run=known.run, source=source, added=0, known=known.known,
            models=(), unknown={}, refused=(),
        )  # fmt: skip
    with tempfile.TemporaryFile("w+", encoding="utf-8") as spool:
        reading = _Reading(request, opened, problem_set, spool)
        reading.read(on_progress)
        if not reading.scored:
            return reading.nothing(name, source)
        submission = _submission(request, name, experiment_hash, problem_set, reading)
        stored = store_answers(engine, submission, source, _spooled(spool))
    return Imported(
        run_id=stored.run_id,
        run=stored.run,
        source=source,
        added=stored.added,
        known=stored.known,
        models=tuple(reading.models),
        unknown=dict(reading.unknown.most_common()),
        refused=tuple(reading.refused),
        unscored=reading.unscored,
    )


class _Reading:
    """Scores the answers of a file one after another and keeps them on disk."""

    def __init__(
        self, request: ImportRequest, opened: AnswerFile, problem_set: ProblemSet, spool: IO[str]
    ) -> None:
        self._request = request
        self._opened = opened
        self._known = KnownProblems(problem_set)
        self._spool = spool
        self.models: dict[str, ModelSpec] = {}
        self.problems: dict[str, Problem] = {}
        self.unknown: Counter[str] = Counter()
        self.refused: list[Unreadable] = []
        self.scored = self.unscored = 0

    def read(self, on_progress: Callable[[int], None]) -> None:
        """Score what can be scored, and note the rest."""
        for part in self._opened.parts:
            if isinstance(part, Unreadable):
                self.refused.append(part)
                continue
            problem = self._known.find(part)
            if problem is None:
                self.unknown[storable(part.named)] += 1
                continue
            if (why := self._refusal(part)) is not None:
                self.refused.append(Unreadable(place=part.place, reason=why))
                continue
            self._spool.write(dumps(self._document(part, problem)) + "\n")
            self.scored += 1
            on_progress(self.scored)

    def nothing(self, name: str, source: Source) -> Imported:
        """Return the outcome of a file without an answer that can be stored."""
        return Imported(
            run_id=None, run=name, source=source, added=0, known=0, models=(),
            unknown=dict(self.unknown.most_common()), refused=tuple(self.refused),
        )  # fmt: skip

    def _refusal(self, answer: ForeignAnswer) -> str | None:
        model = self._request.model or answer.model
        if model is None or not model.strip():
            return "names no model; name it with --model"
        if len(model) > NAME_AT_MOST or _LINE.search(model):
            return f"has a model name that is not one line of at most {NAME_AT_MOST} characters"
        if len(answer.text) > TEXT_AT_MOST:
            return f"is longer than {TEXT_AT_MOST:,} characters"
        return None

    def _document(self, answer: ForeignAnswer, problem: Problem) -> dict[str, Any]:
        """Return an answer with its score as the database takes it."""
        spec = self._model(storable(self._request.model or str(answer.model)))
        self.problems.setdefault(problem.id, problem)
        text = storable(answer.text)
        texts = {_hash(text): text}
        prompt = None if answer.prompt is None else storable(answer.prompt)
        if prompt is not None:
            texts[_hash(prompt)] = prompt
        sampling = sampling_of(dict(answer.sampling) | dict(self._request.sampling))
        plain = answer.finish_reason not in UNSCORED_ENDS
        score = score_text(problem, text).to_dict() if plain else None
        self.unscored += not plain
        return {
            "ordinal": self.scored,
            "place": answer.place,
            "model": spec.name,
            "spec_hash": spec.spec_hash,
            "problem": problem.id,
            "content_hash": problem.content_hash,
            "sampling": sampling,
            "texts": texts,
            "generation": {
                "prompt_hash": UNKNOWN if prompt is None else _hash(prompt),
                "prompt_text_hash": None if prompt is None else _hash(prompt),
                "output_hash": _hash(text),
                "output_text_hash": _hash(text),
                "sampling_hash": canonical_hash(sampling),
                "prompt_tokens": answer.prompt_tokens,
                "output_tokens": answer.output_tokens,
                "finish_reason": answer.finish_reason,
            },
            "scores": [] if score is None else [row_document(score_row(score))],
            "verdicts": [] if score is None else _verdicts(score),
        }

    def _model(self, name: str) -> ModelSpec:
        if name not in self.models:
            self.models[name] = ModelSpec(
                name=name, engine="imported", source=self._opened.origin, queue="imported"
            )
        return self.models[name]


def sampling_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return sampling parameters as jobs have them.

    Those of which temperature or length are not known are marked, so that they equal no others.
    """
    if given.get("temperature") is None or given.get("max_tokens") is None:
        return {NOT_SAID: True} | dict(given)
    sampling = dict(given) | {"stop": tuple(given.get("stop", ()))}
    document = SamplingParams(**sampling).to_dict()
    del document["seed"]
    return document


def _submission(
    request: ImportRequest,
    name: str,
    experiment_hash: str,
    problem_set: ProblemSet,
    reading: _Reading,
) -> Submission:
    experiment = {
        "imported": True,
        "models": list(reading.models),
        "prompts": [request.prompt],
        "problems": request.problems,
        "language": request.language,
        "mode": Mode.LATENCY.value,
    }
    records: list[ProblemRecord] = [record_of(one) for one in reading.problems.values()]
    return Submission(
        name=name,
        experiment_hash=experiment_hash,
        experiment=experiment,
        provenance=provenance() | {"problem_set_hash": problem_set.content_hash},
        models=tuple(reading.models.values()),
        problems=tuple(records),
        prompts=(request.prompt,),
        repetitions=0,  # Nothing is queued.
        mode=Mode.LATENCY.value,
        sampling=SamplingParams(),
    )


def _spooled(spool: IO[str]) -> Iterator[dict[str, Any]]:
    spool.seek(0)
    for line in spool:
        yield json.loads(line)


def _verdicts(score: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        row_document(verdict) | {"ordinal": ordinal}
        for ordinal, verdict in enumerate(verdict_rows(score["steps"]), start=1)
    ]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
