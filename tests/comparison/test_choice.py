"""Choices: utilities, how far the data carry them, what would change them."""

from __future__ import annotations

import numpy as np
import pytest

from comparison.choice import (
    NEEDED,
    PRIORITIES,
    Candidate,
    choose,
    dominated,
    known_criteria,
)


def candidate(name: str, problems: int = 30, **values: float) -> Candidate:
    """Return a candidate whose problems all have these values."""
    return Candidate(
        name=name, values={key: np.full(problems, value) for key, value in values.items()}
    )


def noisy(name: str, mean: float, seed: int, problems: int = 30) -> Candidate:
    scores = np.random.default_rng(seed).normal(mean, 1.0, problems)
    return Candidate(name=name, values={"score7": scores})


def test_the_best_of_one_criterion_has_utility_1() -> None:
    found = choose(
        [candidate("a", e2e_s=2.0), candidate("b", e2e_s=1.0), candidate("c", e2e_s=4.0)],
        {"e2e_s": 5},
    )

    assert (found.chosen, found.utility) == ("b", 1.0)
    assert [(one.name, one.utility) for one in found.rivals] == [("a", 0.5), ("c", 0.25)]
    assert found.certain


def test_one_slow_request_does_not_make_a_model_slower() -> None:
    """Times are medians over problems, as in the tables of results; scores are means."""
    outlier = np.array([1.0] * 29 + [300.0])
    quick = Candidate(name="quick", values={"e2e_s": outlier, "ttft_ms": outlier})
    steady = candidate("steady", e2e_s=2.0, ttft_ms=2.0)

    assert quick.average("e2e_s") == 1.0
    assert choose([steady, quick], PRIORITIES["fastest"]).chosen == "quick"
    scores = Candidate(name="scores", values={"score7": np.array([7.0, 7.0, 1.0])})
    assert scores.average("score7") == 5.0


def test_weights_decide_and_the_nearest_other_weight_is_named() -> None:
    strong, cheap = (
        candidate("strong", score7=6.0, cost=2.0),
        candidate("cheap", score7=3.0, cost=1.0),
    )

    rigorous = choose([cheap, strong], {"score7": 0.7, "cost": 0.3})
    frugal = choose([cheap, strong], {"score7": 0.3, "cost": 0.7})

    # Both ratios are one half: the answer turns where both weights are the same.
    assert (rigorous.chosen, frugal.chosen) == ("strong", "cheap")
    assert {(one.criterion, one.weight, one.instead) for one in rigorous.changes} == {
        ("score7", 0.49, "cheap"),
        ("cost", 0.51, "cheap"),
    }


def test_a_dearer_choice_is_no_longer_chosen() -> None:
    a, b = candidate("a", cost=1.0, score7=5.0), candidate("b", cost=2.0, score7=5.0)

    found = choose([a, b], {"cost": 1})

    assert found.dearer is not None
    assert found.dearer.instead == "b"
    assert found.dearer.factor == pytest.approx(2.0, rel=0.02)
    assert choose([a, b], {"score7": 1}).dearer is None


def test_noise_is_no_difference_and_a_large_lead_is_one() -> None:
    near = choose([noisy("a", 4.0, 1), noisy("b", 4.1, 2)], {"score7": 1})
    far = choose([noisy("a", 4.0, 1), noisy("b", 6.0, 2)], {"score7": 1})

    assert not near.certain
    assert near.rivals[0].interval is not None
    assert near.rivals[0].interval.low < 0
    assert (far.chosen, far.certain) == ("b", True)


def test_few_problems_are_never_certain() -> None:
    found = choose([noisy("a", 1.0, 1, 9), noisy("b", 6.0, 2, 9)], {"score7": 1})

    assert (found.chosen, found.certain) == ("b", False)
    assert found.rivals[0].interval is None


def test_a_criterion_that_one_lacks_gives_its_weight_away() -> None:
    a, b = candidate("a", score7=5.0, cost=1.0), candidate("b", score7=4.0)

    found = choose([a, b], PRIORITIES["steady-cheap"])

    assert known_criteria([a, b]) == ["score7"]
    assert (dict(found.weights), found.left_out) == ({"score7": 1.0}, ("steady", "cost"))
    assert choose([a, b], PRIORITIES["fastest"]).chosen is None
    assert choose([], PRIORITIES["fastest"]).chosen is None


def test_a_criterion_that_is_needed_gives_no_weight_away() -> None:
    several = [candidate("a", score7=5.0, steady=90.0), candidate("b", score7=4.0, steady=95.0)]
    weights, needed = PRIORITIES["steady-cheap"], NEEDED["steady-cheap"]

    without = choose(several, weights, needed=needed)

    assert choose(several, weights).chosen == "a"
    assert (without.chosen, without.left_out) == (None, ("cost",))
    priced = [
        Candidate(name=one.name, values={**one.values, "cost": np.full(30, 1.0)}) for one in several
    ]
    assert choose(priced, weights, needed=needed).chosen == "a"
    assert all(set(names) <= set(PRIORITIES[name]) for name, names in NEEDED.items())


def test_the_same_utility_is_a_tie() -> None:
    level = [candidate("a", score7=4.0), candidate("b", score7=4.0), candidate("c", score7=1.0)]

    found = choose(level, {"score7": 1})

    assert (found.chosen, found.tied, found.certain) == ("a", ("b",), False)
    assert choose([level[0], level[2]], {"score7": 1}).tied == ()


def test_values_of_zero_are_compared() -> None:
    zero = [candidate("a", steady=0.0, cost=0.0), candidate("b", steady=0.0, cost=1.0)]

    assert choose(zero, {"steady": 1}).utility == 1.0
    assert choose(zero, {"cost": 1}).chosen == "a"


def test_the_front_leaves_out_what_another_beats() -> None:
    several = [
        candidate("strong", score7=6.0, cost=3.0),
        candidate("cheap", score7=3.0, cost=1.0),
        candidate("poor", score7=3.0, cost=2.0),
        candidate("twin", score7=3.0, cost=1.0),
    ]

    found = dominated(several, ["score7", "cost"])

    assert found == {"strong": [], "cheap": [], "poor": ["cheap", "twin"], "twin": []}
