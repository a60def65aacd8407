"""What a chat server is sent: a request as its interface wants it, and for no cached prompt."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from workers.engines.openai.label_ways import LabelWay
from workers.engines.protocol import GenerationRequest


def asked_for_no_cache(owned_by: object, options: Mapping[str, Any]) -> str | None:
    """Return the field by which this server can be asked to take nothing from its cache.

    None where no such field is known, which no other server is sent, or where the option
    ``no_cache`` is false.
    """
    if not options.get("no_cache", True):
        return None
    return {"vllm": "cache_salt", "llamacpp": "cache_prompt"}.get(str(owned_by).lower())


def no_cache_fields(field: str | None) -> dict[str, Any]:
    """Return the field with its value: a salt that no other request has, or the cache off."""
    if field is None:
        return {}
    return {field: False if field == "cache_prompt" else uuid.uuid4().hex}


def refuses(message: str, field: str | None) -> bool:
    """Return whether a refusal names this field."""
    return field is not None and field in message


def request_body(
    request: GenerationRequest,
    options: Mapping[str, Any],
    *,
    model: str,
    no_cache: str | None,
    way: LabelWay | None = None,
) -> dict[str, Any]:
    """Return what the client sends: ``model`` as the server names it, in its ``options``.

    ``no_cache`` is the field that asks for no cached prompt, ``way`` how a label is asked for.
    """
    sampling, left_out = request.sampling, frozenset(options.get("leave_out") or ())
    extra = dict(options.get("extra_body") or {})
    template = {**options.get("chat_template_kwargs", {}), **sampling.chat_template_kwargs}
    beyond = {
        "chat_template_kwargs": template,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
    }
    extra |= {key: value for key, value in beyond.items() if value is not None and value != {}}
    extra |= no_cache_fields(no_cache) if way is None else dict(way.extra)
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": message.role, "content": message.content} for message in request.messages
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "presence_penalty": sampling.presence_penalty,
        "stop": list(sampling.stop) or None,
        str(options.get("max_tokens_field", "max_tokens")): sampling.max_tokens,
    }
    if options.get("send_seed", True):
        body["seed"] = sampling.seed
    if request.schema is not None:
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "strict": True, "schema": dict(request.schema)},
        }
    body |= {} if way is None else way.body
    # What is None is the server's, that is, in a server that knows it, the model's own.
    sent = {key: value for key, value in body.items() if value is not None and key not in left_out}
    return sent | ({"extra_body": extra} if extra else {})
