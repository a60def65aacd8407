"""Units of measurement that answers carry, with sizes, in Chinese and English."""

from __future__ import annotations

import re

#: Unit -> (what it measures, size in the base unit).
UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1e-3), "cm": ("length", 1e-2), "dm": ("length", 0.1), "m": ("length", 1.0),
    "km": ("length", 1e3), "毫米": ("length", 1e-3), "厘米": ("length", 1e-2),
    "分米": ("length", 0.1), "米": ("length", 1.0), "千米": ("length", 1e3),
    "公里": ("length", 1e3), "s": ("time", 1.0), "秒": ("time", 1.0), "seconds": ("time", 1.0),
    "min": ("time", 60.0), "分钟": ("time", 60.0), "minutes": ("time", 60.0),
    "h": ("time", 3600.0), "小时": ("time", 3600.0), "hours": ("time", 3600.0),
    "天": ("time", 86400.0), "days": ("time", 86400.0), "day": ("time", 86400.0),
    "second": ("time", 1.0), "minute": ("time", 60.0), "hour": ("time", 3600.0),
    "week": ("time", 604800.0), "weeks": ("time", 604800.0), "feet": ("length", 0.3048),
    "ft": ("length", 0.3048), "inch": ("length", 0.0254), "inches": ("length", 0.0254),
    "mile": ("length", 1609.344), "miles": ("length", 1609.344), "oz": ("mass", 0.028349523125),
    "lb": ("mass", 0.45359237), "lbs": ("mass", 0.45359237), "元": ("money", 1.0),
    "yuan": ("money", 1.0), "角": ("money", 0.1), "分": ("money", 0.01), "块": ("money", 1.0),
    "dollars": ("dollars", 1.0), "dollar": ("dollars", 1.0), "cents": ("dollars", 0.01),
    "cent": ("dollars", 0.01), "L": ("volume", 1.0), "mL": ("volume", 1e-3),
    "ml": ("volume", 1e-3), "升": ("volume", 1.0), "毫升": ("volume", 1e-3),
    "liters": ("volume", 1.0), "litres": ("volume", 1.0), "meters": ("length", 1.0),
    "metres": ("length", 1.0), "meter": ("length", 1.0), "metre": ("length", 1.0),
    "centimeters": ("length", 1e-2), "centimetres": ("length", 1e-2),
    "kilometers": ("length", 1e3), "kilometres": ("length", 1e3), "millimeters": ("length", 1e-3),
    "foot": ("length", 0.3048), "yards": ("length", 0.9144), "yard": ("length", 0.9144),
    "grams": ("mass", 1e-3), "gram": ("mass", 1e-3), "kilograms": ("mass", 1.0),
    "kilogram": ("mass", 1.0), "pounds": ("mass", 0.45359237), "pound": ("mass", 0.45359237),
    "ounces": ("mass", 0.028349523125), "tons": ("mass", 1e3), "mg": ("mass", 1e-6),
    "斤": ("mass", 0.5), "时": ("time", 3600.0), "hr": ("time", 3600.0), "hrs": ("time", 3600.0),
    "mins": ("time", 60.0), "secs": ("time", 1.0), "年": ("years", 1.0), "years": ("years", 1.0),
    "year": ("years", 1.0), "months": ("years", 1 / 12), "month": ("years", 1 / 12),
    "个月": ("years", 1 / 12), "g": ("mass", 1e-3), "kg": ("mass", 1.0), "克": ("mass", 1e-3),
    "千克": ("mass", 1.0), "t": ("mass", 1e3), "吨": ("mass", 1e3), "人": ("people", 1.0),
    "people": ("people", 1.0), "persons": ("people", 1.0), "cups": ("cups", 1.0),
    "杯": ("cups", 1.0),
}  # fmt: skip
_POWERS = {"平方": 2, "立方": 3}
_WRITTEN = re.compile(r"([A-Za-z]+|[平立]方)?\s*([\u4e00-\u9fff]*)\s*\^?\{?([23²³])?\}?")
_DIGITS = {"²": 2, "³": 3, "2": 2, "3": 3}

#: What is measured, to which power, and the size of one unit.
Measure = tuple[str, int, float]


def measure(text: str) -> Measure | None:
    """Return what a unit measures, or None where it is not listed.

    Words after a Chinese unit are ignored. A rate such as ``km/h`` measures one per the other.
    """
    parts = re.split(r"\s*/\s*|\s+per\s+|每", text.strip())
    if len(parts) == 2 and all(parts):
        above, below = measure(parts[0]), measure(parts[1])
        if above is None or below is None:
            return above  # 2.5 km per part are still km
        return f"{above[0]}/{below[0]}", above[1], above[2] / below[2]
    found = _WRITTEN.match(text.strip())
    if found is None:
        return None
    head, chinese, raised = found.groups()
    power = _POWERS.get(head or "", _DIGITS.get(raised or "", 1))
    names = [head] if head in UNITS else [chinese[:size] for size in (2, 1)] if chinese else []
    known = next((UNITS[name] for name in names if name in UNITS), None)
    return None if known is None else (known[0], power, known[1] ** power)


def same_unit(wanted: str, found: str) -> bool:
    """Say whether values with the units ``found`` and ``wanted`` compare as they stand.

    A missing or unlisted unit does not contradict; a listed one must be of the same kind and size.
    """
    expected, stated = measure(wanted), measure(found)
    return expected is None or stated is None or expected == stated
