"""Read what is stated as a form: all of it as mathematics, else what its sentence concludes."""

from __future__ import annotations

import re

from scoring.final_answer.equivalence.comparison import Comparison
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.forms.exact import exact
from scoring.final_answer.forms.form import Equation, Form, Scalar, Several, Spans, Words
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.notations.counts import counts
from scoring.final_answer.question.named import left_over
from scoring.final_answer.question.question import Question
from scoring.final_answer.reading.bare import bare
from scoring.final_answer.reading.clauses import (
    main_clause,
    result_clause,
    without_rejected,
)
from scoring.final_answer.reading.orders import in_order_words
from scoring.final_answer.reading.prose import concluded
from scoring.final_answer.reading.words import (
    first_name,
    phrase,
    predicate,
    yes_or_no,
)
from scoring.final_answer.results.endings import without_place
from scoring.final_answer.results.extremes import asks_both, both_extremes
from scoring.final_answer.results.places import without_attained
from scoring.final_answer.spelling.writing import one_spelling

#: Words that may be an answer without being a sentence.
MAX_WORDS = 4
_MATRIX = re.compile(
    r"\\begin\s*\{(?P<kind>[bpvBV]?matrix|array)\}.*?\\end\s*\{(?P=kind)\}", re.DOTALL
)
_CONDITION = re.compile(
    r"(?:\s*[,;，；(（]\s*|\s+)(?:(?:where|for|when|with|if|其中|当"
    r"|这里)\s*)?(?:[a-zA-Z](?:\s*,\s*[a-zA-Z])?)\s*(?:∈|≥|>|≤"
    r"|<)\s*[^,;，；。=]{1,24}[)）]?\s*[.。*]*\s*$"
)
_AT = re.compile(r"(?<=[\d)}])\s*\((?:at|when|attained at|当|在)?\s*[A-Za-z]\s*[=≈][^()]*\)")
_FOR_ALL = re.compile(
    r"(?<=[\w)}])\s+(?:for|where)\s+(?:all|any|every|each|some|real|integers?)\b[^.,;]*[.。]?\s*$"
)


def read_stated(question: Question, how: Comparison, reference: str, stated: Stated) -> Form | None:
    """Return the form of what is stated, None where it cannot be read."""
    wanted = how.read(reference)
    several = _is_several(wanted)
    raw = bare(stated, reference, several=several, words=isinstance(wanted, Words))
    spelled = without_rejected(one_spelling(raw, commas=how.kind != "set"))
    text = _without_conditions(spelled, wanted)
    if (
        isinstance(wanted, Scalar)
        and re.search(r"\d\s*:\s*\d", wanted.text)
        and not _TIME.search(f"{wanted.unit} {text}")
    ):
        text = _last_ratio(text)
    if isinstance(wanted, Scalar):
        text = without_attained(text, question.text)
        alone = stated.how == "boxed" or (stated.how == "end" and _is_alone(stated))
        text = _factorial(counts(text), wanted, boxed=alone)
    if question.asks_share:
        text = _EVEN_CHANCE.sub(r"\\frac{1}{2}", _ONE_IN.sub(r"\\frac{\1}{\2}", text))
    if isinstance(wanted, Words):
        return _words(raw, text, wanted, question)
    is_matrix = isinstance(wanted, Scalar) and "pmatrix" in wanted.text
    if is_matrix and (matrix := _lone_matrix(text)) is not None:
        return read_form(matrix, how.names)
    if stated.how == "end":
        text = left_over(without_place(text, question))
    else:
        return _read(text, wanted, question, how)
    if isinstance(wanted, Several) and (both := _extremes(stated, wanted, question)) is not None:
        return both
    if isinstance(wanted, Several) and (wider := _widened(stated, wanted, how)) is not None:
        return wider
    clause = result_clause(text) if isinstance(wanted, Scalar) else main_clause(text)
    found = _read(clause, wanted, question, how)
    if isinstance(wanted, Spans) and not isinstance(found, Spans | Several):
        found = _read(text, wanted, question, how) or found
    if isinstance(wanted, Several) and wanted.ordered and not _has_parts(found, wanted):
        return _coordinates(stated, question) or found
    return found or _read(text, wanted, question, how)


#: A small factorial and nothing else, or what a name equals.
_IS_FACTORIAL = re.compile(r"\s*(?:[A-Za-z]\s*=\s*)?(?:1?\d|20)!\s*[.。]?\s*$")


def _is_alone(stated: Stated) -> bool:
    """Return whether a line is a factorial and nothing else."""
    begins = not stated.before.strip(" ") or stated.before.rstrip(" ").endswith("\n")
    return begins and _IS_FACTORIAL.match(stated.text) is not None


def _factorial(text: str, wanted: Scalar, *, boxed: bool) -> str:
    """Return a text whose last mark makes a factorial with its value: no exclamation.

    It is one in a box, by itself or behind a name, and elsewhere where the reference is its value.
    """
    found = re.search(r"(?<![\d.])(?P<n>\d{1,3})\s*!\s*[.。]?\s*$", text)
    factor = found is not None and text[: found.start()].rstrip().endswith(("*", "/", "+"))
    if found is None or not (boxed or factor or exact(wanted.text) == exact(f"{found['n']}!")):
        return text
    value = exact(f"{found['n']}!")
    return text if value is None else f"{text[: found.start()]}{value}"


def _is_enumeration(form: Form, wanted: Form | None) -> bool:
    """Return whether several counted things are reported where one value is asked for.

    "15 remain, and 9 are lost".
    """
    return (
        isinstance(wanted, Scalar)
        and isinstance(form, Several)
        and any(isinstance(item, Scalar) and len(item.unit.split()) > 1 for item in form.items)
    )


_EVEN_CHANCE = re.compile(r"(?<![\d.])50\s*[/:-]\s*50(?![\d.])")
_ONE_IN = re.compile(
    r"(?<![\d.])(\d+)\s+(?:chances?\s+)?(?:in|out of)\s+(?:every\s+)?(\d+)(?![\d.]*\d)"
)


def _read(text: str, wanted: Form | None, question: Question, how: Comparison) -> Form | None:
    """Return what a text states as a whole.

    Behind its colon, as a set within it, or what it concludes.
    """
    if (said := phrase(text)) is not None:
        return said
    for candidate in (
        _displayed(text, wanted),
        _in_notation(text, wanted),
        text,
        _after_colon(text),
        _set_in_prose(text),
    ):
        form = read_form(_without_lead(candidate), how.names) if candidate else None
        if form is not None and not isinstance(form, Words) and not _is_enumeration(form, wanted):
            return form
    if isinstance(wanted, Spans) and (said := in_order_words(text)) is not None:
        return said
    return concluded(
        main_clause(text), wanted=wanted, question=question, names=how.names, unit=how.unit
    )


def _has_parts(form: Form | None, wanted: Several) -> bool:
    return isinstance(form, Several) and len(form.items) == len(wanted.items)


#: Particles behind a word in Chinese: 东京呀.
_PARTICLES = re.compile(r"(?<=[\u3400-\u9fff])[啦呀哦呢啊哈吧嘛哒][。.!！~]*\s*$")


def _words(raw: str, text: str, wanted: Words, question: Question) -> Form | None:
    """Return the few words that are all that is stated.

    Else what the sentence says of its subject.
    """
    raw, text = _PARTICLES.sub("", raw), _PARTICLES.sub("", text)
    if (decided := yes_or_no(raw, wanted, question.text)) is not None:
        return decided
    if (named := first_name(raw, wanted, question.text)) is not None:
        return named
    form = read_form(_without_lead(text))
    parts = form.items if isinstance(form, Several) else (form,)
    if isinstance(form, Several) and (said := predicate(raw, wanted, question.text)) is not None:
        return said
    if form is not None and all(
        not isinstance(p, Words) or len(p.text.split()) <= MAX_WORDS for p in parts
    ):
        return form
    return predicate(raw, wanted, question.text) or form


def _set_in_prose(text: str) -> str:
    one = r"\\?\{[^{}]*[|:∣][^{}]*\}"
    found = list(re.finditer(rf"{one}(?:\s*∪\s*{one})*", text))
    return found[-1].group() if found else ""


def _lone_matrix(text: str) -> str | None:
    """Return the only matrix of a sentence that calculates with none, without the words before."""
    found = list(_MATRIX.finditer(text))
    if len(found) != 1:
        return None
    before, after = (
        text[: found[0].start()].rstrip(" $("),
        text[found[0].end() :].strip(" $).。,，"),
    )
    bare = re.search(r"[-+*/^\d)}]$", before) is None and not after
    return found[0].group() if bare else None


def _is_several(wanted: Form | None) -> bool:
    return isinstance(wanted, Several) or (
        isinstance(wanted, Equation) and any("±" in side for side in wanted.sides)
    )


def _last_ratio(text: str) -> str:
    """Return the ratio that a text ends in, all of a text that ends in none."""
    found = list(_RATIO.finditer(text))
    return text if not found or re.search(r"\d", text[found[-1].end() :]) else found[-1].group()


_TIME = re.compile(r"\b[ap]\.?\s?m\b|\d\s*[ap]\.?m\b|o'clock|\d\s*[点时]", re.IGNORECASE)
_RATIO = re.compile(r"(?<![\d.:])\d+(?:\.\d+)?(?:\s*:\s*\d+(?:\.\d+)?)+(?![\d:])")


def _widened(stated: Stated, wanted: Several, how: Comparison) -> Form | None:
    """Return several values that stand in separate lines.

    Where the last line has too few of them.
    """
    parts = len(wanted.items)
    if parts < 2:
        return None
    alone = read_form(_without_lead(one_spelling(stated.text, commas=how.kind != "set")), how.names)
    if isinstance(alone, Equation):
        alone = read_form(alone.sides[-1], how.names)
    if isinstance(alone, Several) and len(alone.items) == parts:
        return None
    lines = [line for line in stated.before[-400:].split("\n") if line.strip()][-(parts - 1) :]
    text = one_spelling("\n".join([*lines, stated.text]), commas=how.kind != "set")
    form = read_form(text, how.names) if lines else None
    if isinstance(form, Several) and len(form.items) == parts:
        return form
    return None


_COORDINATE = re.compile(
    r"(?:\b(?P<axis>[xy])\s*-\s*(?:coordinate|value|intercept)"
    r"|(?P<zh>[横纵])坐标)[^.\n;。；]{0,40}?(?:\bis|=|:|为"
    r"|是)\s*\$?(?P<value>-?[\w./\\{}]+)",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\(\s*(?P<a>[a-z]|\\theta|θ)\s*,\s*(?P<b>[a-z]|\\theta|θ)\s*\)")


def _coordinates(stated: Stated, question: Question) -> Form | None:
    """Return a point of which each coordinate has a separate sentence.

    By axis or by the letters of the question.
    """
    whole = f"{stated.before[-600:]}\n{stated.text}"
    pair = _PAIR.search(question.text)
    names = (pair["a"], pair["b"]) if pair else ("x", "y")
    found: dict[str, str] = {}
    for start, end in sentences(whole):
        spelled = one_spelling(whole[start:end])
        for said in _COORDINATE.finditer(spelled):
            axis = (said["axis"] or {"横": "x", "纵": "y"}[said["zh"]]).lower()
            found[names[axis == "y"]] = said["value"].rstrip(".")
        for name in names:
            letter = r"(?:\\theta|θ)" if "theta" in name else name
            said_of = (
                rf"(?<![A-Za-z\\]){letter}\s*(?:=|\bis\b|为|是)\s*"
                r"(?P<value>(?:(?!\b(?:and|thus|so|hence)\b)[^,;，。；])+)"
            )
            for named in re.finditer(said_of, spelled):
                found[name] = named["value"].rpartition("=")[2].strip(" .")
    values = [read_form(found[name]) for name in names if name in found]
    if len(values) != 2 or not all(isinstance(value, Scalar) for value in values):
        return None
    return Several(tuple(value for value in values if value is not None), ordered=True)


def _without_conditions(text: str, wanted: Form | None) -> str:
    """Drop what only says for which letters a value holds.

    ``, t ≥ 1``, ``(n ∈ N)``, ``(x = 0)``.
    """
    if wanted is None or isinstance(wanted, Spans) or "∈" in text[:4]:
        return text
    text = _FOR_ALL.sub("", _AT.sub(" ", text))
    found = _CONDITION.search(text)
    if (
        found is not None
        and re.search(r"[\d=]", text[: found.start()])
        and not re.search(r"\bor\b|或", found.group())
    ):
        return text[: found.start()]
    return text


def _extremes(stated: Stated, wanted: Several, question: Question) -> Form | None:
    """Return a greatest and a least value that have a sentence or a clause each."""
    asked = not wanted.ordered and len(wanted.items) == 2 and asks_both(question.text)
    return both_extremes(stated) if asked else None


def _displayed(text: str, wanted: Form | None) -> str:
    """Return the relation that a sentence sets apart behind its colon, where one is wanted."""
    sentence, colon, shown = text.rpartition(":\n")
    apart = isinstance(wanted, Spans | Equation) and len(sentence.split()) > 1
    return shown if colon and apart and re.search(r"[=<>≤≥∈∪]", shown) else ""


def _in_notation(text: str, wanted: Form | None) -> str:
    """Return what a sentence says once more in interval notation, where an interval is wanted."""
    found = _NOTATION.search(text) if isinstance(wanted, Spans) else None
    return "" if found is None else text[found.end() :]


_NOTATION = re.compile(
    r"\bin interval notation\b(?:\s+(?:it|this|that))?(?:\s+is)?\s*[:,]?", re.IGNORECASE
)


def _after_colon(text: str) -> str:
    """Return what stands behind the last colon of a sentence, not that of a ratio."""
    found = list(re.finditer(r"(?<!\d\s)[:：](?:\s+|(?<=[\u3400-\u9fff][:：]))|：", text))
    if not found or not re.search(r"[A-Za-z\u3400-\u9fff]{2}", text[: found[-1].start()]):
        return ""
    return text[found[-1].end() :]


def _without_lead(text: str) -> str:
    return re.sub(r"^[\s*:：=]+|[\s*]+$", "", text)
