"""The synthetic engine: reproducible by seed, failing as ordered, importing nothing heavy."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers import errors
from workers.engines import EngineContext, create_engine
from workers.engines.protocol import Generation, GenerationRequest, Message

CONTEXT = EngineContext(home=Path(), log_folder=Path())


def spec(**options: Any) -> ModelSpec:
    return ModelSpec(name="fake", engine="synthetic", source="synthetic", options=options)


def serve(model: ModelSpec, *requests: GenerationRequest) -> list[Generation | errors.EngineError]:
    """Start one engine and give it the requests one by one; return generations or failures."""

    async def run() -> list[Generation | errors.EngineError]:
        outcomes: list[Generation | errors.EngineError] = []
        engine = create_engine(model, CONTEXT)
        await engine.start()
        for wanted in requests:
            try:
                items = [item async for item in engine.generate(wanted)]
            except errors.EngineError as error:
                outcomes.append(error)
            else:
                assert isinstance(items[-1], Generation)
                outcomes.append(items[-1])
        return outcomes

    return asyncio.run(run())


def request(request_id: str = "r", content: str = "7+5?", **sampling: Any) -> GenerationRequest:
    return GenerationRequest(
        request_id=request_id,
        messages=(Message(role="user", content=content),),
        sampling=SamplingParams(**sampling),
    )


def test_same_seed_same_text_and_another_seed_another() -> None:
    outcomes = serve(spec(), request(seed=1), request(seed=1), request(seed=2))
    hashes = [made.output_hash for made in outcomes if isinstance(made, Generation)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_max_tokens_cuts_and_says_length() -> None:
    (made,) = serve(spec(text="one two three"), request(max_tokens=2))
    assert isinstance(made, Generation)
    assert (made.text, made.finish_reason, made.output_tokens) == ("one two", "length", 2)


def test_fixed_lengths_are_exact() -> None:
    (made,) = serve(spec(text="one two"), request(fixed_input_tokens=30, fixed_output_tokens=7))
    assert isinstance(made, Generation)
    assert (made.prompt_tokens, made.output_tokens, made.finish_reason) == (30, 7, "length")


def test_failures_come_once_in_every_so_many() -> None:
    outcomes = serve(
        spec(fail={"class": "PROMPT_TOO_LONG", "every": 3, "by": "count"}),
        *(request() for _ in range(6)),
    )
    assert [isinstance(outcome, Generation) for outcome in outcomes] == [True, True, False] * 2


def test_seeded_failures_repeat_for_the_same_job_alone() -> None:
    model = spec(fail={"class": "PROMPT_TOO_LONG", "every": 2})
    requests = [request(content=f"problem {index}") for index in range(20)]
    first, again = serve(model, *requests), serve(model, *requests)
    failed = [isinstance(outcome, errors.PromptRejected) for outcome in first]
    assert failed == [isinstance(outcome, errors.PromptRejected) for outcome in again]
    assert 0 < sum(failed) < 20


def test_dead_engine_stays_dead() -> None:
    outcomes = serve(
        spec(fail={"class": "ENGINE_DEAD", "every": 2, "by": "count"}),
        request(),
        request(),
        request(),
    )
    assert [type(outcome) for outcome in outcomes] == [
        Generation,
        errors.EngineDied,
        errors.EngineDied,
    ]


def test_out_of_memory_comes_above_so_many_at_once() -> None:
    async def run(at_once: int) -> list[Any]:
        engine = create_engine(
            spec(fail={"class": "OOM", "concurrent": 2}, ttft_ms=20, max_num_seqs=8), CONTEXT
        )
        await engine.start()

        async def one(index: int) -> Any:
            return [item async for item in engine.generate(request(str(index)))][-1]

        return await asyncio.gather(
            *(one(index) for index in range(at_once)), return_exceptions=True
        )

    assert all(isinstance(outcome, Generation) for outcome in asyncio.run(run(2)))
    assert any(isinstance(outcome, errors.EngineOutOfMemory) for outcome in asyncio.run(run(3)))


def test_failures_come_above_so_many_engines_side_by_side() -> None:
    async def started(**fail: Any) -> Any:
        # Other tests leave engines of the usual name up.
        engine = create_engine(
            replace(spec(fail={"engines": 2, **fail}), name="side-by-side"), CONTEXT
        )
        await engine.start()
        return engine

    async def answers(engine: Any) -> Any:
        return [item async for item in engine.generate(request())][-1]

    async def run() -> None:
        first, second = await started(start="INIT_FREE_MEM"), await started(start="INIT_FREE_MEM")
        with pytest.raises(errors.EngineOutOfMemory) as caught:
            await started(start="INIT_FREE_MEM")
        assert caught.value.error_class == errors.INIT_FREE_MEM
        await second.stop()
        await second.stop()
        second = await started(**{"class": "OOM"})
        assert isinstance(await answers(second), Generation)
        third = await started(**{"class": "OOM"})
        with pytest.raises(errors.EngineOutOfMemory):
            await answers(third)
        for engine in (first, second, third):
            await engine.stop()

    asyncio.run(run())


def test_memory_is_fake_and_says_so() -> None:
    async def run() -> None:
        engine = create_engine(spec(memory={"weights_mib": 100}, kv_used_mib=7), CONTEXT)
        report = (await engine.start()).memory
        assert (report.kind, report.weights_mib, report.kv_used_mib) == (None, 100, 7)
        assert report.context_mib is None
        assert report.reasons == {"*": "synthetic"}

    asyncio.run(run())


def test_unknown_option_names_the_nearest() -> None:
    with pytest.raises(errors.ModelUnavailable, match=r"'tokns'.*did you mean 'tokens'") as caught:
        create_engine(spec(tokns=3), CONTEXT)
    assert caught.value.kind == "rejected"


@pytest.mark.parametrize("fail", [{"class": "SNEEZE"}, {"evry": 2}])
def test_unknown_failure_is_refused(fail: dict[str, Any]) -> None:
    with pytest.raises(errors.ModelUnavailable, match="'fail' takes"):
        create_engine(spec(fail=fail), CONTEXT)


def test_unknown_engine_is_refused() -> None:
    with pytest.raises(errors.ModelUnavailable, match="vllm, openai, replay and synthetic"):
        create_engine(ModelSpec(name="m", engine="llama", source="x"), CONTEXT)


def test_importing_the_engines_imports_no_engine() -> None:
    probe = (
        "import sys, workers.engines.host; "
        "print([n for n in ('vllm', 'torch', 'transformers', 'openai') if n in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
