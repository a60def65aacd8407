"""One chat through the engine for servers with OpenAI's API."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers import errors
from workers.engines import EngineContext, create_engine
from workers.engines.protocol import Generation, GenerationRequest, Message, StartReport, TokenEvent

CONTEXT = EngineContext(home=Path(), log_folder=Path())


def generate(address: str, **fields: Any) -> Generation:
    """Ask a server once; ``fields`` are those of its model, named m."""
    given: dict[str, Any] = {"name": "m", "engine": "openai", "source": "tiny"}
    model = ModelSpec(**(given | {"base_url": address} | fields))
    return serve(model, request("What is 7+6?"))[2]


def refused(address: str, **fields: Any) -> errors.EngineError:
    """Ask a server that gives no answer; return why, in one sentence about the model."""
    with pytest.raises(errors.EngineError) as caught:
        generate(address, **fields)
    sentence = caught.value.sentence
    assert "\n" not in sentence
    assert sentence.startswith("model 'm'")
    return caught.value


def spec(base_url: str, **fields: Any) -> ModelSpec:
    """Return a model of a server; it serves tiny."""
    return ModelSpec(
        **{"name": "remote", "engine": "openai", "source": "tiny", "base_url": base_url} | fields
    )


def request(content: str = "What is 7+5?", **sampling: Any) -> GenerationRequest:
    """Return a request for one chat."""
    return GenerationRequest(
        request_id="r",
        messages=(Message(role="user", content=content),),
        sampling=SamplingParams(**sampling),
    )


def serve(
    model: ModelSpec, wanted: GenerationRequest
) -> tuple[StartReport, list[TokenEvent], Generation]:
    """Return the engine's start, the events of one request, and what was made."""

    async def run() -> tuple[StartReport, list[TokenEvent], Generation]:
        engine = create_engine(model, CONTEXT)
        try:
            engine_start = await engine.start()
            items = [item async for item in engine.generate(wanted)]
        finally:
            await engine.stop()
        assert isinstance(items[-1], Generation)
        return engine_start, [item for item in items if isinstance(item, TokenEvent)], items[-1]

    return asyncio.run(run())
