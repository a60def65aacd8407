"""Options that an engine does not have are refused before anything is queued."""

from __future__ import annotations

import sys
from dataclasses import fields

import pytest

from core.engine_options import BY_ENGINE, VLLM, VLLM_OWN, unknown_option
from core.model_spec import ModelSpec
from orchestrator.models.check import check_model
from orchestrator.models.table import ENGINES
from orchestrator.models.vllm_names import lacking_option, vllm_names
from tests.support.processes import evalctl, evalctl_json

MODELS = """
[models.typo]
engine = "vllm"
source = "embedded:smollm2"
options = { max_modle_len = 2048 }
[models.replayed]
engine = "replay"
source = "shipped:complete"
options = { problms = "core" }
[models.good]
engine = "vllm"
source = "embedded:smollm2"
options = { max_model_len = 2048, boots = "single" }
"""


def vllm(**options: object) -> ModelSpec:
    return ModelSpec(name="m", engine="vllm", source="s", options=options)


def test_every_engine_has_its_names() -> None:
    assert set(BY_ENGINE) == set(ENGINES)


def test_names_are_those_of_the_dataclass_that_vllm_has() -> None:
    """The names come from the source; importing it, as here, takes seconds."""
    arg_utils = pytest.importorskip("vllm.engine.arg_utils")
    known = frozenset(field.name for field in fields(arg_utils.AsyncEngineArgs))
    assert vllm_names() == known
    assert known >= VLLM - VLLM_OWN, "the installed version has every option that is allowed"


def test_an_option_that_the_installed_vllm_lacks_is_named() -> None:
    assert lacking_option(vllm(max_model_len=1, warm_up_requests=1)) is None
    said = lacking_option(vllm(max_modle_len=1))
    assert said is not None
    assert "did you mean 'max_model_len'?" in said
    assert lacking_option(ModelSpec(name="m", engine="openai", source="s")) is None


def test_unknown_names_are_refused_with_the_nearest() -> None:
    assert unknown_option(vllm(max_model_len=1)) is None
    said = unknown_option(vllm(zzzz=1))
    assert said is not None
    assert "known are async_scheduling" in said


@pytest.mark.parametrize("command", ["submit --problems quickstart", "probe sequences"])
def test_a_typo_is_refused_at_submit_and_nothing_is_queued(
    user: dict[str, str], command: str
) -> None:
    refused = evalctl(user, f"{command} --model typo")
    assert refused.returncode == 2
    assert "did you mean 'max_model_len'?" in " ".join(refused.stderr.split())
    assert evalctl_json(user, "status")["runs"] == []


def test_models_check_says_which_option_is_wrong(user: dict[str, str]) -> None:
    checks = {row["model"]: row for row in evalctl_json(user, "models check")["checks"]}
    assert not checks["typo"]["ok"]
    assert "did you mean 'max_model_len'?" in checks["typo"]["found"]
    assert "did you mean 'problems'?" in checks["replayed"]["found"]
    assert "option" not in checks["good"]["found"]
    assert evalctl(user, "models check typo").returncode == 1


def test_without_vllm_its_names_are_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    vllm_names.cache_clear()
    monkeypatch.setitem(sys.modules, "vllm", None)
    try:
        assert lacking_option(vllm(max_modle_len=1)) is None
    finally:
        vllm_names.cache_clear()
    assert not check_model(vllm(max_modle_len=1)).ok
