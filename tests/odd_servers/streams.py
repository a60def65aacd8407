"""Streams and refusals that servers really send."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import Any

from tests.odd_servers.seen import stream
from tests.odd_servers.server import ANSWER, Exchange

USAGE = {"prompt_tokens": 20, "completion_tokens": 15, "total_tokens": 35}


def send_words(exchange: Exchange, words: list[str] | None = None, **chunk: Any) -> None:
    """Begin a stream and send an answer word by word."""
    exchange.begin()
    for word in words or ANSWER.split():
        exchange.chunk({"content": f"{word} "}, **chunk)
        time.sleep(0.02)


def send_end(
    exchange: Exchange, usage: Any = None, finish: str | None = "stop", **chunk: Any
) -> None:
    exchange.chunk({}, finish=finish, **chunk)
    exchange.chunk(None, usage=USAGE if usage is None else usage, **chunk)
    exchange.done()


@stream("stop")
def plain(exchange: Exchange) -> None:
    """Answer as expected."""
    send_words(exchange)
    send_end(exchange)


@stream("stop")
def cut_once(exchange: Exchange) -> None:
    """Break off in order once, with usage in each chunk."""
    send_words(exchange, usage=USAGE)
    if exchange.odd.nth("cut-once") == 1:
        exchange.close()
        return
    send_end(exchange)


@stream("dead SERVER_ERROR")
def finish_error(exchange: Exchange) -> None:
    """End with finish_reason error."""
    send_words(exchange)
    send_end(exchange, finish="error")


@stream("dead SERVER_ERROR")
def error_event(exchange: Exchange) -> None:
    """Send an error in the middle."""
    send_words(exchange)
    exchange.event({"error": {"message": "CUDA error", "type": "x"}})
    exchange.done()


@stream("content_filter, no score")
def filtered_midway(exchange: Exchange) -> None:
    """End by a content filter after some words."""
    send_words(exchange)
    send_end(exchange, finish="content_filter")


@stream("content_filter, no score, no_text, no TTFT, no TPOT")
def filtered_first(exchange: Exchange) -> None:
    """End by a content filter before the first word."""
    exchange.begin()
    send_end(exchange, USAGE | {"completion_tokens": 0}, finish="content_filter")


@stream("tool_calls, no score, no_text, no TTFT, no TPOT")
def tool_call(exchange: Exchange) -> None:
    """Call a tool that no request offered."""
    exchange.begin()
    call = {"index": 0, "id": "1", "function": {"name": "calculator", "arguments": "{}"}}
    exchange.chunk({"tool_calls": [call]})
    send_end(exchange, finish="tool_calls")


@stream("stop, no_text, no TTFT, no TPOT")
def empty_answer(exchange: Exchange) -> None:
    """End at once: an answer that scores nothing, and no error."""
    exchange.begin()
    exchange.chunk({"role": "assistant", "content": ""})
    send_end(exchange, USAGE | {"completion_tokens": 1})


@stream("stop")
def role_and_empty_chunks(exchange: Exchange) -> None:
    """Send chunks without text, choices or delta among the others."""
    exchange.begin()
    exchange.chunk({"role": "assistant", "content": ""})
    exchange.chunk(None)
    exchange.event({"choices": None})
    exchange.event({"choices": [{"index": 0, "delta": None}]})
    exchange.event({})
    for word in ANSWER.split():
        exchange.chunk({"content": f"{word} "})
        time.sleep(0.02)
    send_end(exchange)


@stream("stop, whole")
def bom(exchange: Exchange) -> None:
    """Begin with a byte-order mark."""
    exchange.begin()
    exchange.raw(b"\xef\xbb\xbf")
    for word in ANSWER.split():
        exchange.chunk({"content": f"{word} "})
        time.sleep(0.02)
    send_end(exchange)


@stream("stop")
def cut_anywhere(exchange: Exchange) -> None:
    """Cut every event within its bytes, also within a character."""
    exchange.begin()
    for word in [*ANSWER.split(), "数学"]:
        choice = {"index": 0, "delta": {"content": f"{word} "}}
        text = json.dumps({"choices": [choice]}, ensure_ascii=False)
        data = f": keep alive\r\nevent: x\r\ndata:{text}\r\n\r\n".encode()
        for at in range(0, len(data), 7):
            exchange.raw(data[at : at + 7])
        time.sleep(0.02)
    send_end(exchange)


@stream("stop, buffered, no TTFT, no TPOT")
def one_chunk(exchange: Exchange) -> None:
    """Deliver 200 tokens at once."""
    time.sleep(0.5)
    exchange.begin()
    exchange.chunk({"content": ANSWER})
    send_end(exchange, USAGE | {"completion_tokens": 200})


@stream("stop, buffered, no TTFT, no TPOT")
def not_streamed(exchange: Exchange) -> None:
    """Answer with one document."""
    message = {"role": "assistant", "content": ANSWER}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    exchange.odd.note(200)
    exchange.send(200, {"choices": choices, "usage": USAGE})


@stream("stop, hidden_reasoning, no TTFT")
def hidden_reasoning(exchange: Exchange) -> None:
    """Count 400 tokens of thinking that are not sent."""
    time.sleep(0.5)
    send_words(exchange)
    send_end(exchange, {"prompt_tokens": 20, "completion_tokens": 415,
                    "completion_tokens_details": {"reasoning_tokens": 400}})  # fmt: skip


@stream("stop, no TPOT")
def one_token(exchange: Exchange) -> None:
    """Answer with one token."""
    exchange.begin()
    exchange.chunk({"content": "13"})
    send_end(exchange, USAGE | {"completion_tokens": 1})


@stream("stop, cached")
def cached_prompt(exchange: Exchange) -> None:
    """Take the prompt from a cache."""
    send_words(exchange)
    send_end(exchange, USAGE | {"prompt_tokens_details": {"cached_tokens": 16}})


@stream("stop, other_model")
def other_model(exchange: Exchange) -> None:
    """Answer with another model."""
    send_words(exchange, model="cheap-fallback-1b")
    send_end(exchange, model="cheap-fallback-1b")


@stream("stop")
def dated_model(exchange: Exchange) -> None:
    """Answer with the alias's dated name."""
    send_words(exchange, model="vendor/dated-model-2026-05-13")
    send_end(exchange, model="vendor/dated-model-2026-05-13")


@stream("stop")
def streamed_thinking(exchange: Exchange) -> None:
    """Think in reasoning_content."""
    exchange.begin()
    for _ in range(5):
        exchange.chunk({"reasoning_content": "hm ", "content": None})
        time.sleep(0.02)
    for word in ANSWER.split():
        exchange.chunk({"content": f"{word} "})
        time.sleep(0.02)
    send_end(exchange, USAGE | {"completion_tokens": 20})


@stream("dead NO_USAGE")
def no_usage(exchange: Exchange) -> None:
    """Send no token counts."""
    send_words(exchange)
    exchange.chunk({}, finish="stop")
    exchange.done()


@stream("dead NO_USAGE")
def null_usage(exchange: Exchange) -> None:
    """Send counts that are null."""
    send_words(exchange)
    send_end(exchange, {"prompt_tokens": 20, "completion_tokens": None, "total_tokens": None})


@stream("stop")
def total_usage(exchange: Exchange) -> None:
    """Send prompt and total, from which the answer's count follows."""
    send_words(exchange)
    send_end(exchange, {"prompt_tokens": 20, "completion_tokens": None, "total_tokens": 35})


@stream("stop, joined")
def split_emoji(exchange: Exchange) -> None:
    """Send halves of an emoji in two chunks."""
    send_words(exchange)
    for half in ("13 \\ud83d", "\\ude00"):
        exchange.event(f'{{"choices": [{{"index": 0, "delta": {{"content": "{half}"}}}}]}}')
    send_end(exchange)


@stream("stop, replaced")
def nul(exchange: Exchange) -> None:
    """Send a NUL in an answer."""
    send_words(exchange, [*ANSWER.split(), "\x00"])
    send_end(exchange)


@stream("stop, replaced")
def not_utf8(exchange: Exchange) -> None:
    """Send a byte that is no UTF-8."""
    send_words(exchange)
    exchange.raw(b'data: {"choices": [{"index": 0, "delta": {"content": "caf\xe9"}}]}\n\n')
    send_end(exchange)


@stream("failed REQUEST_REFUSED")
def nul_refusal(exchange: Exchange) -> None:
    """Refuse with a NUL and half an emoji in the reason."""
    exchange.refuse(400, "bad byte \x00 \ud83d in prompt")


@stream("failed REQUEST_REFUSED masked")
def key_in_refusal(exchange: Exchange) -> None:
    """Repeat a key in the reason of a refusal."""
    exchange.refuse(400, "Received: Bearer sk-0123456789abcdef0123456789")


@stream("failed MAX_TOKENS_REFUSED")
def too_many_tokens(exchange: Exchange) -> None:
    """Refuse the answer's limit."""
    limit = "This model's maximum context length is 256 tokens and your request has 30 input tokens"
    exchange.refuse(400, f"'max_tokens' is too large: 2048. {limit} (2048 > 256 - 30).")


@stream("failed PROMPT_TOO_LONG")
def too_long(exchange: Exchange) -> None:
    """Refuse the prompt's length."""
    exchange.refuse(400, "This model's maximum context length is 256 tokens. However, you "
                    "requested 300 tokens in the messages.")  # fmt: skip


@stream("failed MODEL_UNAVAILABLE")
def wrong_key(exchange: Exchange) -> None:
    """Refuse the key."""
    exchange.refuse(401, "Incorrect API key provided: Bearer none")


@stream("stop")
def retry_at_date(exchange: Exchange) -> None:
    """Limit once, until an HTTP date."""
    if exchange.odd.nth("retry-at-date") == 1:
        exchange.refuse(429, "later", Retry_After=formatdate(time.time() + 2, usegmt=True))
        return
    plain(exchange)


@stream("stop")
def html_503(exchange: Exchange) -> None:
    """Answer once with a gateway's page."""
    if exchange.odd.nth("html-503") == 1:
        exchange.odd.note(503)
        exchange.send(503, "<html><title>503</title></html>", Retry_After="1")
        return
    plain(exchange)
