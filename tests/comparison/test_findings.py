"""Findings: what comparing two sides says of metrics, flips and rules."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pytest

from comparison.comparable import Refusal
from comparison.findings import Comparison, Finding, Side, compare
from comparison.metrics import COLUMNS, Kind
from comparison.paired import Cell
from comparison.policy import DEFAULT, Verdict, read_policy

NAN = math.nan
CATEGORIES = {f"p{n:02}": ("secondary", "university")[n % 2] for n in range(62)}


def side(
    *, problems: int = 62, repetitions: int = 3, seed: int = 1, drop: float = 0.0, **fixed: float
) -> Side:
    """Return seeded results; ``fixed`` columns have one value."""
    generator = np.random.default_rng(seed)
    names = list(CATEGORIES)[:problems]
    cells: list[Cell] = [(name, "plain") for name in names for _ in range(repetitions)]
    level = np.repeat(np.random.default_rng(0).uniform(1, 7, problems), repetitions)
    size = len(cells)
    score = np.clip(np.round(3 * (level - drop + generator.normal(0, 0.7, size))) / 3, 0, 7)
    values = {name: np.exp(generator.normal(3, 0.2, size)) for name in COLUMNS}
    values |= {
        "score7": score,
        "score7_high": score,
        "answer_correct": (score > 4).astype(float),
        "guess_suspected": np.zeros(size),
        "cut": np.zeros(size),
    }
    values |= {name: np.full(size, value) for name, value in fixed.items()}
    return Side(cells=cells, values=values)


def overall(comparison: Comparison) -> Mapping[str, Finding]:
    return {one.metric.name: one for one in comparison.findings if one.category is None}


def test_the_same_results_show_no_difference_and_never_block() -> None:
    a = side()

    found = compare(a, a, categories=CATEGORIES)

    assert found.verdict is Verdict.PASS
    assert {one.word(0.95) for one in found.findings} == {"no difference"}
    assert {one.p_value for one in found.findings} == {1.0}
    assert found.flips.flips == ()


def test_six_problems_are_too_few_unless_both_sides_are_the_same_results() -> None:
    a, b = side(problems=6), side(problems=6, seed=2, drop=6)

    assert compare(a, b, categories=CATEGORIES).verdict is Verdict.INCONCLUSIVE
    assert compare(a, a, categories=CATEGORIES).verdict is Verdict.INCONCLUSIVE
    assert compare(a, a, categories=CATEGORIES, same=True).verdict is Verdict.PASS


def test_intervals_of_scores_and_shares_end_with_the_scale_and_ratios_do_not() -> None:
    """One of three problems keeps its answer: Student's interval would pass -100 points."""
    names = list(CATEGORIES)[:3]
    cells: list[Cell] = [(name, "plain") for name in names]
    fixed = {name: np.full(3, 10.0) for name in COLUMNS}
    right = fixed | {"score7": np.array([7.0, 7.0, 3.0]), "answer_correct": np.ones(3)}
    slow = fixed | {
        "score7": np.array([0.0, 1.0, 0.0]),
        "answer_correct": np.array([0.0, 0.0, 1.0]),
        "ttft_ms": np.array([10.0, 90.0, 700.0]),
    }
    a, b = Side(cells=cells, values=right), Side(cells=cells, values=slow)
    found = overall(compare(a, b, categories=CATEGORIES))

    score, share, ratio = (found[name].interval for name in ("score7", "answer_correct", "ttft_ms"))
    assert score is not None
    assert share is not None
    assert ratio is not None
    assert (score.low, share.low) == (-7.0, -100.0)
    assert share.high == pytest.approx(76.755, abs=0.001), "this end lies within the scale"
    assert ratio.high > 100


def test_a_large_drop_blocks_and_is_found_in_every_category() -> None:
    found = compare(side(), side(seed=2, drop=1.5), categories=CATEGORIES)
    scores = [one for one in found.findings if one.metric.name == "score7"]

    assert found.verdict is Verdict.BLOCK
    assert [one.category for one in scores] == [None, "secondary", "university"]
    assert [one.word(0.95) for one in scores] == ["worse"] * 3
    assert [one.problems for one in scores] == [62, 31, 31]
    assert {flip.lost for flip in found.flips.flips} == {True}
    assert found.flips.p_value < 0.05


def test_directions_and_units() -> None:
    a = side(ttft_ms=100.0, tokens_per_s=50.0, need_mib=1000.0, output_tokens=10.0)
    b = side(ttft_ms=150.0, tokens_per_s=75.0, need_mib=500.0, output_tokens=20.0)

    found = overall(compare(a, b, categories=CATEGORIES))

    assert {name: found[name].word(0.95) for name in ("ttft_ms", "tokens_per_s", "need_mib")} == {
        "ttft_ms": "worse",
        "tokens_per_s": "better",
        "need_mib": "better",
    }
    assert found["output_tokens"].word(0.95) == "more"
    assert found["ttft_ms"].difference == pytest.approx(50.0)
    assert found["ttft_ms_p95"].difference == pytest.approx(50.0)
    assert (found["ttft_ms"].a, found["ttft_ms"].b) == pytest.approx((100.0, 150.0))
    assert found["need_mib"].difference == pytest.approx(-50.0)


def test_a_percentile_counts_results_and_not_problems() -> None:
    a, b = side(), side(seed=2)
    slow = np.where(np.arange(len(b.cells)) % 3 == 0, 3, 1)
    b = Side(cells=b.cells, values={**b.values, "e2e_s": slow * b.values["e2e_s"]})

    found = overall(compare(a, b, categories=CATEGORIES))

    assert found["e2e_s_p95"].a == np.percentile(a.values["e2e_s"], 95, method="inverted_cdf")
    assert found["e2e_s_p95"].word(0.95) == "worse"


def test_refused_metrics_have_no_numbers_and_their_rules_are_inconclusive() -> None:
    slower = Refusal(condition="GPU", reason="another GPU", kinds=frozenset({Kind.TIME}))
    policy = read_policy('[[rule]]\nmetric = "ttft_ms"\nmax_drop = "10 %"')
    a, b = side(), side(seed=2, ttft_ms=1e6)

    refused = compare(a, b, categories=CATEGORIES, refused=[slower], policy=policy)
    forced = compare(a, b, categories=CATEGORIES, refused=[slower], policy=policy, force=True)

    assert overall(refused)["ttft_ms"].refused == ("another GPU",)
    assert overall(refused)["ttft_ms"].difference is None
    assert overall(refused)["score7"].refused == ()
    assert (refused.verdict, refused.forced) == (Verdict.INCONCLUSIVE, False)
    assert "another GPU" in refused.judged[0].why
    assert (forced.verdict, forced.forced) == (Verdict.BLOCK, True)


def test_undetermined_steps_must_not_change_the_verdict() -> None:
    a, b = side(), side(seed=2, drop=2)
    high = np.maximum(b.values["score7"], a.values["score7"])
    b = Side(cells=b.cells, values={**b.values, "score7_high": high})

    found = compare(a, b, categories=CATEGORIES)

    assert overall(found)["score7"].word(0.95) == "worse"
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.judged[0].why.startswith("block counting only the steps that are shown, pass if")


def test_an_open_verdict_says_what_would_decide_it() -> None:
    found = compare(side(problems=14), side(problems=14, seed=5, drop=0.25), categories=CATEGORIES)
    (judged,) = found.judged

    assert judged.verdict is Verdict.INCONCLUSIVE
    assert judged.needs is not None
    assert judged.needs.problems is not None
    assert judged.needs.problems > 14
    assert judged.needs.repetitions is None or judged.needs.repetitions > 3


def test_a_relative_allowance_is_a_contrast_of_both_sides() -> None:
    policy = read_policy('[[rule]]\nmetric = "score7"\nmax_drop = "10 %"')
    a = side(score7=5.0, score7_high=5.0)

    for score, expected in ((4.6, Verdict.PASS), (4.4, Verdict.BLOCK)):
        b = side(score7=score, score7_high=score)
        assert compare(a, b, categories=CATEGORIES, policy=policy).verdict is expected


def test_a_rule_of_a_category_reads_its_problems_alone() -> None:
    policy = read_policy(
        '[[rule]]\nmetric = "score7"\nmax_drop = 0.5\ncategory = "university"\n'
        '[[rule]]\nmetric = "score7"\nmax_drop = 0.5\ncategory = "nowhere"'
    )
    a = side()
    of_university = np.array([CATEGORIES[cell[0]] == "university" for cell in a.cells])
    lower = np.where(of_university, np.maximum(a.values["score7"] - 2, 0), a.values["score7"])
    b = Side(cells=a.cells, values={**a.values, "score7": lower, "score7_high": lower})

    first, second = compare(a, b, categories=CATEGORIES, policy=policy).judged

    assert first.verdict is Verdict.BLOCK
    assert (second.verdict, second.why) == (
        Verdict.INCONCLUSIVE,
        "no problem has score7 on both sides",
    )


def test_flips_take_the_majority_and_show_an_answer_of_each_side() -> None:
    cells: list[Cell] = [(p, "plain") for p in ("p00", "p01", "p02") for _ in range(3)]
    values = {name: np.ones(9) for name in COLUMNS}
    a = Side(
        cells=cells, values=values | {"answer_correct": np.array([0, 1, 1, 0, 0, 1, 1, 0, NAN])}
    )
    b = Side(cells=cells, values=values | {"answer_correct": np.array([0, 0, 1, 1, 1, 1, 0, 0, 0])})

    flips = compare(a, b, categories=CATEGORIES).flips

    assert [(one.cell[0], one.lost) for one in flips.flips] == [("p00", True), ("p01", False)]
    first = flips.flips[0]
    assert (first.right_a, first.decided_a, first.right_b, first.decided_b) == (2, 3, 1, 3)
    assert (first.example_a, first.example_b) == (1, 0)
    # p02: half of its decided answers were right, none is: it fell, and did not flip.
    assert (flips.fell, flips.rose, flips.p_value) == (2, 1, 1.0)


def test_metrics_that_a_side_lacks_are_left_out() -> None:
    found = compare(side(), side(need_mib=NAN), categories=CATEGORIES)

    assert "need_mib" not in overall(found)
    assert DEFAULT.rules[0].metric.name in overall(found)


def test_a_percentile_of_few_problems_has_no_interval_and_no_verdict() -> None:
    policy = read_policy('[[rule]]\nmetric = "e2e_s_p95"\nmax_drop = "10 %"')

    found = compare(
        side(problems=14), side(problems=14, e2e_s=1e6), categories=CATEGORIES, policy=policy
    )

    assert overall(found)["e2e_s_p95"].interval is None
    assert found.judged[0].why == "14 problems are too few for an interval of this metric"


def test_a_percentile_is_shown_of_paired_results_alone() -> None:
    a, b = side(), side(problems=30, seed=2)

    found = overall(compare(a, b, categories=CATEGORIES))

    paired = a.values["e2e_s"][: 30 * 3]
    assert found["e2e_s_p95"].a == np.percentile(paired, 95, method="inverted_cdf")


def test_equal_results_in_another_order_keep_an_allowance_of_nothing() -> None:
    cells: list[Cell] = [(name, "plain") for name in CATEGORIES for _ in range(3)]
    values = {name: np.ones(len(cells)) for name in COLUMNS}
    turned = {"score7": [0.3, 0.2, 0.1], "score7_high": [0.3, 0.2, 0.1]}
    a = Side(cells=cells, values=values | {name: np.tile([0.1, 0.2, 0.3], 62) for name in turned})
    b = Side(cells=cells, values=values | {name: np.tile(v, 62) for name, v in turned.items()})

    for drop in ("0", '"0 %"'):
        policy = read_policy(f'[[rule]]\nmetric = "score7"\nmax_drop = {drop}')
        found = compare(a, b, categories=CATEGORIES, policy=policy)
        assert found.verdict is Verdict.PASS
        assert overall(found)["score7"].word(0.95) == "no difference"
