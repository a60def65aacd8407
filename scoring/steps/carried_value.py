"""Evidence of a step as it would be if an earlier value were the answer's wrong one.

What follows rightly from a wrong value is there, though worthless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from scoring.formulas.rewriting import substitute
from scoring.formulas.tree import Node, Number, walk
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.relation import KnownValues, Relation, Values
from scoring.steps.implied_evidence import SMALLEST
from scoring.steps.patterns import EqPattern, Group, Pattern, RegexPattern, ValuePattern


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedValue:
    """The right value of a step and the wrong one that an answer goes on with."""

    right: float
    wrong: float

    @property
    def distinctive(self) -> bool:
        """Return whether the right value is not a small whole number, which stands everywhere."""
        return abs(self.right) >= SMALLEST or self.right != int(self.right)

    def within(self, pattern: Pattern, evaluation: Evaluation) -> Pattern | None:
        """Return the pattern with the wrong value for the right one; None where it has neither."""
        if isinstance(pattern, Group):
            changed = [self.within(item, evaluation) for item in pattern.items]
            if not any(changed):
                return None
            if pattern.every:
                kept = zip(changed, pattern.items, strict=True)
                return Group(every=True, items=tuple(new or old for new, old in kept))
            return Group(every=False, items=tuple(new for new in changed if new is not None))
        if isinstance(pattern, EqPattern):
            return self._equation(pattern, evaluation)
        if isinstance(pattern, ValuePattern):
            if pattern.values is None or isinstance(pattern.values.node, Number):
                return None
            values = self._known(pattern.values, evaluation)
            same = values is pattern.values
            return None if same else replace(pattern, values=values, canonical="", number=None)
        if isinstance(pattern, RegexPattern):
            right, wrong = (re.escape(f"{value:.10g}") for value in (self.right, self.wrong))
            literal = rf"(?<![\d.{{,]){re.escape(right)}(?!\d)"
            written, times = re.subn(literal, lambda _: wrong, pattern.item.regex)
            return None if not times else replace(pattern, pattern=re.compile(written))
        return None

    def _equation(self, pattern: EqPattern, evaluation: Evaluation) -> EqPattern | None:
        links = []
        changed = False
        for link in pattern.links:
            sides = [side.known() for side in (link.left, link.right)]
            new = [self._known(side, evaluation) for side in sides]
            changed = changed or any(a is not b for a, b in zip(sides, new, strict=True))
            links.append(Relation.of(new[0], link.relation, new[1]))
        if not changed or any(isinstance(link.left.node, Number) for link in links):
            return None
        return replace(pattern, links=tuple(links), canonical=())

    def _known(self, values: KnownValues, evaluation: Evaluation) -> KnownValues:
        table: dict[Node, Node] = {
            item: Number(self.wrong)
            for item in walk(values.node)
            if isinstance(item, Number) and abs(item.value - self.right) <= 1e-9 * abs(self.right)
        }
        return Values(substitute(values.node, table), evaluation).known() if table else values
