"""A count is one of a noun or several, also where none is."""

from __future__ import annotations

import pytest

from core.counts import counted


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 jobs"), (1, "1 job"), (2, "2 jobs"), (1000, "1,000 jobs")]
)
def test_only_one_is_one(count: int, said: str) -> None:
    assert counted(count, "job") == said


@pytest.mark.parametrize(("count", "said"), [(1, "1 reply"), (2, "2 replies")])
def test_a_noun_may_have_its_own_plural(count: int, said: str) -> None:
    assert counted(count, "reply", "replies") == said
