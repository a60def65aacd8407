"""Answers for the page: text, verdicts with their passages, and what was left out of them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring.final_answer.thinking import visible

Row = Mapping[str, Any]

#: Characters of an answer that the page holds; the rest is left out and counted.
TEXT_AT_MOST = 60_000
#: Characters of an evidence or a reason.
NOTE_AT_MOST = 600
_COPIED = (
    "model", "problem", "prompt", "repetition", "finish_reason", "output_tokens", "ttft_ms",
    "e2e_s", "need_mib", "host_peak_mib", "flags", "path", "score7", "score7_high", "steps_done",
    "steps_total", "steps_undetermined", "answer_correct", "guess_suspected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Utf16:
    """Offsets of a text as a browser counts them.

    Python counts characters, a browser units of UTF-16: characters beyond U+FFFF are two.
    """

    #: Offsets of the characters that are two units.
    wide: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> Utf16:
        """Return the offsets of a text."""
        if text.isascii():
            return cls(())
        return cls(tuple(at for at, letter in enumerate(text) if letter > "\uffff"))

    def at(self, offset: int) -> int:
        """Return an offset in units of UTF-16."""
        return offset + bisect_left(self.wide, offset)


def answer_documents(
    answers: Iterable[Row], verdicts: Iterable[Row], readings: Iterable[Row]
) -> list[dict[str, Any]]:
    """Return the answers of the page, each with its steps in the order of the path.

    ``readings`` are the verdicts of judges and people on the same steps.
    """
    steps: dict[int, list[Row]] = {}
    for verdict in verdicts:
        steps.setdefault(verdict["score_id"], []).append(verdict)
    said: dict[tuple[int, str], list[Row]] = {}
    for reading in readings:
        said.setdefault((reading["score_id"], reading["step"]), []).append(reading)
    return [_answer(row, steps.get(row["score_id"], []), said) for row in answers]


def left_out_of_texts(answers: Sequence[Row]) -> int:
    """Return how many answers are longer than the page shows."""
    return sum("characters_cut" in answer for answer in answers)


def verdict_counts(answers: Iterable[Row]) -> Counter[str]:
    """Return how often each verdict stands in the answers."""
    return Counter(step["verdict"] for answer in answers for step in answer["steps"])


def _answer(
    row: Row, verdicts: Sequence[Row], said: Mapping[tuple[int, str], list[Row]]
) -> dict[str, Any]:
    whole: str = row["output"] or ""
    text = whole[:TEXT_AT_MOST]
    units = Utf16.of(text)
    shown = visible(whole, finish_reason=row["finish_reason"])
    document: dict[str, Any] = {"job": row["job_id"], **{key: row[key] for key in _COPIED}}
    document |= {
        "text": text,
        "answer_start": units.at(min(shown.start, len(text))),
        "answer_end": units.at(min(shown.end, len(text))),
        "steps": [
            _step(verdict, units, len(text), said.get((verdict["score_id"], verdict["step"]), []))
            for verdict in verdicts
        ],
    }
    if len(whole) > len(text):
        document["characters_cut"] = len(whole) - len(text)
    return document


def _step(verdict: Row, units: Utf16, length: int, said: Sequence[Row]) -> dict[str, Any]:
    start, end = verdict["evidence_start"], verdict["evidence_end"]
    step: dict[str, Any] = {
        "id": verdict["step"],
        "verdict": "undetermined" if verdict["verdict"] == "unclear" else verdict["verdict"],
        "reason": _note(verdict["reason"]),
    }
    if start is not None and end is not None and 0 <= start < end <= length:
        step |= {"start": units.at(start), "end": units.at(end)}
    elif verdict["evidence"]:
        step["evidence"] = _note(verdict["evidence"])
    if said:
        keys = ("who", "kind", "verdict")
        step["said"] = [
            {**{key: one[key] for key in keys}, "text": _note(one["text"])} for one in said
        ]
    return step


def _note(text: str | None) -> str | None:
    if text is None or len(text) <= NOTE_AT_MOST:
        return text
    return f"{text[:NOTE_AT_MOST]} ... ({len(text) - NOTE_AT_MOST:,} characters left out)"
