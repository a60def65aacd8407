"""Whatever others write into a queue: refused, counted, logged, and the worker serves on."""

from __future__ import annotations

import base64
import json
import pickle
import sys
import uuid
from typing import Any

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.hints import HINT_TASK, HintBroker, message_for, queue_name
from db.engine import rows, transaction
from tests.support.processes import running, worker
from workers.consumer.message_check import MalformedMessage, job_of

QUEUE = queue_name("synthetic")
LINKS = dict.fromkeys(("callbacks", "errbacks", "chain", "chord"))
ARGUMENTS: list[Any] = [[5], {}, LINKS]
#: Headers that ask Celery to wait, and say how long the task may take.
GREEDY = {"task": HINT_TASK, "id": 5, "eta": "2099-01-01T00:00:00"}


def envelope(
    arguments: Any = ARGUMENTS,
    *,
    text: bytes | None = None,
    task: Any = HINT_TASK,
    kind: Any = "application/json",
    **changes: Any,
) -> bytes:
    text = json.dumps(arguments).encode() if text is None else text
    delivery = {"delivery_tag": "t", "delivery_info": {"exchange": "", "routing_key": QUEUE}}
    message = {
        "body": base64.b64encode(text).decode(),
        "content-encoding": "utf-8",
        "content-type": kind,
        "headers": {"lang": "py", "task": task, "id": str(uuid.uuid4())},
        "properties": {"body_encoding": "base64"} | delivery,
    }
    return json.dumps(message | changes).encode()


def envelope_with(part: str, value: Any, arguments: Any) -> bytes:
    return json.dumps(json.loads(envelope(arguments)) | {part: value}).encode()


HOSTILE = {
    "raw bytes": b"\xff\xfe\x00\x80",
    "no JSON": b"not json",
    "nothing": b"",
    "a pickle": pickle.dumps({"task": HINT_TASK}),
    "a number": b"5",
    "a list": b"[1, 2]",
    "an empty object": b"{}",
    "too deep": b"[" * 9000,
    "too long": b" " * 20_000 + envelope(),
    "a number beyond Python's limit": b"9" * 5000,
    "headers that are a list": envelope(headers=[]),
    "a pickle body": envelope(
        text=pickle.dumps([[5], {}, {}]), kind="application/x-python-serialize"
    ),
    "a pickle body that says JSON": envelope(text=pickle.dumps([[5], {}, {}])),
    "a YAML body": envelope(kind="application/x-yaml"),
    "a body that is not base64": envelope(text=b"x").replace(b'"eA=="', b'"\\u00e4"'),
    "no body": envelope(body=None),
    "properties that are text": envelope(properties="base64"),
    "an unknown task": envelope(task="os.system"),
    "a task of Celery's own": envelope(task="celery.backend_cleanup"),
    "a task that is not text": envelope(task={"__type__": "uuid"}),
    "no argument": envelope([[], {}, {}]),
    "too many arguments": envelope([["one", "too", "many"], {}, {}]),
    "a named argument": envelope([[5], {"x": 1}, {}]),
    "an argument that is text": envelope([["5"], {}, {}]),
    "an argument that is true": envelope([[True], {}, {}]),
    "a job below the first": envelope([[0], {}, {}]),
    "a job beyond the database's range": envelope([[2**63], {}, {}]),
    "arguments alone": envelope([5]),
    "protocol 1": json.dumps({"task": HINT_TASK, "id": "x", "args": [5], "kwargs": {}}).encode(),
}


@pytest.mark.parametrize("entry", HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_hint_is_refused(entry: bytes) -> None:
    with pytest.raises(MalformedMessage):
        job_of(entry)


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(repr).map(str.encode)
)
def test_no_bytes_raise_anything_but_a_refusal(entry: bytes) -> None:
    with pytest.raises(MalformedMessage):
        job_of(entry)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.sampled_from(["body", "content-encoding", "content-type", "headers", "properties"]),
    _JSON,
    st.one_of(st.just(ARGUMENTS), _JSON),
)
def test_a_hint_with_one_part_replaced_is_a_hint_or_refused(
    part: str, value: Any, arguments: Any
) -> None:
    try:
        job_id = job_of(envelope_with(part, value, arguments))
    except MalformedMessage:
        return
    assert job_id == arguments[0][0]


@given(st.integers(1, 2**63 - 1))
def test_a_hint_is_let_through_whatever_its_headers_say(job_id: int) -> None:
    links = {"chord": {"task": "os.system"}, "callbacks": [{"task": "os.system"}]}
    greedy = GREEDY | {"timelimit": "x", "retries": "y"}
    assert job_of(envelope([[job_id], {}, links], headers=greedy)) == job_id
    written = json.loads(message_for(job_id, QUEUE))
    assert job_of(json.dumps(written).encode()) == job_id
    assert set(written["headers"]) == {"lang", "task", "id", "root_id", "retries"}
    assert json.loads(base64.b64decode(written["body"]))[2] == ARGUMENTS[2]


def test_what_the_broker_publishes_is_let_through(broker: HintBroker, broker_url: str) -> None:
    broker.publish("synthetic", [7, 8])
    client = redis.Redis.from_url(broker_url)
    entries: list[Any] = list(client.lrange(QUEUE, 0, -1))
    client.close()
    assert sorted(job_of(entry) for entry in entries) == [7, 8]


def test_a_worker_survives_every_one_of_them_and_serves_on(
    environment: dict[str, str], engine: Engine, broker: HintBroker, broker_url: str
) -> None:
    client = redis.Redis.from_url(broker_url)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("worker.ready")
        client.rpush(QUEUE, *HOSTILE.values())
        # What Celery's remote control would act on.
        client.publish("/0.celery.pidbox", b'{"broken": true}')
        client.publish("/0.celery.pidbox", json.dumps({"body": "e30=", "properties": {}}).encode())
        for count in range(1, len(HOSTILE) + 1):
            assert process.wait_for("message.rejected", level="warning")["refused"] == count
        broker.publish("synthetic", [1])
        process.wait_for("hint.void")
        client.lpush(QUEUE, envelope(headers=GREEDY | {"timelimit": 1}))
        process.wait_for("hint.void")
        assert process.process.poll() is None
        assert process.stop() == 0
    client.close()
    with transaction(engine) as connection:
        assert rows(connection, "SELECT state FROM eval.worker") == [{"state": "stopped"}]


#: A worker in whose event loop the first hint raises what nothing expects.
BROKEN = """
import sys
import workers.__main__
import workers.consumer.message_check

def broken(job_id, queue):
    raise ZeroDivisionError("broken on purpose")

workers.consumer.message_check.message_for = broken
sys.exit(workers.__main__.main())
"""


def test_an_error_that_nothing_expects_ends_the_process_with_an_error(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    with running(
        [sys.executable, "-c", BROKEN, "--cpu", "--queue", "synthetic"], environment
    ) as process:
        process.wait_for("worker.ready")
        broker.publish("synthetic", [1])
        process.wait_for("worker.failed", level="error")
        assert process.process.wait(30) == 1
    assert "broken on purpose" in "".join(process.lines)
    with transaction(engine) as connection:
        assert rows(connection, "SELECT state FROM eval.worker") == [{"state": "stopped"}]
