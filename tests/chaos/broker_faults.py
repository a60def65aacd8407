"""Faults of the broker: killed, emptied, absent, and the hints that it loses or doubles."""

from __future__ import annotations

import json
import shutil
import signal
import statistics
import time
import uuid
from contextlib import ExitStack
from typing import Any

from core.hints import queue_name
from tests.chaos.registry import Recovery, fault
from tests.support.deployment import QUEUE, Deployment, kill, kill_server, redis_client, since
from tests.support.jobs import claim_one
from tests.support.processes import LoggingProcess, evalctl_json

JOBS: dict[str, Any] = {"tokens": 10, "tpot_ms": 40}
#: A void hint costs its worker at most this much of the database.
VOID_MS = 5.0
VOIDS = 99


@fault(
    "F5",
    "Broker killed without its append-only file",
    staged="`kill -9` of Valkey in mid-run, its append-only file removed, started again",
    holds="all jobs run; the reconciler issues the hints again",
    short=True,
)
def broker_killed_without_file(deployment: Deployment) -> Recovery:
    return _broker_killed(deployment, keep_file=False)


@fault(
    "F6",
    "Broker killed with its append-only file",
    staged="`kill -9` of Valkey in mid-run, started again",
    holds="all jobs run, each once",
)
def broker_killed_with_file(deployment: Deployment) -> Recovery:
    return _broker_killed(deployment, keep_file=True)


def _broker_killed(deployment: Deployment, *, keep_file: bool) -> Recovery:
    valkey = deployment.servers.valkey
    with deployment.reconciler(), deployment.worker() as worker:
        deployment.submit(6, **JOBS)
        worker.wait_for("job.claimed")
        kill_server(valkey)
        if not keep_file:
            shutil.rmtree(valkey.data / "appendonlydir")
        valkey.start()
        seconds = deployment.until_finished()
        assert worker.stop() == 0
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    return Recovery(seconds=seconds, span="broker back -> 6 jobs committed")


@fault(
    "F7a",
    "Broker emptied in mid-run",
    staged="`FLUSHALL`",
    holds="all jobs run, each once",
)
def broker_emptied(deployment: Deployment) -> Recovery:
    with deployment.reconciler(), deployment.worker() as worker:
        deployment.submit(6, **JOBS)
        worker.wait_for("job.claimed")
        client = redis_client(deployment.servers.valkey.url)
        client.flushall()
        client.close()
        seconds = deployment.until_finished()
        assert worker.stop() == 0
    assert deployment.count("attempt_no > 1") == 0, "no job ran twice"
    return Recovery(seconds=seconds, span="FLUSHALL -> 6 jobs committed")


@fault(
    "F7b",
    "Broker absent during a submit, back later",
    staged="Valkey stopped, `evalctl submit`, worker and reconciler started, Valkey started",
    holds="submit exits 0 and says so; the jobs run once the broker is back",
    short=True,
)
def broker_absent(deployment: Deployment) -> Recovery:
    config = deployment.folder / "evalctl.toml"
    config.write_text('[models.fake]\nengine = "synthetic"\nsource = "fake"\n', encoding="utf-8")
    deployment.environment["EVALCTL_CONFIG"] = str(config)
    kill_server(deployment.servers.valkey, signal.SIGTERM)
    command = "submit --model fake --problems quickstart --repetitions 1"
    answer = evalctl_json(deployment.environment, command)
    assert (answer["created"], answer["published"]) == (6, 0)
    assert any("broker" in warning for warning in answer["warnings"]), answer["warnings"]
    deployment.expect_all_of(uuid.UUID(answer["run"]))
    with deployment.reconciler(), deployment.worker():
        deployment.until("state = 'starting'", table="worker")
        deployment.servers.valkey.start()
        seconds = deployment.until_finished()
    return Recovery(seconds=seconds, span="broker back -> 6 jobs committed")


@fault(
    "F8",
    "Hint lost between the broker and the worker",
    staged="`kill -STOP` of a worker that waits in BRPOP, one hint published, `kill -9`",
    holds="the hint is lost and its job runs all the same",
)
def hint_lost(deployment: Deployment) -> Recovery:
    """Give a hint to a worker that will never read it; its job follows, as if published before."""
    with deployment.reconciler(), deployment.worker() as first:
        first.wait_for("worker.ready")
        deployment.until_true(
            lambda: _handed_over(deployment, first),
            "the broker hands the hint to the frozen worker",
        )
        deployment.submit(1, publish=False)
        deployment.query("DELETE FROM eval.outbox")
        moment_s = kill(first)
        with deployment.worker() as second:
            seconds = deployment.until_finished(since_s=moment_s)
            second.stop()
    return Recovery(seconds=seconds, span="kill -> its job committed by another worker")


def _handed_over(deployment: Deployment, worker: LoggingProcess) -> bool:
    """Freeze a worker that waits in BRPOP and publish a hint; retry if it was between two waits."""
    client = redis_client(deployment.servers.valkey.url)
    try:
        if not any(
            entry["cmd"] == "brpop" and "b" in entry["flags"] for entry in client.client_list()
        ):
            return False
        kill(worker, signal.SIGSTOP)
        deployment.broker.publish(QUEUE, [1])
        if client.llen(queue_name(QUEUE)) == 0:
            return True
        client.delete(queue_name(QUEUE))
        kill(worker, signal.SIGCONT)
        return False
    finally:
        client.close()


@fault(
    "F13",
    "One hint delivered a hundred times",
    staged="a hundred hints of one job to four workers",
    holds=f"one execution, {VOIDS} void hints; a void claim takes under {VOID_MS:g} ms",
)
def hint_doubled(deployment: Deployment) -> Recovery:
    deployment.submit(1, publish=False)
    job_id = deployment.query("SELECT id FROM eval.job")[0]["id"]
    deployment.query("DELETE FROM eval.outbox")
    with ExitStack() as stack:
        workers = [stack.enter_context(deployment.worker()) for _ in range(4)]
        for worker in workers:
            worker.wait_for("worker.ready")
        moment_s = time.monotonic()
        deployment.broker.publish(QUEUE, [job_id] * (VOIDS + 1))
        seconds = deployment.until_finished(since_s=moment_s)
        client = redis_client(deployment.servers.valkey.url)
        deployment.until_true(lambda: client.llen(queue_name(QUEUE)) == 0, "the queue is drained")
        client.close()
        assert [worker.stop() for worker in workers] == [0] * 4
        voids = sum(
            line.count('"event": "hint.void"') for worker in workers for line in worker.lines
        )
    assert voids == VOIDS, voids
    assert deployment.count("TRUE", "attempt") == 1
    void_ms = _void_claim_ms(deployment)
    assert void_ms < VOID_MS, f"a void claim takes {void_ms:.2f} ms"
    return Recovery(
        seconds=seconds,
        span="100 hints published -> job committed",
        note=f"median void claim {void_ms:.2f} ms",
    )


def _void_claim_ms(deployment: Deployment) -> float:
    """Return the median time of a claim that finds nothing, as a void hint causes."""
    taken_ms = []
    for _ in range(VOIDS):
        began_s = time.monotonic()
        found = claim_one(deployment.engine, worker_id=uuid.uuid4(), queues=(QUEUE,))
        taken_ms.append(since(began_s) * 1000)
        assert found is None
    return statistics.median(taken_ms)


@fault(
    "F20",
    "Hostile messages in the queue",
    staged="no JSON, a pickle, an unknown task, wrong arguments, 1 MiB of zeros by `LPUSH`",
    holds="each is refused and logged; the worker serves on",
)
def hostile_messages(deployment: Deployment) -> Recovery:
    tasks = [
        {"headers": {"task": task}, "content-type": "application/json", "body": body}
        for task, body in (("os.system", "[]"), ("evalctl.hint", "[[1,2]]"))
    ]
    encoded = [json.dumps(task).encode() for task in tasks]
    entries = (b"{", b"\x80\x04cos\nsystem\n.", *encoded, bytes(2**20))
    with deployment.worker() as worker:
        worker.wait_for("worker.ready")
        client = redis_client(deployment.servers.valkey.url)
        client.lpush(queue_name(QUEUE), *entries)
        client.close()
        moment_s = time.monotonic()
        deployment.submit(1)
        for _ in entries:
            worker.wait_for("message.rejected")
        seconds = deployment.until_finished(since_s=moment_s)
        assert worker.stop() == 0
    return Recovery(seconds=seconds, span="5 messages pushed -> job submitted after them committed")
