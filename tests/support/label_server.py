"""A server of labels on loopback: what a verifier's model says, how late, and what it was sent."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from problems.loader import load_set

PROBLEM = load_set("core").get("sec-symmetric-01")


@dataclass
class Served:
    """What the server does, and what it was sent."""

    probabilities: Mapping[str, float]
    delay_s: float = 0.0
    takes: frozenset[str] = frozenset(("logprob_token_ids", "structured_outputs"))
    tokenizes: bool = True
    #: Tokens of each label by the server's tokenizer.
    tokens: int = 1
    bodies: list[dict[str, Any]] = field(default_factory=list)
    base_url: str = ""

    @property
    def prompts(self) -> list[str]:
        """The user turns, each once, in order of their text."""
        return sorted({body["messages"][-1]["content"] for body in self.bodies})


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """Run the server for the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/tokenize":
                found = {"tokens": [ord(body["prompt"]) * 10 + i for i in range(served.tokens)]}
                self._send(found, 200 if served.tokenizes else 404)
                return
            extra = {"logprob_token_ids", "structured_outputs"} & set(body)
            if extra - served.takes:
                self._send({"message": f"unknown field {extra}"}, 400)
                return
            served.bodies.append(body)
            if len(served.bodies) > 1:
                time.sleep(served.delay_s)
            top = [
                {"token": token, "logprob": math.log(share), "bytes": None}
                for token, share in served.probabilities.items()
            ]
            first = top[0] if top else {"token": "x", "logprob": 0.0, "bytes": None}
            message = {"role": "assistant", "content": first["token"]}
            choice = {
                "index": 0, "message": message, "finish_reason": "length",
                "logprobs": {"content": [first | {"top_logprobs": top}], "refusal": None},
            }  # fmt: skip
            self._send(
                {"id": "1", "object": "chat.completion", "created": 1, "model": "m",
                 "choices": [choice]}
            )  # fmt: skip

        def _send(self, document: Any, status: int = 200) -> None:
            content = json.dumps(document).encode()
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client did not wait

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.base_url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
