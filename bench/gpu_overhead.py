"""What the queue costs on a GPU: the same prompts through it and straight from the same AsyncLLM.

Run ``python -m bench.gpu_overhead OUT [GPU [latency|SEQUENCES...]]``; with ``0+1`` for GPU one
engine is spread over two.

One engine of the Qwen3-4B shape for each ``max_num_seqs``, held by a worker in this process; rounds
alternate (bare, queue, queue, bare). Latency: one request at a time. Throughput: as many as the
engine takes, the bare loop behind a semaphore. The clock of the queue runs from the first claim to
the last commit, that of the bare loop from its first request to its last token.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from bench.gpu_host import NO_MULTICAST, attempt, say, shape_spec, write_shape
from bench.overhead import InProcessWorker
from bench.place import Place, place, quickstart_submission
from core.gpus import Gpu, find_gpus, gpu_groups, nvml
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import Mode
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.run import find_run, run_progress
from db.runs.submissions import submit
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest
from workers.engines.vllm.prompt import sampling_parameters
from workers.gpu.group_guard import guard_of
from workers.gpu.lock import GroupLock
from workers.gpu.pinning import pin
from workers.gpu.process_owner import ProcessOwnership

SAMPLING = SamplingParams(max_tokens=512, fixed_input_tokens=256, fixed_output_tokens=512)
#: Mode, sequences that the engine takes, repetitions of six jobs in a round.
SETTINGS: tuple[tuple[Mode, int, int], ...] = (
    (Mode.LATENCY, 4, 2),
    (Mode.THROUGHPUT, 4, 6),
    (Mode.THROUGHPUT, 16, 16),
    (Mode.THROUGHPUT, 64, 64),
)
ORDER = ("bare", "queue", "queue", "bare")
TARGETS = {Mode.LATENCY: "<= 1.02", Mode.THROUGHPUT: ">= 0.97"}
#: ``seated_s`` is the time of all slots that had a request, ``engine_s`` the time between the first
#: and the last token's request.
_SPAN = """
SELECT extract(epoch FROM max(a.ended_at) - min(a.started_at))::float8 AS span_s,
       sum(g.output_tokens)::float8 AS tokens,
       max(g.running_peak) AS running_peak, count(*) AS jobs,
       sum(g.last_token_s - g.submitted_s)::float8 AS seated_s,
       (max(g.last_token_s) - min(g.submitted_s))::float8 AS engine_s
  FROM eval.attempt AS a JOIN eval.job AS j ON j.id = a.job_id JOIN eval.generation AS g
       ON g.job_id = j.id
 WHERE j.run_id = %(run)s AND a.outcome = 'succeeded'
"""


class Bench:
    """A worker on one GPU in this process, and the same engine used without it."""

    def __init__(
        self, here: Place, host: EngineHost, worker: InProcessWorker, folder: Path
    ) -> None:
        self._here, self._host, self._worker, self._folder = here, host, worker, folder
        self._gpus = len(host.context.gpu_uuids)
        self.figures: list[dict[str, Any]] = []
        self._runs = 0

    def compare(self, mode: Mode, sequences: int, repetitions: int) -> None:
        """Run the rounds of one setting and keep their figures."""
        spec = _spec(self._folder, sequences, self._gpus)
        self._queue(spec, mode, max(1, sequences // 6))  # starts the engine; discarded
        rates: dict[str, list[float]] = {"bare": [], "queue": []}
        for way in ORDER:
            if way == "queue":
                rate = self._queue(spec, mode, repetitions)
            else:
                rate = self._bare(mode, sequences, repetitions)
            rates[way].append(rate)
            say(f"{mode} {sequences}: {way} {rate:.1f} tokens/s")
        bare, queue = (sum(rates[way]) / len(rates[way]) for way in ("bare", "queue"))
        ratio = bare / queue if mode is Mode.LATENCY else queue / bare
        setting = {
            "mode": mode.value, "gpus": self._gpus, "max_num_seqs": sequences,
            "jobs_per_round": repetitions * 6,
        }  # fmt: skip
        found = {"tokens_per_s": rates, "ratio": ratio, "target": TARGETS[mode]}
        self.figures.append(setting | found)
        say(f"{mode} {sequences}: ratio {ratio:.4f}, target {TARGETS[mode]}")

    def _queue(self, spec: ModelSpec, mode: Mode, repetitions: int) -> float:
        """Return the tokens per second of a run through the queue."""
        self._runs += 1
        wanted = quickstart_submission(
            self._here, f"overhead-{self._runs}", repetitions=repetitions, sampling=SAMPLING
        )
        with self._worker.started():
            submitted = submit(self._here.engine, replace(wanted, models=(spec,), mode=mode.value))
            publish_outbox(self._here.engine, self._here.broker)
            state = self._ended(str(submitted.run_id))
        if state != "succeeded":
            raise RuntimeError(f"run {submitted.name} is {state}: its time means nothing")
        with transaction(self._here.engine) as connection:
            span = rows(connection, _SPAN, {"run": submitted.run_id})[0]
        say(f"run {submitted.name}: {span}")
        return float(span["tokens"] / span["span_s"])

    def _ended(self, run_id: str) -> str:
        """Wait until no job of a run is open and return its state."""
        run, pause = find_run(self._here.engine, run_id), threading.Event()
        while (progress := run_progress(self._here.engine, run)).open:
            # Seldom: a worker in a separate process would not have to share the interpreter with
            # this.
            pause.wait(1.0)
        return progress.state

    def _bare(self, mode: Mode, sequences: int, repetitions: int) -> float:
        """Return the tokens per second of the prompts without a queue, on the engine's loop."""
        samplings = [replace(SAMPLING, seed=1 + number // 6) for number in range(repetitions * 6)]
        in_flight = 1 if mode is Mode.LATENCY else sequences
        loop = self._host._loop  # noqa: SLF001 - the same engine object is the point
        sending = _send_all(self._host.engine, samplings, in_flight)
        sent = asyncio.run_coroutine_threadsafe(sending, loop)
        took_s, tokens = sent.result(500)
        return tokens / took_s


async def _send_all(
    engine: Any, samplings: Sequence[SamplingParams], in_flight: int
) -> tuple[float, int]:
    """Send all to vLLM's client, N at a time; return the seconds and the tokens."""
    slots = asyncio.Semaphore(in_flight)
    made = 0

    async def send(sampling: SamplingParams) -> None:
        nonlocal made
        request = GenerationRequest(request_id=uuid.uuid4().hex, messages=(), sampling=sampling)
        async with slots:
            prompt = engine._prompts.make(request)  # noqa: SLF001
            stream = engine._engine.generate(  # noqa: SLF001
                prompt.for_vllm(), sampling_parameters(sampling), request.request_id
            )
            async for output in stream:
                made += len(output.outputs[0].token_ids)

    started_s = time.monotonic()
    await asyncio.gather(*(send(sampling) for sampling in samplings))
    return time.monotonic() - started_s, made


def _spec(folder: Path, sequences: int, gpus: int) -> ModelSpec:
    options: dict[str, Any] = {
        "load_format": "dummy", "skip_tokenizer_init": True, "dtype": "float16",
        "max_model_len": 4096, "max_num_seqs": sequences, "max_num_batched_tokens": 4096,
        "gpu_memory_utilization": 0.5, "tensor_parallel_size": gpus,
    }  # fmt: skip
    return shape_spec(folder, options)


def main() -> int:
    """Run all settings; one that fails does not keep the others from running."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    (group,) = gpu_groups(sys.argv[2] if len(sys.argv) > 2 else "0")
    gpus = find_gpus(group)
    pin(gpus)
    os.environ |= NO_MULTICAST
    with ExitStack() as stack:
        here = stack.enter_context(place())
        stack.enter_context(nvml())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="evalctl-overhead-")))
        write_shape(folder / "shape")
        bench = _bench(stack, here, gpus, folder)
        wanted = frozenset(sys.argv[3:])
        for mode, sequences, repetitions in SETTINGS:
            setting = "latency" if mode is Mode.LATENCY else str(sequences)
            if wanted and setting not in wanted:
                continue
            attempt(f"{mode} {sequences}", partial(bench.compare, mode, sequences, repetitions))
            figures = json.dumps(bench.figures, indent=1)
            (out / "overhead.json").write_text(figures, encoding="utf-8")
    return 0


def _bench(stack: ExitStack, here: Place, gpus: Sequence[Gpu], folder: Path) -> Bench:
    mark = uuid.uuid4().hex
    context = EngineContext(
        home=here.settings.home,
        log_folder=folder,
        worker_mark=mark,
        device="cuda",
        gpu_uuid=gpus[0].uuid,
        more_gpu_uuids=tuple(gpu.uuid for gpu in gpus[1:]),
    )
    lock = stack.enter_context(closing(GroupLock(here.settings.home, context.gpu_uuids)))
    ownership = ProcessOwnership(mark=mark, lock_path=lock.path)
    host = EngineHost(context)
    stack.callback(host.close)
    worker = InProcessWorker(here, host, context, guard=guard_of(gpus, ownership))
    stack.callback(worker.close)
    return Bench(here, host, worker, folder)


if __name__ == "__main__":
    sys.exit(main())
