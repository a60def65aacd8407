"""Decide whether a stated final answer is right, wrong or undecided."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.final_answer.answer_key import AnswerKey, Writing
from scoring.final_answer.extraction import MAX_REGION, FinalAnswer
from scoring.final_answer.math_verify import shared
from scoring.formulas.chains import Chain
from scoring.formulas.tree import (
    Binary,
    Collection,
    Index,
    Interval,
    Node,
    Variable,
    is_tuple,
    names_of,
)
from scoring.formulas.units import same_unit
from scoring.numeric.compare import close, combined, constant
from scoring.numeric.intervals import interval_of_chain, intervals_of, same_intervals
from scoring.numeric.relation import Relation, Values
from scoring.numeric.rounding import rounded_to
from scoring.numeric.same_relation import same_relation
from scoring.numeric.sample_points import POINTS
from scoring.numeric.symbols import Reading
from scoring.text.normalise import normalise

_JOINED = re.compile(r"或|\bor\b|±|\\pm")
_CHOICE = re.compile(r"(?<![A-Za-z])([A-H])(?![A-Za-z])")


def judge_answer(parsed: ParsedAnswer, key: AnswerKey, place: FinalAnswer | None) -> bool | None:
    """Return whether the stated answer is right; None where that cannot be decided.

    People judge some kinds, and some answers cannot be compared.
    """
    if key.answer.kind in ("proof", "rubric") or not key.writings:
        return None
    if place is None:
        return False
    chains = tuple(
        chain
        for chain in parsed.chains
        if chain.start < place.end and chain.end > place.start and chain.end <= place.end + 40
    )
    stated = _StatedAnswer(parsed, key, place, chains)
    verdicts = [stated.equals(writing) for writing in key.writings]
    if True in verdicts:
        return True
    return None if None in verdicts else False


@dataclass(frozen=True, slots=True)
class _StatedAnswer:
    """The final answer of a text: where it stands and the formulas that stand there."""

    parsed: ParsedAnswer
    key: AnswerKey
    place: FinalAnswer
    chains: tuple[Chain, ...]

    @property
    def text(self) -> str:
        return self.parsed.text[self.place.start : self.place.end]

    def equals(self, writing: Writing) -> bool | None:
        """Return whether this is the answer that a writing of the key means."""
        wanted = writing.chains
        if self.key.answer.kind == "choice":
            letters = _CHOICE.findall(self.text)
            return bool(letters) and set(letters) == set(_CHOICE.findall(writing.text))
        if not wanted:
            return None
        if self.key.answer.kind == "relation" or wanted[0].relations:
            found = self._holds(wanted)
            return self._is_written(writing) if found is None else found
        nodes = wanted[0].sides[0].nodes
        if len(wanted) > 1:
            items = (node for chain in wanted for node in chain.sides[-1].nodes)
            nodes = (Collection("set", tuple(items)),)
        if not nodes:
            return self._is_written(writing)
        match self.parsed.symbols.settle(nodes[0], {}):
            case Collection("set", members):
                return self._is_set(members)
            case Interval() | Binary("union") as target:
                return self._is_interval(target, writing)
            case target:
                return self._is_set(nodes) if wanted[0].sides[0].double else self._is_value(target)

    def _values(self, node: Node, reading: Reading | None = None) -> Values:
        node = self.parsed.symbols.settle(node, reading or {})
        return Values(node, self.parsed.evaluation)

    def _ends(self, chain: Chain) -> list[list[Values]]:
        """Return what a chain ends in under each reading of its letters."""
        nodes = chain.sides[-1].nodes
        names = frozenset(name for node in nodes for name in names_of(node))
        readings = self.parsed.symbols.readings(names, guess=True)
        return [[self._values(node, reading) for node in nodes] for reading in readings]

    def _states(self, chain: Chain, target: Values) -> bool:
        """Return whether a chain ends in a value under some reading."""
        return any(self._same(value, target) for values in self._ends(chain) for value in values)

    def _same(self, value: Values, target: Values) -> bool:
        if value.node == target.node:
            return True
        if value.row is None or target.row is None:
            return False
        if close(value.row, target.row, max(self.key.answer.tol, 1e-9)):
            return True
        single = constant(target.row) and len(target.row) == POINTS
        return single and rounded_to(value.node, target.row[0])

    def _is_value(self, target: Node) -> bool | None:
        wanted = Values(target, self.parsed.evaluation)
        if wanted.row is None:
            return self._by_math_verify(self.key.writings[0])
        readable = [chain for chain in self.chains if chain.sides[-1].nodes]
        if not readable:
            return None if self.chains else False
        unit = self.key.answer.unit
        right = [
            (unit is None or same_unit(unit, chain.unit)) and self._states(chain, wanted)
            for chain in readable
        ]
        if not any(right):
            return False
        # Bare values joined by "or" are several answers; that one of them is right is not enough.
        listed = [c for c in readable if c.listed_for is not None or not c.relations]
        if len(listed) > 1 and _JOINED.search(self.text):
            return all(r for chain, r in zip(readable, right, strict=True) if chain in listed)
        return not any(c.sides[-1].double for c, r in zip(readable, right, strict=True) if r)

    def _holds(self, wanted: tuple[Chain, ...]) -> bool | None:
        """Return whether every wanted relation is stated; a lone one by its right side as well."""
        parsed = self.parsed
        indexes = {id(chain) for chain in self.chains}
        stated = [
            formula.relation
            for formula in parsed.formulas
            if formula.relation is not None and id(parsed.chains[formula.chain]) in indexes
        ]
        for chain in wanted:
            # Listed solutions "a + kT, b + kT for k in Z" leave pieces without a relation, which
            # say nothing alone.
            relation = combined(chain.relations[:1]) if len(chain.sides) > 1 else None
            if relation is None or not chain.sides[0].nodes or not chain.sides[1].nodes:
                return None
            left, right = (self._values(side.nodes[0]) for side in chain.sides[:2])
            target = Relation.of(left, relation, right)
            if any(same_relation(target, r, self.key.rule, parsed.evaluation) for r in stated):
                continue
            if len(wanted) == 1 and right.row is not None:
                return any(self._states(c, right) for c in self.chains if not c.relations)
            return False
        return True

    def _is_set(self, nodes: tuple[Node, ...]) -> bool | None:
        targets = [self._values(node) for node in nodes]
        for chain in reversed(self.chains):
            for node in (node for side in chain.sides for node in side.nodes):
                if not isinstance(node, Collection) or node.kind == "list":
                    continue
                if node.kind == "set" or len(node.items) == len(targets):
                    if self._same_sets([self._values(item) for item in node.items], targets):
                        return True
                    if node.kind == "set":
                        return False
        numbers = not any(names_of(target.node) for target in targets)
        pools: list[list[Values]] = [[], [], []]
        for chain in self.chains:
            nodes = chain.sides[-1].nodes
            if not nodes:
                continue
            values = self._ends(chain)[0]
            if numbers and names_of(nodes[0]):
                continue
            pools[0].extend(values)
            pools[2 if _gives_a_name(chain) or chain.listed_for is not None else 1].extend(values)
        return any(pool and self._same_sets(pool, targets) for pool in pools)

    def _same_sets(self, items: list[Values], targets: list[Values]) -> bool:
        """Return whether each of the two lists holds everything that the other holds."""
        return all(any(self._same(item, target) for target in targets) for item in items) and all(
            any(self._same(item, target) for item in items) for target in targets
        )

    def _is_interval(self, target: Node, writing: Writing) -> bool | None:
        evaluation = self.parsed.evaluation
        wanted = intervals_of(target, evaluation)
        if wanted is None:
            return self._is_written(writing) or self._by_math_verify(writing)
        found: list[bool] = []
        for chain in self.chains:
            if (confined := interval_of_chain(chain, evaluation)) is not None:
                found.append(same_intervals([confined], wanted))
            for node in (node for side in chain.sides for node in side.nodes):
                stated = intervals_of(node, evaluation)
                if stated is not None and not is_tuple(node):
                    found.append(same_intervals(stated, wanted))
        if True in found:
            return True
        return False if found else self._by_math_verify(writing)

    def _by_math_verify(self, writing: Writing) -> bool | None:
        """Ask math-verify where the scorer's own means cannot compare."""
        stated = self.text.strip(" $。.\n*")
        if not stated or len(stated) > MAX_REGION or self.place.how == "end":
            return None
        return shared().equal(writing.text, stated)

    def _is_written(self, writing: Writing) -> bool | None:
        """Compare writings where nothing can be evaluated; a difference proves nothing."""
        return True if _squeeze(writing.text) in _squeeze(self.text) else None


def _squeeze(text: str) -> str:
    return re.sub(r"[\s{}$]|\\left|\\right|\\,", "", normalise(text).text)


def _gives_a_name(chain: Chain) -> bool:
    """Return whether a chain of two sides gives a lone name a value."""
    nodes = chain.sides[0].nodes
    lone = bool(nodes) and isinstance(nodes[0], (Variable, Index))
    return lone and len(chain.sides) == 2 and bool(chain.relations)
