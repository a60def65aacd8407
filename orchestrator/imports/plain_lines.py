"""Plain JSON lines: problem, model and text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from orchestrator.imports.foreign_answer import (
    AnswerFile,
    ForeignAnswer,
    Parts,
    Unreadable,
    count_of,
    end_of,
)
from orchestrator.imports.lines import JsonLine
from orchestrator.imports.sampling import sampling_of

#: What a line may name its text by.
TEXTS = ("text", "answer", "output", "response", "completion")
PROBLEMS = ("problem", "problem_id", "id", "question", "statement")


def plain_answers(lines: Iterable[JsonLine | Unreadable]) -> AnswerFile:
    """Return the answers of plain lines."""
    return AnswerFile(form="jsonl", origin="JSON lines", parts=_parts(lines))


def _parts(lines: Iterable[JsonLine | Unreadable]) -> Parts:
    for line in lines:
        yield line if isinstance(line, Unreadable) else _answer(line)


def _answer(line: JsonLine) -> ForeignAnswer | Unreadable:
    text = next((line.data[key] for key in TEXTS if isinstance(line.data.get(key), str)), None)
    if text is None:
        return Unreadable(place=line.place, reason='has no "text"')
    named = tuple(str(line.data[key]) for key in PROBLEMS if _is_name(line.data.get(key)))
    if not named:
        return Unreadable(place=line.place, reason='has no "problem"')
    model, prompt = line.data.get("model"), line.data.get("prompt")
    return ForeignAnswer(
        place=line.place,
        text=text,
        names=named,
        statements=named,
        model=model if isinstance(model, str) else None,
        prompt=prompt if isinstance(prompt, str) else None,
        finish_reason=end_of(line.data.get("finish_reason")),
        sampling=sampling_of(line.data),
        prompt_tokens=count_of(line.data.get("prompt_tokens")),
        output_tokens=count_of(line.data.get("output_tokens")),
    )


def _is_name(value: Any) -> bool:
    return (isinstance(value, str) and bool(value.strip())) or (
        isinstance(value, int) and not isinstance(value, bool)
    )
