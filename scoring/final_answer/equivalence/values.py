"""Compare two single values: exactly where both are rational.

Else by their numbers, else by math-verify.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from scoring.final_answer.equivalence.rates import SPEED, length_per_time
from scoring.final_answer.equivalence.rounding import MANTISSA, in_powers, rounds, rounds_finely
from scoring.final_answer.forms.amounts import measure
from scoring.final_answer.forms.exact import exact, is_decimal
from scoring.final_answer.forms.form import Scalar, is_whole
from scoring.final_answer.notations.letters import renamed, with_constants_of
from scoring.final_answer.notations.steps import STRETCHES, jumps, multiplied_out, stretched
from scoring.formulas.units import Measure

#: Values of an expression at the sample points, or None where it has none.
Evaluate = Callable[[str], tuple[complex, ...] | None]
#: math-verify's word on two writings.
QueryMathVerify = Callable[[str, str], bool | None]
RELATIVE = 1e-9
LETTER = re.compile(r"(?<![A-Za-z\\])[A-Za-zα-ωΑ-Ω](?![A-Za-z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueComparison:
    """How two values of one problem are compared."""

    tol: float = 1e-6
    unit: str | None = None
    #: The unit that the question asks for, where the reference names none.
    asked_unit: str | None = None
    #: The unit that the question itself says an answer is to have.
    demanded_unit: str | None = None
    #: Whether an answer may be a percentage where the reference shows no sign.
    percents: bool = True
    #: What is measured in the problem -> the size of the one unit used for it.
    given_units: Mapping[tuple[str, int], float] = field(default_factory=dict)
    evaluate: Evaluate = field(default=lambda _text: None)
    query: QueryMathVerify = field(default=lambda _gold, _answer: None)
    #: The letters of the reference.
    names: frozenset[str] = frozenset()
    #: The problem's statements in one spelling without spaces: what is asked for stands there.
    asked: str = ""

    def values(self, wanted: Scalar, stated: Scalar) -> bool | None:
        """Compare two values with their units, percent and degree signs."""
        said = clock(stated)
        at = clock(wanted) if said is None else clock(wanted, like=said)
        if at is not None and (":" in stated.text or said is not None):
            return at == clock(stated, like=at)
        if _in_radians(stated) and (wanted.degree or _in_radians(wanted)):
            factor = "\\pi/180" if wanted.degree else "1"
            return self._texts(f"({wanted.text})*{factor}", stated.text, Fraction(1))
        if self.unit in ("°", "度", "degrees", "degree") and not wanted.degree:
            wanted = Scalar(wanted.text, wanted.unit, wanted.percent, degree=True)
        scale = self._scale(wanted, stated)
        if scale is None:
            return False
        number = self.number(wanted.text)
        if stated.percent and not (wanted.percent or self.percents):
            return False
        if stated.percent and not wanted.percent and number is not None and 0 < abs(number) < 1:
            # 0.6 asked for and 0.6 % stated is a hundredth of it; 60 % is the same.
            return self._texts(wanted.text, stated.text, Fraction(1, 100))
        found = self._texts(wanted.text, stated.text, scale)
        if found:
            return True
        if wanted.percent != stated.percent:
            # 35 % is 0.35; and 35 where the sign was left off on one side.
            hundred = Fraction(1, 100)
            if wanted.percent:
                return self._texts(wanted.text, stated.text, 1 / hundred)
            small = self.number(wanted.text)
            if (
                small is not None
                and abs(small) <= 1
                and self._texts(wanted.text, stated.text, hundred)
            ):
                return True
        if (
            wanted.degree != stated.degree
            and self._texts(
                f"({wanted.text})*\\pi/180" if wanted.degree else wanted.text,
                stated.text if wanted.degree else f"({stated.text})*\\pi/180",
                Fraction(1),
            )
            and "π" in (wanted.text + stated.text).replace("\\pi", "π")
        ):
            return True
        return found

    def _scale(self, wanted: Scalar, stated: Scalar) -> Fraction | None:
        """Return what the stated number is multiplied by to be in the reference's unit.

        None where units contradict.
        """
        declared = wanted.unit or self.unit or ""
        unit = declared or self.demanded_unit or self.asked_unit or ""
        if self._in_another_currency(unit, stated.unit) or _other_degrees(unit, stated.unit):
            return None
        if stated.unit and not unit and (known := measure(stated.unit)) is not None:
            size = self.given_units.get(known[:2], known[2])
            return Fraction(known[2] / size).limit_denominator(10**9)
        if not unit or not stated.unit:
            return Fraction(1)
        a, b = measure(unit), measure(stated.unit)
        if a is None or b is None:
            return Fraction(1)
        if a[:2] != b[:2]:
            if (scale := length_per_time(self.asked, a, b)) is not None:
                return scale
            apart = _apart(a, b) or self._lengths_apart(a, b)
            apart = apart or (self.demanded_unit is not None and _contrary(a, b))
            return None if declared or apart else Fraction(1)
        return Fraction(b[2] / a[2]).limit_denominator(10**9)

    def _lengths_apart(self, asked: Measure, stated: Measure) -> bool:
        """Return whether a length is stated where an area or a volume is asked for, or the reverse.

        Of a problem that speaks of areas too, the length that it asks for may be another one.
        """
        if {asked[0], stated[0]} != {"length"}:
            return False
        return asked[1] > stated[1] or _ABOUT_AREA.search(self.asked) is None

    def _in_another_currency(self, unit: str, stated: str) -> bool:
        """Return whether an amount is in another currency than the one of the problem."""
        said = measure(stated) if stated else None
        if said is None or said[0] not in CURRENCIES:
            return False
        asked = measure(unit) if unit else None
        if asked is not None:
            ours = {asked[0]} & CURRENCIES
        else:
            ours = {kind for kind, _ in self.given_units if kind in CURRENCIES}
        # A bare 元 is also said for the unit of another currency.
        loose = said[0] == "money" and stated.startswith(("元", "块", "角"))
        loose = loose and "人民" not in stated
        return len(ours) == 1 and said[0] not in ours and not loose

    def _texts(self, wanted: str, stated: str, scale: Fraction) -> bool | None:
        apart = re.search(r"\d\s+\d", f"{wanted};{stated}") is not None
        if not apart and wanted.replace(" ", "") == stated.replace(" ", "") and scale == 1:
            return True
        if "∞" in wanted or "∞" in stated:
            return wanted.replace("+", "").replace(" ", "") == stated.replace("+", "").replace(
                " ", ""
            )
        if _based(wanted) or _based(stated):
            return self._bases(wanted, stated)
        if ":" in wanted or ":" in stated:
            return self._ratio(wanted, stated)
        one, other = (
            exact(wanted),
            exact(in_powers(stated) if exact(wanted) is not None else stated),
        )
        if one is not None and other is not None:
            return self._rational(one, other * scale, wanted, stated, scale)
        return self._numeric(wanted, stated, scale)

    def _rational(
        self, one: Fraction, other: Fraction, wanted: str, stated: str, scale: Fraction
    ) -> bool:
        if one == other:
            return True
        decimals = (is_decimal(wanted), is_decimal(stated))
        if self.tol > 1e-6:
            return abs(one - other) <= Fraction(self.tol) * abs(one)
        if decimals[1] and not decimals[0]:
            return one.denominator != 1 and rounds(stated, one / scale)
        if decimals[0]:
            return rounds(wanted, other) or (decimals[1] and rounds_finely(stated, one / scale))
        if (mantissa := MANTISSA.match(wanted)) is not None and not MANTISSA.match(stated):
            return rounds(mantissa["digits"], other * Fraction(mantissa["digits"]) / one)
        return False

    def _numeric(self, wanted: str, stated: str, scale: Fraction) -> bool | None:
        wanted, stated = multiplied_out(wanted), multiplied_out(stated)
        stated = renamed(wanted, stated, (_letters(wanted), _letters(stated))) or stated
        rows = self.evaluate(wanted), self.evaluate(stated)
        if rows[0] is None or rows[1] is None:
            letters = _letters(wanted) ^ _letters(stated)
            if letters and exact(stated) is not None:
                return False
            return (is_whole(stated) and self.query(wanted, stated)) or None
        found = self._rows(rows[0], rows[1], (wanted, stated), scale)
        if found and (jumps(wanted) or jumps(stated)):
            return all(
                self._rows(self.evaluate(a) or (), self.evaluate(b) or (), (a, b), scale)
                for a, b in (
                    (stretched(wanted, times), stretched(stated, times)) for times in STRETCHES
                )
            )
        if not found and any(
            (row := self.evaluate(called)) is not None
            and self._rows(rows[0], row, (wanted, called), scale)
            for called in with_constants_of(wanted, stated, self.asked)
        ):
            return True
        if not found and (self.spaced(wanted), self.spaced(stated)) != (wanted, stated):
            wanted, stated = self.spaced(wanted), self.spaced(stated)
            rows = self.evaluate(wanted), self.evaluate(stated)
            if rows[0] is not None and rows[1] is not None:
                return self._rows(rows[0], rows[1], (wanted, stated), scale)
        return found

    def spaced(self, text: str) -> str:
        """Return an expression with signs between names that stand side by side: ``xy``."""
        return re.sub(
            r"(?<![A-Za-z\\])[A-Za-z]{2,3}(?![A-Za-z(])",
            lambda m: "*".join(m.group()) if set(m.group()) <= self.names else m.group(),
            text,
        )

    def _rows(
        self,
        one: tuple[complex, ...],
        stated_row: tuple[complex, ...],
        texts: tuple[str, str],
        scale: Fraction,
    ) -> bool:
        """Compare the values of two expressions at the sample points."""
        wanted, stated = texts
        other = tuple(value * float(scale) for value in stated_row)
        if len(one) != len(other):
            return False
        tol = max(RELATIVE, self.tol if self.tol > 1e-6 else 0.0)
        if all(
            abs(x - y) <= tol * max(abs(x), abs(y)) or x == y
            for x, y in zip(one, other, strict=True)
        ):
            return True
        # Sums of floats leave a remainder where the exact value is zero.
        if all(
            abs(x - y) <= 1e-12 * max(1.0, abs(x)) for x, y in zip(one, other, strict=True)
        ) and not (exact(wanted) or exact(stated)):
            return True
        first = one[0]
        if abs(first.imag) < 1e-12 and all(value == first for value in one):
            if is_decimal(stated) and rounds(
                stated, Fraction(first.real) / scale if scale else Fraction(0)
            ):
                return True
            if is_decimal(wanted) and abs(other[0].imag) < 1e-12:
                return rounds(wanted, Fraction(other[0].real))
        return False

    def _ratio(self, wanted: str, stated: str) -> bool | None:
        """Compare two ratios; one written as a fraction is the same, a lone term is not."""
        one, other = self._terms(wanted), self._terms(stated)
        if one is None or other is None:
            return None
        if len(one) != len(other):
            if {len(one), len(other)} != {1, 2}:
                return False
            whole, parts = (one, other) if len(one) == 1 else (other, one)
            return parts[1] != 0 and whole[0] == parts[0] / parts[1]
        proportional = all(
            x * other[0] == y * one[0] for x, y in zip(one[1:], other[1:], strict=True)
        )
        return proportional and (one[0] == 0) == (other[0] == 0)

    def _terms(self, ratio: str) -> list[Fraction] | None:
        terms = [self.number(part) for part in ratio.split(":")]
        known = [term for term in terms if term is not None]
        return known if len(known) == len(terms) else None

    def _bases(self, wanted: str, stated: str) -> bool | None:
        one, other = _based(wanted), _based(stated)
        if one and other:
            return one == other
        digits, base = one or other or ("", "")
        bare = (stated if one else wanted).strip()
        if re.search(rf"base{base}(?!\d)|_\{{{base}\}}", self.asked) and bare.isalnum():
            return bare.upper() == digits
        return None if (one or other or ("",))[0] in (wanted, stated) else False

    def number(self, text: str) -> Fraction | None:
        """Return the value of an expression without letters, None where it has none."""
        value = exact(text)
        if value is not None:
            return value
        if LETTER.search(re.sub(r"\\[A-Za-z]+|(?<![A-Za-z])[ei](?![A-Za-z])|π", "", text)):
            return None
        row = self.evaluate(text)
        if (
            row is None
            or any(v != row[0] for v in row)
            or abs(row[0].imag) > 1e-12
            or not math.isfinite(row[0].real)
        ):
            return None
        return Fraction(row[0].real)


def _apart(asked: Measure, stated: Measure) -> bool:
    """Return whether a speed is asked for and a time or a length stated, or the reverse.

    Other units that a question seems to ask for may belong to something else in it.
    """
    kinds = {asked[0], stated[0]}
    return len(kinds & SPEED) == 1 and len(kinds & {"length", "time"}) == 1


def _contrary(demanded: Measure, stated: Measure) -> bool:
    """Return whether a unit cannot be that of what is demanded.

    A length for an area, a time or a length for a speed.
    """
    kinds = {demanded[0], stated[0]}
    return (kinds == {"length"} and demanded[1] != stated[1]) or len(kinds & SPEED) == 1


_ABOUT_AREA = re.compile(
    r"面积|体积|容积|平方|立方|area|volume|surface|square|cubic", re.IGNORECASE
)


_CELSIUS = re.compile(r"^°?C$|celsius|摄氏", re.IGNORECASE)
_FAHRENHEIT = re.compile(r"^°?F$|fahrenheit|华氏", re.IGNORECASE)


def _other_degrees(unit: str, stated: str) -> bool:
    """Return whether one temperature is in degrees Celsius and the other in Fahrenheit."""
    return any(
        one.search(unit) is not None and other.search(stated) is not None
        for one, other in ((_CELSIUS, _FAHRENHEIT), (_FAHRENHEIT, _CELSIUS))
    )


CURRENCIES = frozenset(("dollars", "money", "euros", "sterling", "yen", "rupees", "rubles"))
_CLOCK = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>[0-5]\d)")


def clock(value: Scalar, like: int | None = None) -> int | None:
    """Return a time of day in minutes where it is marked as one.

    Or, given another time, may be meant as one.

    Without a.m. or p.m. the half of the day is that of the other time.
    """
    found = _CLOCK.fullmatch(value.text.strip())
    half = re.match(r"([ap])\.?\s*m\b", value.unit.strip(), re.IGNORECASE)
    if found is None:
        return None
    if half is None and found["hour"].startswith("0"):
        return int(found["hour"]) * 60 + int(found["minute"])
    # No ratio has a term 0 or 05.
    marked = half is not None or found["minute"].startswith("0")
    if not marked and like is None:
        return None
    minutes = int(found["hour"]) * 60 + int(found["minute"])
    if half is not None:
        return minutes % 720 + (720 if half[1].lower() == "p" else 0)
    return like if like is not None and minutes < 780 and minutes % 720 == like % 720 else minutes


def _in_radians(value: Scalar) -> bool:
    return re.match(r"rad(?:ians?)?\b|弧度", value.unit.strip(), re.IGNORECASE) is not None


def _based(text: str) -> tuple[str, str] | None:
    found = re.fullmatch(r"\(?\s*([0-9A-Fa-f]+)\s*\)?\s*_\s*\{?\s*(\d{1,2})\s*\}?", text.strip())
    return (found[1].upper(), found[2]) if found else None


def _letters(text: str) -> frozenset[str]:
    return frozenset(LETTER.findall(re.sub(r"\\[A-Za-z]+", " ", text))) - {"e", "i", "π"}
