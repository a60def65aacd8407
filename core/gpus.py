"""The GPUs of this host as NVML names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pynvml


class GpuUnavailable(Exception):  # noqa: N818 - named for what happened
    """Say that the requested GPU does not exist, and which do."""


class NoDriver(GpuUnavailable):
    """Say that this host has no NVIDIA driver at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One GPU as NVML names it."""

    index: int
    uuid: str
    name: str
    total_mib: int
    driver: str


@contextmanager
def nvml() -> Iterator[None]:
    """Open NVML for the block. Raise ``GpuUnavailable`` without an NVIDIA driver."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        absent = error.value == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND
        raise (NoDriver if absent else GpuUnavailable)(
            f"the NVIDIA driver does not respond ({error}); use the CPU, or install the driver"
        ) from error
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def list_gpus() -> tuple[Gpu, ...]:
    """Return the GPUs of this host; raise ``GpuUnavailable`` without a driver."""
    with nvml():
        return tuple(_read_gpu(index) for index in range(pynvml.nvmlDeviceGetCount()))


def find_gpu(index: int) -> Gpu:
    """Return the GPU with an index; raise ``GpuUnavailable`` where there is none."""
    return find_gpus((index,))[0]


def find_gpus(indices: Sequence[int]) -> tuple[Gpu, ...]:
    """Return the GPUs with these indices; raise ``GpuUnavailable`` for the first missing one."""
    gpus = list_gpus()
    for index in indices:
        if not 0 <= index < len(gpus):
            have = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in gpus) or "none"
            raise GpuUnavailable(f"this host has no GPU {index}; available: {have}")
    return tuple(gpus[index] for index in indices)


def gpu_groups(text: str) -> tuple[tuple[int, ...], ...]:
    """Return the indices of each group: ``0+1,2`` is GPUs 0 and 1 together, and GPU 2.

    Raise ``ValueError`` for anything else, and for a GPU that is named twice.
    """
    groups = tuple(
        tuple(int(index) for index in group.split("+") if _index(index, text))
        for group in text.split(",")
    )
    named = [index for group in groups for index in group]
    if len(set(named)) < len(named):
        raise ValueError(f"{text!r} names a GPU twice")
    return groups


def _index(text: str, whole: str) -> bool:
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise ValueError(f"{whole!r} must be a list of indices such as 0,1 or 0+1,2+3")
    return True


def _read_gpu(index: int) -> Gpu:
    handle = pynvml.nvmlDeviceGetHandleByIndex(index)
    return Gpu(
        index=index,
        uuid=_text(pynvml.nvmlDeviceGetUUID(handle)),
        name=_text(pynvml.nvmlDeviceGetName(handle)),
        total_mib=pynvml.nvmlDeviceGetMemoryInfo(handle).total >> 20,
        driver=_text(pynvml.nvmlSystemGetDriverVersion()),
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def used_mib(index: int) -> float:
    """Return the MiB in use on a GPU by all processes: total minus free."""
    with nvml():
        memory = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByIndex(index))
        return float((memory.total - memory.free) / (1 << 20))
