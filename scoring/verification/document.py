"""The whole solution with its marks, as text that no answer can forge.

A line of the solution begins with a bar, a line of a mark never does: whatever an answer says of
its steps stands behind the bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from scoring.final_answer.thinking import visible
from scoring.verification.marks import SIGNS, SPOKEN, MarkedStep

BAR = "| "
#: Stands for a character that would move the cursor, hide text or end a line.
HIDDEN = "\N{REPLACEMENT CHARACTER}"


def marked_document(text: str, steps: Sequence[MarkedStep]) -> str:
    """Return an answer, without its reasoning, with each mark below the step that it is about.

    ``steps`` are in the order of the answer and do not overlap.
    """
    shown = visible(text)
    lines: list[str] = []
    at = shown.start
    for step in steps:
        lines += _quoted(text[at : step.end])
        lines.append(mark_line(step))
        at = max(at, step.end)
    lines += _quoted(text[at : shown.end])
    return "\n".join(lines) + "\n"


def mark_line(step: MarkedStep) -> str:
    """Return the line of one mark: sign, number, mark, and the reason of any but a tick."""
    line = f"{SIGNS[step.mark]} step {step.index} {SPOKEN[step.mark]}"
    reason = "" if step.mark == "consistent" else _plain(" ".join(step.reason.split()))
    return f"{line}: {reason}" if reason else line


def _quoted(passage: str) -> Iterator[str]:
    """Yield the lines of a passage behind a bar, without blank ones at either end."""
    # Not splitlines: what else could end a line is replaced.
    for line in passage.replace("\r\n", "\n").strip("\n").split("\n") if passage.strip() else ():
        yield (BAR + _plain(line)).rstrip()


def _plain(line: str) -> str:
    return "".join(
        character if character.isprintable() or character == "\t" else HIDDEN for character in line
    )
