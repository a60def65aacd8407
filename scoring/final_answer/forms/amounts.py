"""Units that answers carry beyond the fixed list.

SI prefixes, areas by name, angles, and sums of amounts in two units.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from scoring.final_answer.forms.exact import exact
from scoring.final_answer.forms.form import Scalar
from scoring.formulas.units import UNITS, Measure
from scoring.formulas.units import measure as listed

#: Symbols that take an SI prefix -> what they measure, to which power, and the size of one.
_BASES: dict[str, Measure] = {
    "m": ("length", 1, 1.0), "g": ("mass", 1, 1e-3), "s": ("time", 1, 1.0),
    "L": ("length", 3, 1e-3), "l": ("length", 3, 1e-3),
    "mol": ("amount", 1, 1.0), "J": ("energy", 1, 1.0), "W": ("power", 1, 1.0),
    "V": ("voltage", 1, 1.0), "A": ("current", 1, 1.0),
    "N": ("force", 1, 1.0), "Pa": ("pressure", 1, 1.0), "Hz": ("frequency", 1, 1.0),
    "Ω": ("resistance", 1, 1.0), "Ohm": ("resistance", 1, 1.0),
    "C": ("charge", 1, 1.0), "F": ("capacity", 1, 1.0), "K": ("temperature", 1, 1.0),
    "Wh": ("energy", 1, 3600.0), "cal": ("energy", 1, 4.184),
    "eV": ("energy", 1, 1.602176634e-19), "bar": ("pressure", 1, 1e5), "T": ("field", 1, 1.0),
    "焦": ("energy", 1, 1.0), "焦耳": ("energy", 1, 1.0),
    "瓦": ("power", 1, 1.0), "伏": ("voltage", 1, 1.0), "安": ("current", 1, 1.0),
    "牛": ("force", 1, 1.0), "帕": ("pressure", 1, 1.0), "欧": ("resistance", 1, 1.0),
}  # fmt: skip
_PREFIXES = {
    "G": 1e9,
    "M": 1e6,
    "k": 1e3,
    "h": 1e2,
    "d": 0.1,
    "c": 1e-2,
    "m": 1e-3,
    "μ": 1e-6,
    "n": 1e-9,
    "p": 1e-12,
    "千": 1e3,
    "兆": 1e6,
    "毫": 1e-3,
    "微": 1e-6,
}
#: Names in full -> symbol; the plural and a prefix in full are read too.
_NAMES = {"joule": "J", "watt": "W", "volt": "V", "ampere": "A", "amp": "A", "newton": "N",
          "pascal": "Pa", "hertz": "Hz",
          "ohm": "Ω", "gram": "g", "gramme": "g", "metre": "m", "meter": "m", "litre": "L",
          "liter": "L", "mole": "mol", "second": "s"}  # fmt: skip
_PREFIX_NAMES = {
    "kilo": "k",
    "mega": "M",
    "giga": "G",
    "milli": "m",
    "centi": "c",
    "deci": "d",
    "micro": "μ",
    "nano": "n",
}
_OTHERS: dict[str, Measure] = {
    "公顷": ("length", 2, 1e4), "hectare": ("length", 2, 1e4), "ha": ("length", 2, 1e4),
    "acre": ("length", 2, 4046.8564224),
    "亩": ("length", 2, 10_000 / 15), "升": ("length", 3, 1e-3), "毫升": ("length", 3, 1e-6),
    "ml": ("length", 3, 1e-6),
    "cc": ("length", 3, 1e-6), "¢": ("dollars", 1, 0.01), "$": ("dollars", 1, 1.0),
    "nickel": ("dollars", 1, 0.05), "bucks": ("dollars", 1, 1.0),
    "euro": ("euros", 1, 1.0), "€": ("euros", 1, 1.0), "欧元": ("euros", 1, 1.0),
    "£": ("sterling", 1, 1.0), "英镑": ("sterling", 1, 1.0), "yen": ("yen", 1, 1.0),
    "sterling": ("sterling", 1, 1.0), "rupee": ("rupees", 1, 1.0), "ruble": ("rubles", 1, 1.0),
    "日元": ("yen", 1, 1.0), "人民币": ("money", 1, 1.0), "元人民币": ("money", 1, 1.0),
    "美元": ("dollars", 1, 1.0),
    "percent": ("percent", 1, 1.0), "里": ("length", 1, 500.0), "km²": ("length", 2, 1e6),
    "两": ("mass", 1, 0.05),
    "号": ("time", 1, 86400.0), "日": ("time", 1, 86400.0), "星期": ("time", 1, 604800.0),
    "周": ("time", 1, 604800.0),
    "mph": ("length^1/time^1", 1, 0.44704), "kmh": ("length^1/time^1", 1, 1 / 3.6),
    "kph": ("length^1/time^1", 1, 1 / 3.6), "decade": ("years", 1, 10.0),
    "inche": ("length", 1, 0.0254), "in": ("length", 1, 0.0254), "yd": ("length", 1, 0.9144),
    "mi": ("length", 1, 1609.344), "gallon": ("gallons", 1, 1.0),
    "quart": ("gallons", 1, 0.25), "pint": ("gallons", 1, 0.125), "半": ("half", 1, 1.0),
}  # fmt: skip
_WORDED_POWER = re.compile(r"^(?P<power>square|cubic|sq\.?|cu\.?)\s+(?P<base>.+)$", re.IGNORECASE)
_RAISED = re.compile(r"^(?P<base>[^\d^²³]+?)\s*\^?\s*\{?(?P<power>[23²³])\}?$")
_SPOKEN_POWER = re.compile(r"^(?P<base>\S+)\s+(?P<power>squared|cubed)$", re.IGNORECASE)
_POWERS = {"2": 2, "²": 2, "3": 3, "³": 3}


def measure(text: str) -> Measure | None:
    """Return what a unit measures, to which power, and its size; None for an unknown unit.

    A rate measures the one per the other; a volume named by itself, such as a litre, is a length
    to the third power.
    """
    text = text.strip().strip(".")
    parts = re.split(r"\s*/\s*|\s+(?:per|an?|each|every)\s+|每", text)
    if len(parts) == 2 and all(parts):
        above, below = measure(parts[0]), measure(parts[1])
        if above is None or below is None:
            return above  # km per part are still km
        return f"{above[0]}^{above[1]}/{below[0]}^{below[1]}", 1, above[2] / below[2]
    worded = _WORDED_POWER.match(text)
    if worded is not None:
        return _raised(worded["base"], 2 if worded["power"].lower().startswith("sq") else 3)
    if (spoken := _SPOKEN_POWER.match(text)) is not None:
        return _raised(spoken["base"], 2 if spoken["power"].lower() == "squared" else 3)
    raised = _RAISED.match(text)
    if raised is not None:
        return _raised(raised["base"], _POWERS[raised["power"]])
    return _plain(text)


def _raised(base: str, power: int) -> Measure | None:
    known = _plain(base)
    return None if known is None or known[1] != 1 else (known[0], power, known[2] ** power)


def _plain(text: str) -> Measure | None:
    for name in (text, text.lower(), text.lower().removesuffix("s")):
        if name in _OTHERS:
            return _OTHERS[name]
    symbol = _symbol(text)
    for size in (0, 1):
        base = _BASES.get(symbol[size:])
        if base is not None and (size == 0 or symbol[0] in _PREFIXES):
            scale = _PREFIXES[symbol[0]] if size else 1.0
            return base[0], base[1], base[2] * scale
    if text in UNITS or text.lower() in UNITS:
        kind, size_in_base = UNITS.get(text) or UNITS[text.lower()]
        return kind, 1, size_in_base
    return (
        listed(text)
        if re.search(r"[\u3400-\u9fff]", text)
        else listed(text.split(maxsplit=1)[0])
        if text.split()
        else None
    )


def _symbol(text: str) -> str:
    """Return the symbol of a unit that is written in full: ``milliamperes`` is mA."""
    word = text.lower().removesuffix("s")
    for prefix, short in _PREFIX_NAMES.items():
        if word.startswith(prefix) and word[len(prefix) :] in _NAMES:
            return short + _NAMES[word[len(prefix) :]]
    return _NAMES.get(word, _NAMES.get(text.lower(), text))


_COMPOUND = re.compile(
    r"(?P<a>\d+(?:\.\d+)?)\s*(?P<x>[A-Za-z]{1,8}|[\u3400-\u9fff]{1,3})\.?,?\s*(?:and\s+|零|又)?"
    r"(?P<b>\d+(?:\.\d+)?)\s*(?P<y>[A-Za-z]{1,8}|[\u3400-\u9fff]{1,3})\.?"
)


def compound(text: str) -> Scalar | None:
    """Return an amount in two units of one measure, ``4 ft 7 in``, in the first of them."""
    found = _COMPOUND.fullmatch(text)
    if found is None:
        return None
    return combined((Scalar(found["a"], found["x"]), Scalar(found["b"], found["y"])))


def combined(parts: Sequence[Scalar]) -> Scalar | None:
    """Return the sum of amounts with falling units of one measure in the unit of the first.

    Or None.
    """
    measures = [measure(part.unit) for part in parts]
    values = [exact(part.text) for part in parts]
    if None in measures or None in values:
        return None
    kinds = {known[:2] for known in measures if known is not None}
    sizes = [known[2] for known in measures if known is not None]
    if len(kinds) != 1 or sizes != sorted(sizes, reverse=True) or len(set(sizes)) != len(sizes):
        return None
    total = sum(
        (
            value * Fraction(size / sizes[0]).limit_denominator(10**6)
            for value, size in zip(values, sizes, strict=True)
            if value is not None
        ),
        Fraction(0),
    )
    return Scalar(f"\\frac{{{total.numerator}}}{{{total.denominator}}}", parts[0].unit)
