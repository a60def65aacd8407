"""Rules + judge: who may change which verdict, and the score that follows."""

from __future__ import annotations

import itertools

import pytest

from problems.loader import load_set
from problems.schema import Path
from scoring.judging.merge import merge, open_steps
from scoring.judging.reply import JudgeVerdict

PATH: Path = load_set("core").get("sec-symmetric-01").paths[0]
STEPS = [step.id for step in PATH.steps]
RULES = ("done", "present_invalid", "wrong", "missing", "undetermined", "unclear")
SAID = ("done", "wrong", "missing", None)


def verdict(step: str, said: str | None, reason: str = "") -> JudgeVerdict:
    return JudgeVerdict(step_id=step, verdict=said, reason=reason)


@pytest.mark.parametrize(("rules", "said"), list(itertools.product(RULES, SAID)))
def test_a_judge_decides_only_what_the_rules_did_not_find(rules: str, said: str | None) -> None:
    first = STEPS[0]
    (step, *_) = merge(
        PATH, {first: rules} | dict.fromkeys(STEPS[1:], "done"), [verdict(first, said)]
    ).steps

    open_to_it = rules in {"missing", "undetermined", "unclear"}
    assert step.verdict == (said if open_to_it and said else rules)
    assert step.flagged == (rules == "done" and said in {"wrong", "missing"})


def test_no_usable_reply_leaves_the_step_and_says_why() -> None:
    rules = dict.fromkeys(STEPS, "undetermined")
    merged = merge(PATH, rules, [verdict(STEPS[0], None, "the verdict has no quote")])

    assert (merged.score7, merged.score7_high, merged.coverage) == (0.0, 7.0, 0.0)
    assert merged.steps[0].reason == "the verdict has no quote"
    assert merged.steps_changed == 0


def test_the_newest_usable_verdict_of_a_judge_counts() -> None:
    rules = dict.fromkeys(STEPS, "missing")
    said = [verdict(STEPS[0], "wrong"), verdict(STEPS[0], "done"), verdict(STEPS[0], None)]

    assert merge(PATH, rules, said).steps[0].verdict == "done"


def test_the_score_follows_from_the_weights() -> None:
    rules = dict.fromkeys(STEPS, "undetermined") | {STEPS[0]: "done"}
    merged = merge(PATH, rules, [verdict(STEPS[1], "done"), verdict(STEPS[0], "missing")])
    weight = sum(step.weight for step in PATH.necessary)
    done = PATH.steps[0].weight + PATH.steps[1].weight

    assert merged.score7 == pytest.approx(7 * done / weight, abs=1e-4)
    assert merged.score7_high == pytest.approx(7)
    assert merged.coverage == pytest.approx(done / weight)
    assert (merged.steps_changed, merged.dones_flagged) == (1, 1)


def test_only_necessary_steps_that_the_rules_did_not_find_are_open() -> None:
    found = dict(zip(STEPS, ("done", "undetermined", "wrong", "missing"), strict=False))

    assert open_steps(PATH, found) == tuple(
        step for step, said in found.items() if said in {"undetermined", "missing"}
    )
