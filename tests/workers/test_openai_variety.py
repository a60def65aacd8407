"""Ordinary variety of model servers: they run, or one sentence says why not and what to do."""

from __future__ import annotations

import json
import ssl
import subprocess
from pathlib import Path

import pytest

from core.model_server import proxy_for, served_name
from tests.support.chat_calls import generate, refused
from tests.support.model_servers import odd_server
from workers.engines import EngineContext
from workers.engines.openai.refusals import refusal

CONTEXT = EngineContext(home=Path(), log_folder=Path())
VARIABLE = "EVALCTL_TEST_KEY"
KEY = "sk-a-key/for=the+test"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


JSON, HTML = "application/json", "text/html"


@pytest.mark.parametrize(
    "listing",
    [
        (404, JSON, '{"error": {"message": "no list here"}}'),
        (400, JSON, '{"error": {"message": "not supported"}}'),
        (405, JSON, '{"detail": "Method Not Allowed"}'),
        (501, JSON, ""),
        (403, JSON, '{"error": {"message": "missing scopes: api.model.read"}}'),
        (500, HTML, "<html>no such page</html>"),
        (200, HTML, "<html><body>Sign in</body></html>"),
        (200, JSON, "null"),
        (200, JSON, '{"object": "list", "data": null}'),
        (200, JSON, '{"object": "list", "data": []}'),
        (200, JSON, '{"data": ["tiny", {"name": "tiny"}, {"id": 3}]}'),
    ],
)
def test_a_server_need_not_list_its_models(listing: tuple[int, str, str]) -> None:
    with odd_server(listing=listing) as (_, address):
        assert generate(f"{address}/v1").text == "The answer is 13."


@pytest.mark.parametrize(
    ("source", "listed", "name"),
    [
        ("tiny", ("tiny",), "tiny"),
        ("tiny", ("other", "tiny:latest"), "tiny:latest"),
        ("tiny:latest", ("tiny",), "tiny"),
        ("tiny", ("models/tiny",), "models/tiny"),
        ("org/tiny", ("tiny", "other"), "tiny"),
        ("/srv/models/tiny", ("org/tiny",), "org/tiny"),
        ("tiny", ("a/tiny", "b/tiny"), None),
        ("tiny", ("tiny-2", "Tiny"), None),
    ],
)
def test_names_match_as_servers_list_them(
    source: str, listed: tuple[str, ...], name: str | None
) -> None:
    assert served_name(source, dict.fromkeys(listed)) == name
    with odd_server(models=listed) as (seen, address):
        if name is None:
            said = refused(f"{address}/v1", source=source).sentence
            assert f"does not serve {source!r}; it serves {min(listed)}" in said
        else:
            generate(f"{address}/v1", source=source)
            assert seen.asked[0]["model"] == name


def test_an_address_without_v1_is_named() -> None:
    with odd_server() as (_, address):
        said = refused(address).sentence
    assert f"try {address}/v1" in said


FASTAPI = '{"detail":[{"loc":["body","temperature"],"msg":"ensure this value is less than 2"}]}'
TOO_MANY = (
    "'max_tokens' or 'max_completion_tokens' is too large: 2048. This model's maximum context "
    "length is 256 tokens and your request has 30 input tokens (2048 > 256 - 30)."
)


@pytest.mark.parametrize(
    ("status", "kind", "body", "error_class", "said"),
    [
        (422, JSON, FASTAPI, "REQUEST_REFUSED", "ensure this value is less than 2"),
        (400, JSON, json.dumps({"error": {"message": TOO_MANY}}), "MAX_TOKENS_REFUSED", "fits"),
        (400, "text/plain", "no such thing", "REQUEST_REFUSED", "400: no such thing"),
        (400, JSON, '{"error": "plain words"}', "REQUEST_REFUSED", "plain words"),
        (400, JSON, '[{"error": {"message": "in a list"}}]', "REQUEST_REFUSED", "in a list"),
        (400, JSON, "", "REQUEST_REFUSED", "400"),
        (403, JSON, '{"error": {"message": "accept the licence"}}', "MODEL_UNAVAILABLE", "licence"),
        (420, JSON, '{"error": "calm down"}', "RATE_LIMITED", "calm down"),
        (421, JSON, "wrong way", "SERVER_BUSY", "wrong way"),
        (423, JSON, "locked", "SERVER_BUSY", "locked"),
        (424, JSON, '{"error": "incomplete"}', "SERVER_ERROR", "incomplete"),
        (499, JSON, "gave up", "SERVER_ERROR", "gave up"),
        (
            200,
            HTML,
            "<html><body>Sign in</body></html>",
            "SERVER_ERROR",
            "page in place of an answer: Sign in",
        ),
        (200, JSON, '{"detail": "no worker"}', "SERVER_ERROR", "no worker"),
        (
            200,
            JSON,
            '{"object": "error", "message": "died", "code": 50001}',
            "SERVER_ERROR",
            "died",
        ),
        (502, HTML, "<title>502 Bad Gateway</title>", "SERVER_ERROR", "502 Bad Gateway"),
        (400, JSON, json.dumps({"error": {"message": "x" * 2000}}), "REQUEST_REFUSED", "x" * 400),
    ],
)
def test_the_reason_reaches_the_sentence(
    *, status: int, kind: str, body: str, error_class: str, said: str
) -> None:
    with odd_server(refusal=(status, kind, body)) as (_, address):
        error = refused(f"{address}/v1")
    assert error.error_class == error_class
    assert said in error.sentence
    assert len(error.sentence) < 700


@pytest.mark.parametrize("field", ["stream_options", "temperature", "top_p", "seed"])
def test_a_field_that_a_server_refuses_can_be_left_out(field: str) -> None:
    with odd_server(unwanted=frozenset({field})) as (seen, address):
        error = refused(f"{address}/v1")
        assert "extra_forbidden" in error.sentence
        assert f'set options.leave_out = ["{field}"]' in error.sentence
        generate(f"{address}/v1", options={"leave_out": [field]})
        assert field not in seen.asked[-1]


def test_an_unknown_field_to_leave_out_is_refused() -> None:
    error = refused("http://127.0.0.1:1/v1", options={"leave_out": ["messages"]})
    assert error.error_class == "OPTION_REFUSED"


@pytest.mark.parametrize(
    ("message", "error_class"),
    [
        (TOO_MANY, "MAX_TOKENS_REFUSED"),
        (
            (
                "This model's maximum context length is 256 tokens. However, you requested 2048 "
                "output tokens and your prompt contains at least 30 input tokens, for a total of "
                "at least 2078 tokens."
            ),
            "MAX_TOKENS_REFUSED",
        ),
        (
            (
                "This model's maximum context length is 4097 tokens. However, you requested 4200 "
                "tokens (200 in the messages, 4000 in the completion)."
            ),
            "MAX_TOKENS_REFUSED",
        ),
        (
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens",
            "MAX_TOKENS_REFUSED",
        ),
        (
            "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
            "MAX_TOKENS_REFUSED",
        ),
        (
            "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens",
            "MAX_TOKENS_REFUSED",
        ),
        (
            "`max_tokens` must be less than or equal to `32768`, the maximum value",
            "MAX_TOKENS_REFUSED",
        ),
        (
            (
                "This model's maximum context length is 256 tokens. However, your request has 613 "
                "input tokens."
            ),
            "PROMPT_TOO_LONG",
        ),
        (
            (
                "This model's maximum context length is 8,192 tokens. However, your messages "
                "resulted in 9,000 tokens."
            ),
            "PROMPT_TOO_LONG",
        ),
        ("prompt is too long: 210000 tokens > 200000 maximum", "PROMPT_TOO_LONG"),
        ("the request exceeds the available context size", "PROMPT_TOO_LONG"),
        ("Unsupported parameter: 'logprobs'", "REQUEST_REFUSED"),
        ("temperature must be below 2", "REQUEST_REFUSED"),
    ],
)
def test_a_prompt_too_long_is_distinguished_from_an_answer_too_long(
    message: str, error_class: str
) -> None:
    assert refusal(message)[0] == error_class


@pytest.mark.parametrize("around", ["{}", "{}\n", "  {}\r\n"])
def test_white_space_around_a_key_is_not_sent(monkeypatch: pytest.MonkeyPatch, around: str) -> None:
    monkeypatch.setenv(VARIABLE, around.format(KEY))
    with odd_server() as (seen, address):
        generate(f"{address}/v1", api_key_env=VARIABLE)
    assert seen.headers_seen["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("key", ["sk-ü", "sk-a\nb", "sk a", "ключ", "sk-\x07"])
def test_a_key_that_no_header_holds_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv(VARIABLE, key)
    said = refused("http://127.0.0.1:1/v1", api_key_env=VARIABLE).sentence
    assert VARIABLE in said
    assert key not in said


@pytest.mark.parametrize("status", [400, 404, 422, 429, 500])
@pytest.mark.parametrize(
    "body",
    [
        '{"error": {"message": "Invalid token passed: {authorization}"}}',
        '{"detail": "Received {authorization} "}',
        "<p>{authorization}</p>",
    ],
)
def test_a_key_that_a_server_repeats_is_masked(
    monkeypatch: pytest.MonkeyPatch, status: int, body: str
) -> None:
    monkeypatch.setenv(VARIABLE, KEY)
    with odd_server(refusal=(status, JSON, body)) as (_, address):
        said = refused(f"{address}/v1", api_key_env=VARIABLE).sentence
    assert KEY not in said
    assert "***" in said


def test_a_password_in_the_address_reaches_no_sentence_and_no_row() -> None:
    with odd_server(refusal=(500, JSON, "{}")) as (_, address):
        named = address.replace("//", "//me:pass-word@")
        assert "pass-word" not in refused(f"{named}/v1").sentence


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://nosuch.invalid/v1", "the name nosuch.invalid is unknown"),
        ("http://127.0.0.1:9/v1", "the connection was refused"),
    ],
)
def test_the_innermost_cause_is_named(address: str, said: str) -> None:
    error = refused(address)
    assert said in error.sentence
    assert error.error_class == "SERVER_UNREACHABLE"
    assert "Connection error" not in error.sentence


def test_https_to_a_server_of_http_is_named() -> None:
    with odd_server() as (_, address):
        said = refused(address.replace("http", "https") + "/v1").sentence
    assert "does the address want http://" in said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a certificate for 127.0.0.1 that signs itself, and the server's side."""
    folder = tmp_path_factory.mktemp("tls")
    key, file = folder / "key.pem", folder / "own.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {file} -days 2 "
        "-subj /CN=own -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return file, context


def test_own_certificates_are_trusted_where_named(
    certificate: tuple[Path, ssl.SSLContext], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, tls = certificate
    with odd_server(tls=tls) as (_, address):
        said = refused(f"{address}/v1").sentence
        assert "its certificate is not trusted: self-signed certificate" in said
        assert "options.ca_file or SSL_CERT_FILE" in said
        assert generate(f"{address}/v1", options={"ca_file": str(file)}).text == "The answer is 13."
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        assert generate(f"{address}/v1").text == "The answer is 13."


@pytest.mark.parametrize("setting", ["SSL_CERT_FILE", "options.ca_file"])
@pytest.mark.parametrize("held", [None, "no certificate"])
def test_a_certificate_file_that_is_none_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, held: str | None
) -> None:
    path = tmp_path / "own.pem"
    if held is not None:
        path.write_text(held)
    options = {"ca_file": str(path)} if setting == "options.ca_file" else {}
    if not options:
        monkeypatch.setenv(setting, str(path))
    said = refused("https://127.0.0.1:1/v1", options=options).sentence
    assert f"{setting} names {str(path)!r}, which cannot be used" in said


def test_a_proxy_of_the_environment_is_used_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with odd_server() as (seen, proxy):
        monkeypatch.setenv("HTTP_PROXY", proxy)
        assert generate("http://models.invalid/v1").text == "The answer is 13."
        assert seen.paths[0] == "http://models.invalid/v1/models"
    monkeypatch.setenv("HTTP_PROXY", "http://me:pass-word@127.0.0.1:9")
    said = refused("http://models.invalid/v1").sentence
    assert "the connection was refused through the proxy http://me:***@127.0.0.1" in said


@pytest.mark.parametrize("exceptions", ["127.0.0.1", "*", "10.0.0.0/8,127.0.0.0/8", "x, 127.0.0.1"])
def test_no_proxy_is_obeyed(monkeypatch: pytest.MonkeyPatch, exceptions: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", exceptions)
    with odd_server() as (_, address):
        assert proxy_for(f"{address}/v1") is None
        assert generate(f"{address}/v1").text == "The answer is 13."


def test_a_proxy_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    assert "install the package socksio" in refused("http://127.0.0.1:1/v1").sentence
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    assert "scheme is not one of http, https" in refused("http://127.0.0.1:1/v1").sentence
