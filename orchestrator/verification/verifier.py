"""Send the steps that computation leaves open to a verifier model behind a server."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from core.model_spec import ModelSpec
from orchestrator.verification.server import opened_server, refuse_worker_model
from problems.schema import Problem
from scoring.verification.marks import MarkedStep
from scoring.verification.request import open_steps, step_request
from scoring.verification.verify import Verification, verify_text

DEADLINE_MS = 300.0
PARALLEL = 8


def verify_with_model(
    problem: Problem,
    text: str,
    spec: ModelSpec,
    *,
    language: str,
    deadline_ms: float = DEADLINE_MS,
    parallel: int = PARALLEL,
) -> Verification:
    """Return the marks of computation, and a model's on the steps that it leaves open.

    A step without a verdict at its deadline stays unverified. Raise ``UsageFault`` for a model that
    is not behind a server, or whose server cannot be used.
    """
    refuse_worker_model(spec)
    computed = verify_text(problem, text)
    sending = _Sending(language=language, deadline_ms=deadline_ms, parallel=parallel)
    return asyncio.run(_completed(problem, computed, spec, sending))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sending:
    """How the steps of one answer are sent."""

    language: str
    deadline_ms: float
    parallel: int


async def _completed(
    problem: Problem, computed: Verification, spec: ModelSpec, sending: _Sending
) -> Verification:
    async with opened_server(spec) as server:
        steps = computed.steps
        opened = open_steps(steps)
        if opened:
            first = step_request(problem, steps, opened[0], language=sending.language)
            await server.choose_way(first)
        slots = asyncio.Semaphore(sending.parallel)

        async def one(index: int) -> MarkedStep:
            async with slots:
                messages = step_request(problem, steps, index, language=sending.language)
                return await server.mark(steps[index], messages, sending.deadline_ms)

        made = dict(zip(opened, await asyncio.gather(*(one(i) for i in opened)), strict=True))
    return replace(
        computed,
        steps=tuple(made.get(i, step) for i, step in enumerate(steps)),
        model=spec.name,
        labels_by=server.way,
    )
