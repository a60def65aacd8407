"""Decide whether a stated final answer is right, wrong or undecided."""

from __future__ import annotations

import re

from problems.schema import Answer
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
from scoring.text.normalise import normalise

_CHOICE = re.compile(r"(?<![A-Za-z])([A-H])(?![A-Za-z])")


def judge_answer(parsed: ParsedAnswer, key: AnswerKey, place: FinalAnswer | None) -> bool | None:
    """Return whether the stated answer is right; None where that cannot be decided.

    People judge some kinds, and some answers cannot be compared.
    """
    answer = key.answer
    if answer.kind in ("proof", "rubric") or not answer.any_of:
        return None
    if place is None:
        return False
    chains = [
        c
        for c in parsed.chains
        if c.start < place.end and c.end > place.start and c.end <= place.end + 40
    ]
    verdicts = [_judge_one(parsed, place, chains, key, writing) for writing in key.writings]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _judge_one(
    parsed: ParsedAnswer,
    place: FinalAnswer,
    chains: list[Chain],
    key: AnswerKey,
    writing: Writing,
) -> bool | None:
    symbols, answer, written, wanted = parsed.symbols, key.answer, writing.text, writing.chains
    if answer.kind == "choice":
        letters = _CHOICE.findall(parsed.text[place.start : place.end])
        return bool(letters) and set(letters) == set(_CHOICE.findall(written))
    if not wanted:
        return None
    if answer.kind == "relation" or wanted[0].relations:
        found = _relation(parsed, chains, wanted, key)
        return _writing(parsed, place, written) if found is None else found
    nodes = wanted[0].sides[0].nodes
    if len(wanted) > 1:
        items = (node for chain in wanted for node in chain.sides[-1].nodes)
        nodes = (Collection("set", tuple(items)),)
    if not nodes:
        return _writing(parsed, place, written)
    target = symbols.settle(nodes[0], {})
    if isinstance(target, Collection) and target.kind == "set":
        return _set(parsed, chains, [symbols.settle(item, {}) for item in target.items], answer)
    if isinstance(target, Interval) or (isinstance(target, Binary) and target.operator == "union"):
        return _interval(parsed, place, chains, target, written)
    if wanted[0].sides[0].double:
        return _set(parsed, chains, [symbols.settle(item, {}) for item in nodes], answer)
    return _value(parsed, chains, target, answer, place)


def _stated(parsed: ParsedAnswer, chain: Chain) -> list[list[Values]]:
    """Return what a chain ends in under each reading of its letters."""
    symbols = parsed.symbols
    side = chain.sides[-1]
    names = frozenset(name for node in side.nodes for name in names_of(node))
    readings = symbols.readings(names, guess=True)
    return [
        [Values(symbols.settle(node, reading), parsed.evaluation) for node in side.nodes]
        for reading in readings
    ]


def _same(value: Values, target: Values, answer: Answer) -> bool:
    if value.node == target.node:
        return True
    if value.row is None or target.row is None:
        return False
    if close(value.row, target.row, max(answer.tol, 1e-9)):
        return True
    return constant(target.row) and len(target.row) == 8 and rounded_to(value.node, target.row[0])


def _value(
    parsed: ParsedAnswer, chains: list[Chain], target: Node, answer: Answer, place: FinalAnswer
) -> bool | None:
    wanted = Values(target, parsed.evaluation)
    if wanted.row is None:
        return _ask(parsed, place, answer.any_of[0])
    readable = [chain for chain in chains if chain.sides[-1].nodes]
    if not readable:
        return None if chains else False
    right: list[bool] = []
    for chain in readable:
        fits = answer.unit is None or same_unit(answer.unit, chain.unit)
        right.append(
            fits
            and any(
                _same(value, wanted, answer)
                for values in _stated(parsed, chain)
                for value in values
            )
        )
    if not any(right):
        return False
    # Several bare values joined by "or" are several answers, of which one being right is not
    # enough.
    listed = [chain for chain in readable if chain.listed_for is not None or not chain.relations]
    joined = re.search(r"或|\bor\b|±|\\pm", parsed.text[place.start : place.end]) is not None
    if joined and len(listed) > 1:
        return all(r for chain, r in zip(readable, right, strict=True) if chain in listed)
    return not any(chain.sides[-1].double for chain, r in zip(readable, right, strict=True) if r)


def _relation(
    parsed: ParsedAnswer, chains: list[Chain], wanted: tuple[Chain, ...], key: AnswerKey
) -> bool | None:
    symbols, answer = parsed.symbols, key.answer
    indexes = {id(chain) for chain in chains}
    found = [
        item
        for item in parsed.formulas
        if item.relation is not None and id(parsed.chains[item.chain]) in indexes
    ]
    for chain in wanted:
        # Listed solutions "a + kT, b + kT for k in Z" leave pieces without a relation, which say
        # nothing alone.
        relation = combined(chain.relations[:1]) if len(chain.sides) > 1 else None
        if relation is None or not chain.sides[0].nodes or not chain.sides[1].nodes:
            return None
        left, right = (
            Values(symbols.settle(side.nodes[0], {}), parsed.evaluation) for side in chain.sides[:2]
        )
        target = Relation.of(left, relation, right)
        if any(
            same_relation(target, item.relation, key.rule, parsed.evaluation)
            for item in found
            if item.relation is not None
        ):
            continue
        if len(wanted) == 1 and right.row is not None:
            return any(
                _same(v, right, answer)
                for c in chains
                if not c.relations
                for vs in _stated(parsed, c)
                for v in vs
            )
        return False
    return True


def _set(
    parsed: ParsedAnswer, chains: list[Chain], targets: list[Node], answer: Answer
) -> bool | None:
    wanted = [Values(node, parsed.evaluation) for node in targets]
    for chain in reversed(chains):
        for side in chain.sides:
            for node in side.nodes:
                if not isinstance(node, Collection) or node.kind == "list":
                    continue
                if node.kind == "set" or len(node.items) == len(wanted):
                    items = [
                        Values(parsed.symbols.settle(item, {}), parsed.evaluation)
                        for item in node.items
                    ]
                    if _equal_sets(items, wanted, answer):
                        return True
                    if node.kind == "set":
                        return False
    pools: list[list[Values]] = [[], [], []]
    for chain in chains:
        if not chain.sides[-1].nodes:
            continue
        values = _stated(parsed, chain)[0]
        if all(not names_of(target) for target in targets) and names_of(chain.sides[-1].nodes[0]):
            continue
        plain = (
            bool(chain.relations)
            and chain.sides[0].nodes
            and isinstance(chain.sides[0].nodes[0], (Variable, Index))
            and len(chain.sides) == 2
        )
        listed = chain.listed_for is not None
        pools[0].extend(values)
        pools[1 if not (plain or listed) else 2].extend(values)
    return any(pool and _equal_sets(pool, wanted, answer) for pool in pools)


def _equal_sets(items: list[Values], wanted: list[Values], answer: Answer) -> bool:
    """Return whether each of the two lists holds everything that the other holds."""
    forth = all(any(_same(item, target, answer) for target in wanted) for item in items)
    return forth and all(any(_same(item, target, answer) for item in items) for target in wanted)


def _interval(
    parsed: ParsedAnswer, place: FinalAnswer, chains: list[Chain], target: Node, written: str
) -> bool | None:
    evaluation = parsed.evaluation
    wanted = intervals_of(target, evaluation)
    if wanted is None:
        return True if _writing(parsed, place, written) else _ask(parsed, place, written)
    found: list[bool] = []
    for chain in chains:
        if (confined := interval_of_chain(chain, evaluation)) is not None:
            found.append(same_intervals([confined], wanted))
        for node in (node for side in chain.sides for node in side.nodes):
            stated = intervals_of(node, evaluation)
            if stated is not None and not is_tuple(node):
                found.append(same_intervals(stated, wanted))
    if True in found:
        return True
    return False if found else _ask(parsed, place, written)


def _ask(parsed: ParsedAnswer, place: FinalAnswer, written: str) -> bool | None:
    """Ask math-verify about a stated answer that the scorer's own means cannot compare."""
    stated = parsed.text[place.start : place.end].strip(" $。.\n*")
    if not stated or len(stated) > MAX_REGION or place.how == "end":
        return None
    return shared().equal(written, stated)


def _writing(parsed: ParsedAnswer, place: FinalAnswer, written: str) -> bool | None:
    """Compare writings where nothing can be evaluated; a difference proves nothing."""

    def squeeze(text: str) -> str:
        return re.sub(r"[\s{}$]|\\left|\\right|\\,", "", normalise(text).text)

    return True if squeeze(written) in squeeze(parsed.text[place.start : place.end]) else None
