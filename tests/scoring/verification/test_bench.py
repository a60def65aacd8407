"""Planted faults and the counts of the bench."""

from __future__ import annotations

from problems.loader import load_set
from scoring.quality.planted_faults import KINDS, PER_ANSWER, planted_faults
from scoring.quality.verification_bench import Base, run_bench, split_of, whole

PROBLEM = load_set("core").get("sec-symmetric-01")
TEXT = """Since $a>0$, we may divide. The sum is $25-2\\times 6=13$.

From $t^2-5t+6=0$ we get $(t-2)(t-3)=0$, so $t=2$ or $t=3$.

The length is 4 km for all $n$. Then $S=(t-1)^2=t^2-2t+1$.
"""


def test_each_fault_is_one_alteration() -> None:
    """A variant differs in the altered piece alone, and is the same each time."""
    faults = planted_faults(PROBLEM, TEXT, seed="x")
    assert faults == planted_faults(PROBLEM, TEXT, seed="x")
    for fault in faults:
        behind = len(fault.text) - fault.end
        assert fault.text != TEXT
        assert fault.text[: fault.start] == TEXT[: fault.start]
        assert fault.text[fault.end :] == TEXT[len(TEXT) - behind :]


def test_every_kind_is_planted_where_it_can_stand() -> None:
    """One text holds places for the kinds; at most a few of each are taken."""
    kinds = [fault.kind for fault in planted_faults(PROBLEM, TEXT, seed="x")]
    assert set(KINDS) - set(kinds) <= {"value_without_working"}
    assert all(kinds.count(kind) <= PER_ANSWER for kind in KINDS)


def test_counts_are_kept_by_kind_and_split() -> None:
    """Faults of calculation in steps that parse are caught; the untouched text raises no alarm."""
    base = Base(problem=PROBLEM, name="x", text=TEXT, source="worked")
    reports = run_bench([base])
    half = reports[split_of(PROBLEM.id)]
    other = next(report for split, report in reports.items() if split != split_of(PROBLEM.id))
    calculation = half.calculation()
    assert other.bases == 0
    assert half.alarms == []
    assert calculation.n == calculation.parsed == calculation.caught >= 3
    assert half.faults["swapped_quantifier"].caught == 0
    assert whole(reports.values()).to_dict() == half.to_dict()
