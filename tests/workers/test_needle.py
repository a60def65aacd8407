"""A needle in a haystack: its answer, and lines that fill a context."""

from __future__ import annotations

import pytest

from workers.probes.needle import HAYSTACK, Needle, lines_for


def test_a_needle_is_right_where_its_last_integer_is() -> None:
    needle = Needle(factor=3, summand=7, point=12)
    assert needle.answer == 43
    assert "def f(x): return 3*x + 7" in needle.prompt(0)
    assert needle.right("f(12) = 3*12 + 7 = 43.")
    assert not needle.right("43 or 44")
    assert not needle.right("no number")
    assert not needle.right("-43")
    assert Needle.from_seed(5) == Needle.from_seed(5)
    assert len({Needle.from_seed(seed) for seed in range(20)}) > 10


@pytest.mark.parametrize(
    ("tokens", "characters"),
    [(192, 7), *((tokens, few) for tokens in (1000, 8128, 262_080) for few in (1, 3, 7))],
)
def test_neutral_lines_fill_a_context_and_never_more(tokens: int, characters: int) -> None:
    def count(lines: int) -> int:
        """Count tokens of ``characters`` each, line by line."""
        return 60 + sum(
            -(-len(HAYSTACK[number % len(HAYSTACK)]) // characters) for number in range(lines)
        )

    one, two = count(len(HAYSTACK)), count(2 * len(HAYSTACK))
    found = count(lines_for(tokens, one_round=one, two_rounds=two))
    assert tokens - 3 * (one - 60) / len(HAYSTACK) < found <= tokens
