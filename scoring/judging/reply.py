"""Read a judge's reply: each verdict stands only with a quote that the answer holds literally."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from scoring.final_answer.thinking import visible
from scoring.judging.request import MAX_QUOTE, VERDICTS, JudgeRequest

#: Characters that a quote has at least, spaces and markup aside, and letters and digits among them;
#: less would stand in any answer.
MIN_QUOTE, MIN_LETTERS = 3, 2
#: Passages that speak to a judge instead of deriving anything.
_ABOUT_JUDGING = re.compile(
    r"verdict|full (?:marks|credit)|system prompt|all steps (?:are )?(?:done|correct)"
    r"|ignore (?:all|any|the|your)? ?(?:previous|above|earlier|prior)? ?(?:instructions?|rules?)"
    r"|(?:mark|grade|rate) (?:it|this|all|every|each)[^.]{0,40}(?:done|correct|right|full)"
    r"|(?:dear|attention|note to)[ ,]+(?:the )?(?:judge|grader|marker)|给满分|判为(?:正确|完成)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeVerdict:
    """One step in the eyes of a judge.

    ``verdict`` is None where the reply says nothing that can be used; ``reason`` says why.
    """

    step_id: str
    verdict: str | None
    quote: str = ""
    reason: str = ""


def read_reply(request: JudgeRequest, reply: str) -> tuple[JudgeVerdict, ...]:
    """Return a verdict for each step that was asked about; never raise.

    What cannot be read has no verdict, and a reason.
    """
    document = _document(reply)
    if document is None:
        return tuple(
            JudgeVerdict(
                step_id=step, verdict=None, reason="the reply is not the JSON that was asked for"
            )
            for step in request.step_ids
        )
    answer = squeezed(request.shown)
    return tuple(
        _verdict(step, document.get(step), answer, cut=request.cut) for step in request.step_ids
    )


def squeezed(text: str) -> str:
    """Return a text as quotes are compared: without spaces, markup signs and case."""
    return re.sub(r"[\s*$`\\{}_]", "", text).casefold()


def _document(reply: str) -> dict[str, Any] | None:
    """Return the one JSON object of a reply, also from within a code fence, else None.

    An object that names a step twice says two things, so it counts as none.
    """
    body = visible(reply).text(reply).strip()
    body = re.sub(r"^```(?:json)?\s*|\s*```$", "", body)
    try:
        document = json.loads(body, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        raise ValueError("a key stands twice")
    return document


def _verdict(step: str, entry: Any, answer: str, *, cut: bool) -> JudgeVerdict:
    said = entry.get("verdict") if isinstance(entry, dict) else None
    if not isinstance(said, str) or said not in VERDICTS:
        return JudgeVerdict(
            step_id=step, verdict=None, reason="the reply has no verdict on this step"
        )
    written = entry.get("quote")
    quote = written if isinstance(written, str) else ""
    quote = quote.encode("utf-8", "replace").decode()[:MAX_QUOTE]
    bare = squeezed(quote)
    if said == "missing":
        if cut:
            return _unusable(step, "", "the answer was shown to the judge in part")
        return JudgeVerdict(
            step_id=step, verdict=said, quote=quote if bare and bare in answer else ""
        )
    if len(bare) < MIN_QUOTE or sum(char.isalnum() for char in bare) < MIN_LETTERS:
        why = "the quote is too short to show a step" if bare else "the verdict has no quote"
        return _unusable(step, quote, why)
    if bare not in answer:
        return _unusable(step, quote, "the quote does not stand in the answer")
    if _ABOUT_JUDGING.search(quote):
        return _unusable(step, quote, "the quote speaks to the judge and shows nothing")
    return JudgeVerdict(step_id=step, verdict=said, quote=quote)


def _unusable(step: str, quote: str, reason: str) -> JudgeVerdict:
    return JudgeVerdict(step_id=step, verdict=None, quote=quote, reason=reason)
