"""An answer out of what vLLM gave of a request: tokens, stamps, counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.model_spec import ModelSpec
from workers import errors
from workers.engines.answer_start import first_answer_s
from workers.engines.protocol import (
    NO_TEXT,
    Generation,
    GenerationRequest,
    TokenEvent,
    hash_text,
    hash_token_ids,
)
from workers.engines.vllm.kv_usage import KvWindow
from workers.engines.vllm.prompt import Prompt


def read_answer(
    spec: ModelSpec,
    request: GenerationRequest,
    prompt: Prompt,
    events: Sequence[TokenEvent],
    output: Any,
    *,
    submitted_s: float,
    window: KvWindow,
    kv_used_mib: float | None,
    compiled: tuple[str, ...],
) -> Generation:
    """Return the Generation of vLLM's last ``output`` of a request.

    Raise EngineDied where no token came, EngineError (PREFIX_CACHE_HIT) where the prompt was taken
    from a cache that should be off.
    """
    if not events or output is None:
        raise errors.EngineDied(f"model {spec.name!r} ended a request without a token")
    cached = int(output.num_cached_tokens or 0)
    if cached and not request.labels and not spec.verifies:
        raise errors.EngineError(
            f"model {spec.name!r} took {cached} of {len(prompt.token_ids)} prompt tokens "
            "from its cache: timings of this engine mean nothing, start it with prefix "
            "caching off",
            error_class=errors.PREFIX_CACHE_HIT,
        )
    token_ids = [token_id for event in events for token_id in event.token_ids]
    stamps, delta = output.metrics, output.outputs[0]
    text = "".join(event.text for event in events)
    return Generation(
        text=text,
        prompt_text=prompt.text,
        prompt_hash=hash_text(prompt.text)
        if prompt.text is not None
        else hash_token_ids(prompt.token_ids),
        output_hash=hash_token_ids(token_ids),
        prompt_tokens=len(prompt.token_ids),
        cached_tokens=cached,
        output_tokens=len(token_ids),
        finish_reason=str(delta.finish_reason),
        submitted_s=submitted_s,
        first_token_s=events[0].at_s,
        last_token_s=events[-1].at_s,
        first_answer_s=None
        if request.sampling.fixed_length
        else first_answer_s(events, prompt.text),
        engine_queued_s=_stamp(stamps, "queued_ts"),
        engine_scheduled_s=_stamp(stamps, "scheduled_ts"),
        engine_first_token_s=_stamp(stamps, "first_token_ts"),
        engine_last_token_s=_stamp(stamps, "last_token_ts"),
        preemptions=getattr(stamps, "num_preemptions", window.preemptions),
        engine_preemptions=window.preemptions,
        running_peak=window.running_peak,
        waiting_steps=window.waiting_steps(request.waiting_after_steps),
        compiled=compiled,
        kv_used_mib=kv_used_mib,
        # A token that ends the answer at once counts as none.
        untimed=NO_TEXT if not text and not request.sampling.fixed_length else None,
    )


def _stamp(stamps: Any, name: str) -> float | None:
    return float(getattr(stamps, name, 0.0)) or None
