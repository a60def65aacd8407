"""Verify an answer by computation alone: each step of its derivation gets a mark."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from problems.schema import Problem
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.compiled_problem import compile_problem
from scoring.final_answer.thinking import visible
from scoring.formulas.chains import Chain, Side
from scoring.formulas.tree import Node, names_of, numbers_of
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.evaluator import Evaluator
from scoring.numeric.rounding import decimals_of
from scoring.verification.conversions import conversions
from scoring.verification.derivation import CONNECTIVE, DerivationStep, derivation
from scoring.verification.marks import Finding, MarkedStep, strongest
from scoring.verification.premises import Premises, only_values
from scoring.verification.relations import Link, RelationChecker
from scoring.verification.surroundings import BOUND, OF, is_broken, without_tags
from scoring.verification.unknowns import Unknowns

#: Changes whenever a mark by computation could change.
VERIFIER_VERSION = "2"
MAX_STEPS = 400
_SUPPOSED = re.compile(
    r"(?:若|如果|假如|假设|例如|比如|当|设|令|取|\b(?:if|when|suppose|assume|let|say|put|set|at|for"
    r"|for example|e\.g\.))[^,，。;；\n]{0,24}$",
    re.IGNORECASE,
)
#: Words of a sentence that rejects what it states.
_REJECTED = re.compile(
    r"矛盾|不成立|不可能|不符|舍去?|不等于|错误|不满足|contradict|impossible|reject|discard"
    r"|not equal|is not|are not|not a |would|cannot|fails|wrong|mistake|extraneous|instead",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"因为|由于|又|且|舍|>|<|≥|≤|≠|\\ge|\\le|\\ne|正|负|非零|[Ss]ince|because|positive|negative|nonzero"
    r"|domain|定义域|only|唯一|subtract|eliminat|相减|消去"
)
#: Words that give an example or another case.
_EXAMPLE = re.compile(
    r"例如|比如|若|如果|假如|假设|设想|敏感"
    r"|\b(?:if|for example|e\.g\.|suppose|assume|sensitiv\w+)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The marked steps of one answer."""

    problem_id: str
    steps: tuple[MarkedStep, ...]

    #: How a model's labels were read; None where none was sent anything.
    labels_by: str | None = None
    model: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``evalctl verify``."""
        counts = dict.fromkeys(("consistent", "needs_premise", "wrong", "unverified"), 0)
        for step in self.steps:
            counts[step.mark] += 1
        return {
            "problem": self.problem_id,
            "verifier_version": VERIFIER_VERSION,
            "model": self.model,
            "labels_by": self.labels_by,
            "marks": counts,
            "steps": [step.to_dict() for step in self.steps],
        }


def verify_text(problem: Problem, text: str) -> Verification:
    """Return the marks that computation gives the steps of an answer; safe on any text.

    What stands between ``<think>`` tags is left out. Marks depend on problem and text alone, the
    times do not.
    """
    return _Verifier(problem, text).verification()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Surroundings:
    """What the text around a relation says of it."""

    step: int
    concludes: bool = False
    conditional: bool = False
    supposed: bool = False


_STATEMENT = _Surroundings(step=-1)
_ANSWER = _Surroundings(step=0)


class _Verifier:
    """Walks through one answer; belongs to one thread."""

    def __init__(self, problem: Problem, text: str) -> None:
        compiled = compile_problem(problem)
        shown = visible(text)
        self._problem_id = problem.id
        self._text = text
        self._symbols = compiled.symbols
        self._evaluation = Evaluation(compiled.symbols.points)
        self._parsed = ParsedAnswer(
            compiled.symbols, self._evaluation, without_tags(shown.text(text)), shown.start
        )
        self._premises = Premises(self._evaluation)
        self._checker = RelationChecker(
            self._premises,
            self._evaluation,
            Unknowns(Evaluator(compiled.symbols.points)),
            compiled.symbols.scalars,
        )
        statement = [
            chain
            for written in problem.statement.values()
            for chain in compiled.symbols.chains(written, maths=False)
        ]
        self._prepare(statement)
        for chain in statement:
            for link in self._links(chain, _STATEMENT):
                if link.relation in ("=", "≡"):
                    self._premises.add(link.raw_left, link.left, link.right, -1)

    def verification(self) -> Verification:
        """Return the marks of all steps."""
        steps = derivation(self._parsed)[:MAX_STEPS]
        marked = []
        for index, step in enumerate(steps):
            began_s = time.perf_counter()
            context = self._parsed.text[steps[max(0, index - 1)].start : step.end]
            findings = self._findings(index, step, context)
            finding = strongest(findings)
            start, end = self._parsed.span(step.start, step.end)
            core, _ = self._parsed.span(step.core, step.end)
            marked.append(
                MarkedStep(
                    index=index + 1,
                    text=self._text[start:end].strip(),
                    start=start,
                    end=end,
                    mark=finding.mark,
                    by="rule" if findings else None,
                    reason=finding.reason,
                    parsed=bool(findings),
                    stated=self._text[core:end].strip() if step.chains else "",
                    latency_ms=(time.perf_counter() - began_s) * 1000,
                )
            )
        return Verification(problem_id=self._problem_id, steps=tuple(marked))

    def _findings(self, index: int, step: DerivationStep, context: str) -> list[Finding]:
        written = self._parsed.text[step.start : step.end]
        rejected = _REJECTED.search(written) is not None
        findings = [] if rejected else conversions(written)
        around = _Surroundings(
            step=index,
            concludes=step.concludes,
            conditional=_CONDITION.search(context) is not None,
            supposed=_EXAMPLE.search(written) is not None,
        )
        for number, chain in enumerate(step.chains):
            if number:
                between = self._parsed.text[step.chains[number - 1].end : chain.start]
                around = replace(around, concludes=CONNECTIVE.search(between) is not None)
            own = replace(around, supposed=around.supposed or self._supposed(chain))
            self._premises.reached = chain.start
            for link in self._links(chain, own):
                found = None if rejected else self._checker.check(link)
                if found is not None:
                    findings.append(found)
                if not rejected and link.relation in ("=", "≡"):
                    self._premises.add(link.raw_left, link.left, link.right, index)
        return findings

    def _supposed(self, chain: Chain) -> bool:
        before = self._parsed.text[max(0, chain.start - 28) : chain.start]
        return _SUPPOSED.search(before) is not None

    def _links(self, chain: Chain, around: _Surroundings) -> Iterator[Link]:
        """Yield the neighbouring sides of a chain that can be read in one way."""
        sides, relations = chain.sides, chain.relations
        if chain.listed_for is not None and len(sides) == 1:
            sides, relations = (chain.listed_for, *sides), ("=",)
        readable = tuple(self._settled(side) for side in sides if len(side.nodes) == 1)
        for i, ((left, right), relation) in enumerate(
            zip(itertools.pairwise(sides), relations, strict=False)
        ):
            if len(left.nodes) != 1 or len(right.nodes) != 1:
                continue
            bound = OF if around is _ANSWER else BOUND
            if around.step >= 0 and is_broken(self._parsed.text, chain, left, right, bound):
                continue
            yield Link(
                raw_left=left.nodes[0],
                left=self._settled(left),
                right=self._settled(right),
                relation=relation,
                head=self._settled(sides[0]) if i > 0 and sides[0].nodes else None,
                sides=readable,
                step=around.step,
                concludes=around.concludes,
                conditional=around.conditional,
                supposed=around.supposed,
                left_text=self._written(left),
                right_text=self._written(right),
            )

    def _written(self, side: Side) -> str:
        """Return a side as it is written, on one line."""
        return " ".join(self._parsed.text[side.start : side.end].split())[:60]

    def _settled(self, side: Side) -> Node:
        return self._symbols.settle(side.nodes[0], {})

    def _prepare(self, statement: list[Chain]) -> None:
        """Find the names with one value, and the decimals that stand for other numbers."""
        equations, rounded, letters = [], set(), set()
        stated: dict[Node, int] = {}
        placed = [(chain, _STATEMENT, -1) for chain in statement]
        placed += [(chain, _ANSWER, chain.start) for chain in self._parsed.chains]
        for chain, around, at in placed:
            for link in self._links(chain, around):
                if link.relation == "≈":
                    rounded |= {n for n in numbers_of(link.right) if decimals_of(n)}
                if link.relation in ("=", "≈"):
                    equations.append((link.left, link.right))
                    if not names_of(link.right):
                        stated.setdefault(link.left, at)
                argument = getattr(link.raw_left, "argument", None)
                letters |= {getattr(argument, "name", "")}
        self._checker.rounded = frozenset(rounded)
        self._premises.values = only_values(equations, self._evaluation, frozenset(letters))
        self._premises.stated = stated
        for name in self._premises.trusted(equations):
            stated[name] = -1
