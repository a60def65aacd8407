"""Answers labelled step by step: the folder that `evalctl problems agreement` reads.

``answers/<name>.md`` holds the texts, ``index*.jsonl`` says which problem each of them answers,
``labels*.jsonl`` says what markers found in them. `problems/labelled/README.md` describes the
lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from problems.errors import ProblemError
from problems.loader import MAX_FILE_BYTES, ProblemSet
from problems.reading import choice, flag, mapping, text
from problems.schema import Problem

LABELS = ("done", "present_invalid", "wrong", "missing", "unclear")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What one marker found in one answer, along the path that fits it best.

    ``steps`` maps step ids to `LABELS`.

    ``guess`` is None where the marker did not say.
    """

    answer: str
    path: str
    labeller: str
    steps: Mapping[str, str]
    answer_correct: bool | None = None
    guess: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAnswer:
    """An answer with its labels: the first is the truth, the others show how far markers agree."""

    name: str
    problem: Problem
    style: str
    language: str
    text: str
    labels: tuple[Labels, ...]

    @property
    def truth(self) -> Labels:
        """The labels that the scorer is held against."""
        return self.labels[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """The labelled answers of a folder, by name, and the names of those without labels."""

    answers: tuple[LabelledAnswer, ...]
    unlabelled: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    answer: str
    problem: Problem
    style: str
    language: str


def load_labelled(folder: Path, problems: ProblemSet) -> LabelledSet:
    """Read a folder of labelled answers.

    Raises `ProblemError` with file and line for anything that does not fit.

    Of several label files the first in the order of their names that labels an answer holds the
    truth about it.
    """
    entries: dict[str, _Entry] = {}
    for file, line, entry in _rows(folder, "index*.jsonl", lambda row: _read_entry(row, problems)):
        if entry.answer in entries:
            raise ProblemError(f"the answer {entry.answer!r} is listed twice", file=file, line=line)
        entries[entry.answer] = entry
    labels: dict[str, list[Labels]] = {}
    for file, line, found in _rows(folder, "labels*.jsonl", lambda row: _read_labels(row, entries)):
        if any(found.labeller == other.labeller for other in labels.get(found.answer, [])):
            raise ProblemError(
                f"{found.labeller} labels the answer {found.answer!r} twice", file=file, line=line
            )
        labels.setdefault(found.answer, []).append(found)
    if not labels:
        raise ProblemError(
            "the folder has no labels: no line in index*.jsonl and labels*.jsonl", file=folder
        )
    return LabelledSet(
        answers=tuple(
            _answer(folder, entries[name], tuple(labels[name])) for name in sorted(labels)
        ),
        unlabelled=tuple(sorted(entries.keys() - labels.keys())),
    )


def _rows(
    folder: Path, pattern: str, read: Callable[[Any], Read]
) -> Iterator[tuple[Path, int, Read]]:
    """Yield file, 1-based line number and value of every line of the files that fit the pattern."""
    for file in sorted(folder.glob(pattern)):
        for line, written in enumerate(_text(file).split("\n"), start=1):
            if not written.strip():
                continue
            try:
                value = read(json.loads(written))
            except json.JSONDecodeError as error:
                raise ProblemError(
                    f"not a line of JSON: {error.msg}", file=file, line=line
                ) from None
            except ProblemError as error:
                raise error.located(file, line) from None
            except (ValueError, RecursionError):
                raise ProblemError(
                    "the line is nested too deep or holds an endless number", file=file, line=line
                ) from None
            yield file, line, value


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE_BYTES:
            raise ProblemError(f"the file is larger than {MAX_FILE_BYTES} bytes", file=file)
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ProblemError(f"cannot read the file: {error.strerror or error}", file=file) from None
    except UnicodeDecodeError:
        raise ProblemError("the file is not UTF-8 text", file=file) from None


def _read_entry(row: Any, problems: ProblemSet) -> _Entry:
    found = _object(row, "answer", "problem")
    name = text(found["answer"], ("answer",)).removesuffix(".md")
    if "/" in name or "\\" in name or name.startswith("."):
        raise ProblemError(f"{name!r} is not the name of a file in answers/", place=("answer",))
    return _Entry(
        answer=name,
        problem=problems.get(text(found["problem"], ("problem",))),
        style=text(found.get("style", ""), ("style",), empty=True),
        language=text(found.get("language", ""), ("language",), empty=True),
    )


def _read_labels(row: Any, entries: Mapping[str, _Entry]) -> Labels:
    found = _object(row, "answer", "path", "labels")
    name = text(found["answer"], ("answer",)).removesuffix(".md")
    if name not in entries:
        raise ProblemError(f"no line of index*.jsonl lists the answer {name!r}", place=("answer",))
    problem, path_id = entries[name].problem, text(found["path"], ("path",))
    if found.get("problem", problem.id) != problem.id:
        raise ProblemError(f"the index says that {name!r} answers {problem.id}", place=("problem",))
    try:
        path = problem.path(path_id)
    except KeyError:
        known = ", ".join(path.id for path in problem.paths)
        raise ProblemError(
            f"{problem.id} has no path {path_id!r}; there are {known}", place=("path",)
        ) from None
    steps = {step.id for step in path.steps}
    necessary = [step.id for step in path.necessary]
    given = mapping(found["labels"], ("labels",), required=necessary, optional=steps)
    optional_flags = {
        key: None if found.get(key) is None else flag(found[key], (key,))
        for key in ("answer_correct", "guess")
    }
    return Labels(
        answer=name,
        path=path_id,
        labeller=text(found.get("labeller", "unnamed"), ("labeller",)),
        steps={step: choice(label, ("labels", step), LABELS) for step, label in given.items()},
        **optional_flags,
    )


def _object(row: Any, *required: str) -> dict[str, Any]:
    """Return a line's object with these keys; further keys, such as notes, are left alone."""
    return mapping(row, (), required=required, optional=row if isinstance(row, Mapping) else ())


def _answer(folder: Path, entry: _Entry, labels: tuple[Labels, ...]) -> LabelledAnswer:
    return LabelledAnswer(
        name=entry.answer,
        problem=entry.problem,
        style=entry.style,
        language=entry.language,
        text=_text(folder / "answers" / f"{entry.answer}.md"),
        labels=labels,
    )
