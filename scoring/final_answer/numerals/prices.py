"""Prices as they are said in Chinese: 十二块五, 三块二毛五, 七块五一公斤."""

from __future__ import annotations

import re

from scoring.final_answer.numerals.chinese import chinese_number

_DIGIT = "[一二三四五六七八九1-9]"
_PRICE = re.compile(
    rf"(?P<whole>\d+|[零一二两三四五六七八九十百千]+)块(?P<tenth>{_DIGIT})"
    rf"(?:[毛角](?P<cent>{_DIGIT})?分?)?钱?"
    r"(?=\s*(?:$|[\s，。,.;；!！?？)）*$吧呢啊呀的嘛]|[一每/](?:公?斤|千克|[本支个瓶盒张米份把袋箱双件只条])))"
)


def spoken_prices(text: str) -> str:
    """Return a text with prices in 块 as decimals in 元; 3块5个 is none."""
    return _PRICE.sub(_decimal, text) if "块" in text else text


def _decimal(found: re.Match[str]) -> str:
    whole = found["whole"]
    known = int(whole) if whole.isdigit() else chinese_number(whole)
    parts = [_digit(found[part]) for part in ("tenth", "cent") if found[part]]
    return f"{known}.{''.join(parts)}元"


def _digit(written: str) -> str:
    return written if written.isdigit() else str(chinese_number(written))
