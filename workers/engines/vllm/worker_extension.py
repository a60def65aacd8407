"""What runs inside vLLM's worker process: reading its memory.

It gets there by ``worker_extension_cls`` and is called by ``collective_rpc``. vLLM's attributes
differ between versions and devices; each reading is independent, and one that fails becomes a
reason.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from workers.engines.environment import variables_at_start, variables_that_matter
from workers.engines.vllm.facts import FACTS

PROFILE_SKIPPED = "the size of the KV cache was given, so vLLM did not profile"
NOT_ON_CPU = "the CPU engine does not measure it"


class MemoryExtension:
    """Mixed into vLLM's worker class; every method answers with plain numbers and text."""

    def evalctl_memory(self) -> dict[str, dict[str, Any]]:
        """Return ``bytes`` by term, ``reasons`` for missing ones, ``facts`` and ``variables``.

        ``process`` has the pid of this rank.
        """
        answer: dict[str, dict[str, Any]] = {"bytes": {}, "reasons": {}, "facts": {}}
        answer["variables"] = variables_that_matter(variables_at_start())
        answer["process"] = {"pid": os.getpid()}
        for name, read in _READINGS.items():
            _read_into(answer["bytes"], answer["reasons"], name, read, self)
        for name, read_fact in FACTS.items():
            _read_into(answer["facts"], answer["reasons"], name, read_fact, self)
        return answer

    def evalctl_peaks(self) -> dict[str, dict[str, Any]]:
        """Return the part of ``evalctl_memory`` that requests change; they wait for it."""
        answer: dict[str, dict[str, Any]] = {"bytes": {}, "reasons": {}, "facts": {}}
        for name in _PEAKS:
            _read_into(answer["bytes"], answer["reasons"], name, _READINGS[name], self)
        return answer

    def evalctl_reset_peak(self) -> bool:
        """Begin a new activation peak; return whether this device has one."""
        worker: Any = self
        if _device_type(worker) != "cuda":
            return False
        import torch  # noqa: PLC0415

        torch.accelerator.reset_peak_memory_stats()
        allocated = torch.accelerator.memory_stats()["allocated_bytes.all.current"]
        worker.evalctl_allocated_at_reset = allocated
        return True


class _NotThere(Exception):  # noqa: N818
    """A term that this worker cannot report; the text is the reason."""


def _read_into(
    values: dict[str, Any],
    reasons: dict[str, Any],
    name: str,
    read: Callable[[Any], Any],
    worker: object,
) -> None:
    try:
        values[name] = read(worker)
    except _NotThere as reason:
        reasons[name] = str(reason)
    except Exception as error:  # noqa: BLE001  (a reading must never hurt a measurement)
        reasons[name] = f"this version of vLLM does not report it ({type(error).__name__}: {error})"


def _device_type(worker: Any) -> str:
    return str(worker.device.type)


def _weights(worker: Any) -> int:
    _require_cuda(worker)
    if usage := int(getattr(worker.model_runner, "model_memory_usage", 0)):
        return usage
    return sum(parameter.nbytes for parameter in worker.model_runner.model.parameters())


def _kv_reserved(worker: Any) -> int:
    config = worker.model_runner.kv_cache_config
    return sum(int(tensor.size) for tensor in config.kv_cache_tensors)


def _consumed_beside_weights(worker: Any) -> int:
    _require_cuda(worker)
    if hasattr(worker, "total_consumed"):  # since 0.28 or so
        return int(worker.total_consumed) - _weights(worker)
    if hasattr(worker, "non_torch_memory"):
        return int(worker.non_torch_memory)
    raise _NotThere(PROFILE_SKIPPED)


def _activation_profiled(worker: Any) -> int:
    _require_cuda(worker)
    if not hasattr(worker, "peak_activation_memory"):
        raise _NotThere(PROFILE_SKIPPED)
    peak = int(worker.peak_activation_memory)
    if hasattr(worker, "total_consumed"):  # where the estimate for graphs was added to it
        from vllm import envs  # noqa: PLC0415

        if getattr(envs, "VLLM_MEMORY_PROFILER_ESTIMATE_CUDAGRAPHS", False):
            peak -= int(getattr(worker, "cudagraph_memory_estimate", 0))
    return peak


def _activation_run(worker: Any) -> int:
    import torch  # noqa: PLC0415

    _require_cuda(worker)
    at_reset = getattr(worker, "evalctl_allocated_at_reset", None)
    if at_reset is None:
        raise _NotThere("no request has run yet")
    return int(torch.accelerator.memory_stats()["allocated_bytes.all.peak"]) - int(at_reset)


def _torch_reserved_peak(worker: Any) -> int:
    import torch  # noqa: PLC0415

    _require_cuda(worker)
    return int(torch.accelerator.memory_stats()["reserved_bytes.all.peak"])


def _device_used_at_init(worker: Any) -> int:
    _require_cuda(worker)
    return int(worker.init_snapshot.cuda_memory)


def _device_free_at_init(worker: Any) -> int:
    _require_cuda(worker)
    return int(worker.init_snapshot.free_memory)


def _device_total(worker: Any) -> int:
    _require_cuda(worker)
    return int(worker.init_snapshot.total_memory)


def _require_cuda(worker: Any) -> None:
    if _device_type(worker) != "cuda":
        raise _NotThere(NOT_ON_CPU)


_READINGS: dict[str, Callable[[Any], int]] = {
    "weights": _weights, "kv_reserved": _kv_reserved, "buffers": _consumed_beside_weights,
    "activation_profiled": _activation_profiled, "activation_run": _activation_run,
    "torch_reserved_peak": _torch_reserved_peak, "device_used_at_init": _device_used_at_init,
    "device_free_at_init": _device_free_at_init, "device_total": _device_total,
    "num_blocks": lambda worker: int(worker.model_runner.kv_cache_config.num_blocks),
}  # fmt: skip
_PEAKS = ("activation_run", "torch_reserved_peak")
