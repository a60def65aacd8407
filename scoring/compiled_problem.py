"""A problem prepared for scoring: everything that is derived from the problem alone.

Compiled once, kept, and shared between threads: nothing in it is written after construction.
"""

from __future__ import annotations

import itertools
import re
import threading
from dataclasses import dataclass

from problems.schema import Problem
from scoring.final_answer.judge import read_references
from scoring.final_answer.question.question import Question
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.symbols import Symbols
from scoring.steps.grounds import Grounds
from scoring.steps.patterns import CompiledPath, PatternCompiler
from scoring.steps.references import References
from scoring.text.normalise import normalise


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledProblem:
    """Everything about a problem that scoring an answer needs."""

    problem: Problem
    symbols: Symbols
    question: Question
    #: The statement without spaces, and its equations as written.
    statement: tuple[str, ...]
    given: frozenset[tuple[str, ...]]
    paths: tuple[CompiledPath, ...]
    references: References
    grounds: Grounds

    @classmethod
    def of(cls, problem: Problem) -> CompiledProblem:
        """Compile a problem; pure."""
        symbols = Symbols.of(problem)
        evaluation = Evaluation(symbols.points, free=True)
        compiler = PatternCompiler(problem, symbols, evaluation)
        paths = tuple(map(compiler.path, problem.paths))
        references = References.of(problem, symbols, paths, evaluation)
        texts = problem.statement.values()
        question = Question.of(problem).worked_out()
        read_references(problem, symbols, question)
        chains = [chain for text in texts for chain in symbols.chains(text, maths=False)]
        given = frozenset(
            (a.canonical, b.canonical)
            for chain in chains
            for a, b in itertools.pairwise(chain.sides)
        )
        read = map(symbols.read, problem.answer.any_of)
        results = [symbols.settle(node, {}) for node in read if node is not None]
        return cls(
            problem=problem,
            symbols=symbols,
            question=question,
            statement=tuple(re.sub(r"\s+", "", normalise(text).text) for text in texts),
            given=given,
            paths=paths,
            references=references,
            grounds=Grounds.of(
                chains,
                given,
                results,
                evaluation,
            ),
        )


_COMPILED: dict[str, CompiledProblem] = {}
_LOCK = threading.Lock()
MAX_COMPILED = 512


def compile_problem(problem: Problem) -> CompiledProblem:
    """Return the compiled form of a problem; the same object gives the same compiled form."""
    known = _COMPILED.get(problem.id)
    if known is not None and (known.problem is problem or known.problem == problem):
        return known
    made = CompiledProblem.of(problem)
    with _LOCK:
        if len(_COMPILED) >= MAX_COMPILED:
            _COMPILED.clear()
        _COMPILED[problem.id] = made
    return made
