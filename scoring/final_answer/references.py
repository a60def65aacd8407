"""How what is stated is compared with one reference of a problem."""

from __future__ import annotations

import re
from functools import lru_cache

from problems.schema import Answer
from scoring.final_answer.equivalence.comparison import Comparison
from scoring.final_answer.equivalence.math_verify import shared
from scoring.final_answer.equivalence.values import Evaluate, QueryMathVerify
from scoring.final_answer.forms.amounts import measure
from scoring.final_answer.notations.durations import durations
from scoring.final_answer.question.question import Question
from scoring.numeric.evaluation import Evaluation
from scoring.numeric.symbols import Symbols

#: Questions that math-verify is asked about one reference, and how long one may be.
MAX_QUESTIONS = 3
MAX_ASKED = 600
_UPRIGHT = re.compile(r"(?<=[\d}\s])\\mathrm\s*\{(?P<unit>[^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")


def comparison(
    evaluate: Evaluate,
    question: Question,
    answer: Answer,
    reference: str,
    query: QueryMathVerify | None = None,
) -> Comparison:
    """Return how answers are compared with a reference; ``query`` is math-verify, bounded."""
    return Comparison(
        kind=answer.kind,
        tol=answer.tol,
        unit=answer.unit,
        asked_unit=question.unit,
        demanded_unit=question.demanded_unit,
        percents=question.speaks_of_percent,
        given_units=question.given_units,
        names=_names(reference),
        asked=question.spelled,
        evaluate=evaluate,
        query=query or bounded_query(),
    )


def bounded_query() -> QueryMathVerify:
    """Return math-verify with bounded work: few questions, and none after one it cannot answer."""
    query, left = shared().equal, MAX_QUESTIONS

    def bounded(gold: str, answer: str) -> bool | None:
        nonlocal left
        if left == 0 or len(gold) + len(answer) > MAX_ASKED:
            return None
        verdict = query(gold, answer)
        left = 0 if verdict is None else left - 1
        return verdict

    return bounded


@lru_cache(maxsize=1024)
def _names(reference: str) -> frozenset[str]:
    """Return the letters that stand for something in a reference."""
    reference = durations(_UPRIGHT.sub(_without_unit, reference))
    bare = re.sub(
        r"\\text\s*\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z]{3,}|(?<=\d)\s*[ap]\.?\s?m\.?(?![A-Za-z])",
        " ",
        reference,
        flags=re.IGNORECASE,
    )
    alone = re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", bare)
    return frozenset(alone) | frozenset(re.findall(r"(?<=\d)[a-zA-Z](?![A-Za-z])", bare))


def _without_unit(found: re.Match[str]) -> str:
    """Return upright letters that are a unit as a space, others as they are."""
    unit = re.sub(r"[\\{}\s^]|,", "", found["unit"])
    return " " if measure(unit) is not None else found.group()


def evaluator(symbols: Symbols) -> Evaluate:
    """Return a function for the values of an expression at the problem's sample points."""
    evaluation = Evaluation(symbols.points)

    def evaluate(text: str) -> tuple[complex, ...] | None:
        node = symbols.read(text)
        return None if node is None else evaluation.row(symbols.settle(node, {}))

    return evaluate
