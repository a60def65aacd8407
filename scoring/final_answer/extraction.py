"""Find where a text states its final answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scoring.answer.parsed_answer import ParsedAnswer
from scoring.formulas.chains import Chain

_BOXED = re.compile(r"\\boxed\s*\{")
_CUE = re.compile(
    r"(?:最终答案|最后答案|最终结果|答案|答|结论|综上所述|综上"
    r"|(?:the )?(?:final )?answers?|final result|in conclusion|in summary)"
    r"\s*(?:is|are|为|是|:|：|=|，|,)\s*(?:is|are|为|是|:|：)?",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:最终答案|答案|结论|final answer|answer|conclusion)[\s*#:：]*$",
    re.IGNORECASE | re.MULTILINE,
)
_SO = re.compile(
    r"(?:因此|所以|故|从而|于是|即|可得|therefore|hence|thus|so)\s*[,，]?", re.IGNORECASE
)
MAX_REGION = 400
#: A box before this share of the text holds a part, not the end.
BOX_FROM = 0.5
_ORDERS = frozenset("<≤>≥≠∈")


@dataclass(frozen=True, slots=True)
class FinalAnswer:
    """Where the answer stands in the normalised text, and how it was found: boxed, cue or end."""

    start: int
    end: int
    how: str


def locate(parsed: ParsedAnswer, kind: str) -> FinalAnswer | None:
    """Return the stretch that states the final answer.

    It is a box, else the last announcement, else the last formula.
    """
    text = parsed.text
    boxes = list(_BOXED.finditer(text))
    if boxes and boxes[-1].start() >= BOX_FROM * len(text):
        first = boxes[-1]
        start, end = first.end(), _closing(text, first.end())
        return FinalAnswer(start, end, "boxed")
    best: FinalAnswer | None = None
    for found in [*_CUE.finditer(text), *_HEADING.finditer(text)]:
        start = found.end()
        end = _line_end(text, start)
        if text[start:end].strip(" *:$。.\n") and (best is None or start > best.start):
            best = FinalAnswer(start, end, "cue")
    if best is not None and any(best.start <= chain.start < best.end for chain in parsed.chains):
        return best
    return _conclusion(parsed, kind) or best


#: Sentences from the end of an answer that may hold its conclusion.
TAIL_SENTENCES = 5
_CONDITION = re.compile(
    r"当且仅当|等号成立|equality|if and only if|\biff\b|only when|attained (?:at|when|for)",
    re.IGNORECASE,
)
#: After a formula: it is where equality holds.
_TAKEN = re.compile(
    r"(?:(?!当|when|if )[^。;\n]){0,60}?"
    r"(?:取等|取得等号|取到等号|时等号成立|is where equality|gives equality)"
)
_CHECK = re.compile(
    r"检验|验证|验算|经检|灵敏|敏感|稳健|check|verif|sensitiv|robust|second derivative|二阶导",
    re.IGNORECASE,
)


def _conclusion(parsed: ParsedAnswer, kind: str) -> FinalAnswer | None:
    """Return the last formula that concludes: checks and remarks after it are passed over."""
    relevant: dict[int, Chain] = {}
    for chain in reversed(parsed.chains):
        if (
            any(side.nodes for side in chain.sides)
            and not set(chain.relations[-1:]) & _ORDERS
            and not _is_condition(parsed, chain)
        ):
            relevant.setdefault(parsed.sentence_at(chain.start), chain)
        if len(relevant) >= TAIL_SENTENCES:
            break
    last = next(
        (chain for chain in reversed(parsed.chains) if any(side.nodes for side in chain.sides)),
        None,
    )
    if last is None:
        return None
    kept = [
        index
        for index in relevant
        if not _CHECK.search(
            parsed.text[parsed.sentences[index].start : parsed.sentences[index].end]
        )
    ]
    chosen = next(iter(kept), None)
    if kind in ("relation", "interval") or chosen is None:
        chosen = parsed.sentence_at(last.start)
        relevant.setdefault(chosen, last)
    sentence, chain = parsed.sentences[chosen], relevant[chosen]
    start = max(sentence.start, chain.end - MAX_REGION)
    for found in _SO.finditer(parsed.text, start, max(start, chain.start)):
        start = found.end()
    return FinalAnswer(start, max(sentence.end, chain.end), "end")


def _is_condition(parsed: ParsedAnswer, chain: Chain) -> bool:
    """Return whether a formula only says when equality holds."""
    sentence = parsed.sentences[parsed.sentence_at(chain.start)]
    before = parsed.text[sentence.start : chain.start]
    if _TAKEN.match(parsed.text, chain.end, sentence.end):
        return True
    found = [match.end() for match in _CONDITION.finditer(before)]
    return bool(found) and not re.search(
        r"所以|因此|故|最[大小]值|\bso\b|hence|therefore", before[found[-1] :], re.IGNORECASE
    )


def _closing(text: str, start: int) -> int:
    depth = 1
    for at in range(start, min(len(text), start + MAX_REGION)):
        depth += (text[at] == "{") - (text[at] == "}")
        if depth == 0:
            return at
    return min(len(text), start + MAX_REGION)


def _line_end(text: str, start: int) -> int:
    """Return the end of the line, or of the formula displayed on the next one."""
    at = start
    while at < len(text) and text[at] in " *\n#$:：":
        at += 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    if text[start:at].count("$") >= 2 or text[at - 2 : at] == "$$":
        closing = text.find("$$", at)
        end = max(end, closing) if 0 <= closing - at < MAX_REGION else end
    return min(end, start + MAX_REGION)
