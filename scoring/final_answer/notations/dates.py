"""Days of the week and dates, by name, abbreviated, and in Chinese."""

from __future__ import annotations

import re

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_CHINESE_DAYS = "一二三四五六日"
_DAY = re.compile(
    r"\b(?P<en>mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?s?\b\.?"
    r"|(?:星期|礼拜|周)(?P<zh>[一二三四五六日天])",
    re.IGNORECASE,
)
_MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS).replace("sep(?:", "sept?(?:")
_DATE = re.compile(
    rf"\b(?P<m1>{_MONTH})\.?\s+(?:the\s+)?(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?\b"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<m2>{_MONTH})\b"
    r"|(?P<m3>\d{1,2})月(?P<d3>\d{1,2})[日号]",
    re.IGNORECASE,
)
#: What stands before a day that another one is counted from, or that is denied.
_OTHER = re.compile(
    r"(?:\b(?:after|before|from|since|until|than|not|nor|if|starting|beginning)(?: on| a| an| the)?"
    r"|不是|从|过)\s*$",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"(?:\b(?:is|on|was|be|a|falls|fall|answer)|是|为|在|:)\s*\**\s*$", re.IGNORECASE
)


def same_day(reference: str, stated: str) -> bool | None:
    """Return whether a text states the day or the date of a reference.

    None where the reference is neither, or the text names none.
    """
    bare = re.sub(r"\\text\s*\{([^{}]*)\}|[$]", r"\1", reference).strip(" .。")
    for pattern, number in ((_DATE, _date), (_DAY, _day)):
        wanted = pattern.fullmatch(bare)
        if wanted is None:
            continue
        found = [m for m in pattern.finditer(stated) if not _OTHER.search(stated[: m.start()])]
        said = [m for m in found if _SAID.search(stated[: m.start()])] or found
        return number(said[-1]) == number(wanted) if said else None
    return None


def _day(found: re.Match[str]) -> int:
    if found["zh"]:
        return _CHINESE_DAYS.index(found["zh"].replace("天", "日"))
    return next(at for at, name in enumerate(_DAYS) if name[:3] == found["en"][:3].lower())


def _date(found: re.Match[str]) -> tuple[int, int]:
    month = found["m1"] or found["m2"] or found["m3"]
    day = found["d1"] or found["d2"] or found["d3"]
    if month.isdigit():
        return int(month), int(day)
    return 1 + next(i for i, name in enumerate(_MONTHS) if name[:3] == month[:3].lower()), int(day)
