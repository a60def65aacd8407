"""Time a verifier's steps in vLLM on the CPU: without prefix cache and with it, 1 and 4 at once.

Run from the repository root: ``python bench/verification_cache.py [ANSWERS]``. Prints JSON. The
bundled model is loaded twice, once for each; the answers are worked solutions of the shipped
problems.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.settings import Settings
from problems.loader import load_set
from scoring.verification.request import LABELS, open_steps, step_request
from scoring.verification.verify import verify_text
from workers.engines.protocol import EngineContext, Generation, GenerationRequest, Message
from workers.engines.vllm.engine import VllmEngine

SPEC = ModelSpec(name="smollm2", engine="vllm", source="embedded:smollm2")


def drafts(most: int) -> list[list[GenerationRequest]]:
    """Return the requests about the open steps of each answer that has four or more."""
    made = []
    for problem in load_set("core"):
        solution = problem.solutions[0]
        steps = verify_text(problem, solution.text).steps
        requests = [
            GenerationRequest(
                request_id=f"{problem.id}-{index}",
                messages=tuple(
                    Message(role=turn["role"], content=turn["content"])
                    for turn in step_request(problem, steps, index, language=solution.lang)
                ),
                sampling=SamplingParams(max_tokens=1),
                labels=tuple(LABELS),
            )
            for index in open_steps(steps)
        ]
        if len(requests) >= 4:
            made.append(requests[:8])
    return made[:most]


async def timed(spec: ModelSpec, answers: list[list[GenerationRequest]]) -> list[dict[str, Any]]:
    """Return a row for each number of steps at once."""
    home = Settings.from_environment().home
    with tempfile.TemporaryDirectory() as logs:
        engine = VllmEngine(spec, EngineContext(home=home, log_folder=Path(logs)))
        await engine.start()
        try:
            # Half of the answers each, so that no step of one row is in the cache for another.
            await sent(engine, answers[0][:1], at_once=1)
            halves = answers[1::2], answers[2::2]
            return [
                {
                    "prefix_cache": spec.verifies,
                    "at_once": at_once,
                    **await row(engine, half, at_once=at_once),
                }
                for at_once, half in zip((1, 4), halves, strict=True)
            ]
        finally:
            await engine.stop()


async def row(
    engine: VllmEngine, answers: list[list[GenerationRequest]], *, at_once: int
) -> dict[str, Any]:
    """Return the times of all steps of some answers."""
    times_ms: list[float] = []
    answers_s: list[float] = []
    tokens = cached = 0
    for requests in answers:
        began_s = time.monotonic()
        for took_ms, made in await sent(engine, requests, at_once=at_once):
            times_ms.append(took_ms)
            tokens += made.prompt_tokens
            cached += made.cached_tokens or 0
        answers_s.append(time.monotonic() - began_s)
    ordered = sorted(times_ms)
    return {
        "answers": len(answers),
        "steps": len(ordered),
        "prompt_tokens": tokens,
        "cached_share": round(cached / tokens, 3),
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(ordered[int(0.95 * (len(ordered) - 1))], 1),
        "ms_per_step": round(1000 * sum(answers_s) / len(ordered), 1),
    }


async def sent(
    engine: VllmEngine, requests: list[GenerationRequest], *, at_once: int
) -> list[tuple[float, Generation]]:
    """Send the requests of one answer; return the time and the generation of each."""
    places = asyncio.Semaphore(at_once)

    async def one(request: GenerationRequest) -> tuple[float, Generation]:
        async with places:
            began_s = time.monotonic()
            made = [event async for event in engine.generate(request)][-1]
            assert isinstance(made, Generation)
            return (time.monotonic() - began_s) * 1000, made

    return await asyncio.gather(*(one(request) for request in requests))


def main() -> None:
    """Print a row for each of the four."""
    answers = drafts(int(sys.argv[1]) if len(sys.argv) > 1 else 13)
    rows = []
    for spec in (SPEC, replace(SPEC, verifies=True)):
        rows += asyncio.run(timed(spec, answers))
    print(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
