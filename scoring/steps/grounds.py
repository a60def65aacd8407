"""What an answer rests on: the data of the problem, or facts that hold for any problem of its kind.

A guess lists formulas and properties and states a result; a derivation puts the data in, works
numbers out or goes from one form to another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scoring.formulas.chains import Chain
from scoring.formulas.tree import Binary, Node, Number, names_of
from scoring.numeric.compare import Row, close
from scoring.numeric.evaluation import Evaluation
from scoring.steps.derivation import derives, is_plain

#: Numbers that stand in formulas of all kinds.
_COMMON = frozenset((0.0, 0.5, 1.0, 2.0, 3.0, 4.0))
#: Numbers of a statement that say nothing of its data: indices, signs and squares have them.
_UNSPECIFIC = frozenset((0.0, 1.0, 2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """The data of a problem: its numbers, its formulas as written, and its result."""

    numbers: frozenset[float]
    given: frozenset[tuple[str, ...]]
    results: tuple[Node, ...]
    rows: tuple[Row, ...]
    #: The numbers of the result.
    stated: frozenset[float]

    @classmethod
    def of(
        cls,
        statement: Iterable[Chain],
        given: frozenset[tuple[str, ...]],
        results: Sequence[Node],
        evaluation: Evaluation,
    ) -> Grounds:
        """Collect them from the formulas of the statement and the settled reference answers."""
        literals = {number for chain in statement for number in _literals(chain)}
        rows = (evaluation.row(node) for node in results)
        return cls(
            numbers=frozenset(literals) - _UNSPECIFIC,
            given=given,
            results=tuple(results),
            rows=tuple(row for row in rows if row is not None),
            stated=frozenset(number for node in results for number in _numbers(node)),
        )

    def used_in(self, chains: Iterable[Chain]) -> bool:
        """Return whether some formula puts the data in, or works something out.

        True where the problem gives no numbers by which that could be decided.
        """
        return not self.numbers or any(map(self._works, chains))

    def _works(self, chain: Chain) -> bool:
        literals = _literals(chain)
        if literals - self.numbers - _COMMON - self.stated:
            return True
        if len(chain.sides) < 2 or self.restates(chain):
            return False
        nodes = [node for side in chain.sides for node in side.nodes]
        return (
            chain.relations.count("=") > 1
            or not self.numbers.isdisjoint(literals)
            or any(
                not names_of(node) and not is_plain(node) and node not in self.results
                for node in nodes
            )
        )

    def restates(self, chain: Chain) -> bool:
        """Return whether a relation stands in the statement as it is."""
        return tuple(side.canonical for side in chain.sides[:2]) in self.given

    def derived_in(self, chain: Chain) -> bool:
        """Return whether a relation is more than a name with its value, or the statement's."""
        return len(chain.sides) > 1 and derives(chain) and not self.restates(chain)

    def is_result(self, node: Node, evaluation: Evaluation) -> bool:
        """Return whether an expression has the value of the problem's result."""
        row = evaluation.row(node) if self.rows else None
        return row is not None and any(close(row, result) for result in self.rows)


def _literals(chain: Chain) -> set[float]:
    return {number for side in chain.sides for node in side.nodes for number in _numbers(node)}


def _numbers(node: Node) -> set[float]:
    """Return the numbers of an expression other than exponents."""
    found: set[float] = set()
    waiting = [node]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Number):
            found.add(item.value)
        elif isinstance(item, Binary) and item.operator == "pow":
            waiting.append(item.left)
        else:
            waiting.extend(item.children())
    return found
