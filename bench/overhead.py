"""What the queue adds to real generations: the same prompts through it and straight from vLLM.

Both ways use one engine host in this process. Rounds alternate (direct, queue, queue, direct), so
that a machine that gets slower or faster meanwhile favours neither.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery.contrib.testing.worker import start_worker

from bench.claimer import register
from bench.figure import Figure
from bench.place import Place, quickstart_submission
from core.sampling_params import SamplingParams
from db.queue.outbox import publish_outbox
from db.runs.run import find_run, run_progress
from db.runs.submissions import submit
from problems.loader import load_set
from problems.prompt_styles import find_templates
from workers.consumer.celery_app import worker_app
from workers.consumer.hint_consumer import HintConsumer, Hints
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest, Message
from workers.execution.executor import Executor
from workers.gpu.group_guard import Guard
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.lease import LeaseKeeper
from workers.lifecycle.shutdown import Shutdown
from workers.lifecycle.timeouts import Timeouts
from workers.measurement.sampler import memory_sampler

MODEL = "smollm2"
SAMPLING = SamplingParams(max_tokens=96, temperature=0.7, top_p=0.9, seed=0)
ORDER = ("direct", "queue", "queue", "direct")


def measure(place: Place) -> list[Figure]:
    """Return the ratio of the wall times and both times per generation."""
    log_folder: Path = place.settings.home / "logs"
    mark = uuid.uuid4().hex
    context = EngineContext(home=place.settings.home, log_folder=log_folder, worker_mark=mark)
    host = EngineHost(context)
    through = InProcessWorker(place, host, context)
    try:
        # Discarded: the worker starts the engine that both ways then use, and both are warm.
        _round(place, through, len(ORDER))
        _direct(host)
        walls: dict[str, list[float]] = {"direct": [], "queue": []}
        for number, way in enumerate(ORDER):
            walls[way].append(_direct(host) if way == "direct" else _round(place, through, number))
    finally:
        through.close()
        host.close()
    size = len(load_set("quickstart"))
    settings = {"model": MODEL, "generations_per_round": size, "rounds": list(ORDER)}
    settings |= {"max_tokens": SAMPLING.max_tokens, "wall_s": walls}
    direct_s, queue_s = (sum(walls[way]) / (size * 2) for way in ("direct", "queue"))
    ratio = queue_s / direct_s
    return [
        Figure("overhead.latency_cpu", ratio, "ratio", target="<= 1.05", settings=settings),
        Figure("overhead.direct_generation", direct_s, "s", settings=settings),
        Figure("overhead.queue_generation", queue_s, "s", settings=settings),
    ]


def _direct(host: EngineHost) -> float:
    """Make the generations one after another and return the wall seconds."""
    started_s = time.monotonic()
    (template,) = find_templates(["plain"])
    for number, problem in enumerate(load_set("quickstart")):
        messages = tuple(
            Message(role=role, content=text) for role, text in template.render(problem, "en")
        )
        sampling = SamplingParams.from_dict(SAMPLING.to_dict() | {"seed": SAMPLING.seed + 1})
        name, cancel = f"direct-{number}", threading.Event()
        request = GenerationRequest(request_id=name, messages=messages, sampling=sampling)
        host.generate(request, on_token=lambda _event: None, cancel=cancel, timeout_s=120)
    return time.monotonic() - started_s


def _round(place: Place, worker: InProcessWorker, number: int) -> float:
    """Submit the generations as a run and return the wall seconds from there to the last commit."""
    wanted = quickstart_submission(place, f"overhead-{number}", repetitions=1, sampling=SAMPLING)
    worker.expect(len(wanted.problems))
    with worker.started():
        started_s = time.monotonic()
        submitted = submit(place.engine, wanted)
        publish_outbox(place.engine, place.broker)
        worker.wait(600)
        took_s = time.monotonic() - started_s
    state = run_progress(place.engine, find_run(place.engine, str(submitted.run_id))).state
    if state != "succeeded":
        raise RuntimeError(f"run {submitted.name} is {state}: its time means nothing")
    return took_s


class _Counted:
    """Hints, and how many were taken."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self.taken = 0

    def take_one(self) -> bool:
        """Take one."""
        found = self._hints.take_one()
        self.taken += found
        return found

    def spend(self, count: int) -> None:
        """Take those of claimed jobs, all of which have come here before the worker began."""
        self._hints.spend(count)
        self.taken += count


class InProcessWorker:
    """A worker in this process, so that the engine object can be used without it as well."""

    def __init__(
        self, place: Place, host: EngineHost, context: EngineContext, guard: Guard | None = None
    ) -> None:
        worker_id = register(place.engine, "vllm", context.gpu_uuids)
        self._sampler = memory_sampler(context)
        self._heartbeat = Heartbeat(place.engine, worker_id)
        self._leases = LeaseKeeper(place.engine, Timeouts())
        executor = Executor(
            place.engine, host, self._sampler, self._heartbeat, worker_id=worker_id,
            queues=("vllm",), leases=self._leases, shutdown=Shutdown(), guard=guard,
            timeouts=Timeouts(),
        )  # fmt: skip
        self._all_done = threading.Event()
        self._left = 0

        def handle(hints: Hints) -> bool:
            counted = _Counted(hints)
            held = executor.handle_hint(counted)
            # Nothing issues a hint twice here, so each that is spent was good for a job.
            self._left -= 1 + counted.taken - held
            if not self._left:
                self._all_done.set()
            return held

        self._server = HintConsumer(place.broker_url, ("vllm",), handle)
        self._app = worker_app(self._server)

    @contextmanager
    def started(self) -> Iterator[None]:
        """Run Celery's worker for the block."""
        pool: dict[str, Any] = {"pool": "threads", "concurrency": 1}
        with start_worker(self._app, **pool, perform_ping_check=False, shutdown_timeout=60):
            yield

    def expect(self, jobs: int) -> None:
        """Say how many jobs ``wait`` is to wait for."""
        self._left = jobs
        self._all_done.clear()

    def wait(self, timeout_s: float) -> None:
        """Wait until the expected jobs have been handled, or the time is over."""
        self._all_done.wait(timeout_s)

    def close(self) -> None:
        """End the worker's helpers."""
        self._server.close()
        self._leases.close()
        self._heartbeat.close()
        self._sampler.close()
