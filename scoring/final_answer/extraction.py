"""Where a text states its final answer, and what stands there.

A box counts first, then the last announcement ("Answer:", "####", 答案), then the conclusion of
the last sentence that is not a remark. What follows the answer (another question, a confidence, an
offer of help) is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scoring.final_answer.concluding import (
    CALCULATION,
    FORMULA,
    conclusion,
    is_elsewhere,
    is_remark,
    sentences,
    states,
)
from scoring.final_answer.results.retractions import replaced

_BOX = re.compile(r"\\(?:boxed|fbox|framebox|colorbox\{[^{}]*\})\s*(?P<brace>\{)?")
#: Between boxes of one answer: signs, a name before the next, joining words.
_BETWEEN = re.compile(
    r"^[\s$.,;，；、\\()\[\]]*(?:(?:\\(?:text|quad|qquad|mathrm|,|;)\s*(?:\{\s*)?"
    r"|and|or|as well as|和|或|及|与|以及|&"
    r"|\})[\s$,\\()\[\]]*)*(?:[A-Za-z](?:_\{?\w+\}?)?\s*=\s*)?[\s$\\()\[\]]*$"
)
_BOX_NAME = re.compile(
    r"(?P<name>(?:[A-Za-z]|\([A-Za-z](?:,\s*[A-Za-z])+\)"
    r"|\\[A-Za-z]+)(?:_\{?\w+\}?)?\s*(?:=|\\in|∈))\s*[\s$]*$"
)
_BOX_SCALE = re.compile(
    r"^\s*\$?\s*(?:\\text\s*\{\s*)?(?P<scale>万|亿|千|百|hundred|thousand|million"
    r"|billion|trillion|%|\\%|percent)",
    re.IGNORECASE,
)

_TURN = re.compile(
    r"(?im)^\s*(?:\**\s*)?(?:question|user|human|q|problem|instruction|input"
    r"|<\|im_start\|>|### ?(?:question|problem|instruction|user)|问题|用户|题目"
    r"|提问|问)\s*\d*\s*[:：]"
    r"|<\|(?:im_end|endoftext|eot_id|end_of_text)\|>|<end_of_turn>|</s>"
)
_CUE = re.compile(
    r"####\s*(?!#)|[\"'](?:final[_ ]?)?(?:answer|result|solution)[\"']\s*:\s*|</?answer>"
    r"|【\s*(?:最终)?(?:答案|答)\s*】[:：]?|正确(?:的)?(?:选项|答案"
    r"|的)?(?:应该)?(?:是|为|应为|有(?=\s*[（(]?[A-H①-⑳]))[:：]?"
    r"|(?:最终答案|最后答案|最终结果|最后结果|(?<![解回作问])答案"
    r"|(?<![解回作应问对])答)\s*(?:\**\s*)?(?:是|为|应为|应该是|选"
    r"|[:：=])[:：]?\s*(?:选)?"
    r"|(?:故|因此|所以|应|我|综上)?\s*(?:应该|认为应该|认为"
    r"|本题)?(?<![误错不])选(?:择)?[:：]?\s*(?=[（(]?[A-Ha-h])"
    r"|(?:综上所述|综上|(?<!现成的)(?<!已知)(?<!已知的)(?<!常用)(?<!常用的)(?<!经典)"
    r"(?<!这个)(?<!上述)结论(?=\s*[:：])|(?<![\u3400-\u9fff])结论)\s*[,，:：]"
    r"|\b(?:the\s+)?(?:(?:final|correct|required|desired|right)\s+)?(?:answers?"
    r"|(?:result|(?<!exact )(?<!general )(?<!particular )solution)(?=[^\n]{0,14}[\d$\\]))"
    r"\s*(?:\([^()\n]{0,30}\))?\s*(?:\**\s*)?(?:is|are|:|：|="
    r"|equals|comes to)\s*(?:\**\s*)?(?:therefore|then|thus|simply|just|given by"
    r"|option|choice)?\s*[:：]?"
    r"|\b(?:the\s+)?(?:correct|right|best)\s+(?:option|choice)\s+(?:is|:)\s*"
    r"|\*\*\s*(?:final\s+)?answer\s*\**\s*[:：]?\s*\*\*"
    r"|(?m:^)\s*(?:#+\s*)?(?:final\s+answer|answer|最终答案|答案"
    r"|答)\s*[:：]?\s*(?:\**\s*)?(?m:$)"
    r"|\A\s*(?:```(?:json)?\s*)?\{\s*[\"'][A-Za-z_ ]{1,16}[\"']\s*:\s*(?=[^,{}:]*\}[\s`]*\Z)"
    r"|\b(?:in conclusion|in summary|to conclude)\s*[,:]"
    r"|\b(?:chang|revis|switch|correct|amend)(?:e|ing) (?:my|the) (?:final )?answer to\b",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:第[一二三四五123]?空\s*[:：]|[-*•+]\s+|\(?\d{1,2}[.)、]\s+)(?=\S)")
MAX_LINES_BELOW = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A stretch of the text that states the answer.

    ``how`` is boxed, cue or end; ``text`` is what to read.

    ``start`` and ``end`` are offsets into the searched text; ``text`` may join several boxes.
    """

    start: int
    end: int
    how: str
    text: str
    #: What stands before an answer without announcement, for one that is spread over lines.
    before: str = ""


def find_answer(
    text: str, asked: frozenset[str] = frozenset(), heads: frozenset[str] = frozenset()
) -> Stated | None:
    """Return where the final answer stands, None where nothing is stated.

    ``asked`` are the words of the question, ``heads`` what it calls the thing asked for.
    """
    text = _before_next_turn(text)
    corrected = replaced(text) or _correction(text)
    if corrected is not None:
        later = find_answer(text[corrected:], asked, heads)
        if later is not None:
            return Stated(
                start=later.start + corrected,
                end=later.end + corrected,
                how=later.how,
                text=_closed(later.text),
            )
    boxes = _boxes(text)
    cue = _last_cue(text)
    if boxes:
        box = _last_group(text, boxes)
        if _is_early(text, box) and (
            later := cue
            if cue is not None and cue.start > box.end
            else _concluded(text, asked, heads)
        ):
            return later
        if cue is None or cue.start < box.end or not _overrules(text, box, cue):
            return box
    if cue is not None:
        return cue
    return _concluded(text, asked, heads)


def _closed(text: str) -> str:
    """Return a text without the bracket behind it that closes a remark."""
    bare = text.rstrip(" .。\n")
    for opening, closing in ("()", "（）"):
        if bare.endswith(closing) and bare.count(closing) > bare.count(opening):
            return bare[:-1]
    return text


def _concluded(text: str, asked: frozenset[str], heads: frozenset[str]) -> Stated | None:
    found = conclusion(text, asked, heads)
    if found is None:
        return None
    inside = text[found.start : found.end]
    return Stated(
        start=found.start, end=found.end, how="end", text=inside, before=text[: found.start]
    )


_CORRECTION = re.compile(
    r"更正|纠正|(?:……|。|,|，|\s)不对|错了|算错|应该改为|\bcorrection\b"
    r"|\bscratch that|\boops\b|\bi made an? (?:mistake|error)|\blet me (?:correct"
    r"|fix|redo)|\bwait\b[,，:：]? (?:that|this|i|no)|\bactually[,，]? (?:that"
    r"|this|it|the)|\bno[,，] (?:that|this) is (?:wrong|not)",
    re.IGNORECASE,
)


#: Each correction holds one of these.
_CORRECTING = (
    "更正", "纠正", "不对", "错了", "算错", "应该改为", "correction", "scratch", "oops", "i made a",
    "let me", "wait", "actually", "no,", "no，",
)  # fmt: skip


def _correction(text: str) -> int | None:
    """Return where a text takes back an announced answer and goes on to another one."""
    lower = text.lower()
    if not any(word in lower for word in _CORRECTING):
        return None
    for mark in reversed(list(_CORRECTION.finditer(text))):
        before, after = text[: mark.start()], text[mark.end() :]
        if (_CUE.search(before) or _BOX.search(before)) and FORMULA.search(after):
            return mark.end()
    return None


def _before_next_turn(text: str) -> str:
    """Cut the text where the model has run on into another question.

    Once something has been answered.
    """
    for turn in _TURN.finditer(text):
        before, after = text[: turn.start()], text[turn.end() :]
        if not before or not FORMULA.search(before):
            continue
        # A question put without a gap, before anything was announced, is the model's own step.
        own = not before.endswith("\n\n") and not _BOX.search(before) and not _CUE.search(before)
        if not (own and _CUE.search(after)):
            return before
    return text


def _boxes(text: str) -> list[tuple[int, int, int, int]]:
    """Return each box as (start, end, inner start, inner end)."""
    found = []
    at = 0
    while (box := _BOX.search(text, at)) is not None:
        if box["brace"]:
            end = _closing(text, box.end())
            inner = (box.end(), end)
            stop = min(end + 1, len(text))
        else:
            bare = re.compile(r"\s*(-?\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))").match(text, box.end())
            if bare is None:
                at = box.end()
                continue
            inner, stop = (bare.start(1), bare.end(1)), bare.end()
        if text[inner[0] : inner[1]].strip():
            found.append((box.start(), stop, *inner))
        at = stop
    return found


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, len(text)):
        if text[at] == "\\":
            continue
        if text[at] in "{}" and text[at - 1] != "\\":
            depth += 1 if text[at] == "{" else -1
            if depth == 0:
                return at
    return len(text)


def _last_group(text: str, boxes: list[tuple[int, int, int, int]]) -> Stated:
    """Return the last box, with those before it that belong to the same answer."""
    first = len(boxes) - 1
    while first > 0 and _belong(text, boxes[first - 1], boxes[first]):
        first -= 1
    group = boxes[first:]
    pieces = []
    for start, _, inner, inner_end in group:
        name = _BOX_NAME.search(text, max(0, start - 40), start)
        inside = text[inner:inner_end]
        named = name is not None and not re.search(r"=|\\in", inside)
        pieces.append(f"{name['name']} {inside}" if named and name is not None else inside)
    scale = _BOX_SCALE.match(text[group[-1][1] :])
    if scale is not None:
        pieces[-1] += scale["scale"] if "%" in scale["scale"] else f" {scale['scale']}"
    return Stated(
        start=group[0][2],
        end=group[-1][3],
        how="boxed",
        text=" , ".join(pieces) if len(pieces) > 1 else pieces[0],
    )


_SAME_NAME = re.compile(r"\s*(?P<name>[A-Za-z](?:_\{?\w+\}?)?)\s*=")
_TAKEN_BACK = re.compile(
    r"wait|actually|mistake|correct|instead|\bnot?\b|\bso\b|thus|therefore|hence|更正|不对|错|应为",
    re.IGNORECASE,
)


def _belong(text: str, first: tuple[int, int, int, int], second: tuple[int, int, int, int]) -> bool:
    """Return whether two boxes are parts of one answer.

    Side by side, or values of one name in one sentence.
    """
    between = text[first[1] : second[0]]
    if _BETWEEN.match(between):
        return True
    names = [_SAME_NAME.match(text[box[2] : box[3]]) for box in (first, second)]
    same = names[0] is not None and names[1] is not None and names[0]["name"] == names[1]["name"]
    joined = re.search(r"\b(?:and|or)\b|[,，、;和或]", between) is not None
    return (
        same
        and joined
        and len(between) < 120
        and "\n" not in between
        and not _TAKEN_BACK.search(between)
    )


#: Before this share of the text a box that much follows after holds a part of the derivation.
EARLY = 0.5


def _is_early(text: str, box: Stated) -> bool:
    """Return whether a box stands in the middle of a derivation that goes on.

    Much before it and much behind.
    """
    if box.end >= EARLY * len(text) or not CALCULATION.search(text, 0, max(0, box.start - 8)):
        return False
    return len(CALCULATION.findall(text[box.end :])) >= 2


def _overrules(text: str, box: Stated, cue: Stated) -> bool:
    """Return whether an announcement after a box states another, final answer.

    The box held a part or was withdrawn.
    """
    announced = text[max(0, cue.start - 60) : cue.start].lower()
    if not re.search(r"final|correct|最终|最后|####|\banswer\b|答", announced):
        return False
    between = text[box.end : cue.start]
    return (
        len(between) > 80
        or re.search(
            r"wait|actually|mistake|correct|instead|更正|不对|错|应为", between, re.IGNORECASE
        )
        is not None
    )


#: "Any solution is congruent to 3" announces nothing.
_GENERAL = re.compile(
    r"\b(?:any|each|every|one|no|another|other|only|general|same|this)\s*$", re.IGNORECASE
)


#: Every announcement but a JSON object of one key holds one of these.
_KEY = re.compile(
    r"####|answer|result|solution|option|choice|[答选]|正确|结果|综上|结论|conclu|summary",
    re.IGNORECASE,
)
#: Characters around such words within which their announcement lies.
BEFORE_KEY, BEHIND_KEY = 80, 120


def _cues_from_the_end(text: str) -> Iterator[re.Match[str]]:
    """Yield the announcements of a text, the last first, looking only around their words."""
    if text.lstrip()[:1] in ("{", "`"):
        yield from reversed(list(_CUE.finditer(text)))
        return
    places: list[tuple[int, int]] = []
    for key in _KEY.finditer(text):
        start, end = max(0, key.start() - BEFORE_KEY), key.end() + BEHIND_KEY
        if places and start <= places[-1][1]:
            start = places.pop()[0]
        places.append((start, min(end, len(text))))
    for start, end in reversed(places):
        yield from reversed(list(_CUE.finditer(text, start, end)))


def _last_cue(text: str) -> Stated | None:
    """Return what stands after the last announcement that announces something."""
    for cue in _cues_from_the_end(text):
        if cue.group().lower() == "</answer>" or _GENERAL.search(
            text, max(0, cue.start() - 12), cue.start()
        ):
            continue
        stated = _after_cue(text, cue)
        if stated is not None:
            return stated
    return None


def _after_cue(text: str, cue: re.Match[str]) -> Stated | None:
    start = cue.end()
    if cue.group().lower() == "<answer>":
        end = text.lower().find("</answer>", start)
        end = len(text) if end < 0 else end
        return (
            Stated(start=start, end=end, how="cue", text=text[start:end])
            if text[start:end].strip()
            else None
        )
    if cue.group().lstrip("{`json \n")[:1] in ('"', "'"):
        value = re.compile(r'\s*"((?:[^"\\]|\\.)*)"|\s*([^,}\n]+)').match(text, start)
        return (
            None
            if value is None
            else Stated(start=start, end=value.end(), how="cue", text=value[1] or value[2])
        )
    end = _block_end(text, start)
    region = text[start:end]
    if not region.strip(" *:：$。.\n#|_-") and "|" not in region:
        return None
    if _is_heading(text, cue, region, end):
        return None
    end = _without_asides(text, start, end)
    region = text[start:end]
    return Stated(start=start, end=end, how="cue", text=region)


def _without_asides(text: str, start: int, end: int) -> int:
    """Return the end of an announced answer before the remarks that follow in its line."""
    lead = max(0, start - 8)
    spans = [(a + lead, b + lead) for a, b in sentences(text[lead:end])]
    spans = [(max(a, start), b) for a, b in spans if b > start]
    while (
        len(spans) > 1 and states(text[start : spans[-2][1]]) and _is_aside(text[slice(*spans[-1])])
    ):
        spans.pop()
        end = spans[-1][1]
    return end


def _is_aside(sentence: str) -> bool:
    return is_remark(sentence) or is_elsewhere(sentence) or _IN_GENERAL.match(sentence) is not None


_IN_GENERAL = re.compile(
    r"\s*(?:in general|(?:more )?generally|similarly|likewise|一般地|一般来说|类似地|同理)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)


def _block_end(text: str, start: int) -> int:
    """Return the end of the line after an announcement.

    Of the display or of the list that follows it.
    """
    at = start
    while at < len(text) and text[at] in " *\n#:：>\t":
        at += 1
    opening = re.compile(r"\$\$|\\\[|\\begin\{(?:equation|align|cases|gather)\*?\}").match(text, at)
    if opening is not None:
        closing = {"$$": "$$", "\\[": "\\]"}.get(
            opening.group(), opening.group().replace("begin", "end")
        )
        end = text.find(closing, opening.end())
        if end >= 0:
            return end + len(closing)
    end = _line_end(text, at)
    if "\n" in text[start:at] or _BULLET.match(text[at:end]):
        lines = 0
        while lines < MAX_LINES_BELOW and _BULLET.match(text[at:end]) and end < len(text):
            following = _line_end(text, end + 1)
            if not _BULLET.match(text[end + 1 : following]):
                break
            end, lines = following, lines + 1
    return end


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _is_heading(text: str, cue: re.Match[str], region: str, end: int) -> bool:
    """Return whether "Answer:" is the title of a worked solution.

    Nothing was calculated before, and much is after.
    """
    if re.match(r"####|<answer", cue.group(), re.IGNORECASE):
        return False
    if CALCULATION.search(text, 0, cue.start()):
        return False
    after = text[end:]
    if not CALCULATION.search(after):
        return False
    if _explained(after):
        return False
    first = region.strip(" *:：$\n")
    # A lone value that is explained below is an answer; a calculation or a sentence goes on.
    return (
        bool(CALCULATION.search(region))
        or len(first) > 40
        or not re.search(r"\d", first)
        or _BULLET.match(region.strip()) is not None
    )


def _explained(after: str) -> bool:
    return (
        re.search(
            r"【\s*(?:解析|解答|分析|详解)|^[\s*#]*(?:explanation|solution|reasoning"
            r"|why|because|解析|解答|理由|过程)\b",
            after[:200],
            re.IGNORECASE | re.MULTILINE,
        )
        is not None
    )
