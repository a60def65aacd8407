"""How one value is written: as a decimal, a reduced fraction, a product, a sum."""

from __future__ import annotations

import math
import re

from scoring.final_answer.forms.exact import exact

_FRACTION = re.compile(
    r"-?\s*(?:\\frac\s*\{\s*(?P<a>-?\d+)\s*\}\s*\{\s*(?P<b>-?\d+)\s*\}|(?P<c>\d+)\s*[/:]\s*(?P<d>\d+))"
)
_ROOT = re.compile(r"(?:\\sqrt\s*\{\s*|√\s*\(?|sqrt\s*\(\s*)(?P<under>\d{1,9})(?![\d./^])")
_SCIENTIFIC = re.compile(
    r"-?\s*[1-9](?:\.\d+)?\s*(?:\*|×|\\times|\\cdot)\s*10\s*\^\s*[({]?\s*[-+]?\s*\d+\s*[)}]?"
    r"|-?[1-9](?:\.\d+)?[eE][-+]?\d+"
)
_SLOPE = re.compile(r"\s*y\s*=(?P<right>[^=]+)")
#: A bracket with a letter in it that another factor or a power makes a product.
_PRODUCT = re.compile(
    r"(?:[\d)A-Za-z]\s*\*?\s*)\((?=[^()]*[A-Za-z])[^()]*[-+][^()]*\)"
    r"|\((?=[^()]*[A-Za-z])[^()]*[-+][^()]*\)\s*(?:\^|\*?\s*[\dA-Za-z(])"
)


def same_number(one: str, other: str) -> bool:
    """Return whether two writings are the same rational number."""
    a, b = exact(one), exact(other)
    return a is not None and a == b


def is_plain_fraction(text: str) -> bool:
    """Return whether a value is one quotient of whole numbers."""
    return _FRACTION.fullmatch(text.strip()) is not None


def is_reduced(text: str) -> bool:
    """Return whether no quotient or ratio of whole numbers in a text can be reduced."""
    for found in _FRACTION.finditer(text):
        top, bottom = int(found["a"] or found["c"]), int(found["b"] or found["d"])
        if math.gcd(top, bottom) > 1 or abs(bottom) == 1:
            return False
    return True


def square_free(text: str) -> bool:
    """Return whether no square above 1 divides a whole number under a square root."""
    return not any(
        int(found["under"]) % (n * n) == 0
        for found in _ROOT.finditer(text)
        for n in range(2, math.isqrt(min(int(found["under"]), 10**6)) + 1)
    )


_ROOTED = re.compile(r"\\sqrt|√|sqrt\s*\(")


def has_rational_denominator(text: str) -> bool:
    """Return whether no root stands below a fraction bar, and no fraction under a root."""
    if re.search(r"(?:\\sqrt\s*\{|√\s*\(|sqrt\s*\()\s*(?:\\frac|\d+\s*/)", text):
        return False
    below = [text[m.end() :] for m in re.finditer(r"/\s*", text)]
    if any(re.match(r"\d*\s*\*?\s*(?:\\sqrt|√|sqrt)|\([^()]*(?:\\sqrt|√|sqrt)", b) for b in below):
        return False
    return not any(_ROOTED.search(part) for part in _denominators(text))


def _denominators(text: str) -> list[str]:
    """Return what stands below the bars of the fractions of a text."""
    found = []
    for fraction in re.finditer(r"\\frac\s*", text):
        top = _braced(text, fraction.end())
        bottom = _braced(text, top) if top else 0
        if bottom:
            found.append(text[top:bottom])
    return found


def _braced(text: str, at: int) -> int:
    """Return where the group in braces that begins at an offset ends, 0 without one."""
    depth = 0
    for end in range(at, len(text)):
        depth += (text[end] == "{") - (text[end] == "}")
        if depth == 0:
            return end + 1 if text[end] == "}" else 0
    return 0


def is_scientific(text: str) -> bool:
    """Return whether a value is a number from 1 to 10 times a power of ten."""
    return _SCIENTIFIC.fullmatch(text.strip()) is not None


def is_slope_intercept(text: str) -> bool:
    """Return whether a line is y alone on the left and no bracket with x on the right."""
    found = _SLOPE.fullmatch(text)
    return (
        found is not None
        and "y" not in found["right"]
        and re.search(r"\([^()]*x[^()]*\)", found["right"]) is None
    )


def is_expanded(text: str) -> bool:
    """Return whether no sum in brackets is multiplied or raised to a power."""
    return _PRODUCT.search(text) is None


def letter_factors(text: str) -> int:
    """Return how many factors with letters a product has; a sum is one."""
    bare = text.replace("\\cdot", "*").replace("\\left", "").replace("\\right", "")
    if _is_sum(bare):
        return 1
    count = 0
    for factor in re.finditer(
        r"(?P<base>\([^()]*(?:\([^()]*\)[^()]*)*\)|[A-Za-z](?![A-Za-z]))"
        r"(?:\s*\^\s*\{?\s*(?P<power>\d+))?",
        bare,
    ):
        if re.search(r"[A-Za-z]", factor["base"]):
            count += min(int(factor["power"] or 1), 20)
    return count


def has_common_number(text: str) -> bool:
    """Return whether a whole number can be taken out of a sum in brackets: ``(5x-10)``."""
    for found in re.finditer(r"\((?P<inside>[^()]*[-+][^()]*)\)", text):
        terms = re.split(r"[-+]", re.sub(r"\^\s*\{?\d+\}?", "", found["inside"]))
        counts = [re.match(r"\s*(\d+)", term) for term in terms if term.strip()]
        numbers = [int(count[1]) if count else 1 for count in counts]
        if len(numbers) > 1 and math.gcd(*numbers) > 1:
            return True
    return False


def _is_sum(text: str) -> bool:
    """Return whether a text is a sum or difference outside brackets."""
    depth = 0
    for at, char in enumerate(text.strip()):
        depth += (char in "([{") - (char in ")]}")
        if char in "+-" and depth == 0 and at > 0:
            return True
    return False
