"""What disturbs a timing on a GPU: the memory sampler, and a prefill without a CUDA graph.

Run ``python -m bench.gpu_timing OUT [GPU [PART...]]``.

The engine gets one request at a time through the worker's own ``EngineHost``, so that the stamps
are those of stored rows. The model has the shape of Qwen3-4B in AWQ with dummy weights. Rows of
every request are written beside the log.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from bench.gpu_host import attempt, say, shape_spec, write_shape
from core.gpus import find_gpu
from core.sampling_params import SamplingParams
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.engines.protocol import GenerationRequest
from workers.gpu.pinning import pin
from workers.measurement.sampler import DeviceSource, MemorySampler

INPUT, OUTPUT = 256, 64
WARM_UP = 10
#: Rounds of the sampler's part, each setting three times and in both directions, so that drift hits
#: all alike: samples per second, none, or a process that only wakes up as often and reads nothing,
#: which keeps cores of the host from deep sleep.
WAKING = -1000
ROUNDS = (0, 50, 1000, WAKING, WAKING, 1000, 50, 0, 0, 50, 1000, WAKING)
PER_ROUND = 40
OPTIONS: dict[str, Any] = {
    "load_format": "dummy", "skip_tokenizer_init": True, "dtype": "float16", "max_model_len": 8192,
    "max_num_seqs": 4, "max_num_batched_tokens": 8192, "gpu_memory_utilization": 0.3,
}  # fmt: skip
#: What vLLM captures by itself for 4 sequences.
DECODING_SIZES = [1, 2, 4, 8]
#: Holds 512 MiB for 20 ms, N times, and says when.
SPIKES = """
import sys, time, torch
torch.zeros(1, device="cuda")
time.sleep(1.0)
for _ in range(int(sys.argv[1])):
    held = torch.empty(512 << 20, dtype=torch.uint8, device="cuda")
    torch.cuda.synchronize(); began = time.monotonic()
    while time.monotonic() - began < 0.020: pass
    ended = time.monotonic()
    del held; torch.cuda.empty_cache(); torch.cuda.synchronize()
    print(began, ended, flush=True)
    time.sleep(0.18)
"""


class Rig:
    """One engine and the rows of its requests."""

    def __init__(self, folder: Path, gpu_uuid: str) -> None:
        self._folder = folder
        self.gpu_uuid = gpu_uuid
        self.rows: list[dict[str, Any]] = []
        self._seed = 0

    @contextmanager
    def engine(self, **options: Any) -> Iterator[EngineHost]:
        """Run an engine with these options for the block, warmed up."""
        where = EngineContext(home=self._folder, log_folder=self._folder, worker_mark="bench")
        host = EngineHost(replace(where, device="cuda", gpu_uuid=self.gpu_uuid))
        spec = shape_spec(self._folder, OPTIONS | options)
        started_s = time.monotonic()
        engine_start = host.load(spec, on_progress=lambda: None, timeout_s=500)
        took_s = time.monotonic() - started_s
        facts = dict(engine_start.backend_facts)
        say(f"engine started in {took_s:.0f} s with {options}: {facts}")
        try:
            self.send(host, WARM_UP, part="warm-up")
            yield host
        finally:
            host.close()

    def send(
        self,
        host: EngineHost,
        count: int,
        *,
        sampler: MemorySampler | None = None,
        input_tokens: int = INPUT,
        **facts: Any,
    ) -> list[dict[str, Any]]:
        """Make generations one after another, each under its own trace where a sampler is given."""
        made = []
        for _ in range(count):
            self._seed += 1
            lengths: dict[str, Any] = {
                "fixed_input_tokens": input_tokens,
                "fixed_output_tokens": OUTPUT,
            }
            sampling = SamplingParams(max_tokens=OUTPUT, seed=self._seed, **lengths)
            request = GenerationRequest(request_id=f"r{self._seed}", messages=(), sampling=sampling)
            window = None if sampler is None else sampler.begin()
            generation = host.generate(
                request, on_token=lambda _event: None, cancel=threading.Event(), timeout_s=60
            )
            trace = None if sampler is None or window is None else sampler.end(window)
            assert generation.engine_first_token_s is not None
            assert generation.engine_queued_s is not None
            in_engine_s = generation.engine_first_token_s - generation.engine_queued_s
            decoding_s = generation.last_token_s - generation.first_token_s
            row = {"ttft_ms": generation.ttft_ms, "engine_ttft_ms": in_engine_s * 1000}
            row |= {"tpot_ms": decoding_s / (OUTPUT - 1) * 1000}
            made.append(facts | row | {"samples": 0 if trace is None else len(trace.used_mib)})
        self.rows += made
        return made


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Return medians and deciles in a line."""
    parts = []
    for key in ("ttft_ms", "engine_ttft_ms", "tpot_ms"):
        values = sorted(row[key] for row in rows)
        low, high = values[len(values) // 10], values[-1 - len(values) // 10]
        parts.append(f"{key} {statistics.median(values):.3f} ({low:.2f}-{high:.2f})")
    return f"n={len(rows)} " + ", ".join(parts)


def sampler(rig: Rig) -> None:
    """Compare no sampler, 50 Hz, 1 kHz and a waking process, rounds of one engine interleaved."""
    source = DeviceSource(gpu_uuid=rig.gpu_uuid)
    samplers = {hz: MemorySampler(source, 1000 // hz) for hz in (50, 1000)}
    with rig.engine() as host:
        for number, hz in enumerate(ROUNDS):
            with _waking() if hz == WAKING else nullcontext():
                facts: dict[str, Any] = {"part": "sampler", "hz": hz, "round": number}
                rows = rig.send(host, PER_ROUND, sampler=samplers.get(hz), **facts)
            samples = statistics.mean(row["samples"] for row in rows)
            say(f"round {number} at {hz} Hz: {summary(rows)}, {samples:.0f} samples each")
    for opened in samplers.values():
        opened.close()
    for hz in (0, 50, 1000, WAKING):
        say(f"all rounds at {hz} Hz: {summary([row for row in rig.rows if row.get('hz') == hz])}")


@contextmanager
def _waking() -> Iterator[None]:
    """Run the process of ``WAKING`` for the block."""
    program = f"import time\nwhile True: time.sleep({-1 / WAKING})"
    with subprocess.Popen([sys.executable, "-c", program]) as process:
        try:
            yield
        finally:
            process.kill()


def spikes(rig: Rig) -> None:
    """Have a process hold 512 MiB for 20 ms, 50 times; count those in a trace at 200 Hz."""
    opened = MemorySampler(DeviceSource(gpu_uuid=rig.gpu_uuid), 5)
    opened.start()
    window = opened.begin()
    printed = subprocess.run(
        [sys.executable, "-c", SPIKES, "50"], capture_output=True, text=True, check=True
    ).stdout
    trace = opened.end(window)
    opened.close()
    settled = statistics.median(trace.used_mib[len(trace.used_mib) // 2 :])
    samples = zip(trace.at_s, trace.used_mib, strict=True)
    high = [at_s for at_s, mib in samples if mib > settled + 400]
    held = [tuple(map(float, line.split())) for line in printed.splitlines()]
    caught = sum(any(start - 0.05 <= at_s <= end + 0.05 for at_s in high) for start, end in held)
    groups = sum(later - one > 0.1 for one, later in pairwise([*high, float("inf")]))
    say(
        f"{caught} of {len(held)} spikes caught, {groups} groups of high samples; "
        f"{len(trace.used_mib)} samples {trace.period_ms:.2f} ms apart"
    )


def prefill(rig: Rig) -> None:
    """Compare time to first token with and without a graph for the prompt, and on two cores."""
    everywhere = os.sched_getaffinity(0)
    with rig.engine() as host:
        for number in range(2):
            rows = rig.send(host, 100, part="prefill", graphs=512)
            say(f"graphs up to 512, round {number}: {summary(rows)}")
    with rig.engine(cudagraph_capture_sizes=DECODING_SIZES) as host:
        say(f"graphs for decoding alone: {summary(rig.send(host, 100, part='prefill', graphs=8))}")
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), sorted(everywhere)[:2])
        rows = rig.send(host, 100, part="prefill", graphs=8, cores=2)
        say(f"graphs for decoding alone, this process on two cores: {summary(rows)}")
        for thread in Path("/proc/self/task").iterdir():
            os.sched_setaffinity(int(thread.name), everywhere)


PARTS = (spikes, sampler, prefill)


def main() -> int:
    """Run the parts; one that fails does not keep the others from running."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    gpu = find_gpu(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    pin([gpu])
    folder = Path(tempfile.mkdtemp(prefix="evalctl-timing-"))
    write_shape(folder / "shape")
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next(line for line in facts if line.startswith("model name"))
    say(f"{gpu}; {os.cpu_count()} cores, {cpu.partition(':')[2].strip()}; load {os.getloadavg()}")
    rig = Rig(folder, gpu.uuid)
    for part in PARTS:
        if sys.argv[3:] and part.__name__ not in sys.argv[3:]:
            continue
        say(f"== {part.__name__}: {part.__doc__}")
        attempt(part.__name__, partial(part, rig))
        (out / "timing_rows.json").write_text(json.dumps(rig.rows), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
