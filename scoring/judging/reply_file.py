"""Read a file of replies: the output of the OpenAI batch format, or plain lines with a content."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReply:
    """One line: the request that it answers and what the judge said."""

    line: int
    custom_id: str
    content: str
    #: Distinguishes several replies to one request: the server's id of the reply where the line has
    #: one, else a hash of the content and its number among equal ones.
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A line that cannot be used, and why."""

    line: int
    reason: str


class _LineError(ValueError):
    """Say why a line holds no reply."""


def read_replies(lines: Iterable[str]) -> tuple[list[FileReply], list[Refusal]]:
    """Return the replies of a file and the lines that hold none; blank lines are neither."""
    replies: list[FileReply] = []
    refusals: list[Refusal] = []
    seen: Counter[tuple[str, str]] = Counter()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            custom_id, content, given = _read(line)
        except _LineError as error:
            refusals.append(Refusal(line=number, reason=str(error)))
            continue
        key = given or hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:32]
        if not given:
            seen[custom_id, key] += 1
            key = f"{key}-{seen[custom_id, key]}"
        replies.append(FileReply(line=number, custom_id=custom_id, content=content, key=key))
    return replies, refusals


def _read(line: str) -> tuple[str, str, str]:
    """Return custom id, content and the server's id, which may be empty. Raise _LineError."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        raise _LineError("the line is not JSON") from None
    if not isinstance(row, dict) or not isinstance(row.get("custom_id"), str):
        raise _LineError("the line has no custom_id")
    response = row.get("response")
    if not isinstance(response, dict):
        response = {}
    body = response.get("body")
    if not isinstance(body, dict):
        body = {}
    error = row.get("error") or body.get("error")
    if error:
        message = error.get("message", error) if isinstance(error, dict) else error
        raise _LineError(f"the request failed: {str(message)[:200]}")
    content = row["content"] if "content" in row else _content(body)
    if not isinstance(content, str):
        raise _LineError("the line has no content: response.body.choices[0].message.content")
    found = body.get("id") or row.get("id")
    return row["custom_id"], content, found[:200] if isinstance(found, str) else ""


def _content(body: dict[str, Any]) -> Any:
    try:
        return body["choices"][0]["message"]["content"]
    except (KeyError, IndexError, TypeError):
        return None
