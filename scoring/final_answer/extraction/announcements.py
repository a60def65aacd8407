"""Announced answers: "Answer:", "####", 答案.

The last announcement counts that announces something; remarks behind it are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scoring.final_answer.extraction.denials import denies
from scoring.final_answer.extraction.remarks import is_elsewhere, is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.stated import Stated
from scoring.final_answer.extraction.statements import BULLET, CALCULATION, states

#: Words of which each announcement holds one, and the announcement.
_ANNOUNCEMENTS: tuple[tuple[str, str], ...] = (
    ("####", r"####\s*(?!#)"),
    (
        "answer result solution final",
        r"[\"'](?:(?:final[_ ]?)?(?:answer|result|solution)|final)[\"']\s*:\s*",
    ),
    ("答 结果", r"[\"'](?:最终|最后)?(?:答案|结果)[\"']\s*[:：]\s*"),
    ("answer", r"</?answer>"),
    ("答", r"【\s*(?:最终)?(?:答案|答)\s*】[:：]?"),
    (
        "正确",
        r"正确(?:的)?(?:选项|答案|的)?(?:应该)?(?:是|为|应为|有(?=\s*[（(]?[A-H①-⑳]))[:：]?",
    ),
    (
        "答 结果",
        (
            r"(?:最终答案|最后答案|最终结果|最后结果|(?<![解回作问])答案|(?<![解回作应问对])答)"
            r"\s*(?:\**\s*)?(?:是|为|应为|应该是|选|[:：=])[:：]?\s*(?:选)?"
        ),
    ),
    (
        "选",
        (
            r"(?:故|因此|所以|应|我|综上)?\s*(?:应该|认为应该|认为|本题)?"
            r"(?<![误错不])选(?:择)?[:：]?\s*(?=[（(]?[A-Ha-h])"
        ),
    ),
    (
        "综上 结论",
        (
            r"(?:综上所述|综上|(?<!现成的)(?<!已知)(?<!已知的)(?<!常用)(?<!常用的)(?<!经典)"
            r"(?<!这个)(?<!上述)结论(?=\s*[:：])|(?<![\u3400-\u9fff])结论)\s*[,，:：]"
        ),
    ),
    (
        "answer result solution",
        (
            r"\b(?:the\s+)?(?:(?:final|correct|required|desired|right)\s+)?(?:answers?"
            r"|(?:result|(?<!exact )(?<!general )(?<!particular )solution)(?=[^\n]{0,14}[\d$\\]))"
            r"\s*(?:\([^()\n]{0,30}\))?\s*(?:\**\s*)?(?:is|are|:|：|="
            r"|equals|comes to)\s*(?:\**\s*)?(?:therefore|then|thus|simply|just|given by"
            r"|option|choice)?\s*[:：]?"
        ),
    ),
    (
        "option choice",
        r"\b(?:the\s+)?(?:correct|right|best)\s+(?:option|choice)\s+(?:is|:)\s*",
    ),
    ("answer", r"\*\*\s*(?:final\s+)?answer\s*\**\s*[:：]?\s*\*\*"),
    (
        "answer 答",
        (
            r"(?m:^)\s*(?:#+\s*)?(?:final\s+answer|answer|最终答案|答案|答)"
            r"\s*[:：]?\s*(?:\**\s*)?(?m:$)"
        ),
    ),
    (
        "final result 结果",
        r"(?m:^)\s*#+\s*(?:final(?: result| value)?|result|最终结果|结果)\s*[:：]?\s*(?m:$)",
    ),
    ("conclu summary", r"\b(?:in conclusion|in summary|to conclude)\s*[,:]"),
    (
        "answer",
        r"\b(?:chang|revis|switch|correct|amend)(?:e|ing) (?:my|the) (?:final )?answer to\b",
    ),
)
#: A JSON object of one key, whichever that is.
_ONE_KEY = r"\A\s*(?:```(?:json)?\s*)?\{\s*[\"'][A-Za-z_ ]{1,16}[\"']\s*:\s*(?=[^,{}:]*\}[\s`]*\Z)"
CUE = re.compile("|".join([*(cue for _, cue in _ANNOUNCEMENTS), _ONE_KEY]), re.IGNORECASE)
MAX_LINES_BELOW = 12
#: "Any solution is congruent to 3" announces nothing.
_GENERAL = re.compile(
    r"\b(?:any|each|every|one|no|another|other|only|general|same|this)\s*$", re.IGNORECASE
)
_KEY = re.compile(
    "|".join(dict.fromkeys(word for words, _ in _ANNOUNCEMENTS for word in words.split())),
    re.IGNORECASE,
)
#: Characters around such words within which their announcement lies.
BEFORE_KEY, BEHIND_KEY = 80, 120


def _cues_from_the_end(text: str) -> Iterator[re.Match[str]]:
    """Yield the announcements of a text, the last first, looking only around their words."""
    if text.lstrip()[:1] in ("{", "`"):
        yield from reversed(list(CUE.finditer(text)))
        return
    places: list[tuple[int, int]] = []
    for key in _KEY.finditer(text):
        start, end = max(0, key.start() - BEFORE_KEY), key.end() + BEHIND_KEY
        if places and start <= places[-1][1]:
            start = places.pop()[0]
        places.append((start, min(end, len(text))))
    for start, end in reversed(places):
        yield from reversed(list(CUE.finditer(text, start, end)))


def last_cue(text: str) -> Stated | None:
    """Return what stands after the last announcement that announces something."""
    for cue in _cues_from_the_end(text):
        if cue.group().lower() == "</answer>" or _GENERAL.search(
            text, max(0, cue.start() - 12), cue.start()
        ):
            continue
        stated = _after_cue(text, cue)
        if stated is not None and not denies(stated.text):
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
    if not _EMPTY_BOX.sub("", region).strip(" *:：$。.\n#|_-)(") and "|" not in region:
        return None
    if _is_heading(text, cue, region, end):
        return None
    end = _without_asides(text, start, end)
    region = text[start:end]
    return Stated(start=start, end=end, how="cue", text=region)


#: A box that holds nothing.
_EMPTY_BOX = re.compile(r"\\boxed\s*\{\s*\}")


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
    if "\n" in text[start:at] or BULLET.match(text[at:end]):
        lines = 0
        item = BULLET if BULLET.match(text[at:end]) else _NAMED_LINE
        while lines < MAX_LINES_BELOW and item.match(text[at:end]) and end < len(text):
            following = _line_end(text, end + 1)
            if not item.match(text[end + 1 : following]):
                break
            end, lines = following, lines + 1
    return end


#: A line that gives one name its value: several are one answer.
_NAMED_LINE = re.compile(r"\s*[A-Za-z]\s*=\s*[^=\n]{1,30}$")


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
        or BULLET.match(region.strip()) is not None
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
