"""One answer for people: its text with the passages of each step, and the verdicts below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from problems.schema import Problem
from reports.results.guess import GUESS

COLOURS = {
    "done": "green", "present_invalid": "yellow", "wrong": "red", "missing": "bright_black",
    "undetermined": "magenta", "unclear": "magenta",
}  # fmt: skip
#: The score of an answer that shows every step.
FULL = 7
CORRECT = {True: "right", False: "wrong", None: "undecided"}
NOT_SHOWN = "right answer, steps not shown: {} undetermined steps decide whether it is a guess"


def guess_text(
    *, suspected: bool, correct: bool | None, score7: float, undetermined: int
) -> Text | None:
    """Return what to say of a right answer with few steps; None where there is nothing to say.

    It is called a guess only where no undetermined step could change that.
    """
    if suspected:
        return Text(GUESS, style="bold red")
    if correct and 2 * score7 < FULL and undetermined:
        return Text(NOT_SHOWN.format(undetermined), style="yellow")
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownStep:
    """One step as it is shown; ``start`` and ``end`` are offsets into the text, or None."""

    step_id: str
    verdict: str
    describe: str
    by: str = "rules"
    start: int | None = None
    end: int | None = None
    reason: str = ""


def marked_text(text: str, steps: Sequence[ShownStep], *, named: bool) -> Text:
    """Return a text with the passage of each step in the colour of its verdict.

    ``named`` writes the step's id around the passage too, for output without colours. Of passages
    that overlap, the names of both stand.
    """
    passages = [step for step in steps if step.start is not None and step.end is not None]
    if not named:
        shown = Text(text)
        for step in passages:
            shown.stylize(f"bold {COLOURS[step.verdict]}", step.start or 0, step.end)
        return shown
    marks = [(step.start or 0, f"[{step.step_id}: ") for step in passages]
    marks += [(step.end or 0, "]") for step in passages]
    return Text(_with_marks(text, sorted(marks, key=lambda mark: (mark[0], mark[1] != "]"))))


def folded_thinking(text: str, start: int, *, unfolded: bool) -> tuple[str, int]:
    """Return a text without the reasoning before ``start``, and how far that moves offsets.

    A line says how much was folded. ``unfolded`` leaves everything.
    """
    if unfolded or start == 0:
        return text, 0
    note = f"[{start:,} characters of reasoning folded; --thinking shows them]\n\n"
    rest = text[start:]
    kept = rest.lstrip()
    return note + kept, len(note) - (start + len(rest) - len(kept))


def moved(steps: Iterable[ShownStep], by: int, *, of: int) -> Iterator[ShownStep]:
    """Yield steps with their passages moved; one that falls out of the text loses its passage."""
    for step in steps:
        start, end = step.start, step.end
        inside = start is not None and end is not None and 0 <= start + by <= end + by <= of
        yield ShownStep(
            step_id=step.step_id,
            verdict=step.verdict,
            describe=step.describe,
            by=step.by,
            start=start + by if inside and start is not None else None,
            end=end + by if inside and end is not None else None,
            reason=step.reason,
        )


def step_lines(steps: Iterable[ShownStep]) -> Iterator[Text]:
    """Yield a line for each step: id, verdict, what it asks for, and why it is not done."""
    for step in steps:
        who = "" if step.by == "rules" else f" (by {step.by})"
        line = Text(f"{step.step_id:<4} {step.verdict:<16} {step.describe}{who}")
        line.stylize(COLOURS[step.verdict])
        yield line
        if step.reason and step.verdict != "done":
            yield Text(f"     {step.reason}", style="dim")


def score_range(score7: float, score7_high: float) -> str:
    """Return a score of 7, up to what it is if every undetermined step were done."""
    low, high = f"{score7:.2f}", f"{score7_high:.2f}"
    return low if low == high else f"{low}-{high}"


def described(problem: Problem, language: str) -> dict[str, str]:
    """Return what each step of a problem asks for, in a language or the first that it has."""
    return {step.id: step.described(language) for path in problem.paths for step in path.steps}


def _with_marks(text: str, marks: Sequence[tuple[int, str]]) -> str:
    parts, at = [], 0
    for place, mark in marks:
        parts += [text[at:place], mark]
        at = place
    return "".join((*parts, text[at:]))
