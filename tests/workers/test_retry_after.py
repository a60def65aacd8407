"""When a server wants the next request, read from the headers of its refusals."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from workers.engines.openai.retry_after import retry_after_s

NOW = "Mon, 30 Nov 2026 06:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "Mon, 30 Nov 2026 06:02:00 GMT", "date": NOW}, 120),
        ({"retry-after": "Monday, 30-Nov-26 06:02:00 GMT", "date": NOW}, 120),
        ({"retry-after": "Mon, 30 Nov 2026 05:00:00 GMT", "date": NOW}, 0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "\u00b2"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "0"}, 0),
        ({"retry-after": "1m30s"}, 90),
        ({"retry-after": "Mon, 30 Nov 2026 08:02:00 +0200", "date": NOW}, 120),
        ({"retry-after": "Mon, 30 Nov 2026 08:02:00 +9999", "date": NOW}, None),
        ({"retry-after": "Mon, 30 Nov 99999 08:02:00 GMT", "date": NOW}, None),
        ({"retry-after": "1994-11-06T08:49:37Z"}, 0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "7", "x-ratelimit-reset-requests": "90"}, 7),
        ({"retry-after": "soon", "x-ratelimit-reset-requests": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-reset-requests": "2m59.56s"}, 179.56),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "8s"}, 8),
        (
            {
                "x-ratelimit-reset-requests": "1s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "8s",
                "x-ratelimit-remaining-tokens": "900",
            },
            1,
        ),
        ({"x-ratelimit-reset-requests": "later"}, None),
    ],
)
def test_headers_give_seconds(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("factor", [1, 1000])
def test_a_moment_is_read_as_one(factor: int) -> None:
    at_s = time.time() + 60
    for header in ("x-ratelimit-reset", "retry-after"):
        found = retry_after_s({header: str(int(at_s * factor))})
        assert found == pytest.approx(60, abs=2)
    written = dt.datetime.fromtimestamp(at_s, dt.UTC).isoformat()
    found = retry_after_s({"anthropic-ratelimit-requests-reset": written})
    assert found == pytest.approx(60, abs=2)
