"""Plant one fault in a right answer: the places where it can stand, chosen by a fixed seed.

Faults of calculation stand in a relation whose working is shown: its left side is an expression.
The same faults where a value or a formula stands without working are counted apart, as nothing
before them says what it must be. Faults of reasoning change words, cases or what is left out.
"""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from problems.schema import Problem
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.compiled_problem import compile_problem
from scoring.final_answer.thinking import visible
from scoring.formulas.chains import Side
from scoring.formulas.tree import Call, Index, Node, Number, Variable, names_of, walk
from scoring.numeric.compare import close
from scoring.numeric.evaluation import Evaluation

#: Faults that computation is held to, and all kinds in the order of the table.
CALCULATION = ("arithmetic", "sign", "algebra")
KINDS = (
    *CALCULATION, "value_without_working", "formula_without_working", "wrong_unit",
    "dropped_premise", "zero_division", "swapped_quantifier", "extraneous_root", "missing_case",
)  # fmt: skip
#: Places of one kind that are taken from one answer.
PER_ANSWER = 3
_LITERAL = re.compile(r"(?<![\w.\\^_{])\d+(?:\.\d+)?(?![\w.]*\})")
_SIGN = re.compile(r"(?<=[\w)}\]$ ])\s*([+-])\s*(?=[\w\\({])")
_COEFFICIENT = re.compile(r"(?<![\w.\\^_])(\d{1,3})(?=\s*[a-zA-Z\\(])|(?<=\^)\{?(\d)\}?")
_UNITS = {
    "km": "m", "cm": "m", "kg": "g", "公里": "米", "千米": "米", "厘米": "米", "千克": "克",
    "小时": "分钟", "hours": "minutes", "分钟": "小时", "minutes": "hours", "万元": "元",
    "元": "万元", "yuan": "thousand yuan", "吨": "千克", "米": "厘米", "分米": "米",
}  # fmt: skip
_UNIT = re.compile(
    r"(?<=[\d$} ])("
    + "|".join(sorted(_UNITS, key=len, reverse=True))
    + r")(?![A-Za-z\u4e00-\u9fff])"
)
_PREMISE = re.compile(
    r"(?:因为|由于|又|since|because|as)\s?[^，,。.;；\n]{3,60}[，,]"
    r"|[，,]\s?(?:其中|where|with|so long as|且)"
    r"\s?[^，,。.;；\n]{3,50}(?=[，,。.;；\n])",
    re.IGNORECASE,
)
_QUANTIFIER = (
    ("for all", "for some"), ("for every", "for some"), ("for each", "for one"), ("任意", "存在"),
    ("所有", "某个"), ("恒成立", "可成立"), ("if and only if", "if"), ("当且仅当", "当"),
    ("at least", "at most"), ("至少", "至多"), ("all ", "some "),
)  # fmt: skip
_FACTORED = re.compile(r"(\([^()=$\n]{1,20}\))\s*(\([^()=$\n]{1,30}\))\s*=\s*0")
_ROOT = re.compile(r"(?<![\w\\])([a-zA-Z])\s*=\s*(-?\d{1,3})(?=\s*(?:\$|[。，,.;；\n]))")
_CASE = re.compile(
    r"\s?(?:或者?|\bor)\s?\$?\s?[a-zA-Z\\]{1,8}\s?=\s?[^，,。;；\n$=]{1,24}\$?(?=[，,。.;；\n ])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: the altered text, and where in it the alteration stands."""

    kind: str
    text: str
    start: int
    end: int
    #: Where the altered piece stood in the original.
    at: int


def planted_faults(problem: Problem, text: str, *, seed: str) -> list[Fault]:
    """Return variants of an answer with one fault each, at most `PER_ANSWER` of a kind."""
    rng = random.Random(f"{problem.id}|{seed}")  # noqa: S311  # a fixed choice, no secret
    made: list[Fault] = []
    for kind, places in _places(problem, text).items():
        chosen = places if len(places) <= PER_ANSWER else rng.sample(places, PER_ANSWER)
        for start, end, instead in sorted(chosen):
            altered = text[:start] + instead + text[end:]
            made.append(
                Fault(kind=kind, text=altered, start=start, end=start + len(instead), at=start)
            )
    return made


#: Start, end and what stands there instead.
Alteration = tuple[int, int, str]


def _places(problem: Problem, text: str) -> dict[str, list[Alteration]]:
    found: dict[str, list[Alteration]] = {kind: [] for kind in KINDS}
    reading = _Reading(problem, text)
    for kind, alteration in reading.calculations():
        found[kind].append(alteration)
    start = visible(text).start
    for kind, alterations in _OF_WORDS.items():
        found[kind] = [one for one in alterations(text) if one[0] >= start]
    return found


class _Reading:
    """One answer as the parser reads it."""

    def __init__(self, problem: Problem, text: str) -> None:
        compiled = compile_problem(problem)
        shown = visible(text)
        self._text = text
        self._symbols = compiled.symbols
        self._evaluation = Evaluation(compiled.symbols.points, free=True)
        self._parsed = ParsedAnswer(
            compiled.symbols, self._evaluation, shown.text(text), shown.start
        )

    def calculations(self) -> Iterator[tuple[str, Alteration]]:
        """Yield the alterations of numbers, signs and coefficients, by kind."""
        for chain in self._parsed.chains:
            for i, ((left, right), relation) in enumerate(
                zip(itertools.pairwise(chain.sides), chain.relations, strict=False)
            ):
                if relation not in ("=", "≈") or not left.nodes or not right.nodes:
                    continue
                yield from self._of_link(left, right, first=i == 0)

    def _of_link(self, left: Side, right: Side, *, first: bool) -> Iterator[tuple[str, Alteration]]:
        start, end = self._parsed.span(right.start, right.end)
        written = self._text[start:end]
        a, b = left.nodes[0], right.nodes[0]
        # The first relation of a chain about unknowns is an equation, and no calculation.
        working = _is_working(a) and not (first and names_of(a))
        if not names_of(b):
            for found in itertools.islice(_LITERAL.finditer(written), 2):
                altered = _other_number(found.group())
                kind = "arithmetic" if working else "value_without_working"
                if self._differs(right, written, found, altered):
                    yield kind, (start + found.start(), start + found.end(), altered)
        else:
            for found in itertools.islice(_COEFFICIENT.finditer(written), 2):
                group = 1 if found.group(1) else 2
                altered = _other_number(found.group(group))
                kind = "algebra" if working else "formula_without_working"
                if self._differs(right, written, found, altered, group):
                    yield kind, (start + found.start(group), start + found.end(group), altered)
        for found in itertools.islice(_SIGN.finditer(written), 2):
            altered = "-" if found.group(1) == "+" else "+"
            kind = "sign" if working else "formula_without_working"
            if self._differs(right, written, found, altered, 1):
                yield kind, (start + found.start(1), start + found.end(1), altered)

    def _differs(
        self, side: Side, written: str, found: re.Match[str], instead: str, group: int = 0
    ) -> bool:
        """Return whether an alteration changes what a side says, as far as it can be read."""
        altered = written[: found.start(group)] + instead + written[found.end(group) :]
        node = self._symbols.read(altered)
        if node is None:
            return False
        a, b = self._evaluation.row(side.nodes[0]), self._evaluation.row(node)
        return a is None or b is None or len(a) != len(b) or not close(a, b, 1e-7)


def _is_working(node: Node) -> bool:
    """Return whether a side shows what its value comes from: it is more than a name or a number."""
    if isinstance(node, (Number, Variable, Index, Call)):
        return False
    return any(item is not node and isinstance(item, (Number, Variable)) for item in walk(node))


def _other_number(written: str) -> str:
    """Return a nearby wrong number in the same style."""
    digit = int(written[-1])
    return written[:-1] + str(digit + 1 if digit < 9 else 4)


def _units(text: str) -> list[Alteration]:
    return [(m.start(1), m.end(1), _UNITS[m.group(1)]) for m in _UNIT.finditer(text)]


def _premises(text: str) -> list[Alteration]:
    return [(m.start(), m.end(), "") for m in _PREMISE.finditer(text)]


def _divisions(text: str) -> list[Alteration]:
    """Divide a product that is zero by its first factor, which may be zero."""
    return [(m.start(), m.end(), f"{m.group(2)[1:-1]}=0") for m in _FACTORED.finditer(text)]


def _quantifiers(text: str) -> list[Alteration]:
    return [
        (m.start(), m.end(), new)
        for old, new in _QUANTIFIER
        for m in re.finditer(re.escape(old), text)
    ]


def _roots(text: str) -> list[Alteration]:
    """Add a root that does not solve the equation."""
    found = []
    for m in _ROOT.finditer(text):
        name, value = m.group(1), int(m.group(2))
        inside = text[: m.start()].count("$") % 2 == 1
        other = f"{name}={value + 7}"
        found.append((m.end(), m.end(), f"$ or ${other}" if inside else f" or {other}"))
    return found


def _cases(text: str) -> list[Alteration]:
    return [(m.start(), m.end(), "") for m in _CASE.finditer(text)]


_OF_WORDS: dict[str, Callable[[str], list[Alteration]]] = {
    "wrong_unit": _units, "dropped_premise": _premises, "zero_division": _divisions,
    "swapped_quantifier": _quantifiers, "extraneous_root": _roots, "missing_case": _cases,
}  # fmt: skip
