"""Judge the final answer of a text: find where it stands, read it, and compare it with the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from problems.schema import Answer, Problem
from scoring.final_answer.equivalence import Comparison, Verdict
from scoring.final_answer.extraction import Stated, find_answer, sentences
from scoring.final_answer.forms import Form, Several, Span, Spans, Words, read_form
from scoring.final_answer.prose import concluded, counted_in, numbers_of, without_rejected
from scoring.final_answer.math_verify import shared
from scoring.formulas.units import measure
from scoring.steps.symbols import Symbols
from scoring.final_answer.thinking import visible
from scoring.final_answer.writing import one_spelling


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``right`` with its reason, and where the answer stands (None: nothing is stated)."""

    right: bool | None
    reason: str = ""
    stated: Stated | None = None


def judge_text(problem: Problem, text: str, *, comparison: Comparison | None = None) -> Judgement:
    """Return whether the final answer of a text is right."""
    answer = _as_choice(problem.answer)
    stated = find_answer(visible(text).text(text))
    if answer.kind in ("proof", "rubric") or not answer.any_of:
        return Judgement(right=None, reason="judged by people", stated=stated)
    if answer.kind == "choice":
        stated = stated if stated is not None and _choice(stated.text) else _lone_choice(visible(text).text(text)) or stated
    if (stated is None or stated.how == "end") and answer.any_of and _is_words(answer.any_of[0]):
        stated = _last_words(visible(text).text(text))
    if stated is None:
        return Judgement(right=False, reason="no answer is stated", stated=None)
    if answer.kind == "choice":
        right = _choice(stated.text) == _letters(answer.any_of[0])
        return Judgement(right=right, stated=stated)
    verdicts = [
        _compared(problem, answer, reference, stated, comparison) for reference in answer.any_of
    ]
    for verdict in verdicts:
        if verdict.right:
            return Judgement(right=True, stated=stated)
    unknown = next((verdict for verdict in verdicts if verdict.right is None), None)
    if unknown is not None and stated.how == "end" and _is_cut(text):
        return Judgement(right=False, reason="the text ends before an answer", stated=stated)
    if unknown is not None:
        return Judgement(right=None, reason=unknown.reason, stated=stated)
    return Judgement(right=False, reason="another value", stated=stated)


def _as_choice(answer: Answer) -> Answer:
    """Return an answer that lists labels, such as ``\\text{B, E}``, as a choice."""
    listed = all(
        re.fullmatch(r"(?:\\text\s*\{)?\s*[A-H](?:\s*,\s*[A-H])+\s*\}?", w) for w in answer.any_of
    )
    return replace(answer, kind="choice") if answer.any_of and listed else answer


def _is_words(reference: str) -> bool:
    return isinstance(read_form(one_spelling(reference)), Words)


def _last_words(text: str) -> Stated | None:
    """Return the last bold words or the last sentence, for an answer that is no number."""
    bold = list(_BOLD_WORDS.finditer(text))
    if bold:
        return Stated(start=bold[-1].start(), end=bold[-1].end(), how="end", text=bold[-1]["inside"])
    spans = sentences(text)
    return Stated(start=spans[-1][0], end=spans[-1][1], how="end", text=text[spans[-1][0] : spans[-1][1]]) if spans else None


_BOLD_WORDS = re.compile(r"\*\*(?P<inside>[^*\n:：]{1,60})\*\*")


def unreadable(problem: Problem) -> str | None:
    """Return why no answer could ever be right for this problem: its reference cannot be read. None where it can."""
    answer = problem.answer
    if answer.kind in ("proof", "rubric"):
        return None
    for reference in answer.any_of:
        how = Comparison(
            kind=answer.kind,
            tol=answer.tol,
            unit=answer.unit,
            names=_names(reference),
            evaluate=_evaluate(problem),
            ask=shared().equal,
        )
        if answer.kind == "choice":
            if not _letters(reference):
                return f"the reference answer {reference!r} holds no letter of a choice"
        elif (
            not _holds(reference)
            or how.judge(reference, how.read(reference), reference).right is not True
        ):
            return f"the reference answer {reference!r} cannot be read"
    return None


def _holds(reference: str) -> bool:
    """Return whether braces and brackets of a reference close and it does not end in an operator."""
    bare = reference.replace("\\{", "").replace("\\}", "")
    return bare.count("{") == bare.count("}") and re.search(r"[=+*/^\\-]\s*$", bare) is None


def _is_cut(text: str) -> bool:
    """Return whether a text breaks off: it does not end in a sentence mark, a bracket or a formula that closes."""
    return re.search(r"[.。!！?？)）$\]}*`\"”]\s*$", text) is None or text.count("$") % 2 == 1


def _compared(
    problem: Problem, answer: Answer, reference: str, stated: Stated, comparison: Comparison | None
) -> Verdict:
    names = _names(reference)
    how = comparison or Comparison(
        kind=answer.kind,
        tol=answer.tol,
        unit=answer.unit,
        asked_unit=_asked_unit(problem),
        names=names,
        asked="".join("".join(one_spelling(s).split()) for s in problem.statement.values()),
        evaluate=_evaluate(problem),
        ask=shared().equal,
    )
    return how.judge(reference, read_stated(problem, how, reference, stated), stated.text)


def read_stated(problem: Problem, how: Comparison, reference: str, stated: Stated) -> Form | None:
    """Return the form of what is stated: all of it as mathematics, else what its sentence concludes."""
    wanted = how.read(reference)
    several = isinstance(wanted, Several)
    raw = stated.text
    if stated.how != "boxed" and (bold := _bold(raw, several=several)):
        raw = bold
    raw = _REMARK_IN_BRACKETS.sub(" ", raw)
    if stated.how == "end" and re.search(r"\d", _PROSE_IN_BRACKETS.sub(" ", raw)):
        raw = _PROSE_IN_BRACKETS.sub(" ", raw)
    if ":" in reference:
        raw = re.sub(r"(\d+)\s+to\s+(\d+)", r"\1:\2", raw)
    spelled = without_rejected(one_spelling(raw, commas=how.kind != "set"))
    text = _without_conditions(spelled, wanted)
    if several and stated.how == "end" and isinstance(wanted, Several):
        wider = _widened(stated, len(wanted.items), how)
        if wider is not None:
            return wider
    if (phrase := _phrase(text)) is not None and not isinstance(wanted, Words):
        return phrase
    for candidate in (text, _after_colon(text)):
        form = read_form(_without_lead(candidate), how.names) if candidate else None
        if form is not None and not (isinstance(form, Words) and not isinstance(wanted, Words)):
            return form
    if isinstance(wanted, Words):
        return _predicate(raw, wanted, " ".join(problem.statement.values()))
    given = frozenset(n for s in problem.statement.values() for n in numbers_of(one_spelling(s)))
    counted = frozenset(word for s in problem.statement.values() for word in counted_in(s))
    return concluded(text, wanted=wanted, given=given, names=how.names, counted=counted)


_REMARK_IN_BRACKETS = re.compile(r"[(（][^()（）]*(?:把握|信心|置信|confiden|sure\b|certain|checked|验算|检验)[^()（）]*[)）]", re.IGNORECASE)
_PROSE_IN_BRACKETS = re.compile(r"[(（](?=[^()（）]*[A-Za-z]{3,}\s+[A-Za-z]{2,})[^()（）]*[)）]")
_NO_SOLUTION = re.compile(r"\bno\s+(?:real\s+|such\s+)?(?:solutions?|roots?|values?|numbers?)\b|\b(?:solution\s+)?set\s+is\s+empty|does not exist|\bno\s+real\s+\w+\s+(?:satisf|work|exist)|无(?:实数)?解|空集|没有(?:实数)?(?:解|根)|方程无", re.IGNORECASE)
_ALL_REALS = re.compile(r"\b(?:all|every|any)\s+real(?:\s+numbers?|\s+[a-z])?|全体实数|任意实数|一切实数|所有实数", re.IGNORECASE)


def _phrase(text: str) -> Form | None:
    """Return what words for the empty set or for all real numbers state."""
    if _NO_SOLUTION.search(text):
        return Several(())
    if _ALL_REALS.search(text) and not re.search(r"except|but|other than|除|≠|[<>≤≥]", text):
        return Spans((Span("-∞", "∞", low_in=False, high_in=False),))
    return None


def _after_colon(text: str) -> str:
    """Return what stands behind the last colon of a sentence, not that of a ratio."""
    found = list(re.finditer(r"[:：]\s+|：", text))
    return text[found[-1].end() :] if found and re.search(r"[A-Za-z\u3400-\u9fff]{2}", text[: found[-1].start()]) else ""


def _predicate(text: str, wanted: Words, statement: str) -> Form | None:
    """Return the words that a sentence concludes: "the function is odd (not even)" states odd.

    Where the question offers words to choose from, or names people, the one that the sentence affirms counts.
    """
    text = re.sub(r"\([^()]*\)|（[^（）]*）", " ", text)
    options = _options(wanted.text, statement)
    if options:
        said = [
            m.group()
            for m in re.finditer(rf"(?<![A-Za-z])(?:{'|'.join(map(re.escape, options))})(?![A-Za-z])", text, re.IGNORECASE)
            if not re.search(r"\b(?:not|n't|than|nor|isn't|neither|never)\s+(?:an?\s+)?$|不是?$|比$", text[: m.start()], re.IGNORECASE)
        ]
        if len({word.lower() for word in said}) >= 1:
            return Words(said[0] if len({w.lower() for w in said}) > 1 and re.search(r"\bthan\b|比", text) else said[-1])
    found = list(re.finditer(r"\b(?:is|are|was|be|means|called|an?)\b\s+(?:therefore|thus|an?|the|called)?\s*|[为是叫]", text))
    if not found:
        return None
    said_text = re.split(r"[.,;，。；]|\bbecause\b|\bsince\b|\bas\b", text[found[-1].end() :])[0].strip(" *")
    return Words(said_text) if 0 < len(said_text.split()) <= 4 else None


def _options(wanted: str, statement: str) -> list[str]:
    """Return the words that a question offers beside the wanted one: a list with "or", or names of people."""
    for listed in re.finditer(r"((?:[A-Za-z]+,\s*)+)(?:or|and)\s+([A-Za-z]+)", statement):
        words = [w.strip() for w in listed[1].split(",") if w.strip()] + [listed[2]]
        if wanted.lower() in (w.lower() for w in words):
            return words
    if wanted[:1].isupper():
        return [wanted, *(w for w in dict.fromkeys(re.findall(r"(?<![.!?]\s)(?<!^)\b[A-Z][a-z]+\b|^[A-Z][a-z]+(?= \w+ed\b| ran| had| has)", statement)) if w != wanted)]
    return []


_BOLD = re.compile(r"\*\*(?!\s)(?P<inside>[^*\n]{1,200}?)(?<!\s)\*\*")


def _bold(text: str, *, several: bool) -> str | None:
    """Return what is set in bold of a sentence and holds a value: the last, or all of them."""
    found = [
        m["inside"] for m in _BOLD.finditer(text) if re.search(r"\d|\\frac|\\pi|∞", m["inside"])
    ]
    if not found or re.search(r"[:：]\s*$", found[-1]):
        return None
    return " , ".join(found) if several else found[-1]


def _widened(stated: Stated, parts: int, how: Comparison) -> Form | None:
    """Return several values that stand on lines of their own, one after the other, where the last has too few."""
    lines = [line for line in stated.before.split("\n") if line.strip()][-(parts - 1) :] if parts > 1 else []
    if not lines:
        return None
    text = one_spelling("\n".join([*lines, stated.text]), commas=how.kind != "set")
    form = read_form(text, how.names)
    return form if isinstance(form, Several) and len(form.items) == parts else None


_CONDITION = re.compile(
    r"(?:\s*[,;，；(（]\s*|\s+)(?:(?:where|for|when|with|if|其中|当|这里)\s*)?(?:[a-zA-Z](?:\s*,\s*[a-zA-Z])?)\s*(?:∈|≥|>|≤|<)\s*[^,;，；。=]{1,24}[)）]?\s*[.。*]*\s*$"
)
_AT = re.compile(r"(?<=[\d)}])\s*\((?:at|when|attained at|当|在)?\s*[A-Za-z]\s*[=≈][^()]*\)")


def _without_conditions(text: str, wanted: Form | None) -> str:
    """Drop what only says for which letters a value holds: ``, t ≥ 1``, ``(n ∈ N)``, ``(x = 0)``."""
    if wanted is None or isinstance(wanted, Spans) or "∈" in text[:4]:
        return text
    text = _AT.sub(" ", text)
    text = re.sub(r"(?<=[\w)}])\s+(?:for|where)\s+(?:all|any|every|each|some|real|integers?)\b[^.,;]*[.。]?\s*$", "", text)
    found = _CONDITION.search(text)
    if (
        found is not None
        and re.search(r"[\d=]", text[: found.start()])
        and not re.search(r"\bor\b|或", found.group())
    ):
        return text[: found.start()]
    return text


def _without_lead(text: str) -> str:
    return re.sub(r"^[\s*:：=]+|[\s*]+$", "", text)


def _asked_unit(problem: Problem) -> str | None:
    """Return the unit that the question asks for, where it is a listed one: how many minutes, 多少克."""
    for statement in problem.statement.values():
        for word in counted_in(statement):
            for spelled in (word, f"{word}s"):
                if measure(spelled) is not None:
                    return spelled
    return None


def _names(reference: str) -> frozenset[str]:
    bare = re.sub(r"\\text\s*\{[^{}]*\}|\\[A-Za-z]+|[A-Za-z]{3,}", " ", reference)
    return frozenset(re.findall(r"(?<![A-Za-z])[A-Za-z](?![A-Za-z])", bare)) | frozenset(
        re.findall(r"(?<=\d)[a-zA-Z](?![A-Za-z])", bare)
    )


def _letters(written: str) -> frozenset[str]:
    bare = re.sub(r"\\(?:text|mathrm|textbf|mathbf)|[{}()\\$\s*.、,，和与及&/]|and", "", written)
    return frozenset(bare.upper()) if re.fullmatch(r"[A-Ha-h]{1,8}", bare) else frozenset()


_CHOICE = re.compile(
    r"^[\s*$\\({\[（【:：\"'“]*(?:(?:textbf|text|mathrm|mathbf|rm|bf)\s*\{?\s*)*(?:option|choice|选项|选|项)?[\s(（{*:：]*"
    r"(?P<letters>[A-Ha-h](?:[)）.*$}]*\s*(?:,|，|、|;|和|与|及|或|and|or|&|/)\s*[(（{*$]*[A-Ha-h](?![A-Za-z'’])|[A-Ha-h](?![a-z'’]))*)(?![A-Za-z'’])",
    re.IGNORECASE,
)


_LONE = re.compile(
    r"(?:选项|选择|应选|选|\boptions?|\bchoice|\bit(?:'s| is)|\bwould be|\bis|\bpick|\bchoose|\bselect)\s*[:：]?\s*[*(（]*(?P<a>[A-H](?:\s*(?:,|、|和|and|&)\s*[A-H])*)(?![A-Za-z'’])"
    r"|\b(?:option|choice)\s*[*(（]*(?P<e>[a-h])(?![A-Za-z'’])|[(（](?P<d>[a-h])[)）](?=\s*(?:is|are|[.,。，]|$))|^[\s*(（\[]*(?P<b>[A-H]{1,4})(?=[\s)）\].、。:：*]|$)|\*\*\s*[(（]?(?P<c>[A-H]{1,4})[)）.]?[^*\n]{0,80}\*\*",
    re.MULTILINE,
)


def _lone_choice(text: str) -> Stated | None:
    """Return the last choice that a text makes in words, in bold, or on a line of its own."""
    found = list(_LONE.finditer(text))
    if not found:
        return None
    last = found[-1]
    letters = last["a"] or last["b"] or last["c"] or (last["d"] or last["e"]).upper()
    return Stated(start=last.start(), end=last.end(), how="end", text=letters)


def _choice(text: str) -> frozenset[str]:
    """Return the letters of the first group that the answer begins with."""
    found = _CHOICE.match(text.replace("\\text{", "{").replace("\\mathrm{", "{"))
    if found is None:
        found = re.search(r"(?<![A-Za-z])(?P<letters>[A-H]{1,4})(?![A-Za-z])", text)
        if found is None:
            return frozenset()
    letters = found["letters"]
    # "C A is too small" is C: a letter that begins a sentence is no choice.
    return frozenset(re.sub(r"(?i)and|or|[^A-Ha-h]", "", letters).upper())


def _evaluate(problem):
    symbols = Symbols(problem)

    def evaluate(text):
        node = symbols.read(text)
        return None if node is None else symbols.evaluate(symbols.settle(node, {}), charged=False)

    return evaluate
