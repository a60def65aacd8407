"""What an OpenAI-compatible server means by refusing a request, read out of its sentence."""

from __future__ import annotations

import re

from workers import errors

_LIMIT = re.compile(
    r"(?:context.?length|model.?len(?:gth)?|context.?window|maximum context)[^.\d]{0,40}"
    r"(\d[\d,]*)",
    re.IGNORECASE,
)
_INPUT = re.compile(
    r"(\d[\d,]*)\s*(?:input|prompt)\s*tokens|(\d[\d,]*)\s*in the messages"
    r"|(?:prompt|input|messages)[^.\d]{0,40}(\d[\d,]*)\s*(?:input\s*)?tokens",
    re.IGNORECASE,
)
#: A limit of the answer, whatever the prompt's length.
_ANSWER = re.compile(
    r"max_(?:completion_|output_|new_)?tokens\b.{0,80}?(?:too large|too big|too high|exceed|range|"
    r"at most|less than|greater than|maximum|must be|>|limit)|at most \d[\d,]* completion tokens",
    re.IGNORECASE,
)
_TOO_LONG = re.compile(
    r"context.?(?:length|size)|maximum model length|max_model_len|maximum context|context.?window|"
    r"too long|too many tokens",
    re.IGNORECASE,
)
_FIELDS = re.compile(r"\b(stream_options|temperature|top_p|seed)\b")
#: Says that a field itself is unwanted, and not that its value is wrong.
_UNWANTED = re.compile(
    r"extra_forbidden|not permitted|unsupported|not support|unknown|unrecognized|unexpected|"
    r"not allowed|does not exist",
    re.IGNORECASE,
)


def refusal(message: str) -> tuple[str, str]:
    """Return the class of a refusal and what to do about it, to be appended to the message.

    A prompt alone too long is distinguished from an answer for which no room is left beside it.
    """
    limit, prompt = _first(_LIMIT, message), _first(_INPUT, message)
    if limit is not None and prompt is not None:
        too_long = prompt >= limit
    else:
        too_long = _ANSWER.search(message) is None and _TOO_LONG.search(message) is not None
    if too_long:
        return errors.PROMPT_TOO_LONG, ""
    if _ANSWER.search(message) or (limit is not None and prompt is not None):
        fewer = "request fewer tokens with --max-tokens, or sampling.max_tokens in the registry"
        return errors.MAX_TOKENS_REFUSED, f"; the prompt fits, the answer's limit does not: {fewer}"
    field = _FIELDS.search(message)
    if field and _UNWANTED.search(message):
        return errors.REQUEST_REFUSED, f'; to send none, set options.leave_out = ["{field[1]}"]'
    return errors.REQUEST_REFUSED, ""


def _first(pattern: re.Pattern[str], message: str) -> int | None:
    found = pattern.search(message)
    if found is None:
        return None
    return int(next(group for group in found.groups() if group).replace(",", ""))
