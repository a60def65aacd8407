"""Redirects of a model's server: no other server gets a request, its key or its headers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.chat_calls import generate, refused
from tests.support.model_servers import OddServer, odd_server

KEY = "sk-0123456789-of-the-test"


def _to(status: int, location: str) -> Any:
    """Return a handler that redirects every first request of its path there."""

    def answer(self: OddServer) -> None:
        self._note()
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Location", location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    return answer


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["do_GET", "do_POST"])
def test_no_other_host_gets_a_request(
    monkeypatch: pytest.MonkeyPatch, method: str, status: int
) -> None:
    monkeypatch.setenv("EVALCTL_TEST_KEY", KEY)
    with odd_server() as (other, elsewhere):
        target = elsewhere.replace("127.0.0.1", "localhost") + "/v1/chat/completions?key=secret-1"
        with odd_server(**{method: _to(status, target)}) as (_, address):
            error = refused(
                f"{address}/v1",
                api_key_env="EVALCTL_TEST_KEY",
                options={"headers": {"X-Gateway": "${EVALCTL_TEST_KEY}"}},
            )
    assert other.paths == []
    assert error.error_class == "MODEL_UNAVAILABLE"
    assert f"redirects to {target.split('?')[0]}" in error.sentence
    assert "correct base_url" in error.sentence
    assert "secret-1" not in error.sentence


@pytest.mark.parametrize("status", [307, 308])
def test_the_same_server_may_send_a_request_on(status: int) -> None:
    def answer(self: OddServer) -> None:
        if self.path.startswith("/v1"):
            _to(status, "/moved/v1/chat/completions")(self)
        else:
            self.path = self.path.removeprefix("/moved")
            OddServer.do_POST(self)

    with odd_server(do_POST=answer) as (seen, address):
        assert generate(f"{address}/v1").text == "The answer is 13."
    assert seen.asked[0]["stream"] is True


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_redirect_that_drops_the_request_is_named(status: int) -> None:
    with odd_server(do_POST=_to(status, "/v1/models")) as (seen, address):
        error = refused(f"{address}/v1")
    assert f"redirects to {address}/v1/models with {status}" in error.sentence
    assert seen.paths == ["/v1/models", "/v1/chat/completions"]


def test_a_circle_of_redirects_is_named() -> None:
    with odd_server(do_POST=_to(307, "/v1/chat/completions")) as (_, address):
        error = refused(f"{address}/v1")
    assert error.error_class == "MODEL_UNAVAILABLE"
    assert "redirects more than 5 times" in error.sentence


def test_a_query_of_the_address_stays_with_every_request() -> None:
    with odd_server() as (seen, address):
        generate(f"{address}/v1?api-version=2026-05-01&deployment=a%20b")
    asked = "api-version=2026-05-01&deployment=a%20b"
    assert [path.replace("+", "%20") for path in seen.paths] == [
        f"/v1/models?{asked}",
        f"/v1/chat/completions?{asked}",
    ]


def test_a_hint_about_v1_keeps_the_query() -> None:
    with odd_server() as (_, address):
        assert f"try {address}/v1?tenant=a" in refused(f"{address}?tenant=a").sentence
