"""Letters that stand for any number: which two differ in name alone, and what a name is."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import partial

#: Letters of one row are said for each other: whole numbers, constants of an integral.
_ALIKE = (frozenset("kmnl"), frozenset("CcKk"))


def same_name(one: str, other: str) -> bool:
    """Return whether two names differ in their writing alone: ``a_n``, ``a_{n}``, ``a(n)``."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    return re.sub(r"[_{}()\s\\]", "", _OF_X.sub("", name))


#: What a function is of: ``y(x)`` is ``y``.
_OF_X = re.compile(r"(?<=^y)\s*\([xt]\)$")


def renamed(wanted: str, stated: str, letters: tuple[frozenset[str], frozenset[str]]) -> str | None:
    """Return a value with the letter for any number that the reference has for it, else None.

    Only where each has one letter that the other lacks, and it stands beside π or alone in a sum.
    """
    ours, theirs = letters[0] - letters[1], letters[1] - letters[0]
    if len(ours) != 1 or len(theirs) != 1:
        return None
    (our,), (their,) = ours, theirs
    integer = {our, their} <= _ALIKE[0] and "pi" in wanted.replace("π", "pi")
    constant = {our, their} <= _ALIKE[1] and all(
        re.search(rf"\+\s*{letter}\s*$", text) for letter, text in ((our, wanted), (their, stated))
    )
    if not (integer or constant):
        return None
    return re.sub(rf"(?<![A-Za-z\\]){their}(?![A-Za-z])", our, stated)


#: A question whose answer holds constants that may have any name.
_GENERAL = re.compile(
    r"generalsolution|differentialequation|antiderivative|indefiniteintegral|通解|微分方程|不定积分"
    r"|solve[^.]*(?:'|dy/dx|\\frac\{dy\}\{dx\})|dy/dx|\\frac\{dy\}\{dx\}|y'",
    re.IGNORECASE,
)
#: A capital, or one of the small letters that stand for constants, with its number.
_CONSTANT = re.compile(
    r"(?<![A-Za-z\\])[A-Z](?:_\{?\d\}?)?(?=[^A-Za-z]|[ex]|$)"
    r"|(?<![A-Za-z\\])[abck](?:_\{?\d\}?)?(?=[^A-Za-z]|[ex](?![a-z])|$)"
)
MAX_CONSTANTS = 3


def with_constants_of(wanted: str, stated: str, question: str) -> Iterator[str]:
    """Yield a stated value with its constants called as those of the reference, in any order.

    Constants are letters that stand nowhere in the question, which must ask for a general
    solution. Nothing where the two have not as many of them.
    """
    if _GENERAL.search(question) is None:
        return
    ours, theirs = _constants(wanted, question), _constants(stated, question)
    if not ours or len(ours) != len(theirs) or len(ours) > MAX_CONSTANTS or ours == theirs:
        return
    for order in itertools.permutations(ours):
        names = {their: f"({our})" for their, our in zip(theirs, order, strict=True)}
        yield _CONSTANT.sub(partial(_called, names), stated)


def _called(names: Mapping[str, str], found: re.Match[str]) -> str:
    return names.get(found.group(), found.group())


def _constants(text: str, question: str) -> tuple[str, ...]:
    """Return the constants of a value in their order."""
    return tuple(
        name
        for name in dict.fromkeys(_CONSTANT.findall(text))
        if re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", question) is None
    )
