"""How an experiment asks for fresh engines, and stays the same run where it does not."""

from __future__ import annotations

import pytest

from core.model_spec import ModelSpec
from orchestrator.errors import UsageFault
from orchestrator.runs.experiment import Experiment, make_experiment

MODEL = ModelSpec(name="fake", engine="synthetic", source="-")
#: Computed by the version before ``fresh_engine``.
RECORDED = "1c41cca175b16ed95c0b5ae1abdddd78d1e2a542bd222fca131a53a942fa9a00"


def experiment(**values: object) -> Experiment:
    return make_experiment({"models": ["fake"], "problems": "quickstart", **values})


def test_an_experiment_without_fresh_engines_is_the_same_run_as_before() -> None:
    assert experiment().identity_hash("0" * 64) == RECORDED
    assert experiment(fresh_engine=False).identity_hash("0" * 64) == RECORDED


def test_fresh_engines_make_another_run() -> None:
    assert experiment(fresh_engine=True).identity_hash("0" * 64) != RECORDED


@pytest.mark.parametrize("value", [1, "yes", None])
def test_fresh_engine_is_yes_or_no(value: object) -> None:
    with pytest.raises(UsageFault, match="fresh_engine"):
        experiment(fresh_engine=value)


def test_only_a_fixed_length_makes_text_go_on_past_its_end() -> None:
    assert experiment().sampling(MODEL).fixed_output_tokens is None
    assert experiment(fixed_length="4:8").sampling(MODEL).fixed_output_tokens == 8
