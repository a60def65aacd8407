"""Refusals: statuses, reasons in odd places, and when to come back."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

from tests.odd_servers.seen import stream
from tests.odd_servers.server import Exchange
from tests.odd_servers.streams import plain

#: Statuses that say nothing about the request.
PASSING = (420, 421, 423, 424, 499, 522, 599)
#: What ``Retry-After`` may hold; none is longer than the usual hold.
RETRY_AFTER = {
    "zero": "0", "negative": "-5", "in_words": "20 seconds", "fraction": "0.5", "past": None,
    "zone": None, "no_date": "Fri, 99 Foo 9999", "epoch": None,
}  # fmt: skip


def _once(name: str, status: int, header: Any) -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.odd.nth(name) == 1:
            headers = {"Retry_After": header()} if header else {}
            exchange.refuse(status, "not now", **headers)
            return
        plain(exchange)

    behave.__name__ = name
    stream("stop")(behave)


for _status in PASSING:
    _once(f"passing_{_status}", _status, None)
for _name, _text in RETRY_AFTER.items():
    _headers = {
        "past": lambda: formatdate(time.time() - 3600, usegmt=True),
        "zone": lambda: formatdate(time.time() + 1, localtime=True).replace("-0000", "+0000"),
        "epoch": lambda: str(int(time.time()) + 2),
    }
    _once(f"retry_{_name}", 429, _headers.get(_name, lambda text=_text: text))


@stream("failed MODEL_UNAVAILABLE", says="accept the licence of this model")
def forbidden(exchange: Exchange) -> None:
    """Refuse with a reason that is not the key."""
    exchange.refuse(403, "accept the licence of this model first")


@stream("failed REQUEST_REFUSED", says="no such field")
def reason_in_a_list(exchange: Exchange) -> None:
    """Refuse with a list of errors, as Google does."""
    exchange.odd.note(400)
    exchange.send(400, [{"error": {"code": 400, "message": "no such field"}}])


@stream("failed REQUEST_REFUSED", says="no such field")
def reason_as_text(exchange: Exchange) -> None:
    """Refuse with the reason in place of the error, as Ollama does."""
    exchange.odd.note(400)
    exchange.send(400, {"error": "no such field"})


@stream("dead SERVER_ERROR", says="the worker of this model has died")
def error_as_answer(exchange: Exchange) -> None:
    """Answer 200 with an error in place of the choices, as FastChat does."""
    exchange.odd.note(200)
    exchange.send(200, {"object": "error", "message": "the worker of this model has died",
                        "code": 50001})  # fmt: skip


@stream("stop")
def limited_in_words(exchange: Exchange) -> None:
    """Say once in the stream, in words, that the rate is limited."""
    if exchange.odd.nth("limited-in-words") > 1:
        plain(exchange)
        return
    exchange.begin()
    error = {"message": "Rate limit reached", "type": "tokens", "code": "rate_limit_exceeded"}
    exchange.event({"error": error})
    exchange.done()


@stream("stop")
def overloaded_in_words(exchange: Exchange) -> None:
    """Say once in the stream, in words, that the server is overloaded."""
    if exchange.odd.nth("overloaded-in-words") > 1:
        plain(exchange)
        return
    exchange.begin()
    exchange.event({"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}})
    exchange.close()
