"""What a chat server is asked for no cache with."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any


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
