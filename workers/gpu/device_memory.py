"""Memory of one GPU by NVML, addressed by UUID: NVML ignores CUDA_VISIBLE_DEVICES, so an index would be another card."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pynvml

from workers.gpu.telemetry import GpuSample, look

MIB = 1024 * 1024


class DeviceMemoryUnreadable(RuntimeError):  # noqa: N818  (says what is wrong with which GPU)
    """The GPU's memory cannot be read: no driver, no such UUID, or the driver has lost the card."""


class DeviceMemory:
    """One GPU, open for reading. Takes no process lists: those stall a running engine."""

    def __init__(self, gpu_uuid: str) -> None:
        try:
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(gpu_uuid)
        except pynvml.NVMLError as error:
            raise DeviceMemoryUnreadable(f"NVML knows no GPU {gpu_uuid}: {error}") from error
        self._uuid = gpu_uuid

    def used_bytes(self) -> int:
        """Return total minus free, which holds what the driver reserves as well. Raise DeviceMemoryUnreadable."""
        memory = self._memory()
        return int(memory.total - memory.free)

    def free_bytes(self) -> int:
        """Return what CUDA could still give to somebody. Raise DeviceMemoryUnreadable."""
        return int(self._memory().free)

    def _memory(self) -> Any:
        try:
            return pynvml.nvmlDeviceGetMemoryInfo(self._handle)
        except pynvml.NVMLError as error:
            raise DeviceMemoryUnreadable(
                f"NVML does not tell the memory of GPU {self._uuid}: {error}"
            ) from error

    def look(self, at_s: float) -> GpuSample:
        """Return clock, temperature, power and clock event reasons as they are at this moment."""
        return look(self._handle, at_s)


@contextmanager
def device_memory(gpu_uuid: str) -> Iterator[DeviceMemory]:
    """Open NVML and one GPU in it. Raise DeviceMemoryUnreadable."""
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise DeviceMemoryUnreadable(f"NVML does not start: {error}") from error
    try:
        yield DeviceMemory(gpu_uuid)
    finally:
        pynvml.nvmlShutdown()
