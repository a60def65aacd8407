"""``evalctl recommend`` as a user runs it, on stored results."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.compared import ENVIRONMENT, graded, store_run
from tests.support.database import query
from tests.support.processes import evalctl, evalctl_json


@pytest.fixture
def two(engine: Engine) -> None:
    """Store a run of a rigorous slow model and a weak fast one."""
    store_run(engine, "r", graded(), model="slow", price=2.0, last_token_s=5.0)
    store_run(engine, "r", graded(drop=2), model="fast", price=2.0, need_mib=500.0)


def choices(document: dict[str, Any]) -> dict[str, str]:
    return {one["priority"]: one["choice"]["model"] for one in document["answers"]}


@pytest.mark.usefixtures("two")
def test_every_priority_has_its_answer(environment: dict[str, str]) -> None:
    document = evalctl_json(environment, "recommend r")

    assert document.keys() >= {"run", "candidates", "answers", "warnings"}
    assert choices(document) == {
        "steady-cheap": "fast",
        "rigorous": "slow",
        "fastest": "fast",
        "most-per-gpu": "fast",
    }
    assert [one["on_front"] for one in document["candidates"]] == [True, True]
    values = document["candidates"][0]["values"]
    # 4 s of a GPU at 2 an hour, a thousand times.
    assert values["cost"] == pytest.approx(1000 * 4 * 2 / 3600)
    rigorous = document["answers"][1]
    assert rigorous["shown"] is True
    assert rigorous["changes"][0]["instead"]["model"] == "fast"


@pytest.mark.usefixtures("two")
def test_weights_and_prices_of_the_user(environment: dict[str, str]) -> None:
    cheap = evalctl_json(environment, "recommend r --weight cost=1 --price-per-gpu-hour slow=0.1")
    mixed = evalctl_json(environment, "recommend r --weight score7=1 --price-per-gpu-hour 9")

    assert choices(cheap) == {"yours": "slow"}
    assert cheap["answers"][0]["dearer"]["instead"]["model"] == "fast"
    assert choices(mixed) == {"yours": "slow"}
    assert mixed["candidates"][0]["values"]["cost"] == pytest.approx(1000 * 4 * 9 / 3600)


def test_almost_equal_models_show_no_difference(
    engine: Engine, environment: dict[str, str]
) -> None:
    for model, shift in (("m", 0), ("n", 1)):
        scores = graded(drop=0.01 * shift)
        names = list(scores)
        turned = dict(zip(names, [scores[n] for n in names[shift:] + names[:shift]], strict=True))
        store_run(engine, "r", turned, model=model)

    document = evalctl_json(environment, "recommend r --priority rigorous")
    shown = evalctl(environment, "recommend r").stdout

    assert document["answers"][0]["shown"] is False
    assert "no difference that this run could show" in " ".join(shown.split())
    assert "cost is left out" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_tie_is_called_one(engine: Engine, environment: dict[str, str]) -> None:
    for model in ("m", "n"):
        store_run(engine, "r", graded(), model=model)

    document = evalctl_json(environment, "recommend r --priority rigorous")
    shown = evalctl(environment, "recommend r --priority rigorous").stdout

    assert document["answers"][0]["tied"] == [{"model": "n", "prompt": "plain"}]
    assert "rigorous: m plain and n plain tie" in shown
    assert "behind" not in shown


def test_nothing_is_cheap_without_a_price(engine: Engine, environment: dict[str, str]) -> None:
    for model, drop in (("m", 0.0), ("n", 1.0)):
        store_run(engine, "r", graded(drop=drop), model=model)

    steady, *others = evalctl_json(environment, "recommend r")["answers"]
    shown = evalctl(environment, "recommend r").stdout

    assert (steady["priority"], steady["choice"], steady["left_out"]) == (
        "steady-cheap", None, ["cost"],
    )  # fmt: skip
    assert all(one["choice"] is not None for one in others)
    assert "steady-cheap: no answer, since cost of 1,000 answers cannot be compared" in shown


def test_another_gpu_takes_times_and_memory_away(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "r", graded(), model="m", price=1.0)
    other = ENVIRONMENT | {"gpu_name": "Other GPU"}
    store_run(engine, "r", graded(), model="n", price=1.0, environment=other)

    document = evalctl_json(environment, "recommend r")
    forced = evalctl_json(environment, "recommend r --force")

    assert set(document["candidates"][0]["values"]) == {"score7", "steady"}
    assert "another GPU" in document["warnings"][0]
    assert document["answers"][2]["choice"] is None
    assert set(forced["candidates"][0]["values"]) >= {"e2e_s", "need_mib", "cost"}


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--weight speed=1", "unknown criterion 'speed'"),
        ("--weight cost=much", "a number from 0"),
        ("--weight cost=0", "must not all be 0"),
        ("--price-per-gpu-hour much", "MODEL=NUMBER"),
    ],
)
def test_unusable_options_are_refused(environment: dict[str, str], options: str, said: str) -> None:
    done = evalctl(environment, f"recommend r {options}")

    assert done.returncode == 2
    assert said in done.stderr


def test_models_without_common_problems_cannot_be_valued(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_run(engine, "r", {"p01": [(7.0, True)]}, model="m")
    store_run(engine, "r", {"p02": [(7.0, True)]}, model="n")

    done = evalctl(environment, "recommend r")

    assert done.returncode == 2
    assert "no problem in common" in done.stderr


TOKEN_PRICES = """
UPDATE eval.model SET price_per_gpu_hour = NULL, spec = spec ||
       '{"price_per_million_input_tokens": 1.0, "price_per_million_output_tokens": 6.0}'
 WHERE name = 'slow'
"""


@pytest.mark.usefixtures("two")
def test_results_show_the_cost_that_recommend_weighs(
    engine: Engine, environment: dict[str, str]
) -> None:
    query(engine, TOKEN_PRICES)

    results = evalctl_json(environment, "results r")
    weighed = evalctl_json(environment, "recommend r")

    costs = {row["model"]: row for row in results["costs"]}
    assert {
        one["model"]: pytest.approx(one["values"]["cost"]) for one in weighed["candidates"]
    } == {model: row["cost_per_1000_answers"] for model, row in costs.items()}
    # 3 tokens at 1 and 5 at 6 a million; 0.5 s of a GPU at 2 an hour.
    assert costs["slow"]["cost_per_1000_answers"] == pytest.approx(1000 * (3 * 1 + 5 * 6) / 1e6)
    assert costs["fast"]["cost_per_1000_answers"] == pytest.approx(1000 * 0.5 * 2 / 3600)
    assert (costs["slow"]["priced_by"], costs["fast"]["priced_by"]) == ("tokens", "GPU hours")
    for row in costs.values():
        assert 0 < row["right_share"] < 1
        assert row["cost_per_right_answer"] == pytest.approx(
            row["cost_per_1000_answers"] / 1000 / row["right_share"]
        )
    shown = evalctl(environment | {"COLUMNS": "80"}, "results r --table resources").stdout
    assert "Cost, in the currency of the registered prices" in shown
    assert max(map(len, shown.splitlines())) <= 80
    named = evalctl_json(environment, "recommend r --price-per-gpu-hour slow=9")
    assert named["candidates"][0]["values"]["cost"] == pytest.approx(1000 * 4 * 9 / 3600)


def test_results_without_a_price_show_no_cost(engine: Engine, environment: dict[str, str]) -> None:
    store_run(engine, "r", graded(), model="m")

    assert evalctl_json(environment, "results r")["costs"] == []
    assert "Cost" not in evalctl(environment, "results r").stdout
