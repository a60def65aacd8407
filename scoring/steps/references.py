"""What the quantities of a problem equal, by its evidence and its worked solutions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from problems.schema import Problem
from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.tree import Index, Number, Variable
from scoring.numeric.compare import EQUALITIES, close, constant
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.relation import KnownValues, Relation, Values
from scoring.numeric.symbols import Symbols
from scoring.steps.patterns import CompiledPath, CompiledStep, EqPattern, Group, Pattern


@dataclass(frozen=True, slots=True)
class Reference:
    """What a step's quantity equals in the worked solutions: all the forms that differ."""

    left: KnownValues
    rights: tuple[KnownValues, ...]
    #: What all that is known of the problem gives the same quantity.
    known: tuple[KnownValues, ...] = ()


@dataclass(frozen=True, slots=True)
class References:
    """The equations of each step of each path.

    Known to be right are those of all paths, of the statement, of the connecting text and of the
    final answer.
    """

    by_path: Mapping[str, Mapping[str, tuple[Reference, ...]]]

    @classmethod
    def of(
        cls,
        problem: Problem,
        symbols: Symbols,
        paths: Sequence[CompiledPath],
        evaluation: Evaluation,
    ) -> References:
        """Work them out; evaluates every worked solution of the problem."""

        def relations(text: str) -> list[Relation]:
            found = ParsedAnswer(symbols, evaluation, text).formulas
            return [item.relation for item in found if item.relation is not None]

        by_path = {
            path.path.id: {
                step.step.id: _of_step(problem, path, step, relations) for step in path.steps
            }
            for path in paths
        }
        loose = [b.text for s in problem.solutions for b in s.blocks if b.step is None]
        known = [item for steps in by_path.values() for some in steps.values() for item in some]
        known += _grouped(item for text in loose for item in relations(text))
        for text in (_answers(problem, symbols), *problem.statement.values()):
            known += _grouped(relations(text))
        return cls(
            MappingProxyType(
                {
                    path: MappingProxyType(
                        {step: _with_known(own, known) for step, own in steps.items()}
                    )
                    for path, steps in by_path.items()
                }
            )
        )


def _with_known(own: Iterable[Reference], references: Sequence[Reference]) -> tuple[Reference, ...]:
    return tuple(
        replace(
            item,
            known=tuple(
                value
                for other in references
                if same_quantity(other.left, item.left)
                for value in other.rights
            ),
        )
        for item in own
    )


def same_quantity(a: Values | KnownValues, b: KnownValues) -> bool:
    """Return whether two expressions name the same: letters by themselves, others by value."""
    if a.node is b.node or a.node == b.node:
        return True
    if isinstance(a.node, (Variable, Index)) or isinstance(b.node, (Variable, Index)):
        return False
    x, y = a.formal, b.formal
    return x is not None and y is not None and not constant(y) and close(x, y)


def _answers(problem: Problem, symbols: Symbols) -> str:
    """Return the writings of the answer, each as the value of every declared name."""
    names = {"y", "x", *(name for name in symbols.declared if name.isalpha())}
    return "\n".join(f"${name}={text}$" for text in problem.answer.any_of for name in sorted(names))


def _of_step(
    problem: Problem,
    path: CompiledPath,
    step: CompiledStep,
    relations: Callable[[str], Iterable[Relation]],
) -> tuple[Reference, ...]:
    blocks = [
        block.text
        for solution in problem.solutions
        if solution.path == path.path.id
        for block in solution.blocks
        if block.step == step.step.id
    ]
    found = [item for text in blocks for item in relations(text)]
    return tuple(_grouped([*_links(step.pattern), *found]))


def _grouped(relations: Iterable[Relation]) -> list[Reference]:
    """Return what each left side equals, in the order of first mention."""
    made: list[tuple[KnownValues, list[KnownValues]]] = []
    for relation in relations:
        if (
            relation.relation not in EQUALITIES
            or isinstance(relation.left.node, Number)
            or relation.right.row is None
        ):
            continue
        for left, rights in made:
            if left.node == relation.left.node:
                rights.append(relation.right.known(formal=False))
                break
        else:
            made.append((relation.left.known(), [relation.right.known(formal=False)]))
    return [Reference(left, tuple(rights)) for left, rights in made]


def _links(pattern: Pattern) -> list[Relation]:
    if isinstance(pattern, Group):
        return [] if pattern.every else [link for item in pattern.items for link in _links(item)]
    return [*pattern.links] if isinstance(pattern, EqPattern) and len(pattern.links) == 1 else []
