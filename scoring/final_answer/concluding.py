"""Which sentence concludes a text that neither boxes nor announces its answer.

Remarks are passed over. Of what stands behind the last calculation, a sentence that concludes
("so", 所以, a bold line) or speaks of what is asked counts more than a plain one after it; among
equals the last counts.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.final_answer.numerals import plain_numbers
from scoring.final_answer.question import content
from scoring.final_answer.results.asides import (
    comments_only,
    is_about_accuracy,
    says_of_another_case,
)
from scoring.final_answer.results.code import without_code
from scoring.final_answer.results.named import is_pair_of_labels, names_last
from scoring.final_answer.writing import END_MARKS

FORMULA = re.compile(
    r"\d|[²³]|\b(?:sin|cos|tan|ln|log|sqrt)\s*\(|∞|\\infty|\binfinity\b|无穷|\\frac|\\pi|\\sqrt|根号|π"
    r"|(?<![A-Za-z])[a-zA-Z]\s*=|\\emptyset|∅|ℝ|\\mathbb|无解|空集|全体实数"
    r"|任意实数|一切实数"
    r"|(?<![A-Za-z\\])[A-Za-z]\s*[-+*/−·×^]\s*[A-Za-z(](?![A-Za-z])|[①-⑳]"
    r"|\$\s*-?[A-Za-z](?:[-+*/][A-Za-z])*\s*\$|no\s+(?:(?:real|integer|such|valid|whole)"
    r"\s+)?(?:solutions?|roots?|numbers?|values?|\w+\s+(?:satisf|exist"
    r"|work))|all\s+(?:other\s+)?real|every\s+real|any\s+real"
    r"|set\s+is\s+empty|empty\s+set|(?:does|do) not exist|(?:does|do)n't exist|不存在",
    re.IGNORECASE,
)
CALCULATION = re.compile(
    r"\d\s*(?:[-+*/×÷^]|\\times|\\cdot|\\div)\s*\$?\s*\d|[=≈]\s*\$?\s*-?\s*\$?\d|\\frac"
)
#: Sentences that state no answer, whatever numbers they hold.
_REMARK = re.compile(
    r"取等|等号成立|equality (?:holds|is attained)|"
    r"[?？]\s*$|吗[？?]?\s*$|confiden|certainty|置信|信心|把握|let me know"
    r"|happy to|glad to|feel free|hope (?:this|that)|would you like"
    r"|if you (?:have|want|need|would)|"
    r"any (?:other |further |more )?questions|need (?:any )?(?:more|further)"
    r"|^\W*(?:that|this|it|which|numerically|indeed)\b[^\n]{0,80}\b(?:as it should|as expected"
    r"|makes sense|is (?:plausible|reasonable))"
    r"|\bexplain|希望|如有|如果(?:你|您|还)|欢迎|还有(?:什么|其他)|请(?:告诉"
    r"|随时)|需要(?:我|进一步)|祝|"
    r"^[\s(（*_]*(?:note|remark|ps|p\.s\.|hint|tip|source|reference|difficulty"
    r"|time|score|points|rating|注|备注|说明|提示|难度|来源|分值)\s*[:：]|"
    r"^[\s(（*_]*(?:check|verif|test|let me (?:check|verif|double)|checking"
    r"|verification|to (?:double[- ]?|re[- ]?)?(?:check|verify|confirm|be sure)|double[- ]check"
    r"|(?:we|you|one) can (?:check|verify"
    r"|confirm|see that)|quick check|sanity|as a check|"
    r"(?:代回|回代)(?![^。\n]*得)[^。\n]*(?:对|成立|正确|相符|符合|满足|✓)\s*[。.]?\s*$|"
    r"(?:数值|数字|简单|快速)?(?:检验|验证)(?![^。\n]*解集)|验算|验\s*[:：]|经检验|代入检验|检查|可以验证|容易验证)|\b(?:which"
    r"|this) (?:checks|matches|agrees|confirms)|"
    r"^[\s(（*_]*(?:where|here|其中|这里|this is because|recall|remember"
    r"|note that|notice|also|in comparison|by comparison|for comparison"
    r"|for instance|for example|as an example|e\.g\.|incidentally|by the way|"
    r"in other words|for reference|fun fact|by contrast|in contrast"
    r"|on the other hand|otherwise|例如|比如|举例|顺便|相比|换句话说|否则|注意"
    r"|反之)(?![A-Za-z])",
    re.IGNORECASE,
)
#: Sentences about something that is not the case, or not what is asked.
_CONTRARY = re.compile(
    r"\bif\b[^.]{0,60}\b(?:had|were)\b|\bhad\s+(?:it|we|he|she|they|the)\b"
    r"|^\s*without\b.*\bwould\b|^\s*with\b.*\bwould\b|^\s*an?\s+(?:\w+th|second"
    r"|third)\b.*\bwould\b|如果不|要是|假如|若(?:不|没)",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    r"^[\s(（*]*(?:the\s+|an?\s+)?(?:next|other|others|remaining|rest|previous"
    r"|following)\b|^[\s(（*]*(?:the\s+)?(?:\w+\s+){0,2}itself\b"
    r"|^[\s(（*]*(?:both|these|those|all three|all) \w+ (?:agree|hold|work|match)"
    r"|^[\s(（*]*(?:其余|另外|其他|下一个)",
    re.IGNORECASE,
)
#: Conditions alone: "with x, y ≥ 0".
_CONDITION_ALONE = re.compile(
    r"^[\s(（*]*(?:with|for|assuming|provided|given)\s+[^.]{0,40}[.。]?$", re.IGNORECASE
)
_VERB = re.compile(
    r"\b(?:is|are|was|were|has|have|gets?|gives?|makes?|comes?|needs?|will|can"
    r"|takes?|costs?|we|he|she|they|must|equals?|remains?)\b|=",
    re.IGNORECASE,
)
#: A heading under which nothing new is stated: a check, notes, extras.
_APPENDIX = re.compile(
    r"^[\s>*#(（]*(?:quick |double[- ])?(?:check(?:ing)?|verification|verify"
    r"|proof check|sanity check|notes?|remarks?|extra|bonus|tips?|follow[- ]up"
    r"|further|a few (?:things|notes|remarks)|some (?:notes|remarks)"
    r"|things to keep in mind|keep in mind|p\.?s\.?|验算|检验|检查|验证|备注"
    r"|注意?|说明|提示|拓展|补充)(?P<more>[^\n:：]{0,40})[:：]",
    re.IGNORECASE | re.MULTILINE,
)
#: What is checked one by one is a step of the derivation.
_STEP_CHECK = re.compile(
    r"\b(?:each|every|all|which|mod(?:ulo)?|cases?|candidates?|values|whether|if"
    r"|the)\b|逐一|逐个|各|是否|哪",
    re.IGNORECASE,
)
THEN = re.compile(
    r"(?:^|(?<=[\s,，;；。:：(]))(?:therefore|hence|thus|so(?!\s+(?:does|is|do"
    r"|are|that|on|far|long|many|much)\b)|consequently|accordingly|altogether"
    r"|overall|we (?:get|have|find|obtain|conclude)|it follows that|that means"
    r"|this means|因此|所以|故|从而|于是|可得|得到|可见|综上"
    r"|解得|求得|即|(?=∴))(?:∴|(?![A-Za-z可事]))\s*[,，:：]?\s*(?:that\s+)?",
    re.IGNORECASE,
)
_CONCLUDES = re.compile(
    r"(?:^|[\s,，;；:：*>])(?:therefore|hence|thus"
    r"|so(?!\s+that\s+(?:every|each|all|both|neither|no|any)\b)|consequently|accordingly"
    r"|altogether|finally|overall|in total|we conclude|it follows that|that means"
    r"|this means|the (?:\w+ )?(?:answers?|results?|solutions?|values?) (?:is"
    r"|are))(?![A-Za-z])"
    r"|\b(?:I'd|I would|I'll|I will|let's) (?:go with|say|settle)|\bin the end\b"
    r"|\bis (?:the|my|our) (?:final )?(?:answer|result)\b"
    r"|^\W*(?:now )?(?:add|combin|sum|multipl|subtract)\w*(?: [a-z]+){0,3}:\s"
    r"|\bmy (?:final )?answer\b|^\s*that(?:'s| is| makes| gives)\b"
    r"|^\W*(?:grand )?(?:total|sum)\b[^:\n]{0,20}:"
    r"|因此|所以|故(?!事)|于是|可见|综上|总之|∴|^\s*(?:✅|⇒|→|➡|=>|最后|一共|总共"
    r"|合计|答)|解集[为是]?[:：]?\s*\$?\\?\{|依次(?:填|为|是)|[应故]填",
    re.IGNORECASE,
)
#: Words that are an answer by themselves.
_NOTHING = re.compile(
    r"\bno\s+(?:(?:real|such|integer|whole|positive|rational|valid|possible|common)\s+)*"
    r"(?:solutions?|roots?)"
    r"|\bset\s+is\s+(?:the\s+)?empty|(?:does|do) not exist|无(?:实数)?解|空集|不存在",
    re.IGNORECASE,
)
_BOLD_LINE = re.compile(
    r"\s*(?:[-*>•✅]\s+)?(?:\*\*|__)(?P<inside>[^*\n]+)(?:\*\*|__)\s*[.。!！✓]?\s*"
)
_BULLET = re.compile(r"^\s*(?:第[一二三四五123]?空\s*[:：]|[-*•+]\s+|\(?\d{1,2}[.)、]\s+)(?=\S)")
_HEADING_LINE = re.compile(r"^\s*(?:#{1,6}\s|\*\*[^*\d]{1,60}\*\*\s*[:：]?\s*$|[-=*_]{3,}\s*$|```)")
_INLINE = re.compile(r"\$[^$\n]{1,2000}\$|\\\([^\n]{1,2000}?\\\)")
_BLOCK = re.compile(
    r"\$\$.{1,2000}?\$\$|\\\[.{1,2000}?\\\]"
    r"|\\begin\{(\w+\*?)\}.{1,2000}?\\end\{\1\}"
    r"|\[\s*\[[^\[\]]{1,200}\](?:\s*,?\s*\[[^\[\]]{1,200}\]){0,20}\s*\]",
    re.DOTALL,
)
#: Two words side by side between dollar signs are prose between two amounts of money.
_PLAIN_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}\s+[A-Za-z]{2,}(?![A-Za-z}])")
#: Characters at each end of a long sentence that are looked at.
CLIP = 600
#: How many sentences at the end are considered.
TAIL = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluded:
    """The stretch of a text that concludes it; ``lead`` is where its list or sentence begins."""

    start: int
    end: int
    lead: int


#: When an extremum is attained: no part of its value.
_EQUALITY = re.compile(
    r"[,，]?\s*当(?:且仅当)?[^。]{0,80}?(?:取等号?|等号成立)[^。\n]*"
    r"|[,，]\s*等号(?!不)[^。\n]*"
)
#: A line in brackets below an answer that says that it checks.
_CHECKED_LINE = re.compile(
    r"(?<=\n)[ \t]*[(（](?=[^\n]*(?:吻合|相符|一致|成立|正确|符合|满足|[✓✔]|\bchecks?\b|\bagrees?\b"
    r"|\bmatch))[^\n]*[)）][.。]?[ \t]*(?=\n|$)",
    re.IGNORECASE,
)


def conclusion(
    text: str, asked: frozenset[str] = frozenset(), heads: frozenset[str] = frozenset()
) -> Concluded | None:
    """Return what concludes a text, None where nothing is stated.

    ``asked`` are the words of the question, ``heads`` what it calls the thing asked for.
    """
    text = without_code(_without_appendix(text, asked))
    for aside in (END_MARKS, _EQUALITY, _CHECKED_LINE):
        text = aside.sub(lambda m: " " * len(m.group()), text)
    useful = _useful(text)
    if not useful:
        return None
    at = _named(text, useful, heads)
    at = _chosen(text, useful, asked) if at is None else at
    start, end = useful[at]
    if _BULLET.match(text[start:end]):
        first = _list_start(text, useful, at)
        start = useful[first][0] if _short(useful[first : at + 1]) else start
    begin = start
    for then in THEN.finditer(text, start, end):
        if _lists_counted(text, then.start(), then.end()):
            continue
        tail = text[then.end() : end]
        if states(tail) and tail and not _leads_away(text[start : then.start()], tail, asked):
            begin = then.end()
    return Concluded(start=begin, end=end, lead=start)


#: How many sentences from the end are looked at; no list is longer.
MAX_USEFUL = 10 * TAIL


def _useful(text: str) -> list[tuple[int, int]]:
    """Return the last sentences that state a value, remarks only where nothing else does."""
    remark: list[tuple[int, int]] = []
    useful: list[tuple[int, int]] = []
    for span in reversed(sentences(text)):
        sentence = text[slice(*span)]
        if not states(sentence):
            continue
        if is_remark(sentence):
            remark = remark or [span]
            continue
        useful.append(span)
        if len(useful) == MAX_USEFUL:
            break
    return useful[::-1] or remark


def _leads_away(lead: str, tail: str, asked: frozenset[str]) -> bool:
    """Return whether a clause with what is asked goes on to something else: 15 left, so ..."""
    return (
        len(content(tail)) > 1
        and _overlap(tail, asked) == 0 < _overlap(lead, asked)
        and _SAYS_VALUE.search(lead) is not None
    )


_SAYS_VALUE = re.compile(
    r"(?:\b(?:is|are|has|have|equals?|leaves?|remain\w*|total\w*)|=)\s+\W{0,4}-?\d[\d.,]*\**"
    r"(?:\s+[a-z]+){0,3}[,;.\s]*(?:and\s*)?$",
    re.IGNORECASE,
)


def _lists_counted(text: str, start: int, end: int) -> bool:
    """Return whether a stretch joins a count and the list of what was counted: 共2个解，即2和-2."""
    return (
        text[start:end].startswith("即")
        and _COUNT.search(text, max(0, start - 24), start) is not None
        and _LIST.match(text, end) is not None
    )


_COUNT = re.compile(r"(?:\d|[一二两三四五六七八九十])\s*[个种对组条][^，,。]{0,8}[，,:：]\s*$")
_LIST = re.compile(r"[^，。,、和或\n]{1,20}[、和或,，]\s*[-\d$\\a-z]")


def _named(text: str, useful: Sequence[tuple[int, int]], heads: frozenset[str]) -> int | None:
    """Return the sentence that names what is asked with its value, behind it comments alone."""
    for at in range(len(useful) - 1, max(-1, len(useful) - 1 - TAIL), -1):
        sentence = _clipped(text[slice(*useful[at])])
        if names_last(sentence, heads):
            return at
        if not comments_only(sentence, heads):
            return None
    return None


def _chosen(text: str, useful: Sequence[tuple[int, int]], asked: frozenset[str]) -> int:
    """Return which sentence of the tail concludes.

    The last, unless it is plain and one before it concludes better.
    """
    pieces = [text[start:end] for start, end in useful]
    last = len(pieces) - 1
    if (labelled := _labelled(pieces, asked)) is not None:
        return labelled
    while last > 0 and len(pieces) - last < TAIL and _is_aside(pieces[last], asked):
        last -= 1
    about = _overlap(pieces[last], asked)
    if last == 0 or is_pair_of_labels(_clipped(pieces[last])):
        return last
    if (
        _is_strong(pieces[last])
        or (about and _SAYS_IT.search(pieces[last]))
        or _NAMES_IT.search(_clipped(pieces[last]))
    ):
        return last
    if _WHICH_IS.match(pieces[last]):
        return last
    if _goes_on(pieces[last]):
        # A calculation goes on, unless it only fills a sentence after the conclusion.
        better = _is_strong(pieces[last - 1]) and _overlap(pieces[last - 1], asked) > about
        return last - 1 if better and _WORDS.search(pieces[last]) else last
    for at in range(last - 1, max(-1, last - TAIL), -1):
        before = _overlap(pieces[at], asked)
        bare = (
            re.search(r"[A-Za-z]{3,}|[\u3400-\u9fff]{2}", re.sub(r"\\[A-Za-z]+", " ", pieces[at]))
            is None
        )
        if (_is_strong(pieces[at]) and before >= about and (not bare or "**" in pieces[at])) or (
            _is_finished(pieces[at]) and before > about
        ):
            return at
        if _goes_on(pieces[at]):
            break
    return last


def _labelled(pieces: Sequence[str], asked: frozenset[str]) -> int | None:
    """Return which of several values with a label each, at the end, has that of the question."""
    first = len(pieces)
    while first > 0 and len(pieces) - first < TAIL and _LABELLED.match(_clipped(pieces[first - 1])):
        first -= 1
    about = [_overlap(piece, asked) for piece in pieces[first:]]
    if len(about) < 2 or about[-1] > 0 or about.count(max(about)) != 1:
        return None
    if _SUMMED.match(pieces[-1]):
        return None
    return first + about.index(max(about))


_SUMMED = re.compile(
    r"\W*(?:(?:grand |final )?(?:total|sum|result|answer|difference|remain\w*|left|change|profit)\b"
    r"|总|共|合计|结果|答|剩|差|和)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    r"^\W*(?:[A-Za-z][A-Za-z' ]{1,40}|[\u3400-\u9fff]{1,10})\s*[:：=]\s*"
    r"[$*]{0,4}-?\d[\d.,]*[^\d=]{0,16}$"
)
#: A sentence that goes on from a formula above it with the value of that.
_WHICH_IS = re.compile(
    r"^\W*which (?:is|equals|has (?:the )?value|gives|evaluates to|simplifies to|comes to)\b"
    r"|^\W*(?:其值|值)[为是]",
    re.IGNORECASE,
)
_WORDS = re.compile(r"(?:[A-Za-z]{2,}\s+){4}|[\u3400-\u9fff]{6}")


#: A sentence that says of its subject what it is, with nothing behind the value but its unit.
_SAYS_IT = re.compile(
    r"^\W*(?:the|its|his|her|their|this|each|all|[A-Z]\w+)\s[^,;:=]{2,60}\b(?:is|are|was|were|costs?|equals|makes?"
    r"|has|have|gets?|takes?|needs?|earns?|pays?)\s+\W{0,3}-?\d[\d.,]*\**(?:\s+[a-z]+){0,2}[*.!\s$]*$"
    r"|[,;:]\s+(?:it|this|that) (?:saves|costs|takes|earns|leaves|is)\s+\W{0,3}-?\d[\d.,]*\**"
    r"(?:\s+[a-z]+){0,3}[*.!\s$]*$",
    re.IGNORECASE,
)


#: A sentence that names the result by what such questions ask for, with nothing behind the value.
_NAMES_IT = re.compile(
    r"^\W*(?:[^,=]{3,60},\s+)?the (?:\w+ ){0,2}(?:sum|limit|value|total|maximum|minimum|integral"
    r"|probability|area|volume|distance|ratio|product|determinant|expectation|variance)\b"
    r"[^,;:=]{0,60}\b(?:is|equals)\s+[^\s,;:=]+[.\s$*]*$",
    re.IGNORECASE,
)


def _is_aside(sentence: str, asked: frozenset[str]) -> bool:
    return is_elsewhere(sentence) and not asked & {"remai", "left", "other", "next", "rest"}


def _is_strong(sentence: str) -> bool:
    """Return whether a sentence looks like a conclusion.

    A word for it with a value behind, or a value in bold.
    """
    sentence = _clipped(sentence)
    bold = _BOLD_LINE.fullmatch(sentence)
    return (
        bool(bold and FORMULA.search(bold["inside"]))
        or re.search(r"\*\*[^*\n]*\d[^*\n]*\*\*", sentence) is not None
        or _NOTHING.search(sentence) is not None
        or any(
            states(sentence[then.end() :]) or "answer" in then.group()
            for then in _CONCLUDES.finditer(sentence)
        )
    )


def _overlap(sentence: str, asked: frozenset[str]) -> int:
    return min(3, len(content(sentence) & asked))


def _is_finished(sentence: str) -> bool:
    """Return whether a calculation ends in a number: ``50 / 4`` alone concludes nothing."""
    return (
        re.search(
            r"[=≈]\s*\$?\s*-?\s*[$\d.,]+\s*(?:[^\d\s=+*/×÷^-][^=+*/×÷^]*)?$",
            sentence.strip(" .。\n*$"),
        )
        is not None
    )


def _goes_on(sentence: str) -> bool:
    """Return whether a sentence calculates what is asked.

    So that what stands before it is derivation.
    """
    shown = re.split(r"[:：]\s", sentence)[-1]
    words = shown if re.search(r"[=≈]", shown) else sentence
    prose = len(re.findall(r"(?<![\\A-Za-z])[A-Za-z]{2,}|[\u3400-\u9fff]{2}", words))
    return re.search(r"[=≈<>≤≥]|\\[lg]eq?(?![a-z])", sentence) is not None and (
        prose < 6 or CALCULATION.search(sentence) is not None
    )


def is_elsewhere(sentence: str) -> bool:
    """Return whether a sentence speaks of the others, the next or the rest."""
    return _ELSEWHERE.match(sentence) is not None


def is_remark(sentence: str) -> bool:
    """Return whether a sentence is about the answer.

    Or about something else, and does not state it.
    """
    sentence = _clipped(sentence.strip())
    concludes = _WHERE_FIRST.match(sentence) and _THEREFORE.search(sentence)
    if concludes and states(sentence[concludes.end() :]):
        return False
    if (
        _in_brackets(sentence)
        or _REMARK.search(sentence)
        or is_about_accuracy(sentence)
        or _is_contrary(sentence)
        or says_of_another_case(sentence)
    ):
        return True
    return _CONDITION_ALONE.match(sentence) is not None and _VERB.search(sentence) is None


def _is_contrary(sentence: str) -> bool:
    lower = sentence.lower()
    return any(word in lower for word in _SUPPOSING) and _CONTRARY.search(sentence) is not None


#: What is contrary to the case is said with one of these.
_SUPPOSING = ("had", "were", "would", "如果不", "要是", "假如", "若")


#: A remark that goes on to the conclusion: "of these h = 4 is the best, so the maximum is 36".
_WHERE_FIRST = re.compile(
    r"[\s(（*_]*(?:其中|这里|注意|where|here|note that|notice)", re.IGNORECASE
)
_THEREFORE = re.compile(
    r"[,，;；]\s*(?:所以|因此|故|从而|so|thus|hence|therefore)"
    r"(?:[^\d]{0,20}(?:为|是|\bis\b|\bare\b)|\s*[,，:：]?\s*(?:\$\$|\\\[))",
    re.IGNORECASE,
)


def _in_brackets(sentence: str) -> bool:
    """Return whether prose in brackets makes up a sentence.

    Also where its mark splits it from the closing one.
    """
    bare = sentence.strip(" *_\n")
    if bare[:1] not in ("(", "（") or not re.search(
        r"[A-Za-z]{3,}|[\u3400-\u9fff]{3}|[=≈][^=]*[:：]", re.sub(r"\\[A-Za-z]+", "", bare)
    ):
        return False
    depth = 0
    for at, char in enumerate(bare):
        depth += (char in "(（") - (char in ")）")
        if depth == 0:
            return re.fullmatch(r"[\s.。!！*_✓]*", bare[at + 1 :]) is not None
    return True


def _without_appendix(text: str, asked: frozenset[str]) -> str:
    """Return the text up to a heading for checks or notes.

    Unless a conclusion about what is asked follows it.
    """
    for appendix in _APPENDIX.finditer(text):
        if not FORMULA.search(plain_numbers(text[: appendix.start()])):
            continue
        if _STEP_CHECK.search(appendix["more"]) and _CONCLUDES.search(text, appendix.end()):
            continue
        rest = text[appendix.end() :]
        following = [rest[a:b] for a, b in sentences(rest)]
        if (
            _CHECK_HEADING.search(appendix.group())
            and len(following) > 1
            and _resumes(following[-1], asked)
        ):
            continue
        return text[: appendix.start()]
    return text


def _resumes(sentence: str, asked: frozenset[str]) -> bool:
    """Return whether the last sentence behind a check takes up the question again."""
    if not states(sentence) or is_remark(sentence) or _CHECKED.search(sentence):
        return False
    concludes = _SO_FIRST.match(sentence) is not None and CALCULATION.search(sentence) is None
    return _overlap(sentence, asked) > 1 or _TAKES_UP.match(sentence) is not None or concludes


#: A line that draws the conclusion by itself.
_SO_FIRST = re.compile(r"(?:\n\s*)?(?:so|thus|hence|therefore|所以|因此)\b", re.IGNORECASE)
_CHECK_HEADING = re.compile(r"check|verif|sanity|验算|检验|检查|验证", re.IGNORECASE)
_CHECKED = re.compile(
    r"[✓✔√]\s*$|\b(?:checks?|correct|holds?|agrees?|match(?:es)?|satisf\w+"
    r"|consistent)\b|正确|成立|符合|一致|吻合|满足"
)
_TAKES_UP = re.compile(
    r"\s*[*#]*\s*(?:最后|综上|答|因此最终|finally|all solutions"
    r"|the (?:final )?answer|in conclusion|to conclude)",
    re.IGNORECASE,
)


def _list_start(text: str, useful: Sequence[tuple[int, int]], at: int) -> int:
    while (
        at > 0
        and _BULLET.match(text[useful[at - 1][0] : useful[at - 1][1]])
        and _short(useful[at - 1 : at + 1])
    ):
        at -= 1
    return at


def _short(spans: Sequence[tuple[int, int]]) -> bool:
    """Return whether list items are results and no steps of a derivation."""
    return all(end - start <= 40 for start, end in spans)


def _clipped(sentence: str) -> str:
    """Return a sentence of bounded length: a longer one does not state an answer."""
    return sentence if len(sentence) <= 2 * CLIP else f"{sentence[:CLIP]} {sentence[-CLIP:]}"


def states(sentence: str) -> bool:
    """Return whether a sentence holds a value and is not a heading."""
    sentence = _clipped(sentence)
    # What holds a value as written holds one in digits; most do, and need no rewriting.
    holds = FORMULA.search(sentence) or FORMULA.search(plain_numbers(sentence))
    return holds is not None and not _HEADING_LINE.fullmatch(sentence.strip("\n"))


_MARK = re.compile(r"[\n。！？；.!?;]")


def sentences(text: str) -> list[tuple[int, int]]:
    """Return sentences as offsets.

    Cut at line ends and sentence marks, not inside formulas or numbers.

    A line that begins with an equals sign goes on with the line before; a semicolon cuts where
    prose follows.
    """
    inline = [s.span() for s in _INLINE.finditer(text) if not _PLAIN_WORDS.search(s.group())]
    blocks = [s.span() for s in _BLOCK.finditer(text)]
    found, start = [], 0
    for mark in _MARK.finditer(text):
        at = mark.start()
        if (
            not _ends(text, at)
            or _inside(blocks, at)
            or (text[at] in ".!?;" and _inside(inline, at))
        ):
            continue
        if text[start : at + 1].strip():
            found.append((start, at + 1))
        start = at + 1
    if text[start:].strip():
        found.append((start, len(text)))
    return found


def _inside(spans: Sequence[tuple[int, int]], at: int) -> bool:
    place = bisect_right(spans, (at, len(spans) and spans[-1][1])) - 1
    return place >= 0 and spans[place][0] < at < spans[place][1] - 1


def _ends(text: str, at: int) -> bool:
    char = text[at]
    if char == "\n":
        return not _runs_on(text, at)
    if char in "。！？；":
        return True
    if char == ";":
        return _PROSE_AFTER.match(text, at + 1) is not None
    if _OTHER_ONE.match(text, at + 1) and re.search(
        r"\b(?:one|first)\b", text[max(0, at - 80) : at], re.IGNORECASE
    ):
        return False
    if char == "!" and _FACTORIAL_GOES_ON.match(text, max(0, at - 1)):
        return False
    following = text[at + 1 : at + 2]
    return (
        following == "" or following in ' \n*)"' or ord(following) > 0x2000
    ) and not _abbreviated(text, at)


#: A factorial within a calculation ends no sentence: ``10!/(4! 6!)``.
_FACTORIAL_GOES_ON = re.compile(r"[\da-z)]!\s*(?:[=+*/·×÷^)]|\d{1,3}!)")
#: A line that is not finished without what stands below it.
_UNFINISHED = re.compile(
    r"(?:\b(?:is|are|so|with|equals?|gets?|gives?|obtain|find|by|also|be|as)"
    r"|[:：=,，]|为|是|得)[\s*]*$",
    re.IGNORECASE,
)


def _runs_on(text: str, at: int) -> bool:
    """Return whether a line goes on below.

    With an equals sign, a display, or what its last word calls for.
    """
    below = text[at : at + 80].lstrip()
    if below[:1] in ("=", "≈") and below[1:2] != "=":
        return True
    line = text[max(0, at - 200) : at].rstrip().rpartition("\n")[2]
    if (
        not line
        or below[:1] in ("|", ">", "#")
        or _BULLET.match(below)
        or _HEADING_LINE.match(line)
    ):
        return False
    if below.startswith(("$$", "\\[")):
        return line[-1] not in ".。!！?？$]" and not line.endswith("\\]")
    return line[-1] not in ":：" and _UNFINISHED.search(line) is not None


_PROSE_AFTER = re.compile(r"\s+(?!the (?:other|second)\b)(?:[A-Za-z]{2,}\s+){2}")
#: "One root is 2. The other is 3." is one answer.
_OTHER_ONE = re.compile(r"\s*(?:and\s+)?the (?:other|second)\b[^.\n]{0,24}\bis\b", re.IGNORECASE)


def _abbreviated(text: str, at: int) -> bool:
    return at + 1 < len(text) and _SHORT_FORM.search(text[max(0, at - 7) : at]) is not None


_SHORT_FORM = re.compile(
    r"(?:\b(?:a\.m|p\.m|e\.g|i\.e|approx|vs|no|eq|fig|sq|ft|dr|mr|mrs|st)"
    r"|^\s*\d{1,2}|\n\s*\d{1,2})$",
    re.IGNORECASE,
)
