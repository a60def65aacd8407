"""Words with which servers end an answer, and counts that cannot be."""

from __future__ import annotations

import time

from tests.odd_servers.seen import stream
from tests.odd_servers.server import ANSWER, Exchange
from tests.odd_servers.streams import USAGE, send_end, send_words

#: What servers say, and what they mean.
REASONS = {
    "model_length": "length", "MAX_TOKENS": "length", "max_output_tokens": "length",
    "model_context_window_exceeded": "length", "eos_token": "stop", "COMPLETE": "stop",
    "content_filtered": "content_filter, no score",
    "guardrail_intervened": "content_filter, no score",
    "IMAGE_SAFETY": "content_filter, no score", "MALFORMED_FUNCTION_CALL": "tool_calls, no score",
    "st\x00op": "st\N{REPLACEMENT CHARACTER}op", "internal_error": "dead SERVER_ERROR",
}  # fmt: skip


def _ends(reason: str, expected: str) -> None:
    def behave(exchange: Exchange) -> None:
        send_words(exchange)
        send_end(exchange, finish=reason)

    behave.__name__ = f"ends_{reason.lower()}".replace("\x00", "nul")
    stream(expected)(behave)


for _reason, _expected in REASONS.items():
    _ends(_reason, _expected)


@stream("stop")
def no_resource_once(exchange: Exchange) -> None:
    """End once for want of resources, as DeepSeek does."""
    send_words(exchange)
    first = exchange.odd.nth("no-resource-once") == 1
    send_end(exchange, finish="insufficient_system_resource" if first else "stop")


@stream("stop, one")
def two_choices(exchange: Exchange) -> None:
    """Send a second answer between the words of the first."""
    exchange.begin()
    for word in ANSWER.split():
        for index, content in ((1, "other "), (0, f"{word} ")):
            exchange.event({"choices": [{"index": index, "delta": {"content": content}}]})
        time.sleep(0.02)
    send_end(exchange)


@stream("stop")
def usage_midway(exchange: Exchange) -> None:
    """Count in the middle and send null at the end."""
    exchange.begin()
    for word in ANSWER.split():
        exchange.chunk({"content": f"{word} "}, usage=USAGE)
        time.sleep(0.02)
    exchange.chunk({}, finish="stop", usage=None)
    exchange.done()


@stream("stop, buffered, no TTFT, no TPOT")
def usage_huge(exchange: Exchange) -> None:
    """Count more tokens than any server makes."""
    send_words(exchange)
    send_end(exchange, USAGE | {"completion_tokens": 3_000_000_000, "total_tokens": 3_000_000_020})


@stream("stop")
def usage_in_words(exchange: Exchange) -> None:
    """Count in words, and take more from the cache than there was."""
    send_words(exchange)
    details = {"cached_tokens": "many"}
    send_end(exchange, {"prompt_tokens": "20", "completion_tokens": 15.0,
                        "prompt_tokens_details": details})  # fmt: skip


@stream("stop, other_model")
def nul_model(exchange: Exchange) -> None:
    """Name a model with a NUL and half an emoji."""
    send_words(exchange, model="m\x00\ud83d")
    send_end(exchange, model="m\x00\ud83d")


@stream("tool_calls, no score, no_text, no TTFT, no TPOT")
def nul_tool(exchange: Exchange) -> None:
    """Call a tool whose name and arguments no database holds."""
    exchange.begin()
    function = {"name": "\x00\ud83d", "arguments": '{"a": "\x00'}
    exchange.chunk({"tool_calls": [{"index": 0, "id": "\x00", "function": function}]})
    send_end(exchange, finish="tool_calls")
