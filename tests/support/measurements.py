"""What an engine and a GPU report of one generation, for tests of what is made of it."""

from __future__ import annotations

from typing import Any

from workers.engines.protocol import Generation, MemoryReport, StartReport
from workers.gpu.telemetry import GpuSample
from workers.measurement.sampler import MemoryTrace

GENERATION = Generation(
    text="42",
    prompt_text=None,
    prompt_hash="p",
    output_hash="o",
    prompt_tokens=8,
    cached_tokens=0,
    output_tokens=2,
    finish_reason="stop",
    submitted_s=0.0,
    first_token_s=1.0,
    last_token_s=2.0,
    kv_used_mib=100.0,
)
MEMORY = MemoryReport(
    kind="device",
    context_mib=50.0,
    weights_mib=2000.0,
    buffers_mib=200.0,
    activation_peak_mib=300.0,
    activation_run_mib=20.0,
    graphs_mib=70.0,
    kv_reserved_mib=60000.0,
)


def start_report(config: dict[str, Any], memory: MemoryReport, **changes: Any) -> StartReport:
    """Return what an engine reports that was ready after a second."""
    values: dict[str, Any] = {"engine_version": "vllm 0.26.0", "environment": {}, "ready_s": 1.0}
    return StartReport(config=config, memory=memory, **{"started_s": 0.0} | values | changes)


def host_trace(**changes: Any) -> MemoryTrace:
    """Return a trace of one second in which one sample was taken."""
    values: dict[str, Any] = {"kind": "host", "started_s": 0.0, "ended_s": 1.0, "period_ms": 50}
    return MemoryTrace(
        **values | {"used_mib": (900,), "peak_mib": 900, "mean_mib": 900.0} | changes
    )


def gpu_sample(at_s: float, **values: Any) -> GpuSample:
    """Return what NVML reports of a GPU at one moment."""
    return GpuSample(at_s=at_s, **values)


def trace(*samples: GpuSample) -> MemoryTrace:
    """Return the memory trace of the seconds 0 to 3, with these samples of the GPU."""
    memory = {"used_mib": (1, 1), "peak_mib": 1, "mean_mib": 1.0}
    return host_trace(kind="device", ended_s=3.0, period_ms=20.0, gpu_samples=samples, **memory)
