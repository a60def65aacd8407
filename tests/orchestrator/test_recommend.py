"""``evalctl recommend`` as a user runs it, on stored results."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.support.compared import ENVIRONMENT, graded, store_run
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


def test_equal_models_show_no_difference(engine: Engine, environment: dict[str, str]) -> None:
    for model, shift in (("m", 0), ("n", 1)):
        scores = graded()
        names = list(scores)
        turned = dict(zip(names, [scores[n] for n in names[shift:] + names[:shift]], strict=True))
        store_run(engine, "r", turned, model=model)

    document = evalctl_json(environment, "recommend r --priority rigorous")
    shown = evalctl(environment, "recommend r").stdout

    assert document["answers"][0]["shown"] is False
    assert "no difference that this run could show" in " ".join(shown.split())
    assert "cost is left out" in shown
    assert max(map(len, shown.splitlines())) <= 80


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
