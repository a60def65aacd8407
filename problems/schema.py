"""Problems as values: statement, variables, answer, reference paths and worked solutions.

A `Problem` is read from the `refpath/1` document by `Problem.from_dict` and is frozen from then on;
its ``content_hash`` names exactly what was asked and what counted as a step.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from problems.errors import Place, ProblemError
from problems.evidence import EvidenceItem, read_evidence
from problems.reading import (
    by_language,
    choice,
    flag,
    mapping,
    number,
    sequence,
    text,
    text_or_number,
    texts,
    whole,
)
from problems.variables import VarSpec, read_vars

SCHEMA = "refpath/1"
#: The three categories, in the order in which tables show them.
LEVELS = ("secondary", "university", "modelling")
ANSWER_KINDS = ("value", "expr", "relation", "set", "interval", "choice", "proof", "rubric")
EXCLUSIONS = ("given", "answer")
MODES = ("rule", "rule_then_judge", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The final answer: any of several writings, compared with a tolerance relative to its size."""

    kind: str
    any_of: tuple[str, ...] = ()
    tol: float = 1e-6
    unit: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape."""
        return {"kind": self.kind, "any_of": list(self.any_of), "tol": self.tol, "unit": self.unit}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a reference path and the evidence that shows it.

    ``weight`` counts in the mark only where ``necessary`` is true; ``requires`` names steps that
    this one builds on.
    """

    id: str
    describe: Mapping[str, str]
    evidence: EvidenceItem
    necessary: bool = True
    weight: float = 1.0
    requires: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    shared: bool = False
    mode: str = "rule"
    judge: Mapping[str, str] | None = None

    def described(self, language: str) -> str:
        """Return what it asks for in a language, else in the first that it has; may be empty."""
        return self.describe.get(language) or next(iter(self.describe.values()), "")

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape."""
        data: dict[str, Any] = {
            "id": self.id,
            "necessary": self.necessary,
            "weight": self.weight,
            **({"describe": dict(self.describe)} if self.describe else {}),
            "evidence": self.evidence.to_dict(),
            "requires": list(self.requires),
            "exclude": list(self.exclude),
            "shared": self.shared,
            "mode": self.mode,
        }
        return data if self.judge is None else data | {"judge": dict(self.judge)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """One complete way to the answer."""

    id: str
    steps: tuple[Step, ...]

    @property
    def necessary(self) -> tuple[Step, ...]:
        """The steps that the mark counts."""
        return tuple(step for step in self.steps if step.necessary)

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape."""
        return {"id": self.id, "steps": [step.to_dict() for step in self.steps]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A piece of a worked solution: ``step`` is what it shows, or None for connecting text."""

    step: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """A worked solution along one path, cut into blocks."""

    id: str
    lang: str
    path: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The whole solution as an answer would be written."""
        return "\n".join(block.text.rstrip("\n") + "\n" for block in self.blocks)

    def without(self, step: str) -> str:
        """Return the solution with the blocks of one step left out."""
        kept = (block for block in self.blocks if block.step != step)
        return "\n".join(block.text.rstrip("\n") + "\n" for block in kept)

    def to_dict(self) -> dict[str, Any]:
        """Return the YAML shape."""
        blocks = [{"step": block.step, "text": block.text} for block in self.blocks]
        return {"id": self.id, "lang": self.lang, "path": self.path, "blocks": blocks}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A problem with everything that scoring needs; ``statement`` is keyed by language."""

    id: str
    level: str
    statement: Mapping[str, str]
    answer: Answer
    paths: tuple[Path, ...]
    difficulty: int = 3
    topics: tuple[str, ...] = ()
    vars: tuple[VarSpec, ...] = ()
    aliases: Mapping[str, tuple[str, ...]]
    solutions: tuple[Solution, ...] = ()
    why: str | None = None
    source: str | None = None
    licence: str | None = None

    def stated(self, language: str) -> str:
        """Return the statement in a language, else in the first that it has."""
        return self.statement.get(language) or next(iter(self.statement.values()))

    def path(self, path_id: str) -> Path:
        """Return the path with this id, or raise ``KeyError``."""
        for path in self.paths:
            if path.id == path_id:
                return path
        raise KeyError(path_id)

    def to_dict(self) -> dict[str, Any]:
        """Return the document that `from_dict` reads back to an equal problem."""
        data: dict[str, Any] = {
            "schema": SCHEMA,
            "id": self.id,
            "level": self.level,
            "difficulty": self.difficulty,
            "topics": list(self.topics),
            "problem": dict(self.statement),
            "vars": {var.name: var.to_dict() for var in self.vars},
            "aliases": {name: list(writings) for name, writings in self.aliases.items()},
            "answer": self.answer.to_dict(),
            "paths": [path.to_dict() for path in self.paths],
            "solutions": [solution.to_dict() for solution in self.solutions],
        }
        extra = {"why": self.why, "source": self.source, "licence": self.licence}
        return data | {key: value for key, value in extra.items() if value is not None}

    @property
    def content_hash(self) -> str:
        """SHA-256 over the canonical JSON of `to_dict`, in hexadecimal."""
        canonical = json.dumps(
            self.to_dict(), sort_keys=True, ensure_ascii=False, separators=(",", ":")
        )
        return hashlib.sha256(canonical.encode()).hexdigest()

    @classmethod
    def from_dict(cls, data: Any) -> Problem:
        """Read a `refpath/1` document.

        Refuses unknown keys and wrong types with a `ProblemError`.
        """
        found = mapping(
            data,
            (),
            required=("schema", "id", "level", "problem", "answer", "paths"),
            optional=(
                "difficulty",
                "topics",
                "vars",
                "aliases",
                "solutions",
                "why",
                "source",
                "licence",
            ),
        )
        choice(found["schema"], ("schema",), (SCHEMA,))
        aliases = mapping(
            found.get("aliases") or {},
            ("aliases",),
            required=(),
            optional=found.get("aliases") or {},
        )
        return cls(
            id=_identifier(found["id"], ("id",)),
            level=choice(found["level"], ("level",), LEVELS),
            statement=by_language(found["problem"], ("problem",)),
            answer=_read_answer(found["answer"], ("answer",)),
            paths=tuple(
                _read_path(p, ("paths", i))
                for i, p in enumerate(sequence(found["paths"], ("paths",)))
            ),
            difficulty=whole(found.get("difficulty", 3), ("difficulty",), low=1, high=5),
            topics=texts(found.get("topics", []), ("topics",), empty=True),
            vars=read_vars(found.get("vars") or {}, ("vars",)),
            aliases={
                str(name): texts(written, ("aliases", str(name)))
                for name, written in aliases.items()
            },
            solutions=tuple(
                _read_solution(s, ("solutions", i))
                for i, s in enumerate(
                    sequence(found.get("solutions", []), ("solutions",), empty=True)
                )
            ),
            **{
                key: text(found[key], (key,))
                for key in ("why", "source", "licence")
                if found.get(key) is not None
            },
        )


def _identifier(data: Any, place: Place) -> str:
    name = text(data, place)
    if not all(part.isalnum() for part in name.replace("_", "-").split("-")) or not name.isascii():
        raise ProblemError(f"{name!r} is not an id; use letters, digits, - and _", place=place)
    return name


def _read_answer(data: Any, place: Place) -> Answer:
    found = mapping(data, place, required=("kind",), optional=("any_of", "tol", "unit"))
    unit = found.get("unit")
    writings = sequence(found.get("any_of") or [], (*place, "any_of"), empty=True)
    return Answer(
        kind=choice(found["kind"], (*place, "kind"), ANSWER_KINDS),
        any_of=tuple(
            text_or_number(item, (*place, "any_of", i)) for i, item in enumerate(writings)
        ),
        tol=number(found.get("tol", 1e-6), (*place, "tol")),
        unit=None if unit is None else text(unit, (*place, "unit")),
    )


def _read_path(data: Any, place: Place) -> Path:
    found = mapping(data, place, required=("id", "steps"))
    steps = sequence(found["steps"], (*place, "steps"))
    return Path(
        id=_identifier(found["id"], (*place, "id")),
        steps=tuple(_read_step(step, (*place, "steps", i)) for i, step in enumerate(steps)),
    )


def _read_step(data: Any, place: Place) -> Step:
    optional = ("necessary", "weight", "describe", "requires", "exclude", "shared", "mode", "judge")
    found = mapping(data, place, required=("id", "evidence"), optional=optional)
    exclude = texts(found.get("exclude", []), (*place, "exclude"), empty=True)
    judge = found.get("judge")
    weight = number(found.get("weight", 1), (*place, "weight"))
    if weight <= 0:
        raise ProblemError(
            "a weight is above zero; use necessary: false for a step that does not count",
            place=place,
        )
    return Step(
        id=_identifier(found["id"], (*place, "id")),
        describe=by_language(found["describe"], (*place, "describe"))
        if "describe" in found
        else {},
        evidence=read_evidence(found["evidence"], (*place, "evidence")),
        necessary=flag(found.get("necessary", True), (*place, "necessary")),
        weight=weight,
        requires=texts(found.get("requires", []), (*place, "requires"), empty=True),
        exclude=tuple(choice(item, (*place, "exclude"), EXCLUSIONS) for item in exclude),
        shared=flag(found.get("shared", False), (*place, "shared")),
        mode=choice(found.get("mode", "rule"), (*place, "mode"), MODES),
        judge=None if judge is None else by_language(judge, (*place, "judge")),
    )


def _read_solution(data: Any, place: Place) -> Solution:
    found = mapping(data, place, required=("id", "lang", "path", "blocks"))
    return Solution(
        id=_identifier(found["id"], (*place, "id")),
        lang=text(found["lang"], (*place, "lang")),
        path=text(found["path"], (*place, "path")),
        blocks=tuple(
            _read_block(block, (*place, "blocks", i))
            for i, block in enumerate(sequence(found["blocks"], (*place, "blocks")))
        ),
    )


def _read_block(data: Any, place: Place) -> Block:
    found = mapping(data, place, required=("text",), optional=("step",))
    step = found.get("step")
    return Block(
        step=None if step is None else text(step, (*place, "step")),
        text=text(found["text"], (*place, "text")),
    )
