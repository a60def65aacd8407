"""The NVML calls that say whether a card is clean and sound, behind a protocol: most machines have no card."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import pynvml

from core.gpus import GpuUnavailable
from workers.gpu.telemetry import GpuSample, look

MIB = 1 << 20
#: What drivers keep for themselves where NVML does not tell; 480 MiB on an H100, more on cards with more memory.
BASE_MIB = 640.0
_LOST = frozenset({pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED})


class GpuLost(GpuUnavailable):
    """Say that the driver has lost the card: it fell off the bus, or asks for a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A process with a context on the card, as the driver lists it; in a container its pid may be the host's."""

    pid: int
    #: None where the driver does not tell.
    used_mib: float | None
    #: Draws and does not compute, e.g. a desktop.
    graphics: bool = False


class GpuReader(Protocol):
    """What is asked of one card. Every call may raise ``GpuLost`` where it does not say otherwise."""

    def processes(self) -> tuple[GpuProcess, ...]:
        """List the processes on the card. Stalls a running engine by milliseconds: never call it in a timed window."""

    def used_mib(self) -> float:
        """Return the MiB in use beyond what the driver keeps for itself."""

    def look(self, at_s: float) -> GpuSample:
        """Return clock, temperature, power and clock event reasons; what the driver does not tell is None, and nothing is raised."""

    def wait_xid(self, timeout_s: float) -> int | None:
        """Wait for the next XID and return it, or None. Raise ``GpuUnavailable`` where the driver reports none."""


class NvmlReader:
    """One card, addressed by UUID, with NVML open."""

    def __init__(self, gpu_uuid: str) -> None:
        with _errors(gpu_uuid):
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(gpu_uuid)
        self._uuid = gpu_uuid
        self._events: Any = None

    def processes(self) -> tuple[GpuProcess, ...]:
        """List each process once: one that computes and draws counts as computing."""
        computing = [
            *self._list(pynvml.nvmlDeviceGetComputeRunningProcesses),
            *self._list(_mps_processes),
        ]
        drawing = self._list(pynvml.nvmlDeviceGetGraphicsRunningProcesses)
        found = {
            p.pid: GpuProcess(pid=p.pid, used_mib=_mib(p.usedGpuMemory), graphics=True)
            for p in drawing
        }
        found |= {p.pid: GpuProcess(pid=p.pid, used_mib=_mib(p.usedGpuMemory)) for p in computing}
        return tuple(sorted(found.values(), key=lambda process: process.pid))

    def used_mib(self) -> float:
        """Return total minus free minus the driver's reserve; where that is not told, ``BASE_MIB`` stands for it."""
        with _errors(self._uuid):
            try:
                memory = pynvml.nvmlDeviceGetMemoryInfo(self._handle, version=pynvml.nvmlMemory_v2)
                reserved = memory.reserved / MIB
            except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound):
                memory = pynvml.nvmlDeviceGetMemoryInfo(self._handle)
                reserved = BASE_MIB
        return max(0.0, float((memory.total - memory.free) / MIB - reserved))

    def look(self, at_s: float) -> GpuSample:
        """Ask for what the sampler asks for as well."""
        return look(self._handle, at_s)

    def wait_xid(self, timeout_s: float) -> int | None:
        """Wait on an event set of NVML, made at the first call."""
        with _errors(self._uuid):
            if self._events is None:
                events = pynvml.nvmlEventSetCreate()
                pynvml.nvmlDeviceRegisterEvents(
                    self._handle, pynvml.nvmlEventTypeXidCriticalError, events
                )
                self._events = events
            try:
                data = pynvml.nvmlEventSetWait_v2(self._events, int(timeout_s * 1000))
            except pynvml.NVMLError_Timeout:
                return None
        return int(data.eventData)

    def _list(self, call: Any) -> list[Any]:
        with _errors(self._uuid):
            try:
                return list(call(self._handle))
            except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound):
                return []


@contextmanager
def _errors(gpu_uuid: str) -> Iterator[None]:
    try:
        yield
    except pynvml.NVMLError as error:
        if error.value in _LOST:
            raise GpuLost(
                f"GPU {gpu_uuid} is lost ({error}); reset it or restart the host"
            ) from error
        raise GpuUnavailable(f"NVML does not answer about GPU {gpu_uuid}: {error}") from error


def _mps_processes(handle: Any) -> list[Any]:
    return list(pynvml.nvmlDeviceGetMPSComputeRunningProcesses(handle))


def _mib(used_bytes: int | None) -> float | None:
    # Containers are told nothing, all bits set, or zero.
    if not used_bytes or used_bytes == ctypes.c_ulonglong(-1).value:
        return None
    return used_bytes / MIB
