"""Requests of one label: how a chat server is asked, and what a deadline does to an engine."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from workers import errors
from workers.engines import EngineContext, create_engine
from workers.engines.host import EngineHost
from workers.engines.protocol import Generation, GenerationRequest, Message

LABELS = ("A", "B", "C", "D")
ASKED = GenerationRequest(
    request_id="r",
    messages=(Message(role="user", content="The step?"),),
    sampling=SamplingParams(max_tokens=1),
    labels=LABELS,
)
TOP = [{"token": "A", "logprob": -0.1}, {"token": "x", "logprob": -3.0}]


@dataclass
class Server:
    """What the server takes and gives, and what it was sent."""

    takes: frozenset[str]
    tokenizes: bool = False
    logprobs: bool = True
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def serving(server: Server) -> Iterator[ModelSpec]:
    """Serve for the block; give the model."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send({"data": [{"id": "tiny", "owned_by": "vllm"}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/tokenize":
                tokens = {"tokens": [ord(body["prompt"])]} if server.tokenizes else {}
                self._send(tokens, 200 if server.tokenizes else 404)
                return
            server.bodies.append(body)
            known = {"logprob_token_ids", "structured_outputs", "top_logprobs"}
            if refused := sorted(known & set(body) - server.takes):
                self._send({"error": {"message": f"unknown field {refused[0]}"}}, 400)
                return
            content = [{"token": "A", "top_logprobs": TOP}]
            choice = {"index": 0, "message": {"content": "A"}, "finish_reason": "length"}
            if server.logprobs and "top_logprobs" in body:
                choice["logprobs"] = {"content": content}
            usage = {"prompt_tokens": 9, "completion_tokens": 1}
            self._send({"model": "tiny", "choices": [choice], "usage": usage})

        def _send(self, document: dict[str, Any], status: int = 200) -> None:
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    try:
        yield ModelSpec(
            name="remote",
            engine="openai",
            source="tiny",
            base_url=f"http://127.0.0.1:{http.server_address[1]}/v1",
        )
    finally:
        http.shutdown()
        http.server_close()
        thread.join(10)


def labelled(model: ModelSpec, times: int = 2) -> list[Generation]:
    """Send the request as often, one after another, through one engine."""

    async def run() -> list[Generation]:
        engine = create_engine(model, EngineContext(home=Path(), log_folder=Path()))
        await engine.start()
        try:
            items = [item for _ in range(times) async for item in engine.generate(ASKED)]
        finally:
            await engine.stop()
        return [item for item in items if isinstance(item, Generation)]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("takes", "tokenizes", "way", "requests"),
    [
        ({"logprob_token_ids", "structured_outputs", "top_logprobs"}, True, "logprob_token_ids", 2),
        ({"structured_outputs", "top_logprobs"}, True, "choice", 3),
        ({"structured_outputs", "top_logprobs"}, False, "choice", 2),
        ({"top_logprobs"}, False, "top", 3),
        (set(), True, "text", 5),
    ],
)
def test_a_chat_server_is_asked_in_the_first_way_that_it_takes(
    takes: set[str], tokenizes: bool, way: str, requests: int
) -> None:
    server = Server(takes=frozenset(takes), tokenizes=tokenizes)
    with serving(server) as model:
        made = labelled(model)
    assert [one.labels_by for one in made] == [way, way]
    assert len(server.bodies) == requests, "what was refused is not tried again"
    assert [one.text for one in made] == ["A", "A"]
    expected = None if way == "text" else (("A", -0.1), ("x", -3.0))
    assert {one.label_logprobs for one in made} == {expected}
    last = server.bodies[-1]
    assert ("cache_salt" in last, last["max_tokens"]) == (False, 1), "the prompt may be cached"
    if way == "logprob_token_ids":
        assert last["logprob_token_ids"] == [ord(label) for label in LABELS]


def test_a_server_that_takes_the_fields_and_gives_none_says_its_label_as_text() -> None:
    server = Server(takes=frozenset(("structured_outputs", "top_logprobs")), logprobs=False)
    with serving(server) as model:
        (made,) = labelled(model, times=1)
    assert (made.labels_by, made.label_logprobs, made.text) == ("text", None, "A")


def test_any_other_request_asks_for_no_label() -> None:
    server = Server(takes=frozenset())
    with serving(server) as model:

        async def run() -> list[Any]:
            engine = create_engine(model, EngineContext(home=Path(), log_folder=Path()))
            await engine.start()
            try:
                return [one async for one in engine.generate(replace(ASKED, labels=()))]
            finally:
                await engine.stop()

        *_, made = asyncio.run(run())
    assert (made.labels_by, made.label_logprobs) == (None, None)
    assert "cache_salt" in server.bodies[0]


def test_a_deadline_ends_a_request_and_leaves_the_engine(tmp_path: Path) -> None:
    host = EngineHost(EngineContext(home=tmp_path, log_folder=tmp_path))
    slow = ModelSpec(
        name="slow",
        engine="synthetic",
        source="fake",
        options={"ttft_ms": 60_000, "labels": {"A": 1.0}},
    )
    try:
        host.load(slow, on_progress=lambda: None, timeout_s=30)
        began_s = time.monotonic()
        with pytest.raises(errors.GenerationLate):
            host.generate(
                ASKED,
                on_token=lambda _: None,
                cancel=threading.Event(),
                timeout_s=120,
                within_s=0.2,
            )
        assert 0.2 <= time.monotonic() - began_s < 30
        assert host.engine is not None, "a late request blames no engine"
        assert host.memory_report().kind is None
    finally:
        host.close()
