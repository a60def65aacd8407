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
#: Fields of a request that a server may refuse, so that a model can leave them out.
LEFT_OUT = frozenset({"seed", "stream_options", "temperature", "top_p"})
_LIMIT_FIELDS = frozenset({"max_tokens", "max_completion_tokens", "max_new_tokens"})
_SECRET_FIELD = re.compile(
    r"(?:^|_)(?:api_?key|secret|password|(?:auth|access)_token)$", re.IGNORECASE
)


def refusal_of(options: Mapping[str, Any]) -> str | None:
    """Say which option would override what is decided elsewhere, or has no meaning; None: none.

    A value of another type than it should be is refused as well.
    """
    left_out = options.get("leave_out") or ()
    if unknown := sorted(set(map(str, left_out)) - LEFT_OUT):
        return f"options.leave_out takes {', '.join(sorted(LEFT_OUT))}, not {', '.join(unknown)}"
    field = str(options.get("max_tokens_field", "max_tokens"))
    for owner, fields in _OWNERS.items():
        if field in fields and field not in _LIMIT_FIELDS:
            return f"options.max_tokens_field = {field!r} would override what {owner} decides"
    return _refused_extra(options.get("extra_body"))


def _refused_extra(extra: object) -> str | None:
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
