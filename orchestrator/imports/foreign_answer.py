"""One answer that another program asked a model for, as its file says it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

#: Longest text of an answer, in characters.
TEXT_AT_MOST = 1_000_000
#: Longest name of a model or problem, in characters.
NAME_AT_MOST = 200
#: The reasons of an end that are known, by the words of other programs.
ENDS = {
    "stop": "stop", "eos": "stop", "stop_sequence": "stop", "end_turn": "stop",
    "length": "length", "max_tokens": "length", "model_length": "length",
    "content_filter": "content_filter", "tool_calls": "tool_calls",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignAnswer:
    """An answer of a file, before its problem is known here."""

    #: Where it stands in the file, e.g. ``line 3``.
    place: str
    text: str
    #: What may name its problem, the likeliest first.
    names: tuple[str, ...]
    #: What may hold the statement of its problem.
    statements: tuple[str, ...] = ()
    #: None where the file does not name it.
    model: str | None = None
    #: What the model was sent.
    prompt: str | None = None
    finish_reason: str = "unknown"
    #: Sampling parameters by our names, as far as the file says them.
    sampling: Mapping[str, Any] = field(default_factory=dict)
    prompt_tokens: int | None = None
    output_tokens: int | None = None

    @property
    def named(self) -> str:
        """The problem as the file names it, for people."""
        found = next((name for name in (*self.names, *self.statements) if name.strip()), "unnamed")
        first = " ".join(found.split())
        return first if len(first) <= 60 else f"{first[:57]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part of the file that holds no answer, and why."""

    place: str
    reason: str


#: What a file gives, in its order.
Parts = Iterator[ForeignAnswer | Unreadable]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFile:
    """A file of answers that has been opened and recognised."""

    #: ``lm-eval``, ``inspect`` or ``jsonl``.
    form: str
    #: Who made the answers, as the file says it, e.g. ``lm-evaluation-harness 0.4.9``.
    origin: str
    parts: Parts


def end_of(word: object) -> str:
    """Return how an answer ended in our words; ``unknown`` where the file does not say it."""
    if not isinstance(word, str) or not word.strip():
        return "unknown"
    return ENDS.get(word, word[:NAME_AT_MOST])


def count_of(value: object) -> int | None:
    """Return a number of tokens, None for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < 2**53 else None  # type: ignore[operator, return-value]


def number_of(value: object) -> float | None:
    """Return a finite number of moderate size, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 else None  # A nan is never below.
