"""Find the final answer in a text and say whether it is right, wrong or cannot be told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from problems.schema import Answer
from scoring.final_answer.math_verify import shared
from scoring.formulas.chains import Chain
from scoring.formulas.tree import Node, names_of
from scoring.formulas.units import same_unit
from scoring.numeric.compare import close, combined
from scoring.numeric.rounding import rounded_to
from scoring.steps.intervals import interval_of_chain, intervals_of, same_intervals
from scoring.steps.matcher import same_relation
from scoring.steps.parsed_answer import ParsedAnswer
from scoring.steps.symbols import Relation, Values

_BOXED = re.compile(r"\\boxed\s*\{")
_CUE = re.compile(
    r"(?:最终答案|最后答案|最终结果|答案|答|结论|综上所述|综上|(?:the )?(?:final )?answers?|final result|in conclusion|in summary)"
    r"\s*(?:is|are|为|是|:|：|=|，|,)\s*(?:is|are|为|是|:|：)?",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:最终答案|答案|结论|final answer|answer|conclusion)[\s*#:：]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SO = re.compile(
    r"(?:因此|所以|故|从而|于是|即|可得|therefore|hence|thus|so)\s*[,，]?", re.IGNORECASE
)
MAX_REGION = 400
#: A box before this share of the text holds a part, not the end.
BOX_FROM = 0.5
_ORDERS = frozenset("<≤>≥≠∈")
_CHOICE = re.compile(r"(?<![A-Za-z])([A-H])(?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """Where the answer stands in the normalised text and how sure its place is: boxed, cue or end."""

    start: int
    end: int
    how: str


def locate(sheet: ParsedAnswer) -> FinalAnswer | None:
    """Return the stretch that states the final answer: a box, else the last announcement, else the last formula."""
    text = sheet.text
    boxes = list(_BOXED.finditer(text))
    if boxes and boxes[-1].start() >= BOX_FROM * len(text):
        first = boxes[-1]
        start, end = first.end(), _closing(text, first.end())
        return FinalAnswer(start, end, "boxed")
    best: FinalAnswer | None = None
    for found in [*_CUE.finditer(text), *_HEADING.finditer(text)]:
        start = found.end()
        end = _line_end(text, start)
        if text[start:end].strip(" *:$。.\n") and (best is None or start > best.start):
            best = FinalAnswer(start, end, "cue")
    if best is not None and any(best.start <= chain.start < best.end for chain in sheet.chains):
        return best
    return _conclusion(sheet) or best


#: Units from the end of an answer that may hold its conclusion.
TAIL_UNITS = 5
_CONDITION = re.compile(
    r"当且仅当|等号成立|equality|if and only if|\biff\b|only when|attained (?:at|when|for)",
    re.IGNORECASE,
)
#: After a formula: it is where equality holds.
_TAKEN = re.compile(
    r"(?:(?!当|when|if )[^。;\n]){0,60}?(?:取等|取得等号|取到等号|时等号成立|is where equality|gives equality)"
)
_CHECK = re.compile(
    r"检验|验证|验算|经检|灵敏|敏感|稳健|check|verif|sensitiv|robust|second derivative|二阶导",
    re.IGNORECASE,
)


def _conclusion(sheet: ParsedAnswer) -> FinalAnswer | None:
    """Return the last formula that concludes: checks and remarks after it are passed over."""
    relevant: dict[int, Chain] = {}
    for chain in reversed(sheet.chains):
        if (
            any(side.nodes for side in chain.sides)
            and not set(chain.relations[-1:]) & _ORDERS
            and not _is_condition(sheet, chain)
        ):
            relevant.setdefault(sheet.unit_at(chain.start), chain)
        if len(relevant) >= TAIL_UNITS:
            break
    last = next(
        (chain for chain in reversed(sheet.chains) if any(side.nodes for side in chain.sides)), None
    )
    if last is None:
        return None
    kept = [
        index
        for index in relevant
        if not _CHECK.search(sheet.text[sheet.units[index].start : sheet.units[index].end])
    ]
    chosen = next(iter(kept), None)
    if sheet.compiled.problem.answer.kind in ("relation", "interval") or chosen is None:
        chosen = sheet.unit_at(last.start)
        relevant.setdefault(chosen, last)
    unit, chain = sheet.units[chosen], relevant[chosen]
    start = max(unit.start, chain.end - MAX_REGION)
    for found in _SO.finditer(sheet.text, start, max(start, chain.start)):
        start = found.end()
    return FinalAnswer(start, max(unit.end, chain.end), "end")


def _is_condition(sheet: ParsedAnswer, chain: Chain) -> bool:
    """Say whether a formula only tells when equality holds."""
    unit = sheet.units[sheet.unit_at(chain.start)]
    before = sheet.text[unit.start : chain.start]
    if _TAKEN.match(sheet.text, chain.end, unit.end):
        return True
    found = [match.end() for match in _CONDITION.finditer(before)]
    return bool(found) and not re.search(
        r"所以|因此|故|最[大小]值|\bso\b|hence|therefore", before[found[-1] :], re.IGNORECASE
    )


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, min(len(text), start + MAX_REGION)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return min(len(text), start + MAX_REGION)


def _line_end(text: str, start: int) -> int:
    """Return the end of the line, or of the formula displayed on the next one."""
    at = start
    while at < len(text) and text[at] in " *\n#$:：":
        at += 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if text[start:at].count("$") >= 2 or text[at - 2 : at] == "$$":
        closing = text.find("$$", at)
        end = max(end, closing) if 0 <= closing - at < MAX_REGION else end
    return min(end, start + MAX_REGION)


def judge_answer(sheet: ParsedAnswer, place: FinalAnswer | None) -> bool | None:
    """Say whether the stated answer is right; None where the kind is judged by people or nothing can be compared."""
    answer = sheet.compiled.problem.answer
    if answer.kind in ("proof", "rubric") or not answer.any_of:
        return None
    if place is None:
        return False
    chains = [
        c
        for c in sheet.chains
        if c.start < place.end and c.end > place.start and c.end <= place.end + 40
    ]
    verdicts = [_judge_one(sheet, place, chains, answer, written) for written in answer.any_of]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _judge_one(
    sheet: ParsedAnswer, place: FinalAnswer, chains: list[Chain], answer: Answer, written: str
) -> bool | None:
    compiled = sheet.compiled
    if answer.kind == "choice":
        letters = _CHOICE.findall(sheet.text[place.start : place.end])
        return bool(letters) and set(letters) == set(_CHOICE.findall(written))
    wanted = compiled.scope.chains(written)
    if not wanted:
        return None
    if answer.kind == "relation" or wanted[0].relations:
        found = _relation(sheet, chains, wanted, answer)
        return _writing(sheet, place, written) if found is None else found
    nodes = wanted[0].sides[0].nodes
    if len(wanted) > 1:
        nodes = (("set", *(node for chain in wanted for node in chain.sides[-1].nodes)),)
    if not nodes:
        return _writing(sheet, place, written)
    target = compiled.scope.settle(nodes[0], {})
    if target[0] == "set":
        return _set(sheet, chains, [compiled.scope.settle(item, {}) for item in target[1:]], answer)
    if target[0] in ("interval", "union"):
        return _interval(sheet, place, chains, target, written)
    if wanted[0].sides[0].double:
        return _set(sheet, chains, [compiled.scope.settle(item, {}) for item in nodes], answer)
    return _value(sheet, chains, target, answer, place)


def _stated(sheet: ParsedAnswer, chain: Chain) -> list[list[Values]]:
    """Return what a chain ends in under each reading of its letters."""
    compiled = sheet.compiled
    side = chain.sides[-1]
    names = frozenset(name for node in side.nodes for name in names_of(node))
    readings = compiled.scope.readings(names, compiled.introduced)
    return [
        [Values(compiled.scope.settle(node, reading), compiled.scope) for node in side.nodes]
        for reading in readings
    ]


def _same(value: Values, target: Values, answer: Answer) -> bool:
    if value.node == target.node:
        return True
    if value.row is None or target.row is None:
        return False
    if close(value.row, target.row, max(answer.tol, 1e-9)):
        return True
    from scoring.numeric.compare import constant  # noqa: PLC0415  # kept beside its only use

    return constant(target.row) and len(target.row) == 8 and rounded_to(value.node, target.row[0])


def _value(
    sheet: ParsedAnswer, chains: list[Chain], target: Node, answer: Answer, place: FinalAnswer
) -> bool | None:
    wanted = Values(target, sheet.compiled.scope)
    if wanted.row is None:
        return _ask(sheet, place, answer.any_of[0])
    readable = [chain for chain in chains if chain.sides[-1].nodes]
    if not readable:
        return None if chains else False
    right: list[bool] = []
    for chain in readable:
        fits = answer.unit is None or same_unit(answer.unit, chain.unit)
        right.append(
            fits
            and any(
                _same(value, wanted, answer) for values in _stated(sheet, chain) for value in values
            )
        )
    if not any(right):
        return False
    # Several bare values joined by "or" are several answers, of which one being right is not enough.
    listed = [chain for chain in readable if chain.listed_for is not None or not chain.relations]
    joined = re.search(r"或|\bor\b|±|\\pm", sheet.text[place.start : place.end]) is not None
    if joined and len(listed) > 1:
        return all(r for chain, r in zip(readable, right, strict=True) if chain in listed)
    return not any(chain.sides[-1].double for chain, r in zip(readable, right, strict=True) if r)


def _relation(
    sheet: ParsedAnswer, chains: list[Chain], wanted: list[Chain], answer: Answer
) -> bool | None:
    compiled = sheet.compiled
    from problems.evidence import EqEvidence  # noqa: PLC0415  # kept beside its only use

    pattern = compiled.compile(EqEvidence(eq=answer.any_of[0], tol=answer.tol))
    indexes = {id(chain) for chain in chains}
    found = [
        item
        for item in sheet.found
        if item.relation is not None and id(sheet.chains[item.chain]) in indexes
    ]
    for chain in wanted:
        # Listed solutions "a + kT, b + kT for k in Z" leave pieces without a relation, which say nothing alone.
        relation = combined(chain.relations[:1]) if len(chain.sides) > 1 else None
        if relation is None or not chain.sides[0].nodes or not chain.sides[1].nodes:
            return None
        left, right = (
            Values(compiled.scope.settle(side.nodes[0], {}), compiled.scope)
            for side in chain.sides[:2]
        )
        target = Relation.of(left, relation, right)
        if any(
            same_relation(pattern, target, item.relation)  # type: ignore[arg-type]
            for item in found
            if item.relation is not None
        ):
            continue
        if len(wanted) == 1 and right.row is not None:
            return any(
                _same(v, right, answer)
                for c in chains
                if not c.relations
                for vs in _stated(sheet, c)
                for v in vs
            )
        return False
    return True


def _set(
    sheet: ParsedAnswer, chains: list[Chain], targets: list[Node], answer: Answer
) -> bool | None:
    wanted = [Values(node, sheet.compiled.scope) for node in targets]
    for chain in reversed(chains):
        for side in chain.sides:
            for node in side.nodes:
                if node[0] == "set" or (node[0] == "tuple" and len(node) - 1 == len(wanted)):
                    items = [
                        Values(sheet.compiled.scope.settle(item, {}), sheet.compiled.scope)
                        for item in node[1:]
                    ]
                    if _equal_sets(items, wanted, answer):
                        return True
                    if node[0] == "set":
                        return False
    pools: list[list[Values]] = [[], [], []]
    for chain in chains:
        if not chain.sides[-1].nodes:
            continue
        values = _stated(sheet, chain)[0]
        if all(not names_of(target) for target in targets) and names_of(chain.sides[-1].nodes[0]):
            continue
        plain = (
            bool(chain.relations)
            and chain.sides[0].nodes
            and chain.sides[0].nodes[0][0] in ("v", "idx")
            and len(chain.sides) == 2
        )
        listed = chain.listed_for is not None
        pools[0].extend(values)
        pools[1 if not (plain or listed) else 2].extend(values)
    return any(pool and _equal_sets(pool, wanted, answer) for pool in pools)


def _equal_sets(items: list[Values], wanted: list[Values], answer: Answer) -> bool:
    """Say whether each of the two lists holds everything that the other holds."""
    forth = all(any(_same(item, target, answer) for target in wanted) for item in items)
    return forth and all(any(_same(item, target, answer) for item in items) for target in wanted)


def _interval(
    sheet: ParsedAnswer, place: FinalAnswer, chains: list[Chain], target: Node, written: str
) -> bool | None:
    scope = sheet.compiled.scope
    wanted = intervals_of(target, scope)
    if wanted is None:
        return True if _writing(sheet, place, written) else _ask(sheet, place, written)
    found: list[bool] = []
    for chain in chains:
        if (confined := interval_of_chain(chain, scope)) is not None:
            found.append(same_intervals([confined], wanted))
        for node in (node for side in chain.sides for node in side.nodes):
            stated = intervals_of(node, scope)
            if stated is not None and node[0] != "tuple":
                found.append(same_intervals(stated, wanted))
    if True in found:
        return True
    return False if found else _ask(sheet, place, written)


def _ask(sheet: ParsedAnswer, place: FinalAnswer, written: str) -> bool | None:
    """Ask math-verify about a stated answer that the scorer's own means cannot compare."""
    stated = sheet.text[place.start : place.end].strip(" $。.\n*")
    if not stated or len(stated) > MAX_REGION or place.how == "end":
        return None
    return shared().equal(written, stated)


def _writing(sheet: ParsedAnswer, place: FinalAnswer, written: str) -> bool | None:
    """Compare writings where nothing can be evaluated; a difference proves nothing."""
    from scoring.text.normalise import normalise  # noqa: PLC0415  # kept beside its only use

    def squeeze(text: str) -> str:
        return re.sub(r"[\s{}$]|\\left|\\right|\\,", "", normalise(text).text)

    return True if squeeze(written) in squeeze(sheet.text[place.start : place.end]) else None
