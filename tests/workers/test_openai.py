"""The OpenAI-compatible engine against servers that misbehave."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from core.model_spec import ModelSpec
from services.files import free_port
from tests.support.chat_calls import CONTEXT, request, serve, spec
from workers import errors
from workers.engines import create_engine

KEY_VARIABLE = "EVALCTL_TEST_KEY"
KEY = "a-key-for-the-test"
#: Linger for no time: closing sends a reset.
RESET_AT_ONCE = struct.pack("ii", 1, 0)


class Script(BaseHTTPRequestHandler):
    """A server that answers every chat with what the test wrote down."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    headers_sent: ClassVar[dict[str, str]] = {}
    #: Whether the connection is reset once the body is sent.
    resets: ClassVar[bool] = False
    #: The last request.
    sent: ClassVar[dict[str, Any]] = {}

    def do_GET(self) -> None:
        """List the one model."""
        if self.resets:
            self.send_error(404)
            return
        model = b'{"id": "tiny", "object": "model", "created": 0, "owned_by": "us"}'
        self._send(200, b'{"object": "list", "data": [%s]}' % model)

    def do_POST(self) -> None:
        """Answer as written down."""
        type(self).sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._send(self.status, self.body)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        kind = "text/event-stream" if body.startswith(b"data:") else "application/json"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + self.resets))
        for name, value in self.headers_sent.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        if self.resets and self.command == "POST":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_ONCE)
            self.close_connection = True
            self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Stay silent."""


@pytest.fixture
def scripted() -> Iterator[tuple[type[Script], str]]:
    class Answers(Script):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Answers, f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
        thread.join()


def chunk(delta: str, finish: str = "null", usage: str = "null") -> bytes:
    choices = f'[{{"index": 0, "delta": {delta}, "finish_reason": {finish}}}]' if delta else "[]"
    text = (
        '{"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "tiny", '
        f'"choices": {choices}, "usage": {usage}}}'
    )
    return f"data: {text}\n\n".encode()


def test_stream_becomes_events_and_counts(scripted: tuple[type[Script], str]) -> None:
    answers, url = scripted
    usage = (
        '{"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14, '
        '"prompt_tokens_details": {"cached_tokens": 4}}'
    )
    answers.body = (
        chunk('{"role": "assistant", "content": ""}')
        + chunk('{"reasoning_content": "hm"}')
        + chunk('{"content": "12"}')
        + chunk('{"content": "."}', '"stop"')
        + chunk("", usage=usage)
        + b"data: [DONE]\n\n"
    )
    engine_start, events, made = serve(spec(url), request())
    assert engine_start.config["owned_by"] == "us"
    assert engine_start.memory.kind is None
    assert [event.text for event in events] == ["", "12", "."]
    assert (made.text, made.finish_reason) == ("12.", "stop")
    assert (made.prompt_tokens, made.cached_tokens, made.output_tokens) == (9, 4, 5)
    assert made.first_token_s == events[0].at_s
    assert made.engine_first_token_s is None
    assert made.kv_used_mib is None


def test_a_schema_is_sent_as_the_format_of_the_response(
    scripted: tuple[type[Script], str],
) -> None:
    answers, url = scripted
    usage = '{"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10}'
    answers.body = chunk('{"content": "{}"}', '"stop"', usage) + b"data: [DONE]\n\n"
    serve(spec(url), request())
    assert "response_format" not in answers.sent
    schema = {"type": "object", "properties": {}}
    serve(spec(url), replace(request(), schema=schema))
    assert answers.sent["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "reply", "strict": True, "schema": schema},
    }


def test_stream_without_counts_is_refused(scripted: tuple[type[Script], str]) -> None:
    answers, url = scripted
    answers.body = chunk('{"content": "12"}', '"stop"') + b"data: [DONE]\n\n"
    with pytest.raises(errors.EngineError, match="token counts") as caught:
        serve(spec(url), request())
    assert caught.value.error_class == "NO_USAGE"


@pytest.mark.parametrize(
    ("status", "message", "failure", "error_class"),
    [
        (401, f"Incorrect API key provided: {KEY}", errors.ModelUnavailable, "MODEL_UNAVAILABLE"),
        (
            400,
            "This model's maximum context length is 8 tokens",
            errors.PromptRejected,
            "PROMPT_TOO_LONG",
        ),
        (422, "temperature must be below 2", errors.PromptRejected, "REQUEST_REFUSED"),
        (404, "no such model", errors.ModelUnavailable, "MODEL_UNAVAILABLE"),
        (402, "pay first", errors.ServerUnavailable, "CREDIT_USED_UP"),
        (408, "too slow", errors.ServerUnavailable, "SERVER_BUSY"),
        (409, "the model is being swapped", errors.ServerUnavailable, "SERVER_BUSY"),
        (425, "too early", errors.ServerUnavailable, "SERVER_BUSY"),
        (429, "slow down", errors.ServerUnavailable, "RATE_LIMITED"),
        (500, "CUDA error", errors.ServerUnavailable, "SERVER_ERROR"),
        (503, "overloaded", errors.ServerUnavailable, "SERVER_ERROR"),
        (529, "overloaded", errors.ServerUnavailable, "SERVER_BUSY"),
    ],
)
def test_refusals_are_distinguished(
    scripted: tuple[type[Script], str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    status: int,
    message: str,
    failure: type[errors.EngineError],
    error_class: str,
) -> None:
    answers, url = scripted
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    answers.status, answers.body = status, f'{{"error": {{"message": "{message}"}}}}'.encode()
    with pytest.raises(failure) as caught:
        serve(spec(url, api_key_env=KEY_VARIABLE), request())
    assert caught.value.error_class == error_class
    assert KEY not in caught.value.sentence
    assert (KEY_VARIABLE in caught.value.sentence) == (status == 401)


def test_broken_stream_is_infrastructure(scripted: tuple[type[Script], str]) -> None:
    answers, url = scripted
    answers.body = (
        chunk('{"content": "12"}')
        + b'data: {"error": {"message": "the engine died", "code": 500}}\n\n'
    )
    with pytest.raises(errors.EngineError) as caught:
        serve(spec(url), request())
    assert (caught.value.kind, caught.value.error_class) == ("infra", "SERVER_ERROR")
    assert not isinstance(caught.value, errors.EngineDied), (
        "other requests of this server may go on"
    )


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "20"}, 20.0),
        ({"x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({}, None),
    ],
)
def test_a_refusal_says_when_to_come_back(
    scripted: tuple[type[Script], str], headers: dict[str, str], seconds: float | None
) -> None:
    answers, url = scripted
    answers.status, answers.body = 429, b'{"error": {"message": "slow down"}}'
    answers.headers_sent = headers
    with pytest.raises(errors.ServerUnavailable) as caught:
        serve(spec(url), request())
    assert caught.value.holds
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("begun", [False, True])
def test_a_reset_connection_blames_no_job_and_holds_the_model_unless_an_answer_had_begun(
    scripted: tuple[type[Script], str], *, begun: bool
) -> None:
    answers, url = scripted
    answers.resets = True
    answers.body = chunk('{"content": "12"}') if begun else b"data: "
    with pytest.raises(errors.ServerUnavailable) as caught:
        serve(spec(url), request())
    assert caught.value.error_class == ("CONNECTION_LOST" if begun else "SERVER_UNREACHABLE")
    assert caught.value.holds is not begun


def test_a_refusal_at_the_beginning_of_a_stream_is_one(
    scripted: tuple[type[Script], str],
) -> None:
    answers, url = scripted
    answers.body = b'data: {"error": {"message": "slow down", "code": 429}}\n\n'
    with pytest.raises(errors.ServerUnavailable) as caught:
        serve(spec(url), request())
    assert caught.value.error_class == "RATE_LIMITED"


def test_server_that_is_away_is_infrastructure() -> None:
    with pytest.raises(errors.ServerUnavailable, match="not reachable") as caught:
        serve(spec(f"http://127.0.0.1:{free_port(None)}/v1"), request())
    assert caught.value.holds
    assert (caught.value.kind, caught.value.error_class) == ("infra", "SERVER_UNREACHABLE")


def test_missing_key_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    with pytest.raises(errors.ModelUnavailable, match=KEY_VARIABLE):
        serve(spec("http://127.0.0.1:9/v1", api_key_env=KEY_VARIABLE), request())


def test_unserved_model_names_what_is_served(scripted: tuple[type[Script], str]) -> None:
    with pytest.raises(errors.ModelUnavailable, match=r"does not serve 'big'; it serves tiny"):
        serve(spec(scripted[1], source="big"), request())


def test_fixed_lengths_are_refused(scripted: tuple[type[Script], str]) -> None:
    with pytest.raises(errors.PromptRejected, match="token ids"):
        serve(spec(scripted[1]), request(fixed_input_tokens=8, fixed_output_tokens=8))


def test_server_must_be_named() -> None:
    with pytest.raises(errors.ModelUnavailable, match="base_url"):
        create_engine(ModelSpec(name="m", engine="openai", source="x"), CONTEXT)
