"""Sampling per model: the registry's unless named, one setting for all where that is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams, model_sampling
from core.settings import Settings
from db.engine import rows, transaction
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry, load_registry
from orchestrator.runs.experiment import Experiment, make_experiment
from orchestrator.runs.submit import plan, submission_warnings, submit_experiment
from reports.results.sampling import sampling_lines, sampling_text


def model(name: str = "m", **fields: Any) -> ModelSpec:
    return ModelSpec(
        **{"name": name, "engine": "synthetic", "source": "-", "queue": "synthetic"} | fields
    )


def experiment(**fields: Any) -> Experiment:
    return make_experiment({"models": ["m"], "problems": "quickstart", "repetitions": 1} | fields)


THINKER: dict[str, Any] = {"temperature": 0.6, "top_p": 0.95, "top_k": 20, "max_tokens": 32768}


def test_greedy_is_what_a_model_without_sampling_gets_as_before() -> None:
    assert experiment().sampling(model()) == SamplingParams()
    assert SamplingParams().to_dict() == {
        "max_tokens": 2048, "temperature": 0.0, "top_p": 1.0, "seed": 0,
        "fixed_input_tokens": None, "fixed_output_tokens": None,
    }  # fmt: skip


def test_an_experiment_overrides_only_what_it_names() -> None:
    spec = model(sampling=THINKER)
    assert experiment().sampling(spec) == SamplingParams(**THINKER)
    changed = experiment(temperature=0, stop="END").sampling(spec)
    assert changed == SamplingParams(**THINKER | {"temperature": 0.0, "stop": ("END",)})
    same = experiment(same_sampling=True, max_tokens=512).sampling(spec)
    assert same == SamplingParams(max_tokens=512)


def test_the_models_own_leaves_its_parameters_open() -> None:
    drawn = experiment().sampling(model(sampling="model"))
    assert (drawn.own, drawn.temperature, drawn.top_p) == (True, None, None)
    mixed = experiment(top_p=0.9).sampling(model(sampling={"from": "model", "max_tokens": 9000}))
    assert (mixed.own, mixed.temperature, mixed.top_p, mixed.max_tokens) == (True, None, 0.9, 9000)


def test_a_speed_run_ends_at_no_text() -> None:
    drawn = experiment(fixed_length="8:16").sampling(model(sampling={"stop": "x", "top_k": 5}))
    assert (drawn.stop, drawn.top_k, drawn.max_tokens) == ((), 5, 16)


@pytest.mark.parametrize(
    "drawn",
    [
        SamplingParams(),
        SamplingParams(min_p=0.0, presence_penalty=0.0, top_k=0),
        SamplingParams(own=True, temperature=None, top_p=None, stop=("a", "b")),
        SamplingParams(system_prompt=False, chat_template_kwargs={"enable_thinking": False}),
    ],
)
def test_what_is_stored_is_read_again(drawn: SamplingParams) -> None:
    assert SamplingParams.from_dict(drawn.to_dict()) == drawn


def test_whole_numbers_and_others_are_one_sampling() -> None:
    whole, other = ({"temperature": 1}, {"temperature": 1.0})
    first, second = (
        model_sampling(model(sampling=one), seed=0, named={}) for one in (whole, other)
    )
    assert first.sampling_hash == second.sampling_hash


@pytest.mark.parametrize(
    "wrong",
    [
        '"greedy"',
        "3",
        "{ temprature = 1 }",
        "{ temperature = nan }",
        '{ temperature = "1" }',
        "{ top_p = 0 }",
        "{ top_k = 1.5 }",
        "{ min_p = 2 }",
        "{ max_tokens = 0 }",
        "{ stop = [1] }",
        '{ stop = "" }',
        "{ presence_penalty = 3 }",
        '{ from = "server" }',
    ],
)
def test_a_wrong_sampling_is_named(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "evalctl.toml"
    path.write_text(f'[models.m]\nengine = "vllm"\nsource = "x"\nsampling = {wrong}\n')
    with pytest.raises(UsageFault, match=r"\[models\.m\]: sampling = "):
        load_registry(Settings(home=tmp_path, config=path))


def test_shipped_models_have_what_their_makers_recommend() -> None:
    registry = load_registry(Settings.from_environment({}))
    drawn = {spec.name: experiment().sampling(spec) for spec in registry}
    qwen, thinker, vendor = (drawn[name] for name in ("qwen3-4b", "deepseek-r1-7b", "deepseek-v3"))
    assert (qwen.temperature, qwen.top_p, qwen.top_k, qwen.max_tokens) == (0.7, 0.8, 20, 16384)
    assert (thinker.temperature, thinker.top_p, thinker.max_tokens) == (0.6, 0.95, 32768)
    assert not thinker.system_prompt
    assert (vendor.temperature, vendor.max_tokens) == (0.0, 8192)
    for name in ("qwen3-4b", "deepseek-r1-7b"):
        spec = registry.get(name)
        assert spec.options["max_model_len"] >= drawn[name].max_tokens + 2048
        assert not submission_warnings(plan(experiment(models=[name]), registry))


@pytest.mark.parametrize(
    ("fields", "tokens", "warned"),
    [
        ({"source": "org/DeepSeek-R1-Distill"}, 2048, "thinks before it answers"),
        ({"source": "Qwen/QwQ-32B"}, 2048, "thinks before it answers"),
        ({"reasoning": True}, 2048, "thinks before it answers"),
        ({"reasoning": True}, 16384, None),
        ({"chat_template_kwargs": {"enable_thinking": True}}, 2048, "thinks before it answers"),
        ({"source": "org/r1", "reasoning": False}, 2048, None),
        ({"source": "Qwen/Qwen3-4B-Instruct"}, 2048, None),
        ({"reasoning": True, "options": {"max_model_len": 4096}}, 16384, "max_model_len"),
        ({"options": {"max_model_len": 2048}}, 4096, "max_model_len"),
    ],
)
def test_answers_that_will_be_cut_off_are_warned_of(
    fields: dict[str, Any], tokens: int, warned: str | None
) -> None:
    spec = model(**fields)
    planned = plan(experiment(max_tokens=tokens), Registry({"m": spec}))
    warnings = submission_warnings(planned)
    assert [warned in one for one in warnings if warned] == [True] * (warned is not None)
    assert bool(warnings) == (warned is not None)


def test_a_setting_changes_the_model_and_what_is_about_it_does_not() -> None:
    plain = model().spec_hash
    assert model(sampling=THINKER).spec_hash != plain
    assert model(system_prompt=False).spec_hash != plain
    assert model(reasoning=True).spec_hash == plain
    assert "sampling" not in model().to_dict()


def test_what_is_said_is_another_experiment_than_what_is_not() -> None:
    silent = experiment().identity_hash("0")
    assert experiment(temperature=0).identity_hash("0") != silent
    assert experiment(same_sampling=True).identity_hash("0") != silent
    assert experiment(temperature=0.0).identity_hash("0") == experiment(
        temperature=0
    ).identity_hash("0")


def test_jobs_have_the_sampling_of_their_model_and_no_score_mixes_two(
    engine: Engine, broker: HintBroker
) -> None:
    first = {"a": model("a", sampling=THINKER), "b": model("b")}
    for registry in (first, first | {"a": model("a", sampling={"temperature": 0.9})}):
        planned = plan(experiment(models=["a", "b"]), Registry(registry))
        submit_experiment(engine, broker, planned)
    with transaction(engine) as connection:
        rows(connection, "SET LOCAL evalctl.include_synthetic = 'on'")
        drawn = rows(
            connection,
            "SELECT DISTINCT model, sampling ->> 'temperature' AS t FROM analytics_v1.jobs "
            "ORDER BY model, t",
        )
        seeds = rows(connection, "SELECT DISTINCT sampling ->> 'seed' AS seed FROM eval.job")
    assert [(row["model"], row["t"]) for row in drawn] == [("a", "0.6"), ("a", "0.9"), ("b", "0.0")]
    assert [row["seed"] for row in seeds] == ["1"]


def test_sampling_is_shown_in_words() -> None:
    assert sampling_text(SamplingParams().to_dict()) == "greedy, 2048 tokens"
    drawn = SamplingParams(**THINKER, system_prompt=False).to_dict()
    assert sampling_text(drawn) == (
        "temperature 0.6, top_p 0.95, top_k 20, 32768 tokens, no system prompt"
    )
    shared = [{"model": name, "sampling": drawn} for name in "ab"]
    assert sampling_lines(shared) == [f"sampling of all models: {sampling_text(drawn)}"]
