"""Judge the final answer of a text.

Find where it stands, read it, and compare it with the reference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

from problems.schema import Answer, Problem
from scoring.final_answer.choices import (
    FULL_WIDTH,
    chosen,
    circled,
    is_circled,
    letters_of,
    lone_choice,
)
from scoring.final_answer.demands.demand import demanded, unmet
from scoring.final_answer.equivalence.values import Evaluate, QueryMathVerify
from scoring.final_answer.equivalence.verdict import Verdict
from scoring.final_answer.extraction.answer_place import find_answer
from scoring.final_answer.extraction.denials import asked_impossible, denies, impossible
from scoring.final_answer.extraction.emoticons import without_emoticons
from scoring.final_answer.extraction.retractions import rejected, without_struck
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.forms.form import Equation, Form, Scalar, Spans, Words
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.notations.dates import same_day
from scoring.final_answer.notations.remainders import part_asked, same_remainder
from scoring.final_answer.question.question import Question
from scoring.final_answer.reading.stated_form import read_stated
from scoring.final_answer.reading.words import last_words
from scoring.final_answer.references import comparison, evaluator
from scoring.final_answer.results.counted import counts_another
from scoring.final_answer.results.decimals import approximated
from scoring.final_answer.results.directions import is_reversed
from scoring.final_answer.results.endings import (
    endings,
    expression_before,
    of_another_name,
    restated,
)
from scoring.final_answer.results.places import only_place
from scoring.final_answer.results.standing import standing
from scoring.final_answer.spelling.writing import in_point_notation, one_spelling, squeezed
from scoring.final_answer.thinking import searched, visible
from scoring.numeric.symbols import Symbols
from scoring.text.hidden import without_hidden

#: Characters of what is stated that are read; more is not one answer.
MAX_STATED = 4_000
#: Characters behind what is stated that may take it back.
MAX_BEHIND = 80
_ASKS_WRONG = re.compile(r"\b(?:wrong|false|incorrect|not true)\b|错|不正确|不成立", re.IGNORECASE)
_ASKS_DENIED = re.compile(
    r"\bnot\b|n't\b|\bcannot\b|undefined|impossible|\bfails?\b|never|invalid|exclud|except|domain|不[能可等是]|无意义|定义域",
    re.IGNORECASE,
)
#: Another value joined to a box at the end of a text.
_ANOTHER_BEHIND = re.compile(
    r"\}[\s$*)\\]*(?:\band\b|\bor\b|和|或者?)\s*[$\\(]*-?\d+(?:\.\d+)?[$\\).\s]*\Z"
)
_LABELS = re.compile(r"(?:\\text\s*\{)?\s*[A-H](?:\s*,\s*[A-H])+\s*\}?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``right`` with its reason, and where the answer stands (None: nothing is stated)."""

    right: bool | None
    reason: str = ""
    stated: Stated | None = None


def judge_text(problem: Problem, text: str) -> Judgement:
    """Return whether the final answer of a whole reply, reasoning included, is right."""
    shown = without_hidden(visible(text).text(text))
    return judge_answer(problem, shown, Symbols.of(problem), Question.of(problem))


def judge_answer(problem: Problem, text: str, symbols: Symbols, question: Question) -> Judgement:
    """Return whether the final answer of a text without reasoning is right.

    ``symbols`` and ``question`` are those of the problem.
    """
    evaluate = evaluator(symbols)
    answer = _as_choice(problem.answer)
    text = without_emoticons(without_struck(searched(text)))
    if answer.kind == "choice":
        text = text.translate(FULL_WIDTH)
    stated = find_answer(text, question.words, question.heads)
    if answer.kind in ("proof", "rubric") or not answer.any_of:
        return Judgement(right=None, reason="judged by people", stated=stated)
    if answer.kind == "choice":
        return _judge_choice(answer, stated, text)
    if is_circled(answer.any_of[0]):
        return Judgement(right=_judge_circled(answer, stated, text), stated=stated)
    if (stated is None or stated.how == "end") and _is_words(answer.any_of[0]):
        stated = last_words(text)
    if stated is None and squeezed(text) in map(squeezed, answer.any_of):
        return Judgement(right=True)
    if stated is None:
        return Judgement(right=False, reason="no answer is stated", stated=None)
    if len(stated.text) > MAX_STATED:
        return Judgement(right=None, reason="what is stated is too long", stated=stated)
    written = replace(stated, text=in_point_notation(stated.text, text, question.text))
    if denies(stated.text) and not _asks_denied(question, answer):
        return Judgement(right=False, reason="only denied values are stated", stated=stated)
    if asked_impossible(question.text) and (excluded := impossible(stated.text)) is not None:
        written = replace(stated, text=excluded)
    verdicts = _until_right(
        _compared(evaluate, question, answer, reference, written) for reference in answer.any_of
    )
    decided = _decided(verdicts, stated, text)
    if decided.right and _takes_back(evaluate, question, answer, stated, text):
        return Judgement(right=False, reason="the answer is taken back", stated=stated)
    if decided.right and stated.how == "boxed" and _ANOTHER_BEHIND.match(text, stated.end):
        return Judgement(right=False, reason="another value is offered too", stated=stated)
    if decided.right or stated.how != "end":
        return decided
    before = [
        _compared(evaluate, question, answer, reference, replace(stated, text=lead, before=""))
        for reference in answer.any_of
        if (lead := expression_before(stated, reference)) is not None
    ]
    if any(said.right for said in before):
        return Judgement(right=True, stated=stated)
    if _is_approximated(evaluate, question, answer, stated):
        return Judgement(right=True, stated=stated)
    ends = _until_right(
        _compared(evaluate, question, answer, reference, replace(stated, text=ending, before=""))
        for ending in endings(stated.text, text, question)
        for reference in answer.any_of
        if not of_another_name(stated.text, reference)
    )
    if any(end.right for end in ends):
        return Judgement(right=True, stated=stated)
    if (stands := _standing(evaluate, question, answer, text, stated)) is not None:
        return Judgement(right=True, stated=stands)
    if decided.right is None and ends and all(end.right is False for end in ends):
        return Judgement(right=False, reason="another value", stated=stated)
    return decided


def _is_approximated(
    evaluate: Evaluate, question: Question, answer: Answer, stated: Stated
) -> bool:
    """Return whether a text states the right value and then the decimal of that."""
    said = approximated(stated.text)
    if said is None:
        return False
    lead = replace(stated, text=said.lead, before="")
    return any(
        said.is_near(
            comparison(evaluate, question, answer, reference).number(one_spelling(reference))
        )
        and _compared(evaluate, question, answer, reference, lead).right is True
        for reference in answer.any_of
    )


def read_references(problem: Problem, symbols: Symbols, question: Question) -> None:
    """Read the references of a problem and what its question demands, so that answers share it."""
    answer = _as_choice(problem.answer)
    if answer.kind in ("proof", "rubric", "choice"):
        return
    demanded(question.text)
    for reference in answer.any_of:
        _is_words(reference)
        comparison(evaluator(symbols), question, answer, reference).read(reference)


def _unasked(_gold: str, _answer: str) -> None:
    """Ask math-verify nothing: a text has many clauses."""


def _standing(
    evaluate: Evaluate, question: Question, answer: Answer, text: str, stated: Stated
) -> Stated | None:
    """Return the right result where a text states it and goes on behind it."""

    def is_right(clause: str) -> bool:
        said = Stated(start=0, end=len(clause), how="end", text=clause, before="")
        compared = (
            _compared(evaluate, question, answer, reference, said, query=_unasked)
            for reference in answer.any_of
        )
        return any(verdict.right for verdict in compared)

    place = standing(text, stated, question, answer.any_of, is_right)
    if place is None:
        return None
    start, end = place
    return Stated(start=start, end=end, how="end", text=text[start:end], before=text[:start])


def _until_right(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """Return the verdicts up to the first right one, which decides."""
    made: list[Verdict] = []
    for verdict in verdicts:
        made.append(verdict)
        if verdict.right:
            break
    return made


def unreadable(problem: Problem) -> str | None:
    """Return why no answer could ever be right for this problem.

    None where its references can be read.
    """
    answer = problem.answer
    if answer.kind in ("proof", "rubric"):
        return None
    evaluate, question = evaluator(Symbols.of(problem)), Question.of(problem)
    for reference in answer.any_of:
        if answer.kind == "choice":
            if not letters_of(reference):
                return f"the reference answer {reference!r} holds no letter of a choice"
            continue
        how = comparison(evaluate, question, answer, reference)
        itself = how.judge(reference, how.read(reference), reference)
        if not _closes(reference) or itself.right is not True:
            return f"the reference answer {reference!r} cannot be read"
    return None


def _asks_denied(question: Question, answer: Answer) -> bool:
    """Return whether a question asks for what something is not, or for what is left without it."""
    return _ASKS_DENIED.search(question.text) is not None or any(
        isinstance(read_form(one_spelling(reference)), Spans | Words) for reference in answer.any_of
    )


def _judge_choice(answer: Answer, stated: Stated | None, text: str) -> Judgement:
    if stated is None or stated.how == "end" or not chosen(stated.text):
        stated = lone_choice(text) or stated
    if stated is None:
        return Judgement(right=False, reason="no answer is stated", stated=None)
    return Judgement(right=chosen(stated.text) == letters_of(answer.any_of[0]), stated=stated)


def _judge_circled(answer: Answer, stated: Stated | None, text: str) -> bool:
    announced = circled(stated.text) if stated is not None and stated.how != "end" else frozenset()
    wanted = circled(answer.any_of[0])
    return (announced or circled(text)) == wanted


def _decided(verdicts: list[Verdict], stated: Stated, text: str) -> Judgement:
    """Return the best of the verdicts on all references."""
    if any(verdict.right for verdict in verdicts):
        return Judgement(right=True, stated=stated)
    unknown = next((verdict for verdict in verdicts if verdict.right is None), None)
    if unknown is None:
        return Judgement(right=False, reason="another value", stated=stated)
    if stated.how == "end" and _is_cut(text):
        return Judgement(right=False, reason="the text ends before an answer", stated=stated)
    return Judgement(right=None, reason=unknown.reason, stated=stated)


def _as_choice(answer: Answer) -> Answer:
    r"""Return an answer that lists labels, such as ``\text{B, E}``, as a choice."""
    listed = answer.any_of and all(_LABELS.fullmatch(written) for written in answer.any_of)
    return replace(answer, kind="choice") if listed else answer


@lru_cache(maxsize=1024)
def _is_words(reference: str) -> bool:
    return isinstance(read_form(one_spelling(reference)), Words)


def _closes(reference: str) -> bool:
    """Return whether the braces of a reference close and it does not end in an operator."""
    bare = reference.replace("\\{", "").replace("\\}", "")
    return bare.count("{") == bare.count("}") and re.search(r"[=+*/^\\-]\s*$", bare) is None


def _is_cut(text: str) -> bool:
    """Return whether a text breaks off.

    It does not end in a sentence mark, a bracket or a formula that closes.
    """
    return re.search(r"[.。!！?？)）$\]}*`\"”]\s*$", text) is None or text.count("$") % 2 == 1


def _compared(
    evaluate: Evaluate,
    question: Question,
    answer: Answer,
    reference: str,
    stated: Stated,
    *,
    query: QueryMathVerify | None = None,
) -> Verdict:
    for same_notation in (same_day, same_remainder):
        if (same := same_notation(reference, stated.text)) is not None:
            return Verdict(right=same)
    if re.fullmatch(r"\d+", reference) and (part := part_asked(stated.text, question.text)):
        return Verdict(right=part == reference)
    how = comparison(evaluate, question, answer, reference, query)
    read = read_stated(question, how, reference, stated)
    verdict = how.judge(reference, read, stated.text)
    in_form = not (verdict.right and unmet(question.text, one_spelling(reference), read)) or any(
        _compared(
            evaluate, question, answer, reference, replace(stated, text=part), query=query
        ).right
        for part in restated(stated)
    )
    if not in_form:
        return Verdict(right=False, reason="not in the form that is asked for")
    if verdict.right and is_reversed(question, stated.text):
        return Verdict(right=None, reason="it may be stated the other way round")
    if verdict.right and only_place(stated.text, question.text):
        return Verdict(right=False, reason="where it is attained, not what it is")
    if verdict.right and _counts_another(question, reference, read, stated):
        return Verdict(right=False, reason="another thing is counted")
    if verdict.right and how.offers_another(reference, stated.text):
        return Verdict(right=False, reason="another value is offered too")
    return verdict


def _counts_another(question: Question, reference: str, read: Form | None, stated: Stated) -> bool:
    """Return whether the value that is right counts another thing than the question asks for."""
    form = read_form(read.sides[-1]) if isinstance(read, Equation) else read
    if not isinstance(form, Scalar) or not re.fullmatch(r"[\d.]+", form.text):
        return False
    if counts_another("1", f"1 {reference}", question.text) and re.search(r"[a-z]", reference):
        return False
    return counts_another(form.text, one_spelling(stated.text), question.text)


def _takes_back(
    evaluate: Evaluate, question: Question, answer: Answer, stated: Stated, text: str
) -> bool:
    """Return whether a text calls the value wrong that it has just stated."""
    behind = text[stated.end :].split("\n", 1)[0][:MAX_BEHIND]
    value = rejected(f"{stated.text}{behind}")
    if value is None or _ASKS_WRONG.search(question.text):
        return False
    form = read_form(value)
    return any(
        comparison(evaluate, question, answer, reference).judge(reference, form, value).right
        for reference in answer.any_of
    )
