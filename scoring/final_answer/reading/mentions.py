"""The values that a sentence mentions, with what stands around each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.final_answer.forms.form import Form, Scalar
from scoring.final_answer.forms.shapes import read_form
from scoring.final_answer.reading.clauses import REJECTED, holds

_CHINESE = "\u3400-\u9fff"
_PIECE = re.compile(
    r"\\(?:frac|binom|sqrt|overline|log|pi|sin|cos|tan|ln|infty|theta|alpha|beta"
    r"|cdot|times|sum|int)(?![A-Za-z])|\\[{}]"
    r"|\d+(?:\.\d+)?|\.\d+|(?<![A-Za-z])(?:sin|cos|tan|ln|log|sqrt"
    r"|pi)(?![A-Za-z])|(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’])|[α-ωΔ∠∞π∅ℝ]"
    r"|[-+*/^=<>≤≥≠≈∈∪±!%°|:()\[\]{}_√,]"
)
#: A value after these words is not the one that is stated.
_NOT_STATED = re.compile(
    r"(?:\bnot|\brather than|\binstead of|\bunlike|\bout of|\bof the|\bof these"
    r"|\bof all|\bfrom the|\bthan the|\bwhere|\bsince|\bbecause|\bwhen|\bif"
    r"|\bfor every|\bfor each|\bevery|\beach of the|\bafter|\bin step|\bstep"
    r"|\bcase|\bexample|\bexcluding|\bbesides|\bwithin|\bper|\bon|\bover"
    r"|(?<!bring )(?<!brings )(?<!take )(?<!takes )(?<!took )(?<!pull )(?<!pulls )(?<!come )"
    r"(?<!comes )(?<!brought )\bin"
    r"|\binterval|\bmodulo|\bmod"
    r"|而不是|不是|并非|而非|其中|因为|由于|当|若|第|每|(?<!现)在|区间|位于|原来|原有"
    r"|共有的)\s*(?:the|a|an|all)?\s*$",
    re.IGNORECASE,
)
#: A time behind 在 that something takes: 在300分钟内.
_WITHIN_TIME = re.compile(r"\s*(?:个?小时|分钟|秒钟?|天|周|个?月|年)[之以]?[内后]")
#: A difference between two things, not the value of one.
_COMPARED = re.compile(
    r"比[^，。,；;]{1,10}(?:多|少|大|小|高|低|快|慢|长|短|重|轻|贵|便宜|早|晚|远|近)了?\s*$"
)
_THAN = re.compile(
    r"^[^.,;，。；]{0,24}?\b(?:more|less|fewer|older|younger|taller|shorter"
    r"|longer|cheaper|higher|lower|bigger|smaller|faster"
    r"|slower)\b[^.,;，。；]{0,16}?\bthan\b",
    re.IGNORECASE,
)
#: Words that name the sum of what was listed before.
_TOTAL = re.compile(
    r"^[^.,;，。；\d]{0,24}?(?:in total|altogether|in all|overall|all together|总共|合计)",
    re.IGNORECASE,
)
_TOTAL_BEFORE = re.compile(
    r"(?:\btotal(?:s|ing)?(?: of| is| are|:)?|\bsum(?: is| of)?|一共(?:有|是|为)?"
    r"|总共(?:有|是|为)?|合计|共(?:有|计|需)?)\s*[:：]?\s*\$?$",
    re.IGNORECASE,
)
#: A value after these words belongs to something else, unless it is the only one.
_ASIDE = re.compile(
    r"(?:\b(?:the\s+)?(?:other|others|remaining|another|rest)|\bcompared (?:with"
    r"|to)|\bversus|\bvs\.?|\bat|(?<!left )(?<!him )(?<!her )(?<!them )\bwith"
    r"|\bplus|\bfrom|\bby"
    r"|其余|其他|其它|另外|另|剩下的|(?<!小)时|当|(?<!费)用|每)\s*(?:the|a|an|all)?\s*$",
    re.IGNORECASE,
)
_ASIDE_AFTER = re.compile(r"\s*(?:others?|more than|less than|fewer than)\b|\s*时(?!间|刻)")
#: "two roots" counts the answers and is none.
_COUNT_OF_ANSWERS = re.compile(
    r"\s*(?:real |distinct |different |possible |such |integer )*(?:solutions"
    r"|roots|values|zeros|answers|radicals|cases|parts|conditions)\b"
    r"|\s*个(?:不同的?|不等的?|实数?|相等的?)*(?:根|解|值|零点|交点|空)",
    re.IGNORECASE,
)
#: Words that make a bound of the value.
_BOUND = re.compile(
    r"(?:\bat least|\bat most|(?<!add )(?<!adds )(?<!sum )(?<!sums )\bup to|\bno more than"
    r"|\bno less than|至少|至多|最多能|不超过|不少于)\s*$",
    re.IGNORECASE,
)
#: Words that say that the value itself is not reached: no extreme either.
_BEYOND = re.compile(
    r"(?:\bmore than|\bless than|\bfewer than|\bgreater than|\bover|\bunder|\bbetween|\babove"
    r"|\bbelow|\bexceeds?|大于|小于|(?<!不)超过|不到|不足|多于|(?<!不)少于|介于)\s*$",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    r"\s*(?:or|and)\s+(?:more|less|fewer|above|below)\b|\s*(?:[个只人元米]|千米)?以[上下]"
    r"|or (?:more|less|fewer)"
)
_UNIT_AFTER = re.compile(
    rf"\s*\$?\s*(?P<unit>[ap]\.?\s?m\b\.?|[AP]\.?M\b\.?|(?:square |cubic |sq\.? )?(?:(?:kilo|centi"
    rf"|milli)?(?:met(?:er|re)|gram|lit(?:er|re))s?|cm|mm|km|kg|mg|ml|mL|dm|m|g|t"
    rf"|L|h|s|min|hours?|minutes?|seconds?|days?|weeks?|dollars?|cents?|euros?|sterling|yuan"
    rf"|yen|rupees?|rubles?|feet|foot"
    rf"|inches|inch|miles?|yards?|percent|degrees?|公里|英里|海里"
    rf"|(?:[平立]方)?(?:(?![是为有等就的里哦了呢吗啊呀和与或及共以])[{_CHINESE}]){{1,3}})(?"
    rf":\^\{{?[23]\}}?|[²³])?(?:\s*/\s*[A-Za-z{_CHINESE}]+"
    rf"|\s+per\s+[a-z]+)?)(?![A-Za-z])"
)
#: What one thing is ahead of another by.
BY = re.compile(
    r"\bby\s*\**\s*\$?$"
    r"|比[^,，。;；]{1,20}(?:多|少|节省|高|低|快|慢|长|短|早|晚|大|小)[赚出了得用花收卖]?\s*\**\s*\$?$",
    re.IGNORECASE,
)
#: Words after which a value is what something equals.
EQUALS_BEFORE = re.compile(
    r"(?:\bequals?|\bmakes?|'s|\ban?\s+(?:\w+\s+){1,2}of|\bgives?"
    r"|\bcomes? (?:out )?to|\breduces to|\bsimplif(?:ies|y) to|\bbecomes"
    r"|\bgoes to|\btends to|\b(?:adds?|sums?) (?:up )?to|\bapproaches|\bdiverges to|趋[于向近]"
    r"|\bamounts to"
    r"|\bworks out (?:to|as)|\bto be|\bremain|等于|就是|就等于|得|是|为|\bis"
    r"|\bare)\s*\**\s*\$?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A value in a sentence; ``equated`` says that it ends an equality.

    ``bold`` that it is set in bold.
    """

    form: Form
    start: int
    end: int
    equated: bool = False
    bold: bool = False
    bound: bool = False
    total: bool = False
    #: Whether the value belongs to something else: the others, the place where a maximum is
    #: attained.
    aside: bool = False
    before: str = ""
    #: The words behind it: what it counts.
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What kind of value the question is for."""

    #: A difference: "5 more than" then states one.
    difference: bool = False
    #: A letter by itself.
    letter: bool = False
    #: The most or the least: "at most 3" is not a bound then.
    extreme: bool = False
    #: An interval or a point: "in (2, 5)" then states one.
    inside: bool = False


def mentions(
    text: str, names: frozenset[str] = frozenset(), expected: Expected = Expected()
) -> list[Mention]:
    """Return the values that a sentence in one spelling mentions as stated, in order."""
    found: list[Mention] = []
    for start, end in _runs(text, names if expected.letter else frozenset()):
        power = bool(found) and start < found[-1].end  # the 2 of "27 cm^2"
        mention = None if power else _mention(text, start, end, names, expected)
        if mention is not None:
            found.append(mention)
    return found


def _mention(
    text: str, start: int, end: int, names: frozenset[str], expected: Expected
) -> Mention | None:
    """Return the value of a stretch of mathematics, None where the sentence does not state it."""
    piece, before = text[start:end], text[:start][-28:]
    if not _is_stated(text, start, end, expected):
        return None
    unit = _UNIT_AFTER.match(text, end)
    form = read_form(text[start : unit.end()], names) if unit else None
    stop = end if form is None or unit is None else unit.end()
    form = _as_rate(form, before) or read_form(piece, names)
    if form is None:
        return None
    after = text[stop : stop + 40]
    return Mention(
        form=form,
        start=start,
        end=stop,
        equated=re.search(r"[=≈]", piece) is not None,
        bold=text[:start].count("**") % 2 == 1,
        bound=(not expected.extreme and _BOUND.search(before.replace("*", "")) is not None)
        or _BEYOND.search(before.replace("*", "")) is not None
        or _BOUND_AFTER.match(after) is not None,
        total=bool(_TOTAL.match(after) or _TOTAL_BEFORE.search(before)),
        aside=_is_aside(form, before, after) and not (expected.difference and BY.search(before)),
        before=before[-24:],
        after=re.split(r"[\d.,;，。；(]|\band\b|\bor\b", after[:30])[0],
    )


def _is_stated(text: str, start: int, end: int, expected: Expected) -> bool:
    """Return whether the words around a value let it be one that the sentence states."""
    piece, before, after = text[start:end], text[:start][-24:], text[end : end + 60]
    shaped = expected.inside and piece[:1] in "([" and "," in piece
    within = _WITHIN_TIME.match(after) is not None and before.endswith("在")
    if not shaped and not within and _NOT_STATED.search(before.replace("*", "")):
        return False
    if _is_rejected(text, start, end) or re.match(r"\s*的", after):
        return False
    compared = _COMPARED.search(before) or _THAN.match(after)
    return expected.difference or not compared


def _is_aside(form: Form, before: str, after: str) -> bool:
    """Return whether a value belongs to something else: the others, a place, a lone "one day"."""
    one = (
        isinstance(form, Scalar)
        and form.text == "1"
        and re.match("[天年周月小分次个]", form.unit)
        and not EQUALS_BEFORE.search(before)
    )
    return bool(
        one
        or _ASIDE.search(before.replace("*", "").replace("$", ""))
        or _ASIDE_AFTER.match(after)
        or _COUNT_OF_ANSWERS.match(after)
    )


_RATE_BEFORE = re.compile(r"(?:每|/)(?P<time>小时|分钟|秒)(?:行驶|行走|能?[行走跑飞])?\s*$")


def _as_rate(form: Form | None, before: str) -> Form | None:
    """Return a length with the time in which it is covered: 每分钟60千米."""
    rate = _RATE_BEFORE.search(before[-10:])
    if rate is None or not isinstance(form, Scalar) or not form.unit:
        return form
    return Scalar(form.text, f"{form.unit}/{rate['time']}", form.percent, form.degree)


def _is_rejected(text: str, start: int, end: int) -> bool:
    clause = re.split(r"[;；。\n]", text[end:])[0][:24]
    head = re.split(r"[,，;；]", text[:start])[-1][-16:]
    following = re.split(r"\d", clause)[0]
    return REJECTED.search(following) is not None or REJECTED.search(head) is not None


def _runs(text: str, letters: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """Return maximal stretches of mathematics that hold a value."""
    runs: list[tuple[int, int]] = []
    start = last = -1
    for piece in _PIECE.finditer(text):
        word = piece.group()
        article = word in ("a", "A", "I") and re.match(
            r"\s+[\dA-Za-z]", text[piece.end() : piece.end() + 3]
        )
        comma = word == "," or (
            word == ":"
            and text[piece.end() : piece.end() + 1] in " \n"
            and not re.match(
                r"\d\s+:\s+\d",
                text[max(0, piece.start() - 2) : piece.start()].strip()[-1:]
                + " : "
                + text[piece.end() :].lstrip()[:1],
            )
        )
        apart = start >= 0 and not re.fullmatch(r"\s*", text[last : piece.start()])
        if apart or article or comma:
            if start >= 0:
                runs.append((start, last))
            start = -1
            if article or (comma and not _in_brackets(text, piece.start())):
                continue
            if comma and runs:
                # A comma inside brackets holds a tuple or an interval together.
                start, last = runs.pop()
                last = piece.end()
                continue
        if start < 0:
            start = piece.start()
        last = piece.end()
    if start >= 0:
        runs.append((start, last))
    return [run for run in (_tidied(text, *run, letters) for run in runs) if run is not None]


def _in_brackets(text: str, at: int) -> bool:
    """Return whether a place lies inside brackets that open at most 80 characters before it."""
    depth = 0
    for char in reversed(text[max(0, at - 80) : at]):
        if char in ")]}":
            depth += 1
        elif char in "([{":
            depth -= 1
            if depth < 0:
                return True
    return False


def _tidied(text: str, start: int, end: int, letters: frozenset[str]) -> tuple[int, int] | None:
    """Drop marks at the ends and unbalanced brackets; None for what holds no value."""
    while (
        start < end and text[start] in " ,:*/^=<>≤≥≈!%°|)]}_+" and text[start : start + 2] != "\\{"
    ):
        start += 1
    while end > start and (text[end - 1] in " ,:*/^=<>≤≥≈|([{_+-√"):
        end -= 1
    piece = text[start:end]
    for opening, closing in ("()", "[]"):
        if piece.count(opening) != piece.count(closing) and not re.search(
            r"[\[(][^()\[\]]*,[^()\[\]]*[\])]", piece
        ):
            if piece.count(opening) > piece.count(closing):
                end = start + piece.rfind(opening)
            else:
                start += piece.find(closing) + 1
            piece = text[start:end]
    if not holds(piece) and piece not in letters and not re.search(r"[=<>≤≥∈]", piece):
        return None
    return (start, end) if start < end else None
