"""What a concluding sentence ends in, where no value in it stood out."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.question.named import taken_on
from scoring.final_answer.question.question import Question
from scoring.final_answer.results.places import without_attained

#: Equality signs that a text has at least to be a derivation.
DERIVATION = 2
_CHOICE_WORDS = re.compile(
    r"\b(?:or|not|if|check|otherwise|though|although|some)\b|或|不|舍|若|检验|≠", re.IGNORECASE
)
#: What a sentence ends in: behind its last equality, or in a last clause that names the result.
_ENDINGS = (
    re.compile(r"=(?P<value>[^=]+)$"),
    re.compile(r"(?:\bis|\bare|为|是)\s+(?P<value>\\[A-Za-z][^=]*)$"),
    re.compile(r"\b(?:saving|leaving|giving|making|totalling)\s+(?P<value>[^=,]+)$"),
)
#: Verbs after which a sentence names its result, also outside a derivation.
_RESULTS = re.compile(
    r"(?:\b(?:gives?|gets?|obtains?|equals|becomes|yields)|\b(?:reduces|simplifies|comes|amounts"
    r"|tends|evaluates) to|(?<![取求])得到?|等于"
    r"|\b(?:max|min)imum(?: value)?(?:,| of|:))\s+(?P<value>[^=,，;；。]+)$"
)
#: A bound that is attained is the extreme value.
_ATTAINED = re.compile(
    r"\bequality\b|\battained\b|\bachieved\b|\breached\b|取等|等号|取得|取到", re.IGNORECASE
)
_EQUALITY_CLAUSE = re.compile(
    r"[,，;；.]?\s*(?:(?:and |with )?equality\b|(?:which is )?(?:attained|achieved|reached)\b"
    r"|当且仅当|等号).*$",
    re.IGNORECASE | re.DOTALL,
)
_LEAST = re.compile(
    r"(?:≥|>=|\\geqslant|\\geq?)(?![A-Za-z])(?:[^≥≤<>]*=)?(?P<value>[^=≥≤<>,，;；]+)$"
)
_GREATEST = re.compile(
    r"(?:≤|<=|\\leqslant|\\leq?)(?![A-Za-z])(?:[^≥≤<>]*=)?(?P<value>[^=≥≤<>,，;；]+)$"
)
_LAST_NAME = re.compile(r"(?<![A-Za-z\\])(?P<name>[A-Za-z])\s*=\s*[^=]*$")
_FIRST_NAME = re.compile(r"\s*\$?\s*(?P<name>[A-Za-z])\s*=")


def of_another_name(sentence: str, reference: str) -> bool:
    """Return whether a sentence ends in ``y = ...`` where the reference is ``x = ...``."""
    ours, theirs = _FIRST_NAME.match(reference), _LAST_NAME.search(sentence)
    return ours is not None and theirs is not None and ours["name"] != theirs["name"]


def without_place(text: str, question: Question) -> str:
    """Drop where a value is attained at the end, ``, at k = 1``, unless the question asks that."""
    found = _PLACE.search(text)
    asks_place = _ASKS_PLACE.search(question.text) or (
        found is not None and found["letter"] in question.words
    )
    return text if found is None or asks_place else text[: found.start()]


_PLACE = re.compile(r"(?:,\s*|(?<=[\d})])\s+)at\s+\$?(?P<letter>[A-Za-z])\s*=\s*[^,;=。]+$")
_ASKS_PLACE = re.compile(
    r"\b(?:for|at) (?:which|what)\b|\bwhere (?:is|does|do|are)\b"
    r"|何[值处时]|哪一?点|求[^，。]{0,6}点",
    re.IGNORECASE,
)


#: A sentence up to the word that draws something further from it.
_LEAD = re.compile(
    r"(?P<lead>[^\n]*?)[,;]?\s*\b(?:and )?(?:so|thus|hence|therefore)\s*,?\s*$", re.IGNORECASE
)
_OF_RESULT = re.compile(r"\b(?:answer|result|solution|final)\b|答|结果", re.IGNORECASE)


def expression_before(stated: Stated, reference: str) -> str | None:
    """Return the expression that a sentence states before it draws a number from it.

    "y = 3x^2 + 2, so the slope at 0 is 2" answers a question for an expression in x. None where
    the reference has no letter, or what is drawn has it too or is called the answer.
    """
    letters = set(_LETTER.findall(_COMMAND.sub(" ", reference))) - set("eiAC")
    if not letters or _OF_RESULT.search(stated.text):
        return None
    said = _AT.sub(" ", stated.text)
    if any(re.search(rf"\d\s*{x}|{x}\s*[-+^(]|[-+(]\s*{x}|{x}\s*[=<>≤≥∈]", said) for x in letters):
        return None
    found = _LEAD.search(re.split(r"\n|(?<=[^\d])\.\s", stated.before)[-1])
    return found["lead"] if found is not None and any(x in found["lead"] for x in letters) else None


_LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])")
_AT = re.compile(r"\b(?:at|when|for|where)\s+\$?[a-z]\s*=\s*-?[\w./]+")
_COMMAND = re.compile(r"\\[A-Za-z]+")


def endings(sentence: str, text: str, question: Question) -> list[str]:
    """Return what the conclusion of a text ends in.

    Nothing for a sentence that offers several values or takes one back, and where the text does not
    derive only what a verb or an attained bound names.
    """
    bare = _EQUALITY_CLAUSE.sub("", _spelled(sentence)).strip(" .。,，")
    spelled = without_place(without_attained(bare, question.text), question)
    if _CHOICE_WORDS.search(spelled):
        return []
    if (shown := _ARROW.search(sentence)) is not None:
        return [shown["value"]]
    if _LISTED.search(spelled) or _ends_elsewhere(spelled, question) or taken_on(spelled):
        return []
    derived = text.count("=") >= DERIVATION or _is_asked_sum(spelled, question)
    ends = (_RESULTS, *_ENDINGS) if derived else (_RESULTS,)
    found = [end.search(spelled) for end in ends]
    if question.asks_extreme and _ATTAINED.search(text):
        found.append((_LEAST if question.asks_least else _GREATEST).search(spelled))
    values = [re.split(r"[,，;；。]", end["value"])[0].strip() for end in found if end is not None]
    return [value for value in values if value.count("(") == value.count(")")]


#: A value that an arrow leads to from others: "8, 0, 9 -> 809".
_ARROW = re.compile(
    r"(?<=[\d)\]}])\s*(?:->|→|⇒|➡|=>)\s*(?P<value>-?\d[\d.,/]*(?:\s*[A-Za-z%°]{1,12})?)[\s.。]*$"
)


def _is_asked_sum(spelled: str, question: Question) -> bool:
    """Return whether the last line gives the sum, integral or limit that is asked for."""
    found = _OPERATOR.match(spelled.rpartition("\n")[2])
    if found is None or spelled.count("=") != 1:
        return False
    names = next(names for names in _OPERATORS if found.group("sign") in names)
    return any(name in question.text for name in names)


_OPERATORS = (("∑", "Σ", "\\sum"), ("∫", "\\int"), ("∏", "\\prod"), ("lim", "\\lim"))
_OPERATOR = re.compile(r"\s*(?P<sign>∑|Σ|∫|∏|lim|\\(?:sum|int|prod|lim))[^=]*=[^=]*$")


def _ends_elsewhere(spelled: str, question: Question) -> bool:
    """Return whether the question asks for the left side of another equation than the last."""
    lefts = [left.replace(" ", "") for left in _LEFT.findall(spelled)]
    asked = [left for left in lefts if len(left) > 1 and left in question.spelled]
    return bool(asked) and lefts[-1] not in asked


#: Several values of one name.
_LISTED = re.compile(
    r"(?<![A-Za-z])(?P<name>[A-Za-z])\s*=\s*[^=,，;；、]+(?:[,，;；、]|\band\b|和)\s*(?P=name)\s*="
)
_LEFT = re.compile(r"(?:^|[,，;；])\s*([^,，;；=]{1,20}?)\s*=")


def _spelled(sentence: str) -> str:
    """Return a sentence without what only sets it; a lone dollar sign is one of money."""
    bare = re.sub(r"\\text\s*\{[^{}]*\}|\\(?:begin|end)\{[a-z]*\}|&|\\\\", " ", sentence)
    if bare.count("$") % 2 == 0:
        bare = bare.replace("$", " ")
    return bare.replace("->", "=").strip(" .。,，\n")


_RESTATES = re.compile(
    r"[,;，；(（—–-]?\s*(?:\bthat is|\bi\.e\.?|\bwhich is|\bor (?:about|approximately|roughly)|≈"
    r"|\\approx|\babout|\bapproximately|\broughly|即|也就是|约)",
    re.IGNORECASE,
)
_EXACTLY = re.compile(r"\b(?:or|and) exactly\b|\bin exact form\b[:,]?|即精确值", re.IGNORECASE)


def restated(stated: Stated) -> list[str]:
    """Return what a sentence states beside the same in another form, nothing in a box."""
    if stated.how == "boxed":
        return []
    first, exactly = _RESTATES.search(stated.text), _EXACTLY.search(stated.text)
    before = stated.text[: first.start()] if first is not None else ""
    behind = stated.text[exactly.end() :] if exactly is not None else ""
    return [part for part in (before, behind) if part.strip()]
