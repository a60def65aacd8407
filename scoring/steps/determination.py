"""Distinguish a step that is missing from one that the rules cannot decide.

A step that was not found has been passed if a later step was found or the final answer is not
wrong: the writer went on from there, perhaps in a way that no reference path knows. A passed step
is undetermined where there is room for it: three relations that matched nothing, or 300
characters, for every two steps not found between the same found ones; or, with such an answer,
three such relations in all of the text for every two steps not found. Every other step is missing:
the answer breaks off or goes wrong before it, or is too short to hold it. Values that are only
tried make no room (`trials`), and an answer that derives nothing has none at all (`founding`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.steps.trials import Trials
from scoring.steps.verdict import StepVerdict

#: Characters, or relations that matched nothing, for each step not found.
ROOM_CHARACTERS = 150
ROOM_RELATIONS = 1.5

NOT_FOUND = ("missing", "undetermined")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Determination:
    """The relations of one answer and where it begins, in offsets of the original text."""

    relations: tuple[Span, ...]
    begin: int
    #: Whether the final answer is right or undecided.
    reached: bool
    #: Stretches of text that try values, and blank ones.
    tried: tuple[Span, ...] = ()
    #: Whether the answer derives anything, so that it may hold more than is found.
    roomy: bool = True

    @classmethod
    def of(
        cls,
        parsed: ParsedAnswer,
        trials: Trials,
        *,
        blank: tuple[Span, ...] = (),
        correct: bool | None,
        roomy: bool = True,
    ) -> Determination:
        """Prepare the decision for an answer with blank stretches whose result is ``correct``."""
        relations = (
            chain for chain in parsed.chains if len(chain.sides) > 1 and not trials.hold(chain)
        )
        return cls(
            relations=tuple(parsed.span(chain.start, chain.end) for chain in relations),
            begin=parsed.span(0, 0)[0],
            reached=correct is not False,
            roomy=roomy,
            tried=(
                *blank,
                *(parsed.span(*span) for span in (*trials.sentences, *trials.paragraphs)),
            ),
        )

    def settle(self, verdicts: Sequence[StepVerdict]) -> tuple[StepVerdict, ...]:
        """Return the verdicts, missing ones as undetermined where the rules cannot decide."""
        lost = [i for i, verdict in enumerate(verdicts) if verdict.verdict in NOT_FOUND]
        if not lost or not self.roomy:
            return tuple(verdicts)
        found = [_span(verdict) for verdict in verdicts]
        free = [at for at in self.relations if not any(_meet(at, span) for span in found if span)]
        roomy = self.reached and len(free) >= ROOM_RELATIONS * len(lost)
        stretches = {i: self._stretch(found, i) for i in lost}
        settled = list(verdicts)
        for i in lost:
            stretch = stretches[i]
            shared = sum(other == stretch for other in stretches.values())
            if verdicts[i].verdict != "missing":
                continue
            if stretch is not None and _has_room(stretch, free, shared, self.tried):
                reason = "not found, but the text before a later step may hold it"
            elif roomy:
                reason = "not found, but the answer goes on in a way that the path does not know"
            else:
                continue
            settled[i] = replace(verdicts[i], verdict="undetermined", reason=reason)
        return tuple(settled)

    def _stretch(self, found: Sequence[Span | None], i: int) -> Span | None:
        """Return where a step must stand to come before a later one; None after the last one."""
        before = max((span[1] for span in found[:i] if span), default=self.begin)
        after = [span[0] for span in found[i + 1 :] if span and span[0] >= before]
        return (before, min(after)) if after else None


def _has_room(stretch: Span, free: Sequence[Span], steps: int, tried: Sequence[Span]) -> bool:
    start, end = stretch
    spent = sum(max(0, min(b, end) - max(a, start)) for a, b in set(tried))
    relations = sum(start <= at < end for at, _ in free)
    return end - start - spent > ROOM_CHARACTERS * steps or relations >= ROOM_RELATIONS * steps


def _span(verdict: StepVerdict) -> Span | None:
    if verdict.start is None or verdict.end is None:
        return None
    return verdict.start, verdict.end


def _meet(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]
