"""A needle in a haystack: a function defined early, neutral lines, and a question at the end."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

#: One round of neutral lines: nothing in them helps or hinders the answer.
HAYSTACK = (
    "The ferry leaves at high tide.", "A gardener waters the roses.", "Wool is washed and spun.",
    "Maps lie in a long drawer.", "Bread is sold in the morning.", "Two swallows built a nest.",
    "The train stops in the village.", "In autumn the mill runs late.",
)  # fmt: skip
_INTEGER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Needle:
    """A linear function and the point at which its value is asked."""

    factor: int
    summand: int
    point: int

    @classmethod
    def from_seed(cls, seed: int) -> Needle:
        """Return one that depends on the seed alone."""
        draw = random.Random(seed)  # noqa: S311 - repeatability, not secrecy
        points = draw.randint(3, 9), draw.randint(2, 9), draw.randint(11, 19)
        return cls(factor=points[0], summand=points[1], point=points[2])

    @property
    def answer(self) -> int:
        """The right answer."""
        return self.factor * self.point + self.summand

    def prompt(self, lines: int) -> str:
        """Return the prompt with ``lines`` neutral lines between definition and question."""
        haystack = "\n".join(HAYSTACK[number % len(HAYSTACK)] for number in range(lines))
        return (
            "Remember this function:\n"
            f"def f(x): return {self.factor}*x + {self.summand}\n\n{haystack}\n\n"
            f"What is f({self.point}) of the function defined at the beginning? "
            "Answer with the number alone."
        )

    def right(self, output: str) -> bool:
        """Return whether the last integer of an output is the answer."""
        found = _INTEGER.findall(output)
        return bool(found) and int(found[-1]) == self.answer


def lines_for(tokens: int, *, one_round: int, two_rounds: int) -> int:
    """Return how many neutral lines make a prompt of at most ``tokens``.

    ``one_round`` and ``two_rounds`` are the tokens of the whole prompt, template included, with
    that many rounds.
    """
    per_round = max(1, two_rounds - one_round)
    rounds, rest = divmod(tokens - (one_round - per_round), per_round)
    # Lines differ in length: the last, unfinished round is a line short, so that it never exceeds.
    return max(0, rounds * len(HAYSTACK) + max(0, rest * len(HAYSTACK) // per_round - 1))
