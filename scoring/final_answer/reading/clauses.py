"""The clauses of a sentence: what only comments on its value, and what it rejects itself."""

from __future__ import annotations

import re

_ATOM = re.compile(r"\d|∞|∅|ℝ|\\pi|π|\\infty")
#: Letters alone make a value where a function, a fraction or an operator joins them.
_LETTERS = re.compile(
    r"\\(?:frac|sqrt|sin|cos|tan|cot|sec|csc|ln|log)"
    r"|[A-Za-z]\s*[-+*/^]\s*[A-Za-z(]|^\(?[a-z]{2,3}\)?$"
)
REJECTED = re.compile(
    r"舍去|不合题意|不符合|舍|增根|extraneous|reject|discard|not valid|invalid"
    r"|not allowed|inadmissible|cannot be|must be (?:rejected|discarded)",
    re.IGNORECASE,
)


def holds(text: str) -> bool:
    """Return whether a text holds a value.

    Digits, or letters that a function or an operator joins.
    """
    return _ATOM.search(text) is not None or _LETTERS.search(text) is not None


#: Where a value is put in or a limit is taken, before what that gives.
_CONDITION_FIRST = re.compile(
    r"^\s*(?:[a-z]\s*=\s*-?[\w.\\/{}]{1,12}\s*[:：](?=\s*\D)"
    r"|(?:letting|let|putting|taking|setting|substituting|as|when|for|with"
    r"|at)\s[^,;:，。：]{1,60}[,:：]"
    r"\s*(?:we (?:get|have|obtain|find|see)\s*(?:that\s+)?)?"
    r"|(?:令|取|当|将|把|代入)[^,;，。]{1,60}(?:[,，]\s*(?:可?得到?|有)?|可?得到?))\s*",
    re.IGNORECASE,
)


#: What was counted, one by one: "There are 2 solutions, namely 2 and -2".
_COUNTED_LIST = re.compile(
    r"[,，:：(（]\s*(?:namely|that is|i\.e\.|即|分别[是为])\s*[,，:：]?\s*"
    r"(?=[^,，、和或]{1,24}(?:[,，、和或]|\band\b|\bor\b)"
    r"\s*(?:and |or )?[$\\(]*(?:[a-z]\s*=\s*)?-?\d)",
    re.IGNORECASE,
)


_COUNTED_BEHIND_COLON = re.compile(
    r"(?<=\d)(?P<thing>\s*(?:[a-z]+\s*){0,4}|[个种组][\u3400-\u9fff]{0,6})[:：]\s*"
    r"(?=[-\d(]+\s*[,，、]\s*[-\d(]+\s*[,，、])"
)


#: A clause about another thing behind the value: ", and the conjugate value belongs to w^3".
_OF_ANOTHER = re.compile(
    r"[,;]\s*(?:and|while|whereas|but)\s+(?:the\s+)?(?:conjugate|others?|remaining|rest|second|third|next|inverse)\b[^;。]*$",
    re.IGNORECASE,
)


def result_clause(text: str) -> str:
    """Return the main clause of a sentence without the condition that it begins with."""
    listed = _COUNTED_LIST.search(text) or _COUNTED_BEHIND_COLON.search(text)
    if listed is not None and holds(text[: listed.start()]):
        text = text[: listed.start()]
    text = main_clause(text)
    other = _OF_ANOTHER.search(text)
    if other is not None and holds(text[: other.start()]):
        text = text[: other.start()]
    condition = _CONDITION_FIRST.match(text)
    rest = text[condition.end() :] if condition is not None else ""
    return rest if holds(rest) else text


def main_clause(text: str) -> str:
    """Return a sentence without what only comments on its value: clauses, places, comparisons.

    Restated values last.
    """
    lead = _BECAUSE_FIRST.match(text)
    if lead is not None and holds(text[lead.end() :]):
        text = text[lead.end() :]
    for clause in _COMMENTS:
        shorter = clause.sub(" ", text)
        if holds(shorter):
            text = shorter
    other = _THAT_IS_ELSE.search(text)
    if other is not None and holds(text[: other.start()]) and not _same_measure(text, other):
        text = text[: other.start()]
    restated = list(_THAT_IS.finditer(text))
    if (
        restated
        and holds(text[restated[-1].end() :])
        and not _ROUGHLY.match(text, restated[-1].end())
    ):
        return text[restated[-1].end() :]
    return text


def _same_measure(text: str, found: re.Match[str]) -> bool:
    """Return whether a value stands once more as a percent or per time only where it was before."""
    before, behind = text[: found.start()], text[found.end() :]
    if "%" in behind and "%" not in before:
        return _SHARE.search(before) is not None
    per = _PER.findall(behind)
    apart = per and _PER.search(before) and per != _PER.findall(before)
    return not (apart and _ROUGHLY.match(behind))


_SHARE = re.compile(r"/|\\frac|(?<!\d)0?\.\d")
_PER = re.compile(r"(?:\bper\s+|/\s*|\bfor each\s+)([a-z]+)", re.IGNORECASE)
#: A value restated behind "that is".
_THAT_IS_ELSE = re.compile(r"[,;(]?\s*\b(?:i\.e\.|that is,)\s*,?", re.IGNORECASE)
_BECAUSE_FIRST = re.compile(
    r"\s*(?:because|since|as)\s[^,;]{3,120},\s*(?=[A-Za-z$])", re.IGNORECASE
)
_EQUALS_LIKE = (
    r"(?:is|are|equals?|gives?|makes?|simplif|reduces?|becomes?|comes?|means?|can"
    r"|happens?|holds?|occurs?|leaves?|leaving|totals?|results?|amounts?|works?"
    r"|has|have|was|were|will|would|beats?|exceeds?|saves?)"
)
_COMMENTS = (
    re.compile(
        r"[,，;；]\s*(?![-\d.]+才|[^才]*(?:答|这|那|结果|应|它))[^,，;；。]{1,12}才[是为][^,，;；。]*"
        r"(?=[。.]?$)"
    ),
    re.compile(
        r"[,，;；]\s*(?:(?:to )?check|verif\w+|验证|验算|检验)\s*[:：][^。;；]*$", re.IGNORECASE
    ),
    re.compile(
        r",\s*(?:and|while|but)\s+[^,;]*\bwould\s+(?:be|make|give|cost|leave)\b[^;。]*$",
        re.IGNORECASE,
    ),
    re.compile(
        rf",\s*(?:for|in|of|to|with|at)?\s*(?:which|where"
        rf"|whose)\s+(?!{_EQUALS_LIKE}\b)[^;。]*?(?=[.;。]\s|[.;。]?$)",
        re.IGNORECASE,
    ),
    re.compile(
        r",\s*which\s+(?:is|are|was)\s+(?:defined|valid|true|more|less|bigger|smaller"
        r"|larger|about|only|why|because|in|at|not|exactly what|just|also|the same"
        r"|positive|negative|even|odd|prime|irrational|consistent|within|between"
        r"|greater)\b[^;。]*?(?=[.;。]\s|[.;。]?$)",
        re.IGNORECASE,
    ),
    re.compile(
        r",?\s*\b(?:attained|reached|achieved|occurring|taken on|obtained)\s+(?:at"
        r"|when|for|if|by)\b[^;。]*?(?=[.;。]\s|[.;。]?$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"[,，]?\s*(?:\bbecause|(?<!ever )\bsince|,\s*as|因为)\s[^;。]*?(?=[.;。]\s|[.;。]?$)",
        re.IGNORECASE,
    ),
    re.compile(
        r"[,，]\s*(?:compared (?:with|to)|rather than|instead of|unlike|as opposed to"
        r"|not|而不是|而非)\b[^,;，。]*",
        re.IGNORECASE,
    ),
    re.compile(r"[,，]?\s*当(?:且仅当)?[^。;；]*?(?:取等号?|取得等号|等号成立)"),
    re.compile(
        r"[,;]?\s*(?:and |with )?equality (?:holds |is attained |occurs |iff|if|when|for|at"
        r"|exactly)"
        r".*$",
        re.IGNORECASE | re.DOTALL,
    ),
    re.compile(r"[,，]\s*其中[^。;；]*"),
    re.compile(r"\s+as\s+[a-zA-Z]\s*(?:=|goes to|tends to|approaches)\s*[-+]?[^\s,.;]+"),
    re.compile(
        r"[,，(（]?\s*(?:\b(?:even )?though|\balthough|\bwhereas|\be\.g\."
        r"|\bfor (?:example|instance)|虽然|尽管|例如|比如)(?![A-Za-z])"
        r"[^;。]*?(?=[.;。]\s|[.;。]?$)",
        re.IGNORECASE,
    ),
    re.compile(r"(?:当|在)\s*[A-Za-z]\s*=\s*[^，。,;时]{1,30}\s*时\s*(?:取得|取到|取)?[,，]?"),
)
_ROUGHLY = re.compile(r"\s*(?:about|approximately|roughly|around|some|≈|约)", re.IGNORECASE)
_THAT_IS = re.compile(
    r"(?:^|[,，;；(—–-]\s*|\s(?=i\.e\.))(?:that is|i\.e\.?|namely|in other words"
    r"|or equivalently|即|也就是说?)(?![A-Za-z])\s*[,，:：]?",
    re.IGNORECASE,
)


def without_rejected(text: str) -> str:
    """Return the text without values that it rejects itself.

    ``x=-1 (舍去)``, ``x = 2 is extraneous``.
    """
    if not REJECTED.search(text):
        return text
    # "(x = -1 is rejected)" rejects what it names; "(rejected)" rejects what stands before it.
    text = re.sub(
        rf"\([^()]*\d[^()]*(?:{REJECTED.pattern})[^()]*\)", " ", text, flags=re.IGNORECASE
    )
    text = re.sub(
        rf"(?:[A-Za-z]\s*[=≠]\s*)?[^\s,，;；或(]+\s*\(\s*[^()]*?(?:{REJECTED.pattern})[^()]*\)",
        " ",
        text,
        flags=re.IGNORECASE,
    )
    clauses = re.split(r"([,，;；。]|\bbut\b|\bsince\b|但)", text)
    kept = [c for c in clauses if not REJECTED.search(c)]
    joined = "".join(kept)
    for clause in clauses:
        if REJECTED.search(clause) and (named := _REJECTED_VALUE.match(clause)) is not None:
            joined = _without_alternative(joined, named["value"])
    return (
        re.sub(r"(?:[\s,，;；或]|\bor\b|\band\b|\bsince\b|\bbut\b)+$", "", joined)
        if re.search(r"\d|[a-z]\s*=", joined)
        else text
    )


#: A clause that begins with the value that it rejects: "x = -1 is extraneous".
_REJECTED_VALUE = re.compile(
    r"\s*(?:(?:but|since|and|the (?:value|root|solution))\s+)*(?:[a-zA-Z]\s*=\s*)?"
    r"(?P<value>-?\d+(?:\.\d+|/\d+)?)\s*(?:is\b|must|cannot|does|不|舍|应|为增根|是增根)",
    re.IGNORECASE,
)


def _without_alternative(text: str, value: str) -> str:
    """Return a list of alternatives without one value: "x = 5 or x = -1" without -1."""
    one = rf"(?:[a-zA-Z]\s*=\s*)?{re.escape(value)}(?![\d./^])"
    return re.sub(
        rf"\s*(?:\bor\b|\band\b|或|和)\s*{one}|(?<![\d=-]){one}\s*(?:\bor\b|\band\b|或|和)\s*",
        " ",
        text,
    )
