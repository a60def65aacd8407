"""Energy of known loads on a GPU: the driver's counter against sampled power.

Run ``python bench/energy_gpu.py [OUT]`` on a host with an NVIDIA GPU and PyTorch; it imports
nothing else of ours and takes four minutes. Prints one JSON document, and writes it to
OUT/energy.json. Energies are in joules, times in seconds unless named.
"""

from __future__ import annotations

import itertools
import json
import statistics
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: Side of the square matrices, in half precision, that a busy GPU multiplies.
SIDE = 8192
RATES_HZ = (50, 10)
#: Lengths of bursts of load, each after an idle pause, and how many of each.
BURSTS = {0.2: 60, 0.5: 60, 2.0: 10}
PAUSE_S = 0.6

Point = tuple[float, float]


class PowerSampler(threading.Thread):
    """Reads the power of a GPU at a rate."""

    def __init__(self, nvml: Any, gpu: Any, rate_hz: float) -> None:
        super().__init__(daemon=True)
        self._nvml, self._gpu, self._rate_hz = nvml, gpu, rate_hz
        self.points: list[Point] = []

    def run(self) -> None:
        """Append (time, watts) until the process ends."""
        due_s = time.perf_counter()
        while True:
            watts = self._nvml.nvmlDeviceGetPowerUsage(self._gpu) / 1000
            self.points.append((time.perf_counter(), watts))
            due_s += 1 / self._rate_hz
            time.sleep(max(0.0, due_s - time.perf_counter()))


def integral(points: Sequence[Point], begin_s: float, end_s: float) -> float:
    """Return joules between two times by the trapezoidal rule."""
    inside = [point for point in points if begin_s <= point[0] <= end_s]
    before = [watts for at_s, watts in points if at_s < begin_s][-1:]
    first = (before or [inside[0][1]])[0]
    last = (inside or [(0.0, first)])[-1][1]
    path = [(begin_s, first), *inside, (end_s, last)]
    return sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in itertools.pairwise(path))


class Meter:
    """Measures the energy of a load in each of the ways."""

    def __init__(self) -> None:
        import pynvml  # noqa: PLC0415
        import torch  # noqa: PLC0415

        pynvml.nvmlInit()
        self._nvml, self._torch = pynvml, torch
        self._gpu = pynvml.nvmlDeviceGetHandleByIndex(0)
        self._matrix = torch.randn(SIDE, SIDE, dtype=torch.float16, device="cuda")
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

    def multiply(self, length_s: float) -> int:
        """Multiply matrices for a time and return the number of products."""
        end_s, products = time.perf_counter() + length_s, 0
        while time.perf_counter() < end_s:
            for _ in range(20):
                self._torch.mm(self._matrix, self._matrix)
            self._torch.cuda.synchronize()
            products += 20
        return products

    def measure(self, length_s: float, *, busy: bool) -> dict[str, Any]:
        """Return the energy of a busy or an idle time."""
        before_j, begin_s = self.counter_j(), time.perf_counter()
        products = self.multiply(length_s) if busy else 0
        if not busy:
            time.sleep(length_s)
        after_j, end_s = self.counter_j(), time.perf_counter()
        time.sleep(PAUSE_S / 2)
        found = {"s": end_s - begin_s, "products": products, "counter_j": after_j - before_j}
        return found | {
            f"hz{rate}_j": integral(sampler.points, begin_s, end_s)
            for rate, sampler in self._samplers.items()
        }

    def bursts(self, length_s: float, count: int) -> dict[str, Any]:
        """Return how the integrals of short loads compare with the counter."""
        runs = []
        for _ in range(count):
            runs.append(self.measure(length_s, busy=True))
            time.sleep(PAUSE_S / 2)
        return {f"hz{rate}_over_counter": ratios(runs, f"hz{rate}_j") for rate in RATES_HZ}

    def update_ms(self, length_s: float = 5.0) -> float | None:
        """Return the median time between changes of the counter."""
        last_j, since_s, steps = self.counter_j(), time.perf_counter(), []
        end_s = since_s + length_s
        while (now_s := time.perf_counter()) < end_s:
            if (now_j := self.counter_j()) != last_j:
                steps.append(now_s - since_s)
                last_j, since_s = now_j, now_s
        return 1000 * statistics.median(steps) if steps else None


def ratios(runs: Sequence[Mapping[str, Any]], key: str) -> dict[str, float]:
    """Return number, median and spread of a way's energies over the counter's."""
    found = sorted(run[key] / run["counter_j"] for run in runs if run["counter_j"])
    edge = len(found) // 20
    spread = {"p5": found[edge], "p95": found[-1 - edge]}
    return {"n": len(found), "median": statistics.median(found)} | spread


def main() -> None:
    """Measure an idle GPU, a steady load, bursts, and how often the counter changes."""
    meter = Meter()
    meter.multiply(3)
    time.sleep(3)
    found = meter.gpu | {"idle_20s": meter.measure(20, busy=False)}
    found["matmul_60s"] = meter.measure(60, busy=True)
    time.sleep(3)
    for length_s, count in BURSTS.items():
        found[f"bursts_{length_s}s"] = meter.bursts(length_s, count)
    found["counter_update_ms"] = meter.update_ms()
    document = json.dumps(found, indent=1)
    sys.stdout.write(document + "\n")
    if len(sys.argv) > 1:
        Path(sys.argv[1], "energy.json").write_text(document, encoding="utf-8")


if __name__ == "__main__":
    main()
