"""A server with OpenAI's API that misbehaves on purpose: the requested model says how.

To add a behaviour, write a function under ``@behaviour``; its name, with hyphens, is the model's.
"""

from __future__ import annotations

import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ANSWER = "x+y=5 and xy=6, so x=2, y=3 and x^2+y^2=13. The answer is 13."
#: Linger for no time: closing sends a reset.
RESET_AT_ONCE = struct.pack("ii", 1, 0)

Behaviour = Callable[["Exchange"], None]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(function: Behaviour) -> Behaviour:
    """Register what the server does for the model of this name."""
    BEHAVIOURS[function.__name__.replace("_", "-")] = function
    return function


class OddServer:
    """A server on a loopback port of its choice; it may stop, start again and limit its load."""

    def __init__(
        self, *, port: int = 0, limit: int | None = None, answer_s: float = 0.3, seed: int = 0
    ) -> None:
        """Answer with 429 at random while more than ``limit`` requests are in flight."""
        self.limit, self.answer_s = limit, answer_s
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self._port = port
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}
        self._first_s: dict[str, float] = {}
        self._http: _Http | None = None
        self._in_flight = 0
        self.most_at_once = 0
        self.dropped = 0
        #: Moment (monotonic) and status of every chat request, in the order of their beginnings.
        self.answers: list[tuple[float, int]] = []

    @property
    def base_url(self) -> str:
        """Where it is, also while it is stopped."""
        return f"http://127.0.0.1:{self._port}/v1"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, on the port of the start before."""
        self._http = _Http(("127.0.0.1", self._port), self)
        self._port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Break every connection and listen no more."""
        http, self._http = self._http, None
        if http is not None:
            http.shutdown()
            http.server_close()
            http.break_all()

    def nth(self, key: str) -> int:
        """Count: return 1, 2, ..."""
        with self._lock:
            self._counts[key] = self._counts.get(key, 0) + 1
            return self._counts[key]

    def since_first_s(self, key: str) -> float:
        """Return the seconds since this was first called for the key."""
        with self._lock:
            now_s = time.monotonic()
            return now_s - self._first_s.setdefault(key, now_s)

    def note(self, status: int) -> None:
        """Note how a request was answered."""
        with self._lock:
            self.answers.append((time.monotonic(), status))

    @contextmanager
    def in_flight(self) -> Any:
        """Count a request during the block; yield how many there are."""
        with self._lock:
            self._in_flight += 1
            now = self._in_flight
            self.most_at_once = max(self.most_at_once, now)
        try:
            yield now
        finally:
            with self._lock:
                self._in_flight -= 1


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], odd: OddServer) -> None:
        self.odd = odd
        self._open: set[socket.socket] = set()
        super().__init__(address, Exchange)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def break_all(self) -> None:
        for connection in list(self._open):
            try:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about connections that broke."""


class Exchange(BaseHTTPRequestHandler):
    """One request and what a behaviour answers."""

    protocol_version = "HTTP/1.1"
    body: dict[str, Any]
    model: str

    @property
    def odd(self) -> OddServer:
        """The server."""
        server = self.server
        assert isinstance(server, _Http)
        return server.odd

    def do_GET(self) -> None:
        """List every behaviour as a model, or do what the first part of the path says."""
        way = self.path.split("/")[1].removeprefix("list-")
        if way == "limited" and self.odd.since_first_s("list") >= 6:
            way = ""
        if way.isdigit():
            self.send(int(way), {"error": {"message": "no list here"}})
        elif way == "limited":
            self.send(429, {"error": {"message": "too many requests"}}, Retry_After="2")
        elif way == "html":
            self.send(200, "<html><body>Sign in</body></html>")
        else:
            before, after = {"latest": ("", ":latest"), "path": ("models/", "")}.get(way, ("", ""))
            models: list[Any] = [
                {"id": f"{before}{name}{after}", "owned_by": "odd"} for name in BEHAVIOURS
            ]
            if way == "big":  # 3 MB
                models += [{"id": f"other-{at}", "owned_by": "x" * 1000} for at in range(3000)]
            elif way == "odd":
                models = [
                    one | {"owned_by": "\x00\ud83d", "max_model_len": float("nan")}
                    for one in models
                ]
            elif way == "names":
                models = list(BEHAVIOURS)
            self.send(200, {"object": "list", "data": None if way == "null" else models})

    def do_POST(self) -> None:
        """Behave as the model's name says."""
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.model = str(self.body.get("model", ""))
        with self.odd.in_flight() as now:
            above = self.odd.limit is not None and now > self.odd.limit
            if above and self.odd.random.random() < 0.5:
                self.refuse(429, "too many requests")
                return
            known = BEHAVIOURS.get(self.model.removeprefix("models/").removesuffix(":latest"))
            if known is None:
                self.refuse(404, f"The model {self.model!r} does not exist")
                return
            known(self)

    def send(self, status: int, body: Any, **headers: str) -> None:
        """Answer with one document."""
        content = json.dumps(body).encode() if not isinstance(body, str) else body.encode()
        kind = "text/html" if isinstance(body, str) else "application/json"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def refuse(self, status: int, message: str, **headers: str) -> None:
        """Answer with an error."""
        self.odd.note(status)
        self.send(status, {"error": {"message": message, "code": status}}, **headers)

    def begin(self) -> None:
        """Begin a stream."""
        self.odd.note(200)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def event(self, document: Any) -> None:
        """Send one event of a stream."""
        text = document if isinstance(document, str) else json.dumps(document)
        self.raw(f"data: {text}\n\n".encode())

    def raw(self, data: bytes) -> None:
        """Send bytes of a stream."""
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def chunk(
        self, delta: dict[str, Any] | None, *, finish: str | None = None, **fields: Any
    ) -> None:
        """Send one chunk; without a delta it has no choices."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event(self._chunk([] if delta is None else [choice]) | fields)

    def done(self) -> None:
        """Say that nothing follows."""
        self.event("[DONE]")
        self.close()

    def close(self) -> None:
        """End the response in order."""
        self.wfile.write(b"0\r\n\r\n")

    def delta(self, content: str | None, *, finish: str | None = None) -> None:
        """Send a chunk of an answer."""
        delta = {} if content is None else {"content": content}
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event(self._chunk([choice]))

    def end(self, tokens: int) -> None:
        """End a stream in order."""
        self.delta(None, finish="stop")
        usage = {"prompt_tokens": 20, "completion_tokens": tokens, "total_tokens": 20 + tokens}
        self.event(self._chunk([]) | {"usage": usage})
        self.done()

    def answer(self, *, within_s: float = 0.0) -> None:
        """Stream the answer, word by word."""
        self.begin()
        words = ANSWER.split()
        for word in words:
            self.delta(f"{word} ")
            time.sleep(within_s / len(words))
        self.end(len(words))

    def drop(self) -> None:
        """Reset the connection."""
        self.odd.dropped += 1
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
        self.close_connection = True
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""

    def _chunk(self, choices: list[Any]) -> dict[str, Any]:
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": self.model}
        return head | {"choices": choices}


@behaviour
def ok(exchange: Exchange) -> None:
    """Answer at once."""
    exchange.answer()


@behaviour
def slow(exchange: Exchange) -> None:
    """Answer in the server's time."""
    exchange.answer(within_s=exchange.odd.answer_s)


@behaviour
def down(exchange: Exchange) -> None:
    """Fail for ever."""
    exchange.refuse(503, "no upstream")


@behaviour
def r429(exchange: Exchange) -> None:
    """Limit the rate for 6 s, and say so."""
    left_s = 6 - exchange.odd.since_first_s("r429")
    if left_s > 0:
        exchange.refuse(429, "Rate limit reached", Retry_After=str(int(left_s) + 1))
        return
    exchange.answer()


@behaviour
def s502_html(exchange: Exchange) -> None:
    """Answer for 6 s with a gateway's page."""
    if exchange.odd.since_first_s("s502") < 6:
        exchange.odd.note(502)
        exchange.send(502, "<html><head><title>502 Bad Gateway</title></head></html>")
        return
    exchange.answer()


@behaviour
def some_drop(exchange: Exchange) -> None:
    """Reset the connection of every fourth request within its answer."""
    if exchange.odd.nth("some-drop") % 4:
        exchange.answer(within_s=1.0)
        return
    exchange.begin()
    exchange.delta("x+y=5 ")
    time.sleep(0.2)
    exchange.drop()


def _once(status: int) -> Behaviour:
    def refuse_once(exchange: Exchange) -> None:
        if exchange.odd.nth(f"s{status}") == 1:
            exchange.refuse(status, "not now")
            return
        exchange.answer()

    return refuse_once


for _status in (402, 408, 409, 425, 429, 500, 503, 529):
    BEHAVIOURS[f"s{_status}"] = _once(_status)
