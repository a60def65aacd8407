"""What options of a model behind an OpenAI-compatible server may not override."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Fields of a request, and who decides them.
_OWNERS: Mapping[str, tuple[str, ...]] = {
    "the experiment's sampling": (
        "temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "max_completion_tokens",
        "max_new_tokens", "min_tokens", "stop", "presence_penalty", "frequency_penalty",
        "repetition_penalty", "ignore_eos",
    ),
    "evalctl": (
        "model", "models", "messages", "prompt", "stream", "stream_options", "n", "best_of",
        "response_format", "guided_json", "structured_outputs", "tools", "tool_choice",
        "functions", "function_call", "cache_salt", "cache_prompt",
    ),
    "the option chat_template_kwargs": ("chat_template_kwargs",),
}  # fmt: skip
_SECRET_FIELD = re.compile(
    r"(?:^|_)(?:api_?key|secret|password|(?:auth|access)_token)$", re.IGNORECASE
)


def refusal_of(options: Mapping[str, Any]) -> str | None:
    """Say which field of ``extra_body`` would override what is decided elsewhere; None: none.

    A value of another type than a table is refused as well.
    """
    extra = options.get("extra_body")
    if extra is None:
        return None
    if not isinstance(extra, Mapping):
        return "options.extra_body is a table of fields, e.g. { top_a = 0.2 }"
    if secret := next((str(name) for name in extra if _SECRET_FIELD.search(str(name))), None):
        return (
            f"options.extra_body.{secret} would be stored with every job: send it in "
            'options.headers, as "${NAME}"'
        )
    for owner, fields in _OWNERS.items():
        if found := sorted(set(map(str, extra)) & set(fields)):
            names = ", ".join(f"options.extra_body.{field}" for field in found)
            return f"{names} would override what {owner} decides: remove it"
    return None
