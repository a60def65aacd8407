"""Energy of single requests to a real engine: the driver's counter against sampled power.

Run ``python -m bench.energy_requests_gpu OUT [GPU]`` on a host with an NVIDIA GPU; it takes some
three minutes. The engine has the shape of DeepSeek-R1-Distill-Qwen-7B in AWQ 4-bit with dummy
weights. Requests follow each other, alone in the engine as in latency mode. Energies are in joules.
Prints one JSON document, and writes it to OUT/energy_requests.json.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.energy_gpu import RATES_HZ, PowerSampler, integral, ratios
from bench.gpu_host import write_shape
from bench.gpu_need import R1_7B_AWQ

REQUESTS = 100
INPUT_TOKENS, OUTPUT_TOKENS = 256, 256
#: With a pause before each, and without.
PAUSES_S = (0.0, 1.5)
PAUSED = 30

Send = Callable[[], None]


def engine(folder: Path) -> Send:
    """Start the engine; return what sends one request and waits for its last token."""
    # As evalctl's engines: FlashInfer may be missing.
    os.environ.setdefault("VLLM_USE_FLASHINFER_SAMPLER", "0")
    from vllm import LLM, SamplingParams  # noqa: PLC0415

    write_shape(folder, R1_7B_AWQ)
    options: dict[str, Any] = {"load_format": "dummy", "skip_tokenizer_init": True}
    options |= {"dtype": "float16", "max_model_len": 4096, "gpu_memory_utilization": 0.4}
    llm = LLM(model=str(folder), **options)
    greedy = SamplingParams(
        temperature=0.0, max_tokens=OUTPUT_TOKENS, ignore_eos=True, detokenize=False
    )
    drawn = random.Random(1)

    def send() -> None:
        tokens = [drawn.randrange(1000, 100_000) for _ in range(INPUT_TOKENS)]
        llm.generate({"prompt_token_ids": tokens}, greedy, use_tqdm=False)

    return send


class Requests:
    """Measures requests in each of the ways."""

    def __init__(self, send: Send, gpu: int) -> None:
        import pynvml  # noqa: PLC0415

        pynvml.nvmlInit()
        self._nvml, self._send = pynvml, send
        self._gpu = pynvml.nvmlDeviceGetHandleByIndex(gpu)
        self._samplers = {rate: PowerSampler(pynvml, self._gpu, rate) for rate in RATES_HZ}
        for sampler in self._samplers.values():
            sampler.start()

    @property
    def gpu(self) -> dict[str, Any]:
        """Name of the GPU and version of its driver."""
        name = self._nvml.nvmlDeviceGetName(self._gpu)
        return {"gpu": name, "driver": self._nvml.nvmlSystemGetDriverVersion()}

    def counter_j(self) -> float:
        """Return the driver's total since it was loaded."""
        return float(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._gpu)) / 1000

    def measure(self, count: int, pause_s: float) -> dict[str, Any]:
        """Send requests one after another; return each one's energies and how they compare."""
        rows = []
        for _ in range(count):
            time.sleep(pause_s)
            before_j, begin_s = self.counter_j(), time.perf_counter()
            self._send()
            rows.append((before_j, self.counter_j(), begin_s, time.perf_counter()))
        time.sleep(0.3)
        single = [self._energies(*row) for row in rows]
        whole = self._energies(rows[0][0], rows[-1][1], rows[0][2], rows[-1][3])
        compared = {f"hz{rate}_over_counter": ratios(single, f"hz{rate}_j") for rate in RATES_HZ}
        counted = [one["counter_j"] for one in single]
        return {
            "requests": count,
            "pause_s": pause_s,
            "s": statistics.median(one["s"] for one in single),
            "counter_j": statistics.median(counted),
            "counter_j_spread": [min(counted), max(counted)],
            "joules_per_token": statistics.median(counted) / OUTPUT_TOKENS,
            "whole": whole,
            **compared,
        }

    def _energies(
        self, before_j: float, after_j: float, begin_s: float, end_s: float
    ) -> Mapping[str, float]:
        found = {"s": end_s - begin_s, "counter_j": after_j - before_j}
        return found | {
            f"hz{rate}_j": integral(sampler.points, begin_s, end_s)
            for rate, sampler in self._samplers.items()
        }


def main(arguments: Sequence[str]) -> int:
    """Measure requests without a pause between them, then some with one."""
    gpu = int(arguments[1]) if len(arguments) > 1 else 0
    os.environ["CUDA_VISIBLE_DEVICES"] = str(gpu)
    with tempfile.TemporaryDirectory(prefix="evalctl-energy-") as folder:
        send = engine(Path(folder) / "r1-7b")
        for _ in itertools.repeat(None, 5):
            send()
        requests = Requests(send, gpu)
        found: dict[str, Any] = {**requests.gpu, "output_tokens": OUTPUT_TOKENS}
        for pause_s, count in zip(PAUSES_S, (REQUESTS, PAUSED), strict=True):
            found[f"pause_{pause_s}s"] = requests.measure(count, pause_s)
    document = json.dumps(found, indent=1)
    sys.stdout.write(document + "\n")
    Path(arguments[0], "energy_requests.json").write_text(document, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
