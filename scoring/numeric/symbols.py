"""The names of a problem: how they are sampled and what other letters stand for them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from problems.schema import Problem
from problems.validator import leaves
from scoring.formulas.chains import Chain, find_chains
from scoring.formulas.lexer import tokenise
from scoring.formulas.parser import parse
from scoring.formulas.rewriting import index_calls, rename, settle_calls, substitute
from scoring.formulas.tree import Index, Node, Variable, interned, names_of
from scoring.numeric.sample_points import SamplePoints
from scoring.text.normalise import normalise

MAX_READINGS = 8
_SEQUENCE = re.compile(r"(?<![A-Za-z\\])([A-Za-z])_\{?[a-z]\b")
#: Names and what they stand for: one way to understand the letters of a formula.
Reading = dict[str, str]


def _formulas(problem: Problem) -> Iterator[str]:
    """Yield the equations and values of the evidence as written."""
    for path in problem.paths:
        for step in path.steps:
            for leaf in leaves(step.evidence):
                yield str(getattr(leaf, "eq", "") or getattr(leaf, "value", ""))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Symbols:
    """The names of a problem: how they are sampled and what other letters may stand for them.

    The same as itself alone, so that it can be a key.
    """

    points: SamplePoints
    #: Declared names: all of them, the matrices and vectors, and the numbers.
    declared: frozenset[str]
    arrays: frozenset[str]
    scalars: frozenset[str]
    #: Names of sequences, which plain text also writes as ``a(n)``.
    indexed: frozenset[str]
    #: What the parser knows: scalars, and ``a(`` for a sequence, whose brackets hold an index.
    grammar: frozenset[str]
    #: Names that the statement uses.
    stated: frozenset[str] = frozenset()
    #: Numbers that only a solver introduces.
    introduced: tuple[str, ...] = ()
    #: Other writings: of names by names, and of whole terms.
    simple: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    compound: Mapping[Node, Node] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem) -> Symbols:
        """Return the names of a problem."""
        specs = {parsed_name(var.name): var for var in problem.vars}
        points = SamplePoints(problem.id, MappingProxyType(specs))
        written = " ".join([*problem.statement.values(), *_formulas(problem)])
        scalars = frozenset(specs) - points.arrays
        indexed = frozenset(_SEQUENCE.findall(written))
        bare = cls(
            points=points,
            declared=frozenset(specs),
            arrays=points.arrays,
            scalars=scalars,
            indexed=indexed,
            grammar=scalars | {f"{name}(" for name in indexed - scalars},
        )
        stated = frozenset(
            name
            for text in problem.statement.values()
            for chain in bare.chains(text, maths=False)
            for side in chain.sides
            for node in side.nodes
            for name in names_of(node)
        )
        simple, compound = _aliases(bare, problem)
        introduced = tuple(sorted(scalars - stated))
        return replace(bare, stated=stated, introduced=introduced, simple=simple, compound=compound)

    def read(self, text: str) -> Node | None:
        """Parse a piece of LaTeX as one expression."""
        return _read(text, self.arrays, self.grammar)

    def chains(self, text: str, *, maths: bool = True) -> list[Chain]:
        """Parse a text of the problem; with ``maths`` it is LaTeX that is all formula."""
        return find_chains(tokenise(normalise(text).text, self.arrays, maths=maths), self.grammar)

    def readings(self, names: frozenset[str], *, guess: bool = False) -> tuple[Reading, ...]:
        """Return the ways to understand the letters of a formula, the plainest first.

        A letter may stand for what the problem lists it for; a letter that the problem does not
        know may stand for one that only the solver introduces, where ``guess`` allows it.
        """
        return _readings(self, names, guess)

    def settle(self, node: Node, reading: Reading) -> Node:
        """Return a node with its letters under one reading, listed writings of terms first."""
        return _settled(self, node, tuple(reading.items()))


@lru_cache(maxsize=4096)
def _read(text: str, arrays: frozenset[str], grammar: frozenset[str]) -> Node | None:
    node = parse(tokenise(normalise(text).text, arrays, maths=True), grammar)
    return None if node is None else settle_calls(node)


@lru_cache(maxsize=16384)
def _settled(symbols: Symbols, node: Node, reading: tuple[tuple[str, str], ...]) -> Node:
    if symbols.indexed & names_of(node):
        node = index_calls(node, symbols.indexed)
    node = settle_calls(node)
    if symbols.compound:
        node = substitute(node, symbols.compound)
    return interned(rename(node, dict(reading)) if reading else node)


@lru_cache(maxsize=4096)
def _readings(symbols: Symbols, names: frozenset[str], guess: bool) -> tuple[Reading, ...]:
    introduced = symbols.introduced if guess else ()
    choices: list[tuple[str, Sequence[str]]] = []
    bases = {name.rstrip("'") for name in names}
    for name in sorted(bases):
        listed = symbols.simple.get(name, ())
        options = [name, *listed] if name in symbols.declared or not listed else [*listed]
        if (
            not listed
            and name not in symbols.declared
            and name not in symbols.stated
            and len(name) == 1
        ):
            options = [name, *(other for other in introduced if other not in bases)]
        if options != [name]:
            choices.append((name, options))
    combinations = itertools.islice(
        itertools.product(*(options for _, options in choices)), MAX_READINGS
    )
    found: list[Reading] = [
        {name: to for (name, _), to in zip(choices, combination, strict=True) if to != name}
        for combination in combinations
        if len(set(combination)) == len(combination)
    ]
    return tuple(found) or ({},)


def _aliases(
    symbols: Symbols, problem: Problem
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[Node, Node]]:
    """Return what the listed writings stand for: names for names, terms for terms."""
    simple: dict[str, tuple[str, ...]] = {}
    compound: dict[Node, Node] = {}
    for name, writings in problem.aliases.items():
        target = symbols.read(name)
        if target is None:
            continue
        for node in map(symbols.read, writings):
            if node is None or node == target:
                continue
            if isinstance(node, Variable) and isinstance(target, Variable):
                simple[node.name] = (*simple.get(node.name, ()), target.name)
            else:
                compound[node] = target
    return MappingProxyType(simple), MappingProxyType(compound)


def parsed_name(text: str) -> str:
    """Return the parsed name of a variable written in LaTeX."""
    node = parse(tokenise(normalise(text).text, maths=True), frozenset(("e", "i")))
    if isinstance(node, Variable):
        return node.name
    return (isinstance(node, Index) and node.written) or text
