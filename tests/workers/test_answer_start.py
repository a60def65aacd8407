"""When an answer began, what waited meanwhile and what was compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.engines.answer_start import first_answer_s
from workers.engines.protocol import TokenEvent
from workers.engines.vllm.kv_usage import KvRecorder
from workers.engines.vllm.log import compiled_since, log_size


@pytest.mark.parametrize(
    ("prompt", "texts", "expected"),
    [
        ("ask", ["\n", "Four"], 0.0),
        ("ask<think>\n", ["hm", "</think>", "\n\n", "Four"], 3.0),
        (None, ["<think>", "hm</th", "ink> Four", "."], 2.0),
        (None, ["<think>", "hm"], None),
        ("ask<think>\n", ["hm"], None),
        (None, ["<think>", "hm</think>", " \n"], None),
        ("a text with <think> inside", ["Four"], 0.0),
        (None, [], None),
    ],
)
def test_answer_begins_after_thinking(
    prompt: str | None, texts: list[str], expected: float | None
) -> None:
    events = [
        TokenEvent(at_s=float(index), token_ids=(index,), text=text)
        for index, text in enumerate(texts)
    ]
    assert first_answer_s(events, prompt) == expected


def test_window_counts_waiting_after_its_first_steps() -> None:
    recorder = KvRecorder()
    with recorder.window() as window:
        for running, waiting in ((1, 3), (2, 0), (4, 1), (3, 0)):
            recorder.record(usage=0.1, preemptions=0, running=running, waiting=waiting)
    assert window.running_peak == 4
    assert [window.waiting_steps(after) for after in (0, 1, 3)] == [2, 1, 0]


def test_a_window_without_steps_counts_nothing() -> None:
    recorder = KvRecorder()
    with recorder.window() as window:
        recorder.record(usage=None, preemptions=0)
    assert (window.running_peak, window.waiting_steps()) == (None, None)


def test_compilation_is_seen_in_what_the_log_gained(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    assert compiled_since(log, log_size(log)) == ()
    log.write_text(
        "Triton kernel JIT compilation during inference: before. This causes a latency spike\n"
    )
    offset = log_size(log)
    assert compiled_since(log, offset) == ()
    with log.open("a") as more:
        more.write(
            "INFO a request came\nWARNING Triton autotuning during inference: _kernel. This "
            "causes a spike\n"
        )
    assert compiled_since(log, offset) == (
        "WARNING Triton autotuning during inference: _kernel. This causes a spike",
    )
