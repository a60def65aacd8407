"""Engines: vLLM, an OpenAI-compatible server, replayed answers, simulated ones; none is loaded."""

from __future__ import annotations

from core.model_spec import ModelSpec
from workers.engines.protocol import Engine, EngineContext
from workers.errors import OPTION_REFUSED, ModelUnavailable

__all__ = ["Engine", "EngineContext", "create_engine"]


def create_engine(spec: ModelSpec, context: EngineContext) -> Engine:
    """Return an engine, not started; raise ModelUnavailable for an unknown engine or option."""
    # Imported here: a worker imports only what its models need, and vLLM not before its GPU is
    # pinned.
    if spec.engine == "synthetic":
        from workers.engines.synthetic import SyntheticEngine  # noqa: PLC0415

        return SyntheticEngine(spec, context)
    if spec.engine == "vllm":
        from workers.engines.vllm.engine import VllmEngine  # noqa: PLC0415

        return VllmEngine(spec, context)
    if spec.engine == "openai":
        from workers.engines.openai.engine import OpenAIEngine  # noqa: PLC0415

        return OpenAIEngine(spec, context)
    if spec.engine == "replay":
        from workers.engines.replay import ReplayEngine  # noqa: PLC0415

        return ReplayEngine(spec, context)
    raise ModelUnavailable(
        f"model {spec.name!r} needs engine {spec.engine!r}; "
        "the engines are vllm, openai, replay and synthetic",
        error_class=OPTION_REFUSED,
    )
