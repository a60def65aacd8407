"""What is known to be secret is taken out of texts, in every spelling; other words stay."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from core.secrets import Secrets, without_secrets


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("token hf_abcdefghijklmnopqrstuvwxyz012345 used", "token *** used"),
        ("key sk-abcdefghijklmnop0123", "key ***"),
        ("postgresql://me:hunter22@127.0.0.1:5432/x", "postgresql://me:***@127.0.0.1:5432/x"),
        ("postgresql://me:hunter@22@127.0.0.1:5432/x", "postgresql://me:***@127.0.0.1:5432/x"),
        ("header bearer abcdef0123456789", "header bearer ***"),
        ("header Basic dXNlcjpwYXNzd29yZA==", "header Basic ***"),
        ("https://h/v1?api_key=abc&x=1", "https://h/v1?api_key=***&x=1"),
        ("https://h/v1?sig=abc;key=d", "https://h/v1?sig=***;key=***"),
        ("api open@sesame, open%40sesame, sesame", "api ***, ***, sesame"),
        ("hf_overrides=None, task-scheduling-of-many-things, tokens=false", None),
        ("Basic understanding of the bearer of a key: max_tokens=5&keys=3", None),
    ],
)
def test_what_looks_like_a_credential_is_struck_out(written: str, kept: str | None) -> None:
    environ = {"SOME_API_KEY": "open@sesame", "TOKENIZERS_PARALLELISM": "false", "HOME": "sesame"}
    assert without_secrets(written, environ) == (written if kept is None else kept)


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("DATABASE_URL", "postgresql://u:p%40ss/w0rd@h/d", "p%40ss/w0rd"),
        ("EVALCTL_DATABASE_URL", "postgresql://u:p%40ssw0rd@h/d", "p@ssw0rd"),
        ("HTTPS_PROXY", "http://me:pr0xy-word@proxy:3128", "pr0xy-word"),
        ("EVALCTL_SMTP_PASSWORD", 'quo"te\\d', 'quo"te\\d'),
        ("GOODKEY", "sk-S3cr3t-4711\n", "sk-S3cr3t-4711"),
        ("MY_TOKEN", "naïve-tökén", "naïve-tökén"),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(name: str, value: str, secret: str) -> None:
    known = Secrets.of_environment({name: value})
    for text in (secret, json.dumps({"a": secret}), repr(secret), f"Bearer {secret}"):
        hidden = known.hidden(f"before {text} after")
        assert secret not in hidden
        assert json.dumps(secret)[1:-1] not in hidden
        assert hidden.startswith("before ")
        assert hidden.endswith(" after")


def test_what_http_sends_for_a_password_in_a_url_is_hidden() -> None:
    known = Secrets.of_environment({"PROXY": "http://me:pr0xy-word@proxy:3128"})
    assert known.hidden("Basic bWU6cHIweHktd29yZA==") == "Basic ***"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKENIZERS_PARALLELISM", "false"),
        ("POSTGRES_PASSWORD", "evalctl"),
        ("OPENAI_API_KEY", "EMPTY"),
        ("PGPASSFILE", "/home/me/.pgpass"),
        ("HOME", "a-place-with-1-digit"),
        ("EVALCTL_DATABASE_PASSWORD", "314159265"),
    ],
)
def test_plain_words_and_paths_stay(name: str, value: str) -> None:
    assert Secrets.of_environment({name: value}).hidden(f"x {value} y") == f"x {value} y"


def test_nothing_known_leaves_a_process_by_its_output() -> None:
    program = """
import logging, os, sys
from core.secrets import KNOWN, guard_output
guard_output()
logging.basicConfig(stream=sys.stderr)
KNOWN.learn("learnt-later-1")
print("out", os.environ["A_SECRET"], "learnt-later-1", "\\u6570")
logging.warning("log %s", os.environ["A_SECRET"])
raise RuntimeError(os.environ["A_SECRET"])
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"A_SECRET": "canary-7c1f", "PYTHONIOENCODING": "latin-1", "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "out *** *** \\u6570\n"
    assert done.stderr.count("***") == 2
    assert "canary" not in done.stderr
    assert "RuntimeError: ***" in done.stderr
