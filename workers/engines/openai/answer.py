"""An answer out of a stream that has ended, or why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.texts import storable
from workers import errors
from workers.engines.openai.stream import ChatStream, same_model
from workers.engines.protocol import (
    Generation,
    hash_text,
)

NO_USAGE = "NO_USAGE"
STREAM_CUT = "STREAM_CUT"


def read_answer(server: str, body: Mapping[str, Any], reading: ChatStream) -> Generation:
    """Return the Generation of a stream that has ended; ``server`` names model and address.

    Raise ServerUnavailable or EngineError for a stream that did not end in order, or that came
    without counts of tokens.
    """
    usage = reading.usage
    if reading.cut and not reading.events and not reading.called:
        raise errors.ServerUnavailable(f"{server} ended a stream before the first token")
    if reading.cut or (not reading.done and usage.output_tokens is None):
        raise errors.ServerUnavailable(
            f"{server} ended a stream in the middle of an answer, without a finish_reason and "
            "[DONE]",
            error_class=STREAM_CUT,
            holds=False,
        )
    if reading.overloaded:
        raise errors.ServerUnavailable(
            f"{server} ended an answer for want of resources: {reading.finish_reason}",
            error_class=errors.SERVER_BUSY,
        )
    if reading.failed:
        raise errors.EngineError(
            f"{server} ended an answer with finish_reason {reading.finish_reason!r}",
            error_class=errors.SERVER_ERROR,
        )
    if usage.output_tokens is None or usage.prompt_tokens is None:
        raise errors.EngineError(
            f"{server} ended a stream without token counts (stream_options.include_usage)",
            error_class=NO_USAGE,
        )
    # An emoji may come in halves, in two chunks.
    text, events = storable(reading.text), reading.events
    messages = body["messages"]
    prompt = json.dumps(messages, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    ended_s = reading.ended_s or reading.submitted_s
    return Generation(
        text=text,
        prompt_text=None,
        prompt_hash=hash_text(prompt),
        output_hash=hash_text(text),
        prompt_tokens=usage.prompt_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        finish_reason=reading.end,
        submitted_s=reading.submitted_s,
        first_token_s=events[0].at_s if events else ended_s,
        last_token_s=events[-1].at_s if events else ended_s,
        first_answer_s=reading.first_answer_s,
        reasoning_tokens=usage.reasoning_tokens,
        hidden_tokens=reading.hidden_tokens,
        untimed=reading.untimed,
        served_model=reading.served_model,
        other_model=not same_model(reading.served_model, str(body["model"])),
        label_logprobs=reading.first_logprobs,
    )
