"""What vLLM's worker process says of the backends that it runs, read from the running objects.

They differ between versions, devices and the two model runners. What no object reports is
``unknown``, not guessed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

UNKNOWN = "unknown"
FLASHINFER = "flashinfer"
NATIVE = "native"


def _device(worker: Any) -> str:
    return str(worker.device.type)


def _attention_backend(worker: Any) -> str:
    groups = worker.model_runner.attn_groups
    return ",".join(sorted({group.backend.get_name() for kv_group in groups for group in kv_group}))


def _sampler(worker: Any) -> str:
    """Return what samples by top-k and top-p; where unreported, FlashInfer may be forbidden."""
    sampler = getattr(worker.model_runner, "sampler", None)
    uses = getattr(sampler, "use_flashinfer", None)  # model runner V2
    if isinstance(uses, bool):
        return FLASHINFER if uses else NATIVE
    forward = getattr(
        getattr(sampler, "topk_topp_sampler", None), "forward", None
    )  # model runner V1
    if name := getattr(forward, "__name__", ""):
        return FLASHINFER if name == "forward_cuda" else NATIVE
    from vllm import envs  # noqa: PLC0415

    return NATIVE if getattr(envs, "VLLM_USE_FLASHINFER_SAMPLER", None) is False else UNKNOWN


def _flashinfer_autotune(worker: Any) -> str:
    kernels = getattr(worker.vllm_config, "kernel_config", None)
    chosen = getattr(kernels, "enable_flashinfer_autotune", None)
    return UNKNOWN if chosen is None else "on" if chosen else "off"


def _flashinfer_imported(_worker: Any) -> str:
    """Return whether the package is imported, which vLLM does even just to read its version."""
    imported = {name.partition(".")[0] for name in tuple(sys.modules)}
    return "yes" if FLASHINFER in imported else "no"


def _runner_class(worker: Any) -> str:
    return f"{type(worker.model_runner).__module__}.{type(worker.model_runner).__qualname__}"


def _model_runner(worker: Any) -> str:
    """Return V1 or V2: V2 has separate packages below ``vllm.v1.worker``."""
    parts = type(worker.model_runner).__module__.split(".")
    if "worker" not in parts:
        return UNKNOWN
    below = parts[parts.index("worker") + 1 :]
    if len(below) == 1 and below[0].endswith("_model_runner"):
        return "V1"
    return "V2" if below[-1:] == ["model_runner"] else UNKNOWN


def _kernel_choice(name: str) -> Callable[[Any], str]:
    def read(worker: Any) -> str:
        chosen = getattr(getattr(worker.vllm_config, "kernel_config", None), name, None)
        return UNKNOWN if chosen is None else _name(chosen)

    return read


def _compilation_choice(name: str) -> Callable[[Any], str]:
    def read(worker: Any) -> str:
        chosen = getattr(worker.vllm_config.compilation_config, name, None)
        return UNKNOWN if chosen is None else _name(chosen)

    return read


def _fused_all_reduce(worker: Any) -> str:
    """Return whether FlashInfer sums over GPUs, fused with the norm that follows."""
    passes = getattr(worker.vllm_config.compilation_config, "pass_config", None)
    fused = getattr(passes, "fuse_allreduce_rms", None)
    return UNKNOWN if fused is None else "on" if fused else "off"


def _name(value: Any) -> str:
    return str(getattr(value, "name", value))


FACTS: Mapping[str, Callable[[Any], str]] = {
    "device": _device, "attention_backend": _attention_backend, "sampler": _sampler,
    "flashinfer_autotune": _flashinfer_autotune, "flashinfer_imported": _flashinfer_imported,
    "model_runner_class": _runner_class, "model_runner": _model_runner,
    "linear_backend": _kernel_choice("linear_backend"),
    "moe_backend": _kernel_choice("moe_backend"), "compilation_mode": _compilation_choice("mode"),
    "cudagraph_mode": _compilation_choice("cudagraph_mode"),
    "fused_all_reduce": _fused_all_reduce,
}  # fmt: skip
#: Those that are part of an engine's configuration; the linear kernel is in the log.
CONFIGURED = (
    "attention_backend", "linear_kernel", "sampler", "flashinfer_autotune", "model_runner",
    "linear_backend", "moe_backend", "compilation_mode", "cudagraph_mode",
)  # fmt: skip
