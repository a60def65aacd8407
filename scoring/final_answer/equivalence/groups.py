"""Compare several answers: as sets, in order, by the names that they have."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.final_answer.equivalence.equations import EquationComparison
from scoring.final_answer.equivalence.members import (
    alone,
    assignments,
    expanded,
    unpacked,
)
from scoring.final_answer.forms.form import (
    Equation,
    Form,
    Several,
)
from scoring.final_answer.forms.shapes import read_form


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupComparison(EquationComparison, ABC):
    """How several answers of one problem are compared."""

    @abstractmethod
    def _same(self, wanted: Form, stated: Form) -> bool | None:
        """Return whether two forms are the same, None where that is not certain."""

    def _in_order(self, items: Sequence[Form], given: Sequence[Form]) -> bool | None:
        if len(items) != len(given):
            return False
        found = [self._same(a, b) for a, b in zip(items, given, strict=True)]
        return False if False in found else None if None in found else True

    def _bijective(self, items: Sequence[Form], given: Sequence[Form]) -> bool | None:
        items, given = expanded(items), expanded(given)
        unknown = False

        def holds(item: Form, others: Sequence[Form]) -> bool:
            nonlocal unknown
            found = [self._same(item, other) for other in others]
            unknown = unknown or (True not in found and None in found)
            return True in found

        if all(holds(item, given) for item in items) and all(
            any(self._same(item, other) for item in items) for other in given
        ):
            return bool(items) == bool(given)
        return None if unknown else False

    def _assigned(self, wanted: dict[str, Form], given: Sequence[Form]) -> bool | None:
        names = assignments(given)
        if names is not None and len(names) > 1:
            if set(names) != set(wanted):
                return False
            found = [self._same(wanted[name], names[name]) for name in wanted]
        else:
            if len(given) == 1 and isinstance(given[0], Equation):
                tuple_form = read_form(given[0].sides[-1], self.names)
                given = unpacked(tuple_form) if isinstance(tuple_form, Several) else given
            if len(given) != len(wanted):
                return False
            found = [self._same(a, b) for a, b in zip(wanted.values(), given, strict=True)]
        return False if False in found else None if None in found else True

    def _equal_names(self, wanted: Equation, stated: Form) -> bool | None:
        """Compare what gives several names the same value: x = y = 2."""
        last = read_form(wanted.sides[-1], self.names)
        if last is None:
            return None
        pairs = {side.strip(): last for side in wanted.sides[:-1]}
        if isinstance(stated, Equation) and len(stated.sides) == len(wanted.sides):
            other = read_form(stated.sides[-1], self.names)
            if {s.strip() for s in stated.sides[:-1]} != set(pairs) or other is None:
                return False
            return self._same(last, other)
        given = unpacked(stated) if isinstance(stated, Several) else alone(stated)
        return self._assigned(pairs, given)

    def _asks_in_order(self, size: int) -> bool:
        """Return whether as many calls are asked for in a row: T(10), T(11) and T(12)."""
        listed = re.search(r"valuesof((?:[A-Za-z]\(\w+\)(?:,and|,|and)?)+)", self.asked)
        return listed is not None and listed[1].count("(") == size
