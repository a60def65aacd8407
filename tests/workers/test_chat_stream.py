"""What streams of odd servers report: counts, times and ends; however the bytes were cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.openai.event_stream import EventDecoder
from workers.engines.openai.stream import ChatStream, Usage, same_model
from workers.engines.protocol import BUFFERED, HIDDEN_REASONING, NO_TEXT

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "usage", "finish_reason", "model", "reasoning",
                 "prompt_tokens", "completion_tokens", "completion_tokens_details",
                 "reasoning_tokens", "total_tokens", "tool_calls", "text"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)  # fmt: skip


def chunk(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    parts = delta | ({} if content is None else {"content": content})
    return {"model": "m", "choices": [{"index": 0, "delta": parts, "finish_reason": finish}]}


def usage(prompt: int, output: int, **more: Any) -> dict[str, Any]:
    return {"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": output} | more}


def read(*timed: tuple[float, Any], done: bool = True) -> ChatStream:
    stream = ChatStream(submitted_s=0.0)
    for at_s, document in timed:
        stream.take(document, at_s)
    stream.done = done
    return stream


def words(count: int, from_s: float = 0.1, every_s: float = 0.01) -> list[tuple[float, Any]]:
    return [(from_s + at * every_s, chunk("w ")) for at in range(count)]


#: What UTF-8 can carry on one line.
LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1)


@given(
    events=st.lists(LINE, max_size=6),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    bom=st.booleans(),
    cuts=st.lists(st.integers(0, 200), max_size=8),
)
def test_events_are_the_same_however_the_bytes_are_cut(
    events: list[str], end: str, bom: bool, cuts: list[int]
) -> None:
    text = "".join(f": ping{end}event: message{end}data: {one}{end}{end}" for one in events)
    data = ("\ufeff" * bom + text).encode()
    decoder, found, begin = EventDecoder(), list[str](), 0
    for cut in [*sorted(cuts), len(data)]:
        found += decoder.feed(data[begin:cut])
        begin = max(begin, cut)
    assert found + decoder.end() == events


def test_an_event_of_several_lines_is_one_text_and_a_bad_byte_costs_one_character() -> None:
    decoder = EventDecoder()
    assert decoder.feed(b"data:a\ndata: b\xe9\n\n") == ["a\nb\N{REPLACEMENT CHARACTER}"]


@pytest.mark.parametrize(
    ("sent", "events"),
    [
        (b'event: error\ndata: {"message": "busy"}\n\n', ['{"error": {"message": "busy"}}']),
        (b'event: error\ndata: {"error": "busy"}\n\n', ['{"error": "busy"}']),
        (b"event: error\ndata: busy\n\ndata: x\n\n", ['{"error": "busy"}', "x"]),
        (b"event: error\n\ndata: x\n\n", ["x"]),
        (b'\xef\xbb\xbf \n{"choices":\n\n []}', [' \n{"choices":\n\n []}']),
        (b"<html>\n\ndata: x\n\n</html>", ["<html>\n\ndata: x\n\n</html>"]),
    ],
)
def test_an_event_named_error_is_one_and_a_document_is_whole(
    sent: bytes, events: list[str]
) -> None:
    for size in (1, 3, len(sent)):
        decoder, found = EventDecoder(), list[str]()
        for begin in range(0, len(sent), size):
            found += decoder.feed(sent[begin : begin + size])
        assert [one.lstrip() for one in found + decoder.end()] == [one.lstrip() for one in events]


@given(documents=st.lists(ANY_JSON, max_size=5))
def test_no_document_breaks_the_reading(documents: list[Any]) -> None:
    stream = read(*((at / 10, document) for at, document in enumerate(documents)))
    for count in (stream.usage.output_tokens, stream.usage.prompt_tokens, stream.hidden_tokens):
        assert count is None or count >= 0
    stream.text.encode()
    assert stream.untimed in {None, NO_TEXT, BUFFERED, HIDDEN_REASONING}
    assert (stream.untimed == NO_TEXT) == (not stream.events)
    assert stream.end
    json.dumps([stream.end, stream.served_model])


@pytest.mark.parametrize(
    ("reported", "counts"),
    [
        (None, (None, None, None, None)),
        ({"prompt_tokens": 9, "completion_tokens": 5}, (9, 5, None, None)),
        ({"prompt_tokens": 9.0, "completion_tokens": "5"}, (9, 5, None, None)),
        ({"prompt_tokens": 9, "completion_tokens": None, "total_tokens": 14}, (9, 5, None, None)),
        ({"completion_tokens": 5, "total_tokens": 14}, (9, 5, None, None)),
        ({"prompt_tokens": 9, "completion_tokens": -1}, (9, None, None, None)),
        ({"prompt_tokens": True, "completion_tokens": float("nan")}, (None, None, None, None)),
        (
            {"prompt_tokens": 9, "completion_tokens": 5,
             "prompt_tokens_details": {"cached_tokens": 0}},
            (9, 5, 0, None),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 5, "prompt_cache_hit_tokens": 8},
            (9, 5, 8, None),
        ),
        (  # the thinking counted beside the answer
            {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 54,
             "completion_tokens_details": {"reasoning_tokens": 40}},
            (9, 45, None, 40),
        ),
    ],
)  # fmt: skip
def test_counts_are_read_or_derived_or_unknown(reported: Any, counts: tuple[Any, ...]) -> None:
    found = Usage.read(reported)
    assert counts == (
        found.prompt_tokens,
        found.output_tokens,
        found.cached_tokens,
        found.reasoning_tokens,
    )


def test_tokens_that_come_one_by_one_are_timed() -> None:
    stream = read(*words(30), (0.5, chunk(finish="stop")), (0.5, usage(9, 31)))
    assert stream.untimed is None
    assert stream.end == "stop"


@pytest.mark.parametrize(
    "timed",
    [
        [(2.0, chunk("all of it", "stop")), (2.0, usage(9, 200))],
        [*((2.0, chunk("w ")) for _ in range(50)), (2.1, usage(9, 50))],
        [*words(50, from_s=2.0, every_s=1e-5), (2.1, usage(9, 50))],
        [*words(5, every_s=0.4), (3.0, usage(9, 200))],
    ],
    ids=["one chunk", "one arrival", "faster than any server", "few large chunks"],
)
def test_tokens_that_were_held_back_are_not_timed(timed: list[tuple[float, Any]]) -> None:
    assert read(*timed).untimed == BUFFERED


def test_one_token_is_not_buffered() -> None:
    assert read((0.1, chunk("13", "stop")), (0.1, usage(9, 1))).untimed is None


def test_hidden_reasoning_is_subtracted_and_streamed_reasoning_is_not() -> None:
    details = {"completion_tokens_details": {"reasoning_tokens": 400}}
    hidden = read(*words(101, from_s=2.0), (3.1, usage(9, 501, **details)))
    assert (hidden.hidden_tokens, hidden.untimed) == (400, HIDDEN_REASONING)
    shown = [(0.001 * at, chunk(reasoning_content="hm")) for at in range(400)]
    streamed = read(*shown, *words(101, from_s=2.0), (3.1, usage(9, 501, **details)))
    assert (streamed.hidden_tokens, streamed.untimed) == (0, None)
    assert streamed.first_answer_s == 2.0


@pytest.mark.parametrize(
    ("finish", "end", "failed"),
    [
        ("stop", "stop", False),
        ("STOP", "stop", False),
        ("error", "error", True),
        ("abort", "abort", True),
        ("content_filter", "content_filter", False),
        ("SAFETY", "content_filter", False),
        ("function_call", "tool_calls", False),
        ("max_tokens", "length", False),
    ],
)
def test_ends_are_distinguished(finish: str, end: str, failed: bool) -> None:
    stream = read((0.1, chunk("13")), (0.2, chunk(finish=finish)))
    assert (stream.end, stream.failed, stream.cut) == (end, failed, False)


def test_a_stream_without_an_end_is_cut_and_a_done_without_a_reason_is_not() -> None:
    assert read((0.1, chunk("13")), done=False).cut
    stream = read((0.1, chunk("13")), done=True)
    assert (stream.cut, stream.end) == (False, "unknown")
    called = read((0.1, chunk(tool_calls=[{"index": 0}])), (0.2, chunk(finish="stop")))
    assert called.end == "tool_calls"


def test_halves_of_a_character_are_put_together() -> None:
    assert read((0.1, chunk("13 \ud83d")), (0.2, chunk("\ude00"))).text == "13 \N{GRINNING FACE}"
    assert read((0.1, chunk("13 \ud83d"))).text == "13 \N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("served", "asked", "same"),
    [
        (None, "m", True),
        ("m", "m", True),
        ("M", "org/m", True),
        ("llama3:latest", "llama3", True),
        ("gpt-4o-2024-08-06", "gpt-4o", True),
        ("gpt-4o-mini", "gpt-4o", False),
        ("cheap-fallback-1b", "m", False),
    ],
)
def test_another_model_is_not_another_spelling(served: str | None, asked: str, same: bool) -> None:
    assert same_model(served, asked) == same
