"""What the flags of results mean, in words, and how many results each left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
#: Why a result with a flag is not counted into times and memory.
FLAGS = {
    "throttled": "the GPU lowered its clock for power or heat",
    "clock_drop": "the GPU's clock was over 5 % below the usual one",
    "foreign_process": "another process used the GPU",
    "xid": "the GPU's driver reported an error (XID)",
    "compile": "the engine compiled meanwhile",
    "preempted": "the engine interrupted it to make room in its cache",
    "cached": "the server took the prompt from its cache",
    "length_outlier": "its length is off the one requested, or by a tenth from its repetitions",
    "other_model": "the server answered with another model",
}
#: Flags that leave nothing out.
HARMLESS = {
    "buffered": "tokens came in few large pieces, so that some times are not known",
    "no_finish_reason": "the server did not say why the answer ended",
}


def left_out_sentences(lines: Sequence[Row], *, counted: bool = False) -> Iterator[str]:
    """Yield how many results each flag concerns, by model and in words.

    ``counted``: flagged results were asked for, so that nothing is left out.
    """
    for words, kept in ((FLAGS, False), (HARMLESS, True)):
        counts = {
            word: [(row["model"], row["flag_counts"][word]) for row in lines
                   if row["flag_counts"].get(word)]
            for word in sorted({word for row in lines for word in row["flag_counts"]})
            if (word in HARMLESS) is kept
        }  # fmt: skip
        if counts:
            said = "; ".join(_said(word, found, words) for word, found in counts.items())
            yield f"{'Flagged but counted' if kept or counted else 'Flagged and left out'}: {said}."


def _said(word: str, found: Sequence[tuple[str, int]], words: Mapping[str, str]) -> str:
    numbers = ", ".join(f"{count} of {model}" for model, count in found)
    why = f", {words[word]}" if word in words else ""
    return f"{numbers} ({word}{why})"
