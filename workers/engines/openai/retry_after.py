"""When a server that refuses a request wants the next request, as its headers say."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

#: Go's way to write a duration, as OpenAI and others do: 6m0s, 1.5s, 20ms.
_DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|h|m|s)")
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
#: Larger numbers are moments since 1970, in seconds or milliseconds.
_EPOCH_S, _EPOCH_MS = 1e9, 1e11
_RESET = re.compile(r"(?:x-|anthropic-)?ratelimit-(?:(?:requests|tokens)-)?reset(?:-\w+)?")


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds to wait, None where the headers do not say; names are in lower case.

    ``Retry-After`` comes first, as seconds or as an HTTP date, which the server's own ``Date`` is
    compared with, or as the resets are written; then ``x-ratelimit-reset-*``, of the limits that
    are used up.
    """
    if (milliseconds := _number(headers.get("retry-after-ms"))) is not None:
        return milliseconds / 1000
    if (text := headers.get("retry-after")) is not None:
        seconds = _until_date_s(text, headers.get("date"))
        seconds = _moment_s(text) if seconds is None else seconds
        if seconds is not None:
            return seconds
    return _reset_s(headers)


def _number(text: str | None) -> float | None:
    if text is None or not re.fullmatch(r"\s*\d{1,15}(\.\d+)?\s*", text, re.ASCII):
        return None
    return float(text)


def _until_date_s(text: str, now_text: str | None) -> float | None:
    until = _date(text)
    if until is None:
        return None
    now = _date(now_text or "") or dt.datetime.now(dt.UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> dt.datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def _reset_s(headers: Mapping[str, str]) -> float | None:
    resets = {name: _moment_s(text) for name, text in headers.items() if _RESET.fullmatch(name)}
    known = {name: seconds for name, seconds in resets.items() if seconds is not None}
    used_up = [seconds for name, seconds in known.items() if _used_up(headers, name)]
    return max(used_up or known.values(), default=None)


def _used_up(headers: Mapping[str, str], reset: str) -> bool:
    """Return whether the limit that a header resets has nothing left, or does not say."""
    left = _number(headers.get(reset.replace("reset", "remaining")))
    return left is None or left == 0


def _moment_s(text: str) -> float | None:
    number = _number(text)
    if number is not None:
        if number < _EPOCH_S:
            return number
        return max(0.0, (number / 1000 if number > _EPOCH_MS else number) - time.time())
    parts = list(_DURATION.finditer(text.strip()))
    if parts and "".join(part.group() for part in parts) == text.strip():
        return sum(float(part["number"]) * _UNITS_S[part["unit"]] for part in parts)
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)
    return max(0.0, moment.timestamp() - time.time())
