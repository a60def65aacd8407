"""``models check`` contacts a model's server, and says what it found there."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import pytest

from core.model_spec import ModelSpec
from orchestrator.models.check import check_model
from tests.odd_servers import streams  # noqa: F401 - it registers
from tests.odd_servers.seen import EXPECTED
from tests.odd_servers.server import OddServer
from tests.support.model_servers import odd_server


def model(base_url: str, **fields: Any) -> ModelSpec:
    return ModelSpec(
        **{"name": "m", "engine": "openai", "source": "tiny", "base_url": base_url} | fields
    )


@pytest.mark.parametrize(
    ("oddities", "path", "ok", "found"),
    [
        ({}, "/v1", True, "serves tiny"),
        ({"models": ("tiny:latest",)}, "/v1", True, "serves tiny:latest"),
        ({"models": ("other",)}, "/v1", False, "does not serve 'tiny'; it serves other"),
        ({"listing": (501, "text/html", "")}, "/v1", True, "lists no models"),
        ({}, "", True, "try http://127.0.0.1"),
        ({"listing": (401, "application/json", "{}")}, "/v1", False, "refuses: 401"),
    ],
)
def test_a_server_is_contacted(
    *, oddities: dict[str, Any], path: str, ok: bool, found: str
) -> None:
    with odd_server(**oddities) as (_, address):
        check = check_model(model(f"{address}{path}"))
    assert (check.ok, found in check.found) == (ok, True), check


def test_a_server_that_is_away_is_said_to_be() -> None:
    check = check_model(model("http://127.0.0.1:9/v1"))
    assert not check.ok
    assert "the connection was refused" in check.found


@pytest.mark.parametrize(
    ("behaviour", "says"),
    [
        ("plain", ("(stop), TTFT", "reports 20 prompt and 15 tokens", "does not report what came")),
        ("one-chunk", ("sends many tokens at once",)),
        ("cached-prompt", ("reports what came from its cache",)),
        ("other-model", ("answered as 'cheap-fallback-1b', not 'other-model'",)),
        ("no-usage", ("reports no token counts",)),
        ("empty-answer", ("answered '' (stop), no TTFT",)),
    ],
)
def test_a_call_says_what_answers_report(behaviour: str, says: tuple[str, ...]) -> None:
    assert behaviour in EXPECTED
    with OddServer() as server:
        check = check_model(model(server.base_url, source=behaviour), call=True)
    assert check.ok, check
    assert check.call is not None
    said = "\n".join(check.call.sentences(behaviour))
    assert [part for part in says if part not in said] == [], said


@pytest.mark.parametrize(
    ("behaviour", "why"),
    [("wrong-key", "it refuses a request: 401"), ("error-event", "CUDA error")],
)
def test_a_call_that_fails_says_why(behaviour: str, why: str) -> None:
    with OddServer() as server:
        check = check_model(model(server.base_url, source=behaviour), call=True)
    assert not check.ok
    assert why in check.mend


@pytest.mark.skipif(find_spec("vllm") is None, reason="needs the extra cpu")
@pytest.mark.parametrize(
    ("source", "found", "fix"),
    [
        ("/srv/none", "no folder /srv/none on this host", "Put the weights there"),
        ("someone/none", "weights of someone/none are not on this host", "hf download someone"),
    ],
)
def test_missing_weights_say_where_they_would_come_from(source: str, found: str, fix: str) -> None:
    check = check_model(ModelSpec(name="m", engine="vllm", source=source))
    assert (check.ok, found in check.found, fix in check.mend) == (False, True, True), check
