"""Check the structure of a problem, without mathematics.

The checks that score text are in `scoring.quality.mutation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from problems.evidence import AllOf, AnyOf, EqEvidence, EvidenceItem, ValueEvidence
from problems.reading import LANGUAGES
from problems.schema import Path, Problem, Step

MIN_STEPS, MAX_STEPS = 3, 7
#: An imported problem, known by its ``source``, has the steps that its data set has: often the
#: answer alone.
MIN_IMPORTED, MAX_IMPORTED = 1, 20


def validate(problem: Problem, *, shipped: bool = False) -> tuple[str, ...]:
    """Return what is wrong with a problem, as sentences; none where the structure is sound.

    ``shipped`` asks for what the shipped set promises beside: both languages and two worked
    solutions.
    """
    errors = chain(
        _path_errors(problem),
        _solution_errors(problem),
        _answer_errors(problem),
        _shipped_errors(problem, on=shipped),
    )
    return tuple(errors)


def leaves(item: EvidenceItem) -> Iterator[EvidenceItem]:
    """Yield the leaves of an evidence tree, in order."""
    if isinstance(item, (AnyOf, AllOf)):
        for inner in item.items:
            yield from leaves(inner)
    else:
        yield item


def _path_errors(problem: Problem) -> Iterator[str]:
    ids = [path.id for path in problem.paths]
    yield from (f"the path id {name!r} occurs twice" for name in sorted(_twice(ids)))
    low, high = (MIN_STEPS, MAX_STEPS) if problem.source is None else (MIN_IMPORTED, MAX_IMPORTED)
    for path in problem.paths:
        count = len(path.necessary)
        if not low <= count <= high:
            yield f"path {path.id}: {count} necessary steps; a path has {low} to {high}"
        yield from _step_errors(path, problem)


def _step_errors(path: Path, problem: Problem) -> Iterator[str]:
    known = [step.id for step in path.steps]
    yield from (
        f"path {path.id}: the step id {name!r} occurs twice" for name in sorted(_twice(known))
    )
    for step in path.steps:
        unknown = [name for name in step.requires if name not in known]
        yield from (
            f"path {path.id}, step {step.id}: requires the unknown step {name!r}"
            for name in unknown
        )
    if circle := _circle({step.id: step.requires for step in path.steps}):
        yield f"path {path.id}: the steps require each other in a circle: {' -> '.join(circle)}"
    for step in path.steps[:-1]:
        for written in sorted(_answers_in(step, problem)):
            yield (
                f"path {path.id}, step {step.id}: the evidence {written!r} is the final answer, "
                "allowed in the last step only"
            )


def _answers_in(step: Step, problem: Problem) -> set[str]:
    """Return the evidence of a step that is, spaces aside, one of the writings of the answer."""
    answers = {_squeeze(item) for item in problem.answer.any_of}
    written: set[str] = set()
    for leaf in leaves(step.evidence):
        text = (
            leaf.eq
            if isinstance(leaf, EqEvidence)
            else leaf.value
            if isinstance(leaf, ValueEvidence)
            else None
        )
        if text is not None and _squeeze(text) in answers and not getattr(leaf, "near", ()):
            written.add(text)
    return written


def _solution_errors(problem: Problem) -> Iterator[str]:
    paths = {path.id: path for path in problem.paths}
    yield from (
        f"the solution id {name!r} occurs twice"
        for name in sorted(_twice([s.id for s in problem.solutions]))
    )
    for solution in problem.solutions:
        path = paths.get(solution.path)
        if path is None:
            yield f"solution {solution.id}: there is no path {solution.path!r}"
            continue
        known = {step.id for step in path.steps}
        shown = {block.step for block in solution.blocks if block.step is not None}
        yield from (
            f"solution {solution.id}: no step {name!r} in path {path.id}"
            for name in sorted(shown - known)
        )
        missing = {step.id for step in path.necessary} - shown
        yield from (
            f"solution {solution.id}: no block shows step {name!r}" for name in sorted(missing)
        )


def _answer_errors(problem: Problem) -> Iterator[str]:
    if not problem.answer.any_of and problem.answer.kind not in ("proof", "rubric"):
        yield f"an answer of kind {problem.answer.kind!r} needs any_of"


def _shipped_errors(problem: Problem, *, on: bool) -> Iterator[str]:
    if not on:
        return
    yield from (
        f"the statement is missing in {lang}" for lang in LANGUAGES if lang not in problem.statement
    )
    for path in problem.paths:
        for step in path.steps:
            lacking = [lang for lang in LANGUAGES if lang not in step.describe]
            yield from (
                f"path {path.id}, step {step.id}: no description in {lang}" for lang in lacking
            )
    if len(problem.solutions) < 2:
        yield f"{len(problem.solutions)} worked solutions; two at least are needed"
    bare = [
        path.id for path in problem.paths if not any(s.path == path.id for s in problem.solutions)
    ]
    yield from (f"no worked solution follows path {name!r}" for name in bare)


def _twice(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _circle(requires: dict[str, tuple[str, ...]]) -> list[str]:
    """Return one circle of requirements, or an empty list."""
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done or name not in requires:
            return []
        for other in requires[name]:
            if found := visit(other, [*trail, name]):
                return found
        done.add(name)
        return []

    for name in requires:
        if found := visit(name, []):
            return found
    return []
