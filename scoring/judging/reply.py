"""Read a judge's reply: each verdict stands only with a quote that the answer holds word for word."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from scoring.judging.request import VERDICTS, JudgeRequest

#: Letters and digits that a quote has at least; less would stand in any answer.
MIN_QUOTE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeVerdict:
    """One step in the eyes of a judge; ``verdict`` is None where the reply says nothing usable, with the reason."""

    step_id: str
    verdict: str | None
    quote: str = ""
    reason: str = ""


def read_reply(request: JudgeRequest, reply: str) -> tuple[JudgeVerdict, ...]:
    """Return a verdict for each step that was asked about. Never raises: what cannot be read is None, with a reason."""
    document = _document(reply)
    if document is None:
        return tuple(
            JudgeVerdict(step_id=step, verdict=None, reason="the reply is not the JSON that was asked for")
            for step in request.step_ids
        )
    answer = squeezed(request.shown)
    return tuple(_verdict(step, document.get(step), answer) for step in request.step_ids)


def squeezed(text: str) -> str:
    """Return a text as quotes are compared: without spaces, markup signs and case."""
    return re.sub(r"[\s*$`\\{}_]", "", text).casefold()


def _document(reply: str) -> dict[str, Any] | None:
    """Return the JSON object of a reply, also from within a code fence, None where there is not exactly one."""
    body = re.sub(r"^\s*```(?:json)?\s*|\s*```\s*$", "", reply.strip())
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _verdict(step: str, entry: Any, answer: str) -> JudgeVerdict:
    if not isinstance(entry, dict) or entry.get("verdict") not in VERDICTS:
        return JudgeVerdict(step_id=step, verdict=None, reason="the reply has no verdict on this step")
    verdict, quote = str(entry["verdict"]), str(entry.get("quote") or "")
    bare = squeezed(quote)
    if verdict == "missing":
        return JudgeVerdict(step_id=step, verdict="missing", quote=quote if bare and bare in answer else "")
    if sum(char.isalnum() for char in bare) < MIN_QUOTE:
        return JudgeVerdict(step_id=step, verdict=None, quote=quote, reason="the verdict has no quote")
    if bare not in answer:
        return JudgeVerdict(step_id=step, verdict=None, quote=quote, reason="the quote does not stand in the answer")
    return JudgeVerdict(step_id=step, verdict=verdict, quote=quote)
