"""The clauses of a text that hold a value, and which of them claim the result.

What opens a text, a clause that names what is asked, one that draws a conclusion and one that ends
a calculation claim it, and any clause with a value that no text holds by accident; a supposition,
a check, a reason or a denial does not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.final_answer.extraction.statements import states
from scoring.final_answer.extraction.strength import is_strong, overlap
from scoring.final_answer.question.named import speaks_of
from scoring.final_answer.question.question import Question
from scoring.final_answer.spelling.writing import one_spelling

#: Clauses at the end of a text that are looked at, and characters of one.
MAX_CLAUSES = 60
MAX_CLAUSE = 240

_CUT = re.compile(
    r"[。；;？?\n，：]|[！!](?=\s(?!\s*=)|$|[\u3400-\u9fff])|(?<!\.)\.(?=[\s*)]|$)|,(?=\s|[\u3400-\u9fff])"
    r"|(?<!\d):(?=\s)|—|–{2}|(?<=[A-Za-z]{2})\s[-—–]\s(?=[A-Za-z]{2})|⇒|\\Rightarrow|\\implies"
    r"|(?<![-+*,])(?<![-+*,]\s)(?:\.\.\.|…)(?!\s*[-+*,)])|（(?=[^（）]{0,80}[\u3400-\u9fff≈])"
    r"|(?<=\s)\((?=[^()]{0,80}[A-Za-z]{2}\s+[A-Za-z]{2})"
    r"|\b(?:and|but)\s(?=[^=]{0,80}\b(?:is|are)\b)"
)
#: Before a conclusion, in its clause.
_CONCLUDES = re.compile(
    r"^\W*(?:so|thus|hence|therefore|consequently|altogether|giving|we (?:get|have|obtain|find)"
    r"|which (?:gives|is|makes|means|equals)|that(?:'s| is| makes| gives)|it follows that"
    r"|所以|因此|于是|从而|故|则|即|得|解得|可得|得到|综上|∴|⇒|=>|->|→)",
    re.IGNORECASE,
)
#: Begins what explains a result that is stated first.
_EXPLAINS = re.compile(
    r"^[\s(（*_]*(?:why|because|since|as|reason\w*|derivation|proof|explanation|working|here's why"
    r"|this (?:is|comes)|for,|indeed|理由|因为|由于|依据|由来|过程|原因|证明|推导|解释|分析"
    r"|一般公式)",
    re.IGNORECASE,
)
_SUPPOSES = re.compile(r"\b(?:if|suppos\w*|were|would)\b|若|如果|假如|要是|假设", re.IGNORECASE)
#: In a clause about another case, a check, a reason or a comparison.
_ASIDE = re.compile(
    r"\b(?:assum\w*|unless|check\w*|verif\w*|plug\w*|substitut\w*|because|since|from this|say|let"
    r"|for (?:example|instance|comparison|reference|large|long|small|big)|(?:in )?general|equality"
    r"|derivation|compar\w*|outside|known|depends?|agrees?|naive\w*)\b"
    r"|[设令试验]|代入|检查|因为|由于|依据|理由|过程|由来|其中|取等|等号|一般|例如|比如|顺便|相比|相符"
    r"|满足|成立|吻合|一致|相当于|占|一半|倍|注意|[✓✔]",
    re.IGNORECASE,
)
#: A value at one point: "n=1 gives 1".
_AT_POINT = re.compile(r"^\W*(?:at )?[A-Za-z]\s*=\s*-?[\d.]+\s*(?:gives|:|：|时|→|->)|^\W*[对取令]")
#: In a clause that claims nothing of its value: a denial, a bound, a place, a quotation.
_NO_CLAIM = re.compile(
    r"\b(?:not|never|cannot|wrong|at (?:most|least)|between|than|friend|books?|textbooks?|someone"
    r"|says?|said|claims?|wrote|when|where|with|at|needs?|as|could|either|some|good|ok|try\w*|put)\b"
    r"|\b(?:attained|achieved|reached)\b|取[得到]|n't\b|当|不是|并非|≠|错|误|同学|有人|他说|书上|网上|可能|也许|才",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"^\W*(?:minus|less|plus|then|about|roughly|approximately|再|又|还|大?约|大概)|^\s*≈",
    re.IGNORECASE,
)
_BOUND = re.compile(r"[<>≤≥]|\\[gl]e(?:q|qslant)?(?![A-Za-z])")
#: A value that goes on a list: ", 2" behind a digit.
_LISTS = re.compile(r"\d\s*[,，、]\s*-?\d+(?:\s|$)")
_NAME = re.compile(
    r"^\W*(?:[A-Za-z]{3,}\s+|[\u3400-\u9fff]\s*)*(?P<name>[^=≈→]{1,24}?)\s*(?:=|≈|→)"
)
#: A name with a calculation, or with an expression that is no number.
_DERIVES = re.compile(r"[^=\d]*[A-Za-zα-ω][^=]{0,12}=(?:[^=]+=|[^=]*[A-Za-z])")
_BEHIND_NAME = re.compile(r"[^=\d]*[A-Za-zα-ω][^=]{0,12}=")
_SAYS = re.compile(r"=|≈|→|\bis\b|\bare\b|\bequals\b|为|是|等于|:|：")
_ANSWER = re.compile(r"\banswer\b|\bgo with\b|答", re.IGNORECASE)
_UNIT = re.compile(r"\d\s*(?P<unit>[^\W\d_]{1,6})\W*$")
_MULTIPLIES = re.compile(r"\d\s*[×÷*·乘除]\s*\d|\d\s+/\s+\d")
_OPERATOR = re.compile(r"(?<=[\d)])\s*[-+*×÷·乘加减除]\s*(?=[\d(])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """A clause that holds a value, in offsets of its text; ``text`` is without "so" and its like.

    ``name`` is what it gives a value to, ``asked`` whether the question has that; ``unit`` is what
    stands behind its last number, and ``about`` how much it speaks of what is asked.
    """

    start: int
    end: int
    text: str
    name: str
    asked: bool
    unit: str
    about: int
    #: Whether it is the first of its text, names what is asked, concludes, or ends a calculation.
    opens: bool
    names: bool
    concludes: bool
    derives: bool
    #: Whether it says what something is, and whether it looks like a conclusion.
    says: bool
    strong: bool
    #: Whether it speaks of something else, claims nothing, states a bound, goes on from another.
    aside: bool
    vague: bool
    bounds: bool
    goes_on: bool
    #: Whether what stands behind it explains it.
    explained: bool

    @property
    def behind_name(self) -> str | None:
        """What stands behind the name that it begins with, None where it begins with none."""
        named = _BEHIND_NAME.match(self.text)
        return None if named is None else self.text[named.end() :]

    def claims(self, *, rare: bool) -> bool:
        """Return whether it claims the result; a ``rare`` one is stated nowhere by accident."""
        stated = rare or self.opens or self.names or self.concludes or self.derives
        return stated and not self.aside and not self.vague

    def competes(self, claim: Clause, *, rare: bool) -> bool:
        """Return whether it may state another result than a clause before it that claims one."""
        if self.aside or self.bounds:
            return False
        if claim.name and (self.name or claim.name in "".join(self.text.split())):
            other = self.asked and (self.concludes or not claim.asked)
            return other or self.name in ("", claim.name)
        if claim.explained:
            return self.names and self.name == claim.name and not self.vague
        if self.names or self.strong or self.goes_on or (self.unit and self.unit == claim.unit):
            return True
        equation = "=" in self.text and "=" in claim.text and not claim.name
        if rare:
            return self.concludes and (self.about > 0 or equation or self.says)
        weak = not (claim.opens or claim.names or claim.concludes)
        return weak or equation or self.concludes or self.about > 0


def clauses_with_values(text: str, question: Question) -> list[Clause]:
    """Return the last clauses of a text that hold a value."""
    found: list[Clause] = []
    spans = _spans(text)
    whole, spans = len(spans) <= MAX_CLAUSES, spans[-MAX_CLAUSES:]
    supposed = concludes = holds = False
    for at, (start, end) in enumerate(spans):
        written = text[start : min(end, start + MAX_CLAUSE)]
        goes_on = at > 0 and not text[spans[at - 1][1] : start].strip(" ,，:：（()）")
        supposed = _SUPPOSES.search(written) is not None or (supposed and goes_on)
        concludes = _CONCLUDES.match(written) is not None or (concludes and not holds)
        holds = states(written)
        if not holds:
            continue
        behind = text[slice(*spans[at + 1])] if at + 1 < len(spans) else ""
        opens = whole and not found and ("=" not in written or bool(_BEHIND_NAME.match(written)))
        said = _CONCLUDES.sub("", written).strip()
        name, about = _name(said), overlap(written, question.words)
        asked = name != "" and name in question.spelled
        says = _SAYS.search(written) is not None
        unit = _UNIT.search(written)
        found.append(
            Clause(
                start=start,
                end=end,
                text=said,
                name=name,
                asked=asked,
                unit="" if unit is None else unit["unit"],
                about=about,
                opens=opens,
                names=(asked and (len(name) > 1 or name in question.words))
                or about > 1
                or (says and speaks_of(written, question.heads)),
                concludes=concludes,
                derives=_DERIVES.match(written) is not None,
                says=says,
                strong=is_strong(written) or _ANSWER.search(written) is not None,
                aside=supposed or any(p.search(written) for p in (_ASIDE, _AT_POINT)),
                vague=end - start > MAX_CLAUSE
                or (not name and _calculates(written, question))
                or _LISTS.search(text, max(0, start - 8), end) is not None
                or _NO_CLAIM.search(written) is not None
                or written.rstrip()[-1:] in "+-*/=",
                bounds=_BOUND.search(written) is not None and "=" not in written,
                goes_on=_GOES_ON.match(written) is not None,
                explained=_EXPLAINS.match(behind) is not None
                or (opens and text[end : end + 1] in (":", "：")),
            )
        )
    return found


def _spans(text: str) -> list[tuple[int, int]]:
    ends = [*(cut.span() for cut in _CUT.finditer(text)), (len(text), len(text))]
    starts = [0, *(behind for _, behind in ends)]
    spans = ((start, end) for start, (end, _) in zip(starts, ends, strict=False))
    return [(start, end) for start, end in spans if text[start:end].strip()]


def _name(clause: str) -> str:
    """Return the name that a clause gives a value to, none for one in words."""
    found = _NAME.match(clause)
    if found is None:
        return ""
    name = "".join(one_spelling(found["name"]).split()).strip("$(")
    return name if re.search(r"[A-Za-z]", name) and not re.search(r"[A-Za-z]{4}", name) else ""


def _calculates(clause: str, question: Question) -> bool:
    """Return whether a clause begins by calculating, with given numbers or by multiplying."""
    side = re.split(r"[=≈]", clause)[0]
    if _MULTIPLIES.search(side):
        return True
    if re.search(r"[A-Za-zα-ωπ√\\]", side):
        return False
    numbers = set(re.findall(r"\d+(?:\.\d+)?", side))
    return _OPERATOR.search(side) is not None and numbers <= question.numbers
