"""Overlapping requests on a fake vLLM: when the activation peak begins anew, and when not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers.engines import EngineContext
from workers.engines.protocol import Generation, GenerationRequest
from workers.engines.vllm import engine as vllm_engine
from workers.engines.vllm.engine import VllmEngine
from workers.engines.vllm.prompt import Prompt

SPEC = ModelSpec(name="m", engine="vllm", source="org/model")


class FakeLLM:
    """Answer the worker's calls at the loop's next turn, and each request when it is released."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.go_on = asyncio.Event()
        self.called = asyncio.Event()
        #: Three requests are in flight.
        self.crowded = asyncio.Event()
        self._running = 0

    async def collective_rpc(self, method: str) -> list[Any]:
        """Note the call."""
        self.calls.append(method)
        self.called.set()
        await asyncio.sleep(0)
        return [{"bytes": {"activation_run": 1 << 20}, "reasons": {}, "facts": {}}]

    async def generate(self, _prompt: Any, _parameters: Any, request_id: str) -> AsyncIterator[Any]:
        """Yield one token."""
        self.calls.append(f"add {request_id}")
        self._running += 1
        if self._running == 3:
            self.crowded.set()
        await self.go_on.wait()
        delta = SimpleNamespace(token_ids=[1], text="x", finish_reason="stop", logprobs=None)
        yield SimpleNamespace(outputs=[delta], num_cached_tokens=0, metrics=None)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> VllmEngine:
    """Return an engine as it is after its start."""
    monkeypatch.setattr(vllm_engine, "sampling_parameters", lambda sampling, *_: sampling)
    monkeypatch.setattr(Prompt, "for_vllm", lambda self: list(self.token_ids))
    started = VllmEngine(SPEC, EngineContext(home=tmp_path, log_folder=tmp_path))
    prompts: Any = SimpleNamespace(
        make=lambda _request: Prompt(token_ids=(1, 2), text="p"),
        label_request=lambda _labels: None,
        own_sampling={},
    )
    started._prompts = prompts
    return started


def made(engine: VllmEngine, name: str) -> Any:
    return engine.generate(
        GenerationRequest(request_id=name, messages=(), sampling=SamplingParams())
    )


async def drive(engine: VllmEngine, name: str) -> float | None:
    """Drive one request as the engine's host does; return its reported activation peak."""
    async with aclosing(made(engine, name)) as stream:
        async for item in stream:
            if isinstance(item, Generation):
                return (await engine.memory_report()).activation_run_mib
    return None


def test_requests_that_come_together_begin_the_peak_once(engine: VllmEngine) -> None:
    async def run() -> FakeLLM:
        llm = engine._engine = FakeLLM()
        driven = [asyncio.ensure_future(drive(engine, name)) for name in "abc"]
        async with asyncio.timeout(10):
            await llm.crowded.wait()
        llm.go_on.set()
        assert await asyncio.gather(*driven) == [1.0, 1.0, 1.0]
        return llm

    llm = asyncio.run(run())
    assert llm.calls[0] == "evalctl_reset_peak", "called before any request is added"
    assert llm.calls.count("evalctl_reset_peak") == 1
    assert llm.calls.count("evalctl_peaks") == 1, "they ended together"


def test_a_request_that_ends_while_the_peaks_are_read_gets_a_later_reading(
    engine: VllmEngine,
) -> None:
    async def run() -> list[str]:
        llm = engine._engine = FakeLLM()
        first = asyncio.ensure_future(engine.memory_report())
        await llm.called.wait()
        assert not first.done()
        await asyncio.gather(first, engine.memory_report(), engine.memory_report())
        return llm.calls

    assert asyncio.run(run()) == ["evalctl_peaks", "evalctl_peaks"]


def test_a_request_that_comes_while_the_peak_is_read_does_not_begin_it_anew(
    engine: VllmEngine,
) -> None:
    async def run() -> list[str]:
        llm = engine._engine = FakeLLM()
        llm.go_on.set()
        first = made(engine, "a")
        items = [await anext(first), await anext(first)]
        assert isinstance(items[1], Generation)
        second = made(engine, "b")
        await anext(second)
        await engine.memory_report()
        await first.aclose()
        await second.aclose()
        return llm.calls

    assert asyncio.run(run()) == ["evalctl_reset_peak", "add a-0", "add b-1", "evalctl_peaks"]


def test_a_request_after_another_has_ended_begins_the_peak_anew(engine: VllmEngine) -> None:
    async def run() -> list[str]:
        llm = engine._engine = FakeLLM()
        llm.go_on.set()
        assert [await drive(engine, name) for name in "ab"] == [1.0, 1.0]
        return llm.calls

    once = ["evalctl_reset_peak", "add {}", "evalctl_peaks"]
    assert asyncio.run(run()) == [call.format(name) for name in ("a-0", "b-1") for call in once]
