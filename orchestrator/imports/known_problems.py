"""Find the problem that an answer of another program is about."""

from __future__ import annotations

from core.texts import storable
from orchestrator.imports.foreign_answer import ForeignAnswer
from problems.loader import ProblemSet
from problems.schema import Problem

#: Shortest statement that is looked for inside a longer text, in characters.
INSIDE_AT_LEAST = 20


class KnownProblems:
    """The problems of a set, found by id, by statement, or by a text that holds the statement."""

    def __init__(self, problem_set: ProblemSet) -> None:
        self._by_id = {problem.id: problem for problem in problem_set}
        pairs = [
            (_plain(statement), problem)
            for problem in problem_set
            for statement in problem.statement.values()
        ]
        self._by_statement = dict(pairs)
        # The longest first: a statement may be the beginning of another.
        self._long = sorted(
            (pair for pair in pairs if len(pair[0]) >= INSIDE_AT_LEAST),
            key=lambda pair: -len(pair[0]),
        )

    def find(self, answer: ForeignAnswer) -> Problem | None:
        """Return the problem of an answer, None where it is unknown."""
        for name in answer.names:
            if (found := self._by_id.get(name.strip())) is not None:
                return found
        texts = [_plain(text) for text in answer.statements]
        for text in texts:
            if (found := self._by_statement.get(text)) is not None:
                return found
        for statement, problem in self._long:
            if any(statement in text for text in texts):
                return problem
        return None


def _plain(text: str) -> str:
    """Return a text with its spaces made alike."""
    return " ".join(storable(text).split())
