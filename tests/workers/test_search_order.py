"""Which level a search tries next, by brute force over every limit, resumed after every trial."""

from __future__ import annotations

import math

import pytest

from tests.support.probing import tried
from workers.probes.search_order import is_news, next_bisected, next_in_turn, next_ramp
from workers.probes.trial import Trial


def bisected(limit: int, *, most: int, trials: int, fails_at: int = 1) -> list[Trial]:
    """Return all trials of a search whose levels above ``limit`` fail at trial ``fails_at``."""
    done: list[Trial] = []
    while (wanted := next_bisected(done, trials=trials, most=most)) is not None:
        level, number = wanted
        done.append(tried(level, number, stable=level <= limit or number < fails_at))
    return done


@pytest.mark.parametrize("trials", [1, 3])
@pytest.mark.parametrize("most", [1, 2, 3, 7, 8, 13, 20])
def test_every_limit_is_found_and_closed_in_from_both_sides(most: int, trials: int) -> None:
    for limit in range(most + 1):
        for fails_at in range(1, trials + 1):
            done = bisected(limit, most=most, trials=trials, fails_at=fails_at)
            levels = {
                trial.level: [one for one in done if one.level == trial.level] for trial in done
            }
            stable = {
                level for level, group in levels.items() if all(trial.stable for trial in group)
            }
            assert max(stable, default=0) == limit
            assert (limit + 1 in levels) == (limit < most), "the bracket is closed"
            assert all(len(levels[level]) == trials for level in stable)
            assert all(len(group) == fails_at for level, group in levels.items() if level > limit)
            assert len(levels) <= 2 * math.ceil(math.log2(most + 1)) + 1


def test_no_trial_is_tried_twice_and_levels_double_before_they_are_bisected() -> None:
    assert [(t.level, t.trial) for t in bisected(5, most=64, trials=2)] == [
        (1, 1),
        (1, 2),
        (2, 1),
        (2, 2),
        (4, 1),
        (4, 2),
        (8, 1),
        (6, 1),
        (5, 1),
        (5, 2),
    ]


def test_a_search_resumes_wherever_it_was_interrupted() -> None:
    whole = bisected(11, most=20, trials=3)
    for kept in range(len(whole)):
        done = whole[:kept]
        while (wanted := next_bisected(done, trials=3, most=20)) is not None:
            done.append(tried(*wanted, stable=wanted[0] <= 11))
        assert done == whole


def test_what_was_stable_above_a_level_that_was_not_does_not_count_to_the_limit() -> None:
    done = [
        tried(1, 1, stable=True),
        tried(2, 1, stable=True),
        tried(4, 1, stable=True),
        tried(8, 1, stable=False),
    ]
    done += [tried(3, 1, stable=False)]
    assert next_bisected(done, trials=1, most=8) is None, "2 is stable and 3 is not"


def test_lengths_are_tried_in_turn_up_to_the_first_that_is_not_stable() -> None:
    for limit in (0, 10, 20, 30, 40):
        done: list[Trial] = []
        while (wanted := next_in_turn(done, levels=(30, 10, 20, 40), trials=2)) is not None:
            done.append(tried(*wanted, stable=wanted[0] <= limit))
        expected = [level for level in (10, 20, 30, 40) if level <= limit]
        assert [t.level for t in done if t.stable] == [
            level for level in expected for _ in range(2)
        ]
        assert [t.level for t in done if not t.stable] == ([limit + 10] if limit < 40 else [])


def test_ramps_come_one_after_another_and_an_interrupted_one_again() -> None:
    assert next_ramp([], ramps=2, most=3) == 1
    begun = [tried(1, 1), tried(2, 1)]
    assert next_ramp(begun, ramps=2, most=3) == 1
    failed = [*begun, tried(3, 1, stable=False)]
    assert next_ramp(failed, ramps=2, most=3) == 2
    assert next_ramp([*failed, tried(1, 2), tried(2, 2), tried(3, 2)], ramps=2, most=3) is None


def test_a_repeated_level_is_news_where_it_is_not_stable_any_more() -> None:
    done = [tried(1, 1), tried(2, 1)]
    assert not is_news(tried(2, 1), done)
    assert is_news(tried(2, 2), done)
    assert is_news(tried(2, 1, stable=False), done)
