"""Letters that stand for any number: which two differ in name alone, and what a name is."""

from __future__ import annotations

import re

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
