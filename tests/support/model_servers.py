"""Model servers with ordinary oddities, each on a port of the loopback interface."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}


class OddServer(BaseHTTPRequestHandler):
    """Answer as the class attributes say."""

    #: What ``GET /v1/models`` answers; None: a list of ``models``.
    listing: ClassVar[tuple[int, str, str] | None] = None
    models: ClassVar[tuple[str, ...]] = ("tiny",)
    #: What a chat answers; None: a short stream. ``{authorization}`` stands for the header.
    refusal: ClassVar[tuple[int, str, str] | None] = None
    #: Fields with which a chat answers 422.
    unwanted: ClassVar[frozenset[str]] = frozenset()
    prefix: ClassVar[str] = "/v1"
    #: Bodies of the chats so far, and the headers of the last request.
    asked: ClassVar[list[dict[str, Any]]]
    headers_seen: ClassVar[dict[str, str]]
    paths: ClassVar[list[str]]

    def do_GET(self) -> None:
        """List the models."""
        self._note()
        if self._path() != f"{self.prefix}/models":
            return self._send(404, "application/json", '{"detail":"Not Found"}')
        if self.listing is not None:
            return self._send(*self.listing)
        data = [{"id": name, "object": "model", "owned_by": "us"} for name in self.models]
        return self._send(200, "application/json", json.dumps({"object": "list", "data": data}))

    def do_POST(self) -> None:
        """Answer a chat."""
        self._note()
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append(body)
        if self._path() != f"{self.prefix}/chat/completions":
            return self._send(404, "application/json", '{"detail":"Not Found"}')
        if refused := sorted(self.unwanted & set(body)):
            detail = {"type": "extra_forbidden", "loc": ["body", refused[0]]}
            message = {"detail": [detail | {"msg": "Extra inputs are not permitted"}]}
            return self._send(
                422, "application/json", json.dumps({"object": "error", "message": message})
            )
        if self.refusal is not None:
            status, kind, text = self.refusal
            key = self.headers.get("Authorization", "")
            return self._send(status, kind, text.replace("{authorization}", key))
        chunks: list[Mapping[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"content": "The answer"}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {"content": " is 13."}, "finish_reason": "stop"}]},
            {"choices": [], "usage": USAGE},
        ]
        head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": body["model"]}
        events = [f"data: {json.dumps(head | dict(chunk))}\n\n" for chunk in chunks]
        return self._send(200, "text/event-stream", "".join([*events, "data: [DONE]\n\n"]))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""

    def _path(self) -> str:
        """Return the path; a proxy is asked for whole addresses."""
        path = self.path.split("?")[0]
        return "/" + path.split("/", 3)[3] if path.startswith("http") else path

    def _note(self) -> None:
        self.paths.append(self.path)
        self.headers_seen.update((key.lower(), value) for key, value in self.headers.items())

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def odd_server(
    *, tls: ssl.SSLContext | None = None, **oddities: Any
) -> Iterator[tuple[type[OddServer], str]]:
    """Run a server with these attributes; give its class, which keeps what it saw, and address."""
    fresh: dict[str, Any] = {"asked": [], "headers_seen": {}, "paths": []}
    handler = type("Odd", (OddServer,), fresh | oddities)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        scheme = "http" if tls is None else "https"
        try:
            yield handler, f"{scheme}://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
