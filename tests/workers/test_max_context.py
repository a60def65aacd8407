"""A search for the longest context on fake engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.model_spec import ModelSpec
from tests.support.probing import FakeEngines, probe_session
from workers import errors
from workers.probes.max_context import MODEL_MAX_LEN, MaxContext
from workers.probes.session import ProbePlan
from workers.probes.trial import Trial

SPEC = ModelSpec(name="m", engine="vllm", source="fake", options={"max_model_len": 1024})


def search(engines: FakeEngines, *levels: int) -> list[Trial]:
    session = probe_session(engines, SPEC, ProbePlan(levels=levels, trials=1))
    MaxContext(session).search()
    return session.trials


def test_each_length_has_its_engine_and_the_models_own_bound_is_a_result(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path)
    too_long = errors.ModelUnavailable(
        "User-specified max_model_len (2048) is greater than the derived max_model_len"
    )
    engines.start_failures = [None, too_long]
    found = search(engines, 1024, 2048, 4096)
    assert [(trial.level, trial.reason) for trial in found] == [(1024, None), (2048, MODEL_MAX_LEN)]
    assert [
        (spec.options["max_model_len"], spec.options["max_num_seqs"]) for spec, _ in engines.started
    ] == [(1024, 1), (2048, 1)]
    assert found[0].answer_right is False
    assert 1024 - 64 - 10 < found[0].details["prompt_tokens"] <= 1024 - 64
    engines = FakeEngines(tmp_path)
    engines.start_failures = [errors.ModelUnavailable("no such folder")]
    with pytest.raises(errors.ModelUnavailable):
        search(engines, 1024)
