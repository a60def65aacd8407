"""Files of replies: both formats, and every line that holds none is named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scoring.judging.reply_file import read_replies


def batch(custom_id: str, content: Any, **more: Any) -> str:
    body = {"choices": [{"message": {"content": content}}]} | more
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": body}})


def test_batch_lines_and_plain_lines_are_read() -> None:
    lines = [batch("a", "{}", id="chatcmpl-1"), "", json.dumps({"custom_id": "b", "content": "x"})]
    replies, refusals = read_replies(lines)

    assert [(one.line, one.custom_id, one.content) for one in replies] == [
        (1, "a", "{}"),
        (3, "b", "x"),
    ]
    assert replies[0].key == "chatcmpl-1"
    assert refusals == []


def test_equal_replies_in_one_file_are_two_and_a_file_read_again_gives_the_same_keys() -> None:
    lines = [json.dumps({"custom_id": "a", "content": "x"})] * 2
    keys = [one.key for one in read_replies(lines)[0]]

    assert len(set(keys)) == 2
    assert [one.key for one in read_replies(lines)[0]] == keys


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not JSON", "the line is not JSON"),
        ("[" * 100_000, "the line is not JSON"),
        ("[1]", "the line has no custom_id"),
        ('{"content": "x"}', "the line has no custom_id"),
        ('{"custom_id": "a"}', "the line has no content"),
        ('{"custom_id": "a", "content": 3}', "the line has no content"),
        ('{"custom_id": "a", "response": {"body": {"choices": []}}}', "the line has no content"),
        (
            '{"custom_id": "a", "error": {"message": "rate limit"}}',
            "the request failed: rate limit",
        ),
        (
            '{"custom_id": "a", "response": {"status_code": 400, "body": {"error": "bad"}}}',
            "the request failed: bad",
        ),
    ],
)
def test_a_line_without_a_reply_is_named_with_its_reason(line: str, reason: str) -> None:
    replies, refusals = read_replies(["", line])

    assert replies == []
    ((number, why),) = [(one.line, one.reason) for one in refusals]
    assert number == 2
    assert why.startswith(reason)
