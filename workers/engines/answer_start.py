"""When the answer began: the first token after any thinking."""

from __future__ import annotations

from collections.abc import Sequence

from workers.engines.protocol import TokenEvent

OPENED = "<think>"
CLOSED = "</think>"


def first_answer_s(events: Sequence[TokenEvent], prompt_text: str | None) -> float | None:
    """Return the arrival of the first token of the answer, monotonic seconds.

    That is the first token with more than blanks after ``</think>``, or the first token of all
    where no thinking was opened, by the end of the prompt or in the output. None where thinking was
    never closed or nothing came after it.
    """
    if not events:
        return None
    text = "".join(event.text for event in events)
    closed_at = text.find(CLOSED)
    if closed_at < 0:
        opened = OPENED in text or (prompt_text or "").rstrip().endswith(OPENED)
        return None if opened else events[0].at_s
    answer_from, length = closed_at + len(CLOSED), 0
    for event in events:
        begins, length = length, length + len(event.text)
        if length > answer_from and event.text[max(0, answer_from - begins) :].strip():
            return event.at_s
    return None
