"""Send a model's server one small request, and say what its answers report and what they lack."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.model_server import (
    open_client,
    said_by,
    served_models,
    served_name,
    why_not_connected,
    without_key,
)
from core.model_spec import ModelSpec
from core.server_address import ServerMisnamed

#: How long the answer may take; a server may load its model first.
ANSWER_S = 60.0
CONNECT_S = 3.0
QUESTION = "What is 2 + 3? Reply with the number alone."
#: Output tokens at most; a model that thinks may not get to its answer.
TOKENS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCall:
    """One answer of a server. What is None is not reported."""

    #: Why there is no answer.
    failed: str | None = None
    text: str = ""
    ttft_ms: float | None = None
    #: Chunks with text or thinking; fewer than tokens where the server buffers.
    chunks: int = 0
    served_model: str | None = None
    finish_reason: str | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None

    def sentences(self, asked: str) -> tuple[str, ...]:
        """Return what the call found, a line each; ``asked`` is the model's name."""
        if self.failed is not None:
            return ()
        ttft = "no TTFT: no text came" if self.ttft_ms is None else f"TTFT {self.ttft_ms:.0f} ms"
        lines = [f"answered {self.text!r} ({self.finish_reason}), {ttft}"]
        if self.prompt_tokens is None or self.output_tokens is None:
            lines.append("reports no token counts: jobs fail with NO_USAGE")
        else:
            lines.append(f"reports {self.prompt_tokens} prompt and {self.output_tokens} tokens")
            if self.output_tokens > 4 * max(self.chunks, 1):
                lines.append("sends many tokens at once: no TTFT and TPOT will be reported")
        cache = "does not report" if self.cached_tokens is None else "reports"
        lines.append(f"{cache} what came from its cache")
        if self.served_model not in (None, asked):
            lines.append(f"answered as {self.served_model!r}, not {asked!r}")
        return tuple(lines)


def call_server(spec: ModelSpec) -> ServerCall:
    """Ask a model's server one question, as a worker would."""
    return asyncio.run(_call(spec))


async def _call(spec: ModelSpec) -> ServerCall:
    import openai  # noqa: PLC0415 - slow to import

    try:
        client = open_client(spec, connect_timeout_s=CONNECT_S)
    except ServerMisnamed as error:
        return ServerCall(failed=str(error))
    try:
        async with asyncio.timeout(ANSWER_S):
            served = await served_models(client, timeout_s=CONNECT_S)
            name = served_name(spec.source, served) or spec.source
            return await _answer(client, _body(spec, name))
    except TimeoutError:
        return ServerCall(failed=f"no answer within {ANSWER_S:g} s")
    except openai.APIConnectionError as error:
        return ServerCall(failed=without_key(why_not_connected(spec, error), spec))
    except (openai.APIError, ValueError) as error:
        return ServerCall(failed=f"it refuses a request: {without_key(said_by(error), spec)}")
    finally:
        await client.close()


def _body(spec: ModelSpec, name: str) -> dict[str, Any]:
    options = spec.options
    body: dict[str, Any] = {
        "model": name,
        "messages": [{"role": "user", "content": QUESTION}],
        "stream": True,
        "stream_options": {"include_usage": True},
        str(options.get("max_tokens_field", "max_tokens")): TOKENS,
    }
    extra = dict(options.get("extra_body") or {})
    template = {**options.get("chat_template_kwargs", {}), **spec.chat_template_kwargs}
    if template:
        extra["chat_template_kwargs"] = template
    kept = {key: value for key, value in body.items() if key not in options.get("leave_out", ())}
    return kept | ({"extra_body": extra} if extra else {})


async def _answer(client: Any, body: Mapping[str, Any]) -> ServerCall:
    sent_s = time.monotonic()
    text, chunks, first_s = "", 0, None
    model = reason = usage = None
    async for chunk in await client.chat.completions.create(**body):
        usage = getattr(chunk, "usage", None) or usage
        model = getattr(chunk, "model", None) or model
        choices = getattr(chunk, "choices", None) or ()
        delta = choices[0].delta if choices else None
        reason = (choices[0].finish_reason if choices else None) or reason
        content = getattr(delta, "content", None) or ""
        thinking = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None)
        if content or thinking:
            chunks += 1
            first_s = time.monotonic() if first_s is None else first_s
        text += content
    details = getattr(usage, "prompt_tokens_details", None)
    return ServerCall(
        text=text.strip()[:80],
        ttft_ms=None if first_s is None else (first_s - sent_s) * 1000,
        chunks=chunks,
        served_model=model,
        finish_reason=reason,
        prompt_tokens=getattr(usage, "prompt_tokens", None),
        output_tokens=getattr(usage, "completion_tokens", None),
        cached_tokens=getattr(details, "cached_tokens", None),
    )
