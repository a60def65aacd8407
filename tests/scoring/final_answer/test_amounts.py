"""Units of the same kind are known by their size, others are not."""

from __future__ import annotations

import pytest

from scoring.final_answer.forms.amounts import combined, measure
from scoring.final_answer.forms.form import Scalar


@pytest.mark.parametrize(
    ("unit", "other", "times"),
    [
        ("km", "m", 1000),
        ("公里", "米", 1000),
        ("公顷", "平方米", 10_000),
        ("m^2", "cm²", 10_000),
        ("square metres", "m^2", 1),
        ("kJ", "J", 1000),
        ("V", "mV", 1000),
        ("mol/L", "mmol/L", 1000),
        ("dollars", "cents", 100),
        ("kilometers per hour", "km/h", 1),
        ("hours", "min", 60),
    ],
)
def test_unit_is_a_multiple_of_another(unit: str, other: str, times: float) -> None:
    one, second = measure(unit), measure(other)

    assert one is not None
    assert second is not None
    assert one[:2] == second[:2]
    assert one[2] / second[2] == pytest.approx(times)


@pytest.mark.parametrize(("unit", "other"), [("m", "m^2"), ("V", "J"), ("km", "km/h")])
def test_units_of_other_kinds_differ(unit: str, other: str) -> None:
    one, second = measure(unit), measure(other)

    assert one is not None
    assert second is not None
    assert one[:2] != second[:2]


def test_things_are_no_units() -> None:
    assert measure("apples") is None


def test_amounts_in_falling_units_are_one() -> None:
    assert combined([Scalar("2", "元"), Scalar("5", "角")]) == Scalar("\\frac{5}{2}", "元")
    assert combined([Scalar("5", "角"), Scalar("2", "元")]) is None
    assert combined([Scalar("2", "元"), Scalar("5", "米")]) is None
