"""Policies: reading them, and the verdict by the whole interval."""

from __future__ import annotations

import numpy as np
import pytest

from comparison.intervals import MeanEffect
from comparison.metrics import METRICS
from comparison.policy import (
    DEFAULT,
    Judged,
    Policy,
    PolicyError,
    Rule,
    Tier,
    Verdict,
    both_ends,
    judge,
    overall,
    read_policy,
    shared_level,
    worst,
)

RULE = Rule(metric=METRICS["score7"], max_drop=0.5)


def effect(mean: float, half: float, problems: int = 30) -> MeanEffect:
    """Return an effect whose 95 % interval reaches ``half`` to both sides."""
    unit = MeanEffect(estimate=0, standard_error=1, problems=problems).interval()
    assert unit is not None
    return MeanEffect(estimate=mean, standard_error=half / unit.high, problems=problems)


def verdict(mean: float, half: float, rule: Rule = RULE, problems: int = 30) -> Verdict:
    return judge(effect(mean, half, problems), rule, DEFAULT, difference=mean).verdict


@pytest.mark.parametrize(
    ("mean", "half", "expected"),
    [
        (0.0, 0.49, Verdict.PASS),
        (-0.3, 0.19, Verdict.PASS),
        (-0.3, 0.21, Verdict.INCONCLUSIVE),
        (0.0, 0.51, Verdict.INCONCLUSIVE),
        (-0.7, 0.21, Verdict.INCONCLUSIVE),
        (-0.7, 0.19, Verdict.BLOCK),
        (3.0, 0.1, Verdict.PASS),
        (-0.5, 0.0, Verdict.PASS),
        (-0.51, 0.0, Verdict.BLOCK),
    ],
)
def test_the_whole_interval_decides(mean: float, half: float, expected: Verdict) -> None:
    assert verdict(mean, half) is expected


def test_few_problems_give_no_verdict() -> None:
    assert verdict(-3, 0.1, problems=9) is Verdict.INCONCLUSIVE
    assert verdict(-3, 0.1, problems=10) is Verdict.BLOCK
    alone = MeanEffect.of(np.array([-3.0]))
    assert judge(alone, RULE, DEFAULT, difference=-3).verdict is Verdict.INCONCLUSIVE


def test_a_rule_that_warns_does_not_block() -> None:
    rule = Rule(metric=METRICS["score7"], max_drop=0.5, tier=Tier.WARN)

    assert verdict(-0.9, 0.1, rule) is Verdict.WARN


def test_below_the_least_effect_nothing_is_broken() -> None:
    rule = Rule(metric=METRICS["need_mib"], max_drop=0.0, relative=True, least_effect=2.0)

    assert judge(effect(-0.01, 0.001), rule, DEFAULT, difference=1.0).verdict is Verdict.PASS
    assert judge(effect(-0.03, 0.001), rule, DEFAULT, difference=3.0).verdict is Verdict.BLOCK


def test_ratios_are_allowed_their_share() -> None:
    slower = Rule(metric=METRICS["ttft_ms"], max_drop=10.0, relative=True)
    fewer = Rule(metric=METRICS["tokens_per_s"], max_drop=10.0, relative=True)

    assert np.exp(slower.allowed) == pytest.approx(1.10)
    assert np.exp(-fewer.allowed) == pytest.approx(0.90)


def judged(verdict: Verdict, p: float = 1.0, tier: Tier = Tier.BLOCK) -> Judged:
    rule = Rule(metric=METRICS["score7"], max_drop=0.5, tier=tier)
    return Judged(rule=rule, verdict=verdict, why="because", p_breach=p)


def test_both_ends_must_agree() -> None:
    agreed = both_ends(judged(Verdict.BLOCK, 0.001), judged(Verdict.BLOCK, 0.02))
    apart = both_ends(judged(Verdict.PASS), judged(Verdict.BLOCK, 0.01))

    assert (agreed.verdict, agreed.p_breach) == (Verdict.BLOCK, 0.02)
    assert apart.verdict is Verdict.INCONCLUSIVE
    assert "undetermined" in apart.why


def test_rules_share_the_level() -> None:
    alone = shared_level([judged(Verdict.BLOCK, 0.02)])
    of_five = shared_level([judged(Verdict.BLOCK, 0.02), *[judged(Verdict.PASS)] * 4])
    surely = shared_level([judged(Verdict.BLOCK, 0.004), *[judged(Verdict.PASS)] * 4])

    assert [one.verdict for one in alone] == [Verdict.BLOCK]
    assert of_five[0].verdict is Verdict.INCONCLUSIVE
    assert surely[0].verdict is Verdict.BLOCK


def test_the_verdict_of_all_rules() -> None:
    passed, blocked = judged(Verdict.PASS), judged(Verdict.BLOCK)
    unsure, warned = judged(Verdict.INCONCLUSIVE), judged(Verdict.WARN, tier=Tier.WARN)
    unsure_warning = judged(Verdict.INCONCLUSIVE, tier=Tier.WARN)

    assert overall([passed, unsure, blocked, warned]) is Verdict.BLOCK
    assert overall([passed, unsure, warned]) is Verdict.INCONCLUSIVE
    assert overall([passed, warned]) is Verdict.WARN
    assert overall([passed, unsure_warning]) is Verdict.PASS
    assert worst([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.WARN]) is Verdict.INCONCLUSIVE
    assert worst([]) is Verdict.INCONCLUSIVE


def test_a_policy_is_read() -> None:
    policy = read_policy(
        """
        confidence = 0.9
        [[rule]]
        metric = "score7"
        max_drop = 0.5
        category = "modelling"
        [[rule]]
        metric = "ttft_ms"
        max_drop = "10 %"
        tier = "warn"
        least_effect = 2
        [[rule]]
        metric = "score7"
        max_drop = "5%"
        """
    )

    assert policy == Policy(
        level=0.9,
        rules=(
            Rule(metric=METRICS["score7"], max_drop=0.5, category="modelling"),
            Rule(
                metric=METRICS["ttft_ms"],
                max_drop=10,
                relative=True,
                tier=Tier.WARN,
                least_effect=2,
            ),
            Rule(metric=METRICS["score7"], max_drop=5, relative=True),
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = [", "not valid TOML"),
        ("", "at least one"),
        ("rule = 3", "at least one"),
        ("what = 1", "unknown keys what"),
        ("confidence = 1.2\n[[rule]]\nmetric = 'score7'\nmax_drop = 1", "confidence"),
        ("confidence = 0.2\n[[rule]]\nmetric = 'score7'\nmax_drop = 1", "confidence"),
        ("fewest_problems = 1\n[[rule]]\nmetric = 'score7'\nmax_drop = 1", "fewest_problems"),
        ("[[rule]]\nmetric = 'speed'\nmax_drop = 1", "unknown metric 'speed'"),
        ("[[rule]]\nmetric = 'score7'", "needs a max_drop"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = -1", "from 0"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = true", "from 0"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = nan", "from 0"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = 'half'", "N %"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = '100 %'", "below 100 %"),
        ("[[rule]]\nmetric = 'ttft_ms'\nmax_drop = 10", "per cent"),
        ("[[rule]]\nmetric = 'output_tokens'\nmax_drop = '1 %'", "no better direction"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = 1\ntier = 'shout'", "block or warn"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = 1\ncategory = 7", "category"),
        ("[[rule]]\nmetric = 'score7'\nmax_drop = 1\nlimit = 7", "unknown keys limit"),
    ],
)
def test_an_unusable_policy_says_what_to_change(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        read_policy(text)
