"""Read the values that a sentence states: what is concluded, not what is only mentioned."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from scoring.final_answer.amounts import combined, measure
from scoring.final_answer.forms import Equation, Form, Scalar, Several, Span, Spans, joined, read_form, scalar
from scoring.final_answer.question import Question, content

_CHINESE = "\u3400-\u9fff"
_PIECE = re.compile(
    r"\\(?:frac|binom|sqrt|overline|log|pi|sin|cos|tan|ln|infty|theta|alpha|beta|cdot|times|sum|int)(?![A-Za-z])|\\[{}]"
    r"|\d+(?:\.\d+)?|\.\d+|(?<![A-Za-z])(?:sin|cos|tan|ln|log|sqrt|pi)(?![A-Za-z])|(?<![A-Za-z'’])[A-Za-z](?![A-Za-z'’])|[α-ωΔ∠∞π∅ℝ]"
    r"|[-+*/^=<>≤≥≠≈∈∪±!%°|:()\[\]{}_√,]"
)
_ATOM = re.compile(r"\d|∞|∅|ℝ|\\pi|π|\\infty")
#: Letters alone make a value where a function, a fraction or an operator joins them.
_LETTERS = re.compile(r"\\(?:frac|sqrt|sin|cos|tan|cot|sec|csc|ln|log)|[A-Za-z]\s*[-+*/^]\s*[A-Za-z(]|^\(?[a-z]{2,3}\)?$")
#: A value after these words is not the one that is stated.
_NOT_STATED = re.compile(
    r"(?:\bnot|\brather than|\binstead of|\bunlike|\bout of|\bof the|\bof these|\bof all|\bfrom the|\bthan the|\bwhere|\bsince|\bbecause|\bwhen|\bif|\bfor every|\bfor each|\bevery|\beach of the|\bafter|\bin step|\bstep|\bcase|\bexample|\bexcluding|\bbesides|\bwithin|\bper|\bin|\bon|\bover|\binterval|\bmodulo|\bmod"
    r"|而不是|不是|并非|而非|其中|因为|由于|当|若|第|每|在|区间|位于|原来|原有|共有的)\s*(?:the|a|an|all)?\s*$",
    re.IGNORECASE,
)
#: A difference between two things, not the value of one.
_COMPARED = re.compile(r"比[^，。,；;]{1,10}(?:多|少|大|小|高|低|快|慢|长|短|重|轻|贵|便宜|早|晚|远|近)了?\s*$")
_THAN = re.compile(
    r"^[^.,;，。；]{0,24}?\b(?:more|less|fewer|older|younger|taller|shorter|longer|cheaper|higher|lower|bigger|smaller|faster|slower)\b[^.,;，。；]{0,16}?\bthan\b",
    re.IGNORECASE,
)
#: Words that name the sum of what was listed before.
_TOTAL = re.compile(r"^[^.,;，。；\d]{0,24}?(?:in total|altogether|in all|overall|all together|总共|合计)", re.IGNORECASE)
_TOTAL_BEFORE = re.compile(r"(?:\btotal(?:s|ing)?(?: of| is| are|:)?|\bsum(?: is| of)?|一共(?:有|是|为)?|总共(?:有|是|为)?|合计|共(?:有|计|需)?)\s*[:：]?\s*\$?$", re.IGNORECASE)
#: A value after these words belongs to something else, unless it is the only one.
_ASIDE = re.compile(
    r"(?:\b(?:the\s+)?(?:other|others|remaining|another|rest)|\bcompared (?:with|to)|\bversus|\bvs\.?|\bat|\bwith|\bleaving|\bleaves|\bplus|\bfrom|\bby"
    r"|其余|其他|其它|另外|另|剩下的|(?<!小)时|当|用|每)\s*(?:the|a|an|all)?\s*$",
    re.IGNORECASE,
)
_ASIDE_AFTER = re.compile(r"\s*(?:others?|more than|less than|fewer than)\b|\s*时(?!间|刻)")
#: "two roots" counts the answers and is none.
_COUNT_OF_ANSWERS = re.compile(
    r"\s*(?:real |distinct |different |possible |such |integer )*(?:solutions|roots|values|zeros|answers|radicals|cases|parts|conditions)\b|\s*个(?:不同的?|不等的?|实数?|相等的?)*(?:根|解|值|零点|交点|空)",
    re.IGNORECASE,
)
REJECTED = re.compile(
    r"舍去|不合题意|不符合|舍|增根|extraneous|reject|discard|not valid|invalid|not allowed|inadmissible|cannot be|must be (?:rejected|discarded)",
    re.IGNORECASE,
)
#: Words that make a bound of the value.
_BOUND = re.compile(
    r"(?:\bat least|\bat most|\bmore than|\bless than|\bfewer than|\bgreater than|\bover|\bunder|\bbetween|\bup to|\bno more than|\bno less than|\babove|\bbelow|\bexceeds?"
    r"|至少|至多|最多能|不超过|不少于|大于|小于|超过|不到|多于|少于|介于)\s*$",
    re.IGNORECASE,
)
_UNIT_AFTER = re.compile(
    rf"\s*\$?\s*(?P<unit>(?:square |cubic |sq\.? )?(?:(?:kilo|centi|milli)?(?:met(?:er|re)|gram|lit(?:er|re))s?|cm|mm|km|kg|mg|ml|mL|dm|m|g|t|L|h|s|min|hours?|minutes?|seconds?|days?|weeks?|dollars?|cents?|feet|foot|inches|inch|miles?|yards?|percent|degrees?|公里|英里|海里|(?:(?![是为有等就的里哦了呢吗啊呀和与或及共])[{_CHINESE}]){{1,3}})(?:\^\{{?[23]\}}?|[²³])?(?:\s*/\s*[A-Za-z{_CHINESE}]+|\s+per\s+[a-z]+)?)(?![A-Za-z])"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A value in a sentence; ``equated`` says that it ends an equality, ``bold`` that it is set in bold."""

    form: Form
    start: int
    end: int
    equated: bool = False
    bold: bool = False
    bound: bool = False
    total: bool = False
    #: Whether the value belongs to something else: the others, the place where a maximum is attained.
    aside: bool = False
    before: str = ""
    #: The words behind it: what it counts.
    after: str = ""


def mentions(
    text: str,
    names: frozenset[str] = frozenset(),
    *,
    differences: bool = False,
    lone: bool = False,
    extreme: bool = False,
) -> list[Mention]:
    """Return the values that a sentence in one spelling mentions as stated, in order.

    ``differences`` says that a difference is asked for: "5 more than" then states one; ``lone`` that a letter
    is; ``extreme`` that the most or the least is, so that "at most 3" is no bound.
    """
    found: list[Mention] = []
    for start, end in _runs(text, names if lone else frozenset()):
        piece = text[start:end]
        before = text[:start]
        if _NOT_STATED.search(before[-24:].replace("*", "")) or _is_rejected(text, start, end):
            continue
        if re.match(r"\s*的", text[end : end + 2]):
            continue
        if not differences and (_COMPARED.search(before[-24:]) or _THAN.match(text[end : end + 60])):
            continue
        unit = _UNIT_AFTER.match(text, end)
        form = read_form(text[start : unit.end()], names) if unit else None
        end = end if form is None or unit is None else unit.end()
        form = _as_rate(form, before)
        form = form or read_form(piece, names)
        if form is None:
            continue
        found.append(
            Mention(
                form=form,
                start=start,
                end=end,
                equated=re.search(r"[=≈]", piece) is not None,
                bold=before.count("**") % 2 == 1,
                bound=(not extreme and _BOUND.search(before[-24:].replace("*", "")) is not None)
                or bool(
                    re.match(
                        r"\s*(?:or|and)\s+(?:more|less|fewer|above|below)|以[上下]|or (?:more|less|fewer)",
                        text[end : end + 16],
                    )
                ),
                total=bool(_TOTAL.match(text[end : end + 40]) or _TOTAL_BEFORE.search(before[-24:])),
                aside=_ASIDE.search(before[-28:].replace("*", "").replace("$", "")) is not None
                or _ASIDE_AFTER.match(text[end : end + 24]) is not None
                or (isinstance(form, Scalar) and form.text == "1" and bool(re.match("[天年周月小分次个]", form.unit)) and not _EQUALS_BEFORE.search(before[-24:]))
                or _COUNT_OF_ANSWERS.match(text[end : end + 40]) is not None,
                before=before[-24:],
                after=re.split(r"[\d.,;，。；(]|\band\b|\bor\b", text[end : end + 30])[0],
            )
        )
    return found


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
            word == ":" and text[piece.end() : piece.end() + 1] in " \n" and not re.match(r"\d\s+:\s+\d", text[max(0, piece.start() - 2) : piece.start()].strip()[-1:] + " : " + text[piece.end() :].lstrip()[:1])
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
    if not _holds(piece) and piece not in letters and not re.search(r"[=<>≤≥∈]", piece):
        return None
    return (start, end) if start < end else None


def main_clause(text: str) -> str:
    """Return a sentence without what only comments on its value: clauses, places, comparisons; restated values last."""
    lead = _BECAUSE_FIRST.match(text)
    if lead is not None and _holds(text[lead.end() :]):
        text = text[lead.end() :]
    for clause in _COMMENTS:
        shorter = clause.sub(" ", text)
        if _holds(shorter):
            text = shorter
    restated = list(_THAT_IS.finditer(text))
    if restated and _holds(text[restated[-1].end() :]):
        return text[restated[-1].end() :]
    return text


def _holds(text: str) -> bool:
    return _ATOM.search(text) is not None or _LETTERS.search(text) is not None


_BECAUSE_FIRST = re.compile(r"\s*(?:because|since|as)\s[^,;]{3,120},\s*(?=[A-Za-z$])", re.IGNORECASE)
_EQUALS_LIKE = r"(?:is|are|equals?|gives?|makes?|simplif|reduces?|becomes?|comes?|means?|can|happens?|holds?|occurs?|leaves?|leaving|totals?|results?|amounts?|works?|has|have|was|were|will|would)"
_COMMENTS = (
    re.compile(rf",\s*(?:for|in|of|to|with|at)?\s*(?:which|where|whose)\s+(?!{_EQUALS_LIKE}\b)[^;。]*?(?=[.;。]\s|[.;。]?$)", re.IGNORECASE),
    re.compile(r",\s*which\s+(?:is|are|was)\s+(?:defined|valid|true|more|less|bigger|smaller|larger|about|only|why|because|in|at|not|exactly what|just|also|the same|positive|negative|even|odd|prime|irrational|consistent|within|between|greater)\b[^;。]*?(?=[.;。]\s|[.;。]?$)", re.IGNORECASE),
    re.compile(r",?\s*\b(?:attained|reached|achieved|occurring|taken on|obtained)\s+(?:at|when|for|if|by)\b[^;。]*?(?=[.;。]\s|[.;。]?$)", re.IGNORECASE),
    re.compile(r"[,，]?\s*(?:\bbecause|(?<!ever )\bsince|,\s*as|因为)\s[^;。]*?(?=[.;。]\s|[.;。]?$)", re.IGNORECASE),
    re.compile(r"[,，]\s*(?:compared (?:with|to)|rather than|instead of|unlike|as opposed to|not|而不是|而非)\b[^,;，。]*", re.IGNORECASE),
    re.compile(r"(?:当|在)\s*[A-Za-z]\s*=\s*[^，。,;时]{1,30}\s*时\s*(?:取得|取到|取)?[,，]?"),
)
_THAT_IS = re.compile(r"(?:^|[,，;；(—–-]\s*)(?:that is|i\.e\.?|namely|in other words|or equivalently|即|也就是说?)(?![A-Za-z])\s*[,，:：]?", re.IGNORECASE)


def concluded(
    text: str, *, wanted: Form | None, question: Question, names: frozenset[str] = frozenset()
) -> Form | None:
    """Return the one value that a sentence concludes, or all of them where several are asked for.

    A number that the question gives is rarely what is found. None where no value stands out.
    """
    lone = isinstance(wanted, Scalar) and re.fullmatch(r"-?[A-Za-z]", wanted.text) is not None
    found = mentions(
        text,
        names,
        differences=question.asks_difference,
        lone=lone,
        extreme=question.asks_extreme,
    )
    found = [mention for mention in found if not mention.aside] or found
    if not found:
        return None
    if not isinstance(wanted, Scalar):
        return _all(found, wanted, text)
    chosen = _one(found, text, question)
    if isinstance(chosen, Mention):
        return Spans((_bound(chosen.form),)) if chosen.bound else chosen.form
    return chosen


def _all(found: list[Mention], wanted: Form | None, text: str) -> Form | None:
    """Return every value of a sentence for an answer that has several parts."""
    several = (isinstance(wanted, Several) and not wanted.ordered) or (isinstance(wanted, Equation) and "±" in "".join(wanted.sides))
    if isinstance(wanted, Spans) or (isinstance(wanted, Several) and wanted.ordered):
        # An interval or a pair is looked for: numbers beside it say how it was found.
        shaped = [m for m in found if _is_shaped(m.form)]
        if shaped:
            forms = [m.form for m in shaped]
            spans = [form for form in forms if isinstance(form, Spans)]
            if isinstance(wanted, Spans) and len(spans) > 1:
                return joined(text, spans)
            if isinstance(wanted, Several) and len(forms) == len(wanted.items) > 1 and any(isinstance(i, Several) for i in wanted.items):
                return Several(tuple(forms))
            return forms[-1]
        if isinstance(wanted, Several) and len(found) == len(wanted.items):
            return Several(tuple(m.form for m in found), ordered=True)
    if several and isinstance(wanted, Several) and any(isinstance(i, Several) for i in wanted.items):
        return Several(tuple(m.form for m in found if isinstance(m.form, Several)))
    if several and (sets := [m for m in found if isinstance(m.form, Several) and len(m.form.items) > 1]):
        return sets[-1].form
    if bold := [mention for mention in found if mention.bold]:
        found = bold
    if isinstance(wanted, Equation) and isinstance(found[-1].form, Equation) and "±" in "".join(found[-1].form.sides):
        return found[-1].form
    if several:
        equated = [mention for mention in found if mention.equated]
        alike = [m for m in equated if _left(m.form) == _left(equated[-1].form)]
        tail = found[-1:]
        while len(tail) < len(found) and _listed(text, [found[-len(tail) - 1], tail[0]]):
            tail = found[-len(tail) - 1 :]
        chosen = alike if len(alike) > 1 else tail if len(tail) > 1 else equated if len(equated) > 1 else found
        chosen = [m for m in chosen if not m.bound] or chosen
        return chosen[0].form if len(chosen) == 1 else Several(tuple(m.form for m in chosen))
    if len(found) == 1:
        return found[0].form
    if equated := [mention for mention in found if mention.equated]:
        return equated[-1].form
    return found[-1].form


_RESTATED = re.compile(r"^[^\w]*(?:i\.e\.?|that is|or|which is|which makes|namely|equivalently|即|也就是|合|=|≈|\()[^\w]*$", re.IGNORECASE)


def _one(found: list[Mention], text: str, question: Question) -> Mention | Form:
    """Return the one value that a sentence concludes, or all that compete where none stands out."""
    if _adjacent(text, found) and (amount := _amount(found)):
        return amount
    if len(found) == 1:
        return found[0]
    if len(single := [m for m in found if not isinstance(m.form, Several)]) == 1:
        return single[0]
    if (clause := _by_clause(found, text, question)) is not None:
        return clause
    last_two = text[found[-2].end : found[-1].start]
    if _EQUALS_BEFORE.search(found[-1].before) and not found[-1].equated and not _listed(text, found[-2:]):
        return found[-1]
    asked = [m for m in found if _counts(m, question.counted)]
    if len(asked) == 1:
        return asked[0]
    counts = [m for m in found if not _is_money(m.form)]
    if len(counts) == 1 and re.search(r"\bhow many\b(?! (?:dollars|cents))|\bwhat number\b", question.text, re.IGNORECASE):
        return counts[0]
    if _RESTATED.match(last_two) and not re.search(r"\bor\b|或", last_two):
        return found[-1]
    totals = [mention for mention in found if mention.total]
    if len(totals) == 1 and totals[0] is found[-1]:
        return totals[0]
    if _REMAINS_BEFORE.search(found[-1].before) and not _listed(text, found[-2:]):
        return found[-1]
    if equated := [mention for mention in found if mention.equated]:
        left = [_left(m.form) for m in equated]
        if len({repr(m.form) for m in equated}) == 1 or left.count(left[-1]) == 1:
            return equated[-1]
        return Several(tuple(m.form for m in equated))
    if _listed(text, found):
        return Several(tuple(m.form for m in found))
    fresh = [m for m in found if not (isinstance(m.form, Scalar) and m.form.text in question.numbers)]
    if len(fresh) == 1:
        return fresh[0]
    after = [m for m in (fresh or found) if _COPULA_BEFORE.search(m.before)]
    if len(after) == 1:
        return after[0]
    return Several(tuple(m.form for m in (fresh or found)))


def _counts(mention: Mention, counted: frozenset[str]) -> bool:
    """Return whether a value counts what is asked for, by its unit or by the words behind it."""
    unit = _unit(mention.form)
    thing = (unit + mention.after).strip().lstrip("个")
    words = [w.lower().removesuffix("s") for w in re.findall(r"[A-Za-z]+", mention.after)[:3]]
    return any(
        unit.startswith(word) or thing.startswith(word) or word in words or (unit and (known := measure(unit)) is not None and known == measure(word))
        for word in counted
        if word
    )


_CLAUSE = re.compile(r"[,，;；。]\s*(?:(?:and|so|thus|hence|then|but)\s+)?|\s+(?:and|but|while)\s+")
_MAIN = re.compile(r"[,，;；]\s*(?:and|so|thus|hence|then|but)\s+$|，$|,\s*$")


def _by_clause(found: list[Mention], text: str, question: Question) -> Mention | None:
    """Return the value of the clause that speaks of what is asked, else that of the last clause with a verb."""
    cuts = [m.end() for m in _CLAUSE.finditer(text)]
    at = [bisect_right(cuts, m.start) for m in found]
    if len(set(at)) < 2 or _listed(text, found[-2:]):
        return None
    ends = [0, *cuts, len(text)]
    about = [len(content(text[ends[i] : ends[i + 1]]) & question.words) for i in at]
    best = max(about)
    if about[-1] == 0 and best > 0 and about.count(best) == 1:
        chosen = found[about.index(best)]
        return chosen if _COPULA_BEFORE.search(chosen.before) else None
    lead = text[max(0, ends[at[-1]] - 8) : ends[at[-1]]]
    clause = text[ends[at[-1]] : ends[at[-1] + 1]]
    if at.count(at[-1]) > 1 or found[-1].equated or not _MAIN.search(lead) or about[-1] < best:
        return None
    if re.match(r"\s*(?:其中|而|不|比|剩|还剩|余|including|of|leaving|not|from|at|for)", clause):
        return None
    chinese = re.search(r"[\u3400-\u9fff]", clause) is not None
    fresh = not (isinstance(found[-1].form, Scalar) and found[-1].form.text in question.numbers)
    verb = re.search(r"\b(?:is|are|was|has|have|had|runs?|gets?|needs?|can|will|makes?|pays?|costs?|takes?|there)\b", clause)
    return found[-1] if fresh and (chinese or verb) else None


_EQUALS_BEFORE = re.compile(r"(?:\bequals?|\bmakes?|'s|\ban?\s+(?:\w+\s+){1,2}of|\bgives?|\bcomes? (?:out )?to|\breduces to|\bsimplif(?:ies|y) to|\bbecomes|\bgoes to|\btends to|\bapproaches|\bdiverges to|趋[于向近]|\bamounts to|\bworks out (?:to|as)|\bto be|\bremain|等于|就是|就等于|得|是|为|\bis|\bare)\s*\**\s*\$?$", re.IGNORECASE)
_REMAINS_BEFORE = re.compile(r"(?:还要|还剩|还需|剩下|\bleft with|\bstill needs?)\s*$", re.IGNORECASE)
_COPULA_BEFORE = re.compile(r"(?:\bis|\bare|\bwas|\bequals|为|是|一共有|共有|得|共|还要|需要|=)\s*\**\s*\$?$", re.IGNORECASE)


def _unit(form: Form) -> str:
    """Return what a value counts: its unit, or that of the last side of an equality."""
    if isinstance(form, Equation):
        last = scalar(form.sides[-1])
        return _unit(last) if last is not None else ""
    return form.unit.strip("() ").lower().removesuffix("s") if isinstance(form, Scalar) else ""


def _is_money(form: Form) -> bool:
    known = measure(_unit(form)) if _unit(form) else None
    return known is not None and known[0] in ("dollars", "money")


def _is_shaped(form: Form) -> bool:
    if isinstance(form, Equation):
        return isinstance(read_form(form.sides[-1]), Several)
    return isinstance(form, Spans) or (isinstance(form, Several) and len(form.items) > 1)


def without_rejected(text: str) -> str:
    """Return the text without values that it rejects itself: ``x=-1 (舍去)``, ``x = 2 is extraneous``."""
    if not REJECTED.search(text):
        return text
    # "(x = -1 is rejected)" rejects what it names; "(rejected)" rejects what stands before it.
    text = re.sub(rf"\([^()]*\d[^()]*(?:{REJECTED.pattern})[^()]*\)", " ", text, flags=re.IGNORECASE)
    text = re.sub(
        rf"(?:[A-Za-z]\s*[=≠]\s*)?[^\s,，;；或(]+\s*\(\s*[^()]*?(?:{REJECTED.pattern})[^()]*\)",
        " ",
        text,
        flags=re.IGNORECASE,
    )
    clauses = re.split(r"([,，;；。]|\bbut\b|\bsince\b|但)", text)
    kept = [c for c in clauses if not REJECTED.search(c)]
    joined = "".join(kept)
    return re.sub(r"(?:[\s,，;；或]|\bor\b|\band\b|\bsince\b|\bbut\b)+$", "", joined) if re.search(r"\d|[a-z]\s*=", joined) else text


def _left(form: Form) -> str:
    return form.sides[0].replace(" ", "") if isinstance(form, Equation) else ""


def _bound(form: Form) -> Span:
    """Return the values above or below a bound, whichever it is: no single value."""
    return Span(form.text if isinstance(form, Scalar) else "", "∞", True, False)


def _listed(text: str, found: list[Mention]) -> bool:
    """Return whether values stand side by side as alternatives or a list."""
    for first, second in zip(found, found[1:], strict=False):
        between = text[first.end : second.start]
        if not re.fullmatch(
            r"[^\w]*(?:\b(?:or|and|also)\b|或|和|与|、|,|，)?[^\w]*(?:\balso\b)?[^\w]*", between
        ):
            return False
    return True


def _adjacent(text: str, found: list[Mention]) -> bool:
    return all(
        re.fullmatch(r"[\s,]*(?:and|零|又)?\s*", text[a.end : b.start])
        for a, b in zip(found, found[1:], strict=False)
    )


def _amount(found: list[Mention]) -> Scalar | None:
    scalars = [m.form for m in found if isinstance(m.form, Scalar)]
    return (
        combined(scalars)
        if len(scalars) == len(found) > 1 and all(s.unit for s in scalars)
        else None
    )
