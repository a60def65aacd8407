"""The letters that an answer to a multiple-choice question chooses."""

from __future__ import annotations

import re

from scoring.final_answer.extraction.remarks import is_remark
from scoring.final_answer.extraction.sentences import sentences
from scoring.final_answer.extraction.stated import Stated

_STYLE = re.compile(r"\\(?:text|mathrm|textbf|mathbf)|[{}()\\$\s*.、,，和与及&/]|and")
_CHOICE = re.compile(
    r"^[\s*$\\({\[（【:：\"'“]*(?:(?:textbf|text|mathrm|mathbf|rm"
    r"|bf)\s*\{?\s*)*(?:option|choice|选项|选|项)?[\s(（{*:：]*"
    r"(?P<letters>[A-Ha-h](?:[)）.*$}]*\s*(?:,|，|、|;|和|与|及|或|and|or|&"
    r"|/)\s*(?:and\s+)?[(（{*$]*[A-Ha-h](?![A-Za-z'’])"
    r"|[A-Ha-h](?![a-z'’])|(?-i:\s+[A-H](?=\s*(?:[A-H]\b|[.。,，)）$*]|$))))*)(?![A-Za-z'’])",
    re.IGNORECASE,
)
_GROUP = r"[A-H](?:\s*(?:,|，|、|和|and|&|,\s*and)\s*[A-H](?![A-Za-z'’]))*"
_LONE = re.compile(
    rf"(?<![A-Za-z])(?P<f>{_GROUP})(?=\s*(?:选项|项)?(?:[^，。;；]{{0,16}}满足|正确"
    rf"|符合|是对的)|选项)|(?:选项|选择|应选|(?<![误错不])选|\b[Oo]ptions?|\b[Cc]hoice"
    rf"|(?:我认为|我觉得|应该|应当)(?:答案)?[是为]"
    rf"|\bit(?:'s| is)|\b(?:would|must|has to) be|\bis|\bare|\bpick|\bchoose|\bselect|\b(?:go"
    rf"|going|went) with|\bsettle on|\btherefore|\bso|\bthus|\bhence|→|⇒"
    rf"|:)\s*[:：]?\s*[*(（]*(?P<a>{_GROUP})(?![A-Za-z'’])"
    r"|\b(?:option|choice)\s*[*(（]*(?P<e>[a-h])(?![A-Za-z'’])"
    r"|[(（](?P<d>[a-h])[)）](?=\s*(?:is|are|[.,。，]|$))"
    rf"|^[\s*(（\[✅✔→]*(?P<b>{_GROUP}|[A-H]{{1,4}})(?=[)）\].、。:：*都均]|\s*$)"
    r"|\*\*\s*[(（]?(?P<c>[A-H]{1,4})[)）.]?[^*\n]{0,80}\*\*",
    re.MULTILINE,
)
#: What speaks of letters that are not chosen.
_NOT_CHOSEN = re.compile(
    r"误选|错选|不选|不能选|排除|\bnot\s+[(（]?[A-H]\b|\b(?:is|are)\s+(?:wrong"
    r"|incorrect|false)|rule[sd]? out|eliminat",
    re.IGNORECASE,
)


#: Full-width letters and brackets as plain ones.
FULL_WIDTH = str.maketrans("ＡＢＣＤＥＦＧＨ", "ABCDEFGH")
_SAID_RIGHT = re.compile(
    r"(?<![A-Za-z])[(（]?(?P<letter>[A-H])[)）]?\s*(?:is|was)\s+(?:the\s+)?(?:right|correct|true)\b"
)
_SAID_WRONG = re.compile(r"[)）]?\s*(?:is|are|was)\s+(?:wrong|incorrect|false|not)\b|[)）]?\s*错")


def letters_of(written: str) -> frozenset[str]:
    """Return the letters of a reference that consists of them, none for anything else."""
    bare = _STYLE.sub("", written)
    return frozenset(bare.upper()) if re.fullmatch(r"[A-Ha-h]{1,8}", bare) else frozenset()


def chosen(text: str) -> frozenset[str]:
    """Return the letters of the first group that an answer begins with.

    Or of the first that stands alone in it.
    """
    found = _CHOICE.match(text.replace("\\text{", "{").replace("\\mathrm{", "{"))
    if found is None:
        found = re.search(r"(?<![A-Za-z])(?P<letters>[A-H]{1,4})(?![A-Za-z])", text)
        if found is None:
            return frozenset()
    return frozenset(re.sub(r"(?i)and|or|[^A-Ha-h]", "", found["letters"]).upper())


_CIRCLED = re.compile(r"[①-⑳](?:[\s、,，和与及第个]*[①-⑳])*")


def is_circled(written: str) -> bool:
    """Return whether a reference lists circled numbers: ①③."""
    return re.fullmatch(r"[$\s、,，和①-⑳]+", written) is not None and max(written) >= "①"


def circled(text: str) -> frozenset[str]:
    """Return the last group of circled numbers that a text affirms."""
    found = [
        m.group()
        for m in _CIRCLED.finditer(text)
        if not re.match(
            r"[^，。,；]{0,6}(?:错误|是假|为假|不正确|不成立|不对)", text[m.end() : m.end() + 16]
        )
    ]
    return frozenset(re.findall(r"[①-⑳]", found[-1])) if found else frozenset()


def lone_choice(text: str) -> Stated | None:
    """Return the last choice that a text makes in words, in bold, or on a line of its own.

    Remarks make none.
    """
    spans = sentences(text)
    useful = [
        (start, end)
        for start, end in spans
        if not is_remark(text[start:end]) and not _NOT_CHOSEN.search(text[start:end])
    ]
    for group in (useful, spans):
        for start, end in reversed(group):
            said = _SAID_RIGHT.search(text, start, end)
            if said is not None:
                return Stated(start=said.start(), end=said.end(), how="end", text=said["letter"])
            found = [
                lone
                for lone in _LONE.finditer(text[start:end])
                if not _SAID_WRONG.match(text, start + lone.end())
            ]
            if found:
                last = found[-1]
                letters = (
                    last["f"]
                    or last["a"]
                    or last["b"]
                    or last["c"]
                    or (last["d"] or last["e"]).upper()
                )
                return Stated(
                    start=start + last.start(), end=start + last.end(), how="end", text=letters
                )
    return None
