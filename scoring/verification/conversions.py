"""Compare a quantity with what it becomes in another unit, after the factor between the units."""

from __future__ import annotations

import re

from scoring.formulas.units import measure
from scoring.numeric.rounding import decimals_of
from scoring.verification.marks import Finding

_NUMBER = r"(\d[\d,]*(?:\.\d+)?)"
_UNIT = (
    r"((?:[A-Za-z]{1,12}|[\u4e00-\u9fff]{1,3})"
    r"(?:\s*/\s*(?:[A-Za-z]{1,8}|[\u4e00-\u9fff]{1,2}))?[²³]?)"
)
_CONVERSION = re.compile(
    rf"(?<![\d.\w^+*/=-]){_NUMBER}\s*{_UNIT}\s*([=≈])\s*{_NUMBER}\s*{_UNIT}(?![\w^])"
)
#: What makes a quantity part of something larger: 3 hours * 60 minutes/hour = 180 minutes.
_PART = re.compile(
    r"(?:(?<!\n)(?<!^)[-−]|[*×·÷/+]|\\(?:times|cdot|div)|\\[dt]?frac[^.;,。；，]{0,60})\s*$"
)
_DRESS = re.compile(r"\\(?:text|mathrm|rm|,|;|!| )|[{}$~]")


def conversions(text: str) -> list[Finding]:
    """Return a finding for each conversion in a piece of the text: ``2.5 km = 2500 m``."""
    findings = []
    plain = _DRESS.sub(" ", text)
    for found in _CONVERSION.finditer(plain):
        if _PART.search(plain[max(0, found.start() - 80) : found.start()]):
            continue
        value, unit, _, other_value, other_unit = found.groups()
        one, other = measure(unit), measure(other_unit)
        if one is None or other is None or unit == other_unit:
            continue
        said = " ".join(found.group().split())
        if ("/" in unit) != ("/" in other_unit):
            continue  # a rate, and what it gives
        if one[:2] != other[:2]:
            findings.append(Finding(mark="wrong", reason=f"{said}: the units do not agree"))
            continue
        a, b = float(value.replace(",", "")), float(other_value.replace(",", ""))
        right = a * one[2] / other[2]
        digits = decimals_of(b)
        off = abs(right - b) <= max(1e-9 * abs(right), 0.51 * 10.0**-digits if digits else 0.0)
        findings.append(
            Finding(mark="consistent", reason="unit conversion")
            if off
            else Finding(mark="wrong", reason=f"{said}: it is {right:.6g} {other_unit}")
        )
    return findings
