"""Read arithmetic that carries its units along: ``9 hours * 2/3 = 6 hours``, ``3 x 68``.

Words and units straight behind a number are left out where the calculation goes on after them, so
that the numbers meet. Units of one measure and different sizes, as in ``3 km + 200 m``, stay: their
numbers alone would say something false.
"""

from __future__ import annotations

import re

from scoring.formulas.token import Token
from scoring.formulas.units import measure
from scoring.formulas.vocabulary import STOP

MAX_WORDS = 5
#: Tokens of one side that are looked back at.
MAX_SIDE = 60
#: English words that may stand inside what is counted: ``slices of pizza``, ``miles per hour``,
#: ``cost for each``.
_INSIDE = frozenset(("of", "per", "each", "a", "an", "every", "for", "in"))
_NO_UNIT = frozenset((
    "gives", "means", "means", "becomes", "yields", "equals", "implies", "therefore", "because",
    "plus", "minus", "times", "while", "however", "satisfies", "holds", "follows", "obtain",
    "respectively", "divided", "multiplied", "cents", "mod", "gets", "makes", "leaves", "subtract",
    "add", "multiply", "divide", "equal", "until", "after", "before", "more", "less",
))  # fmt: skip
#: A Chinese unit or measure word and at most three more characters for what is counted: 个苹果.
_CHINESE_UNIT = re.compile(
    r"(?:小时|分钟|公里|平方|立方|千[米克瓦]|毫[米升克]|厘米|分米|[个只条本支张件元块斤克米升吨人名辆台天周月年秒岁棵朵袋箱盒瓶杯套间层"
    r"页题道次份组班匹头双把枚颗粒根片位门部车])[^则得故即或和与及有为是因设又且当时而可解令代取处值点极最以由到从于乘除加减倍]{0,3}"
)
_TIMES = frozenset(("x", "X", "of", "times"))
_ARITHMETIC = frozenset("+-*×/")
_ENGLISH_WORD = re.compile(r"[A-Za-z][A-Za-z/^23.]*")


def bare_arithmetic(tokens: list[Token], scalars: frozenset[str] = frozenset()) -> list[Token]:
    """Return the tokens with the sign x as an operator and without units inside a calculation.

    Where x is one of the ``scalars``, ``2x(3+4)`` keeps it.
    """
    tokens = _times(tokens, frozenset("xX") & scalars)
    dropped: set[int] = set()
    for stretch in _stretches(tokens):
        inside, above, below = stretch
        if _agree(_sizes(above), _sizes(below)):
            dropped.update(inside)
    return [token for i, token in enumerate(tokens) if i not in dropped] if dropped else tokens


def _sizes(units: list[str]) -> dict[tuple[str, int], set[float]]:
    sizes: dict[tuple[str, int], set[float]] = {}
    for unit in units:
        if (known := measure(unit)) is not None:
            sizes.setdefault(known[:2], set()).add(known[2])
    return sizes


def _agree(
    above: dict[tuple[str, int], set[float]], below: dict[tuple[str, int], set[float]]
) -> bool:
    """Return whether numbers may meet unitless: a measure has one size or cancels below a slash."""
    for kind, sizes in above.items():
        cancelled = below.get(kind, set())
        if len(sizes - cancelled) > 1 or (cancelled and not sizes & cancelled):
            return False
    return True


def _times(tokens: list[Token], unknowns: frozenset[str]) -> list[Token]:
    """Read ``3 x 4``, ``40 % of 50`` and ``2/3 of 9`` as products."""
    if _TIMES.isdisjoint([token.text for token in tokens]):
        return tokens
    made: list[Token] = []
    for i, token in enumerate(tokens):
        if (
            token.text in _TIMES
            and 0 < i < len(tokens) - 1
            and _begins_number(tokens, i + 1)
            and _is_times(tokens, i, unknowns)
        ):
            made.append(Token("op", "×", token.start, token.end, token.spaced))
        else:
            made.append(token)
    return made


def _is_times(tokens: list[Token], i: int, unknowns: frozenset[str]) -> bool:
    token, before, after = tokens[i], tokens[i - 1], tokens[i + 1]
    if token.text in ("x", "X") and token.kind == "name":
        alike = token.spaced == after.spaced and (
            after.kind == "num" or (token.spaced and token.text not in unknowns)
        )
        return alike and (
            before.kind in ("num", "unit") or (before.kind == "word" and _is_counted(tokens, i - 1))
        )
    if token.kind != "word":
        return False
    if token.text == "times":
        return before.kind == "num"
    share = before.text == "%" or (before.kind == "num" and i > 2 and tokens[i - 2].text == "/")
    return token.text == "of" and share


def _is_counted(tokens: list[Token], i: int) -> bool:
    """Return whether a word is the unit of a number before it."""
    first = _first_of_unit(tokens, i)
    return first is not None


def _first_of_unit(tokens: list[Token], last: int) -> int | None:
    """Return where the words begin that end at ``last`` straight behind a number, or None."""
    at = last
    while (
        at >= 0
        and last - at < MAX_WORDS + 3
        and tokens[at].kind in ("word", "unit", "name", "prime", "op")
    ):
        if tokens[at].kind == "name" and not _below(tokens, at):
            return None
        if tokens[at].kind == "op" and tokens[at].text != "/":
            break
        at -= 1
    number = tokens[at] if at >= 0 else None
    if number is None or not (number.kind == "num" or number.text in (")", "%")):
        return None
    words = tokens[at + 1 : last + 1]
    return at + 1 if _are_unit(words) else None


def _below(tokens: list[Token], at: int) -> bool:
    """Return whether a letter is the lower part of a unit such as km/h."""
    return (
        at > 1
        and tokens[at - 1].text == "/"
        and tokens[at - 2].kind in ("unit", "word")
        and len(tokens[at].text) == 1
    )


def _are_unit(words: list[Token]) -> bool:
    """Return whether tokens name what is counted: units and words, with slashes between them."""
    plain = [token for token in words if token.kind in ("word", "unit")]
    if (
        not plain
        or len(plain) > MAX_WORDS
        or (words[-1].kind not in ("word", "unit", "name", "prime"))
    ):
        return False
    for i, token in enumerate(words):
        if token.kind == "unit":
            continue
        if token.kind == "op":
            if i + 1 >= len(words) or words[i + 1].kind not in ("word", "unit", "name"):
                return False
        elif token.kind == "word" and not _may_count(token.text, first=i == 0):
            return False
    return True


def _may_count(text: str, *, first: bool) -> bool:
    if text.isascii():
        if not all(_ENGLISH_WORD.fullmatch(part) for part in re.split(r"[\s/-]+", text) if part):
            return False
        parts = [part.lower() for part in text.split()]
        if first and parts[:1] == ["per"]:
            return True
        return not any(
            part in _NO_UNIT
            or (part in STOP and part not in _INSIDE)
            or (first and i == 0 and part in _INSIDE - {"each"})
            for i, part in enumerate(parts)
        )
    return _CHINESE_UNIT.fullmatch(text) is not None


def _begins_number(tokens: list[Token], at: int) -> bool:
    while at < len(tokens) and tokens[at].kind == "open" and tokens[at].text in "({":
        at += 1
    token = tokens[at] if at < len(tokens) else None
    return token is not None and (
        token.kind == "num" or (token.kind == "big" and token.text in ("frac", "root", "sqrt"))
    )


def _stretches(tokens: list[Token]) -> list[tuple[list[int], list[str], list[str]]]:
    """Return the words inside each calculation by index, its units and those below a slash."""
    found: list[tuple[list[int], list[str], list[str]]] = []
    inside: list[int] = []
    above: list[str] = []
    below: list[str] = []
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.kind in ("word", "unit") or (
            token.text == "/" and token.kind == "op" and _names_unit(tokens, at + 1)
        ):
            end = _end_of_words(tokens, at)
            words = tokens[at:end]
            before = tokens[at - 1] if at else None
            counts = (
                before is not None
                and (before.kind == "num" or before.text in (")", "%"))
                and _are_unit(words)
            )
            if counts:
                for i, word in enumerate(words):
                    under = i > 0 and words[i - 1].text in ("/", "per")
                    if word.kind in ("word", "unit"):
                        (below if under else above).append(word.text)
            if counts and _goes_on(tokens, at, end):
                inside.extend(range(at, end))
            else:
                found.append((inside, above, below))
                inside, above, below = [], [], []
            at = end
            continue
        if token.kind in ("sep", "arrow"):
            found.append((inside, above, below))
            inside, above, below = [], [], []
        at += 1
    found.append((inside, above, below))
    return [item for item in found if item[0]]


def _names_unit(tokens: list[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].kind in ("word", "unit")


def _end_of_words(tokens: list[Token], at: int) -> int:
    """Return the index after words, units and the slashes between them."""
    start = at
    while at < len(tokens):
        token = tokens[at]
        slash = (
            token.kind == "op"
            and token.text == "/"
            and (_names_unit(tokens, at + 1) or _is_letter_unit(tokens, at + 1))
        )
        below = token.kind == "name" and _below(tokens, at)
        if not (
            token.kind in ("word", "unit")
            or slash
            or below
            or (token.kind == "prime" and at > start)
        ):
            break
        at += 1
    return at


def _is_letter_unit(tokens: list[Token], at: int) -> bool:
    return (
        at < len(tokens)
        and tokens[at].kind == "name"
        and _below(tokens, at)
        and tokens[at].text in ("h", "s", "L")
    )


def _goes_on(tokens: list[Token], start: int, end: int) -> bool:
    """Return whether an operator and number, a result or a closing bracket follows the words."""
    following = tokens[end] if end < len(tokens) else None
    if following is None:
        return False
    if following.kind == "op" and following.text in _ARITHMETIC:
        # "at 2 metres -3" names another number, "2 metres - 3" goes on.
        sign = (
            following.text in "+-"
            and following.spaced
            and end + 1 < len(tokens)
            and not tokens[end + 1].spaced
        )
        return not sign and _begins_number(tokens, end + 1)
    if following.kind == "rel" and following.text in "=≈":
        return _begins_number(tokens, end + 1) and _calculates(tokens, start)
    return following.kind == "close" and following.text == ")" and _calculates(tokens, start)


def _calculates(tokens: list[Token], at: int) -> bool:
    """Return whether the side before the words calculates with numbers alone, units aside."""
    operators = 0
    earliest = max(0, at - MAX_SIDE)
    while at > earliest:
        at -= 1
        token = tokens[at]
        if token.kind == "op" and token.text in "+-*×/%":
            operators += (
                token.text != "%"
                and at > 0
                and tokens[at - 1].kind in ("num", "close", "unit", "word", "op")
            )
        elif token.kind in ("word", "unit") or (token.kind == "name" and _below(tokens, at)):
            first = _first_of_unit(tokens, at)
            if first is None:
                return operators > 0 and tokens[at + 1].kind != "op"
            at = first
        elif not (
            token.kind in ("num", "open", "close") or (token.kind == "big" and token.text == "frac")
        ):
            break
    return operators > 0
