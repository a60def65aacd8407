"""Amounts of money by the sign or the code of their currency: ``€12``, ``12£``, ``EUR 12``."""

from __future__ import annotations

import re

_SIGNS = {"€": "euros", "£": "sterling", "¥": "yuan", "￥": "yuan", "₹": "rupees", "₽": "rubles"}
_CODES = {
    "EUR": "euros", "GBP": "sterling", "CNY": "yuan", "RMB": "yuan", "JPY": "yen", "USD": "dollars",
    "US$": "dollars", "US\\$": "dollars", "INR": "rupees",
}  # fmt: skip
_NAMES = _SIGNS | _CODES
_CURRENCY = "|".join(map(re.escape, sorted(_NAMES, key=len, reverse=True)))
#: A number with its groups, its decimals and its scale.
_NUMBER = (
    r"\d(?:(?:,|\{,\})?\d)*(?:\.\d+)?"
    r"(?:\s*(?:hundred|thousand|million|billion|trillion)\b|\s*[万亿])?"
)
_BEFORE = re.compile(rf"(?<![A-Za-z])(?P<currency>{_CURRENCY})\s?(?P<number>{_NUMBER})")
_BEHIND = re.compile(rf"(?P<number>{_NUMBER})\s?(?P<currency>{_CURRENCY})(?![A-Za-z\d])")
#: Signs that stand before no number say nothing.
_LONE = re.compile(f"[{''.join(_SIGNS)}₩]")
_MAY_HOLD = re.compile(rf"{_CURRENCY}|₩")
#: A named unit behind the amount says the same once more: ``¥12元``.
_NAMED = r"(?=\s*(?:元|块|圆|yuan|euros?|pounds?|dollars?|yen|rupees?|rubles?)(?![A-Za-z]))"
_TWICE = re.compile(rf"(?P<amount>{_NUMBER}) (?:{'|'.join(sorted(set(_NAMES.values())))}){_NAMED}")


def with_currencies(text: str) -> str:
    """Return the text with currencies in words behind their amounts: ``12 euros``."""
    if _MAY_HOLD.search(text) is None:
        return text
    for pattern in (_BEFORE, _BEHIND):
        text = pattern.sub(lambda m: f"{m['number']} {_NAMES[m['currency']]}", text)
    return _LONE.sub(" ", _TWICE.sub(r"\g<amount>", text))
