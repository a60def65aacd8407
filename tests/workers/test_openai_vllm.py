"""The OpenAI-compatible engine against a real vLLM server with the tiny model."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.files import free_port
from tests.support.chat_calls import request, serve, spec
from workers import errors

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(420)]

KEY_VARIABLE = "EVALCTL_TEST_KEY"
KEY = "a-key-for-the-test"


@pytest.fixture(scope="module")
def vllm_server(embedded_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the base URL of a vLLM server with the tiny model and the key ``KEY``."""
    port = free_port(None)
    arguments = (
        f"--model {embedded_home}/models/smollm2 --served-model-name tiny --host 127.0.0.1 --port "
        f"{port} --dtype bfloat16 --max-model-len 256 --max-num-seqs 4 --enforce-eager "
        f"--no-enable-prefix-caching --api-key {KEY}"
    )
    log = tmp_path_factory.mktemp("server") / "log"
    server = subprocess.Popen(
        [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *arguments.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_NO_USAGE_STATS": "1"},
        start_new_session=True,
    )
    decided = threading.Event()

    def follow() -> None:
        assert server.stdout is not None
        with log.open("wb") as copy:
            for line in server.stdout:
                copy.write(line)
                copy.flush()
                if b"Application startup complete" in line:
                    decided.set()
        decided.set()

    follower = threading.Thread(target=follow)
    follower.start()
    try:
        assert decided.wait(280)
        assert server.poll() is None, log.read_text()[-2000:]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        follower.join(20)
        assert server.stdout is not None
        server.stdout.close()


def test_real_server_answers_counts_and_refuses(
    vllm_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    model = spec(vllm_server, api_key_env=KEY_VARIABLE)
    engine_start, events, made = serve(model, request(max_tokens=40))
    assert engine_start.config == {
        "served_model": "tiny",
        "owned_by": "vllm",
        "max_model_len": 256,
        "max_num_seqs": 4,
        "base_url": vllm_server,
        "no_cache": "cache_salt",
        "options": {},
    }
    assert "12" in made.text
    assert made.text == "".join(event.text for event in events)
    assert made.finish_reason == "stop"
    assert made.cached_tokens is None, (
        "without --enable-prompt-tokens-details it does not report it"
    )
    assert 0 < len(events) <= made.output_tokens
    assert made.submitted_s < made.first_token_s <= made.last_token_s
    print(f"TTFT {made.ttft_ms:.0f} ms, E2E {made.e2e_s:.2f} s")
    with pytest.raises(errors.PromptRejected) as caught:
        serve(model, request("one two three " * 200, max_tokens=8))
    assert caught.value.error_class == "PROMPT_TOO_LONG"
    monkeypatch.setenv(KEY_VARIABLE, "wrong")
    with pytest.raises(errors.ModelUnavailable, match=re.escape(KEY_VARIABLE)):
        serve(model, request())
