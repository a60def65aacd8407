"""What a worker reads from NVML, by UUID: NVML's indices ignore CUDA_VISIBLE_DEVICES."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

import pynvml

from core.gpus import GpuUnavailable, nvml
from workers.gpu.telemetry import GpuSample

T = TypeVar("T")
#: Calls a function with each GPU and returns the results in their order, as ``map`` does.
Each: TypeAlias = Callable[[Callable[[Any], Any], Sequence[Any]], Iterable[Any]]

MIB = 1 << 20
#: NVML counts in millijoules and milliwatts.
J_IN_MJ = MW_IN_W = 1000
#: The driver's reserve where NVML does not report it; 480 MiB on an H100, more on larger GPUs.
BASE_MIB = 640.0
_LOST = frozenset({pynvml.NVML_ERROR_GPU_IS_LOST, pynvml.NVML_ERROR_RESET_REQUIRED})


class GpuLost(GpuUnavailable):
    """Say that the driver has lost the GPU: it fell off the bus, or needs a reset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A process with a context on the GPU; in a container its pid may be the host's."""

    pid: int
    #: None where the driver does not report it.
    used_mib: float | None
    #: Draws and does not compute, e.g. a desktop.
    graphics: bool = False


class GpuReader(Protocol):
    """What a guard reads from its GPU. A call may raise ``GpuLost`` unless it says otherwise."""

    def processes(self) -> tuple[GpuProcess, ...]:
        """List the GPU's processes, which stalls an engine by milliseconds: never while timing."""

    def used_mib(self) -> float:
        """Return the MiB in use beyond the driver's reserve."""

    def sample(self, at_s: float) -> GpuSample:
        """Return clock, temperature, power and clock event reasons; raise nothing."""

    def wait_xid(self, timeout_s: float) -> int | None:
        """Return the next XID, None at the time-out; raise ``GpuUnavailable`` if not reported."""


class NvmlReader:
    """One GPU, with NVML open. Raise ``GpuUnavailable`` where NVML does not answer."""

    def __init__(self, gpu_uuid: str) -> None:
        with _errors(gpu_uuid):
            self._handle = pynvml.nvmlDeviceGetHandleByUUID(gpu_uuid)
        self._uuid = gpu_uuid
        self._events: Any = None

    def processes(self) -> tuple[GpuProcess, ...]:
        """List each process once: one that computes and draws counts as computing."""
        computing = self._list(pynvml.nvmlDeviceGetComputeRunningProcesses)
        computing = [*computing, *self._list(_mps_processes)]
        drawing = self._list(pynvml.nvmlDeviceGetGraphicsRunningProcesses)
        found = {
            p.pid: GpuProcess(pid=p.pid, used_mib=_mib(p.usedGpuMemory), graphics=True)
            for p in drawing
        }
        found |= {p.pid: GpuProcess(pid=p.pid, used_mib=_mib(p.usedGpuMemory)) for p in computing}
        return tuple(sorted(found.values(), key=lambda process: process.pid))

    def used_mib(self) -> float:
        """Return total minus free minus the driver's reserve, or ``BASE_MIB`` for that."""
        with _errors(self._uuid):
            try:
                memory = pynvml.nvmlDeviceGetMemoryInfo(self._handle, version=pynvml.nvmlMemory_v2)
                reserved = memory.reserved / MIB
            except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound):
                memory = self._memory()
                reserved = BASE_MIB
        return max(0.0, float((memory.total - memory.free) / MIB - reserved))

    def total_used_mib(self) -> float:
        """Return total minus free: whatever uses it, the driver's reserve included."""
        memory = self._memory()
        return float((memory.total - memory.free) / MIB)

    def energy_j(self) -> float | None:
        """Return the driver's counter in joules; None where the GPU has none."""
        return _reported(lambda: pynvml.nvmlDeviceGetTotalEnergyConsumption(self._handle) / J_IN_MJ)

    def power_w(self) -> float | None:
        """Return the power, as the driver averages it; None where it is not reported."""
        return _reported(lambda: pynvml.nvmlDeviceGetPowerUsage(self._handle) / MW_IN_W)

    def free_mib(self) -> float:
        """Return what CUDA could still allocate."""
        return float(self._memory().free / MIB)

    def sample(self, at_s: float) -> GpuSample:
        """Return a sample. Takes longer than reading memory: not to be done at every tick."""
        handle = self._handle
        power_mw = _reported(lambda: int(pynvml.nvmlDeviceGetPowerUsage(handle)))
        return GpuSample(
            at_s=at_s,
            sm_clock_mhz=_reported(
                lambda: int(pynvml.nvmlDeviceGetClockInfo(handle, pynvml.NVML_CLOCK_SM))
            ),
            temperature_c=_reported(
                lambda: int(pynvml.nvmlDeviceGetTemperature(handle, pynvml.NVML_TEMPERATURE_GPU))
            ),
            power_w=None if power_mw is None else power_mw / 1000,
            reasons=_reported(lambda: _reasons(handle)),
            max_sm_clock_mhz=_reported(
                lambda: int(pynvml.nvmlDeviceGetMaxClockInfo(handle, pynvml.NVML_CLOCK_SM))
            ),
        )

    def wait_xid(self, timeout_s: float) -> int | None:
        """Wait on an event set of NVML, made at the first call."""
        with _errors(self._uuid):
            if self._events is None:
                events = pynvml.nvmlEventSetCreate()
                critical = pynvml.nvmlEventTypeXidCriticalError
                pynvml.nvmlDeviceRegisterEvents(self._handle, critical, events)
                self._events = events
            try:
                data = pynvml.nvmlEventSetWait_v2(self._events, int(timeout_s * 1000))
            except pynvml.NVMLError_Timeout:
                return None
        return int(data.eventData)

    def _memory(self) -> Any:
        with _errors(self._uuid):
            return pynvml.nvmlDeviceGetMemoryInfo(self._handle)

    def _list(self, call: Any) -> list[Any]:
        with _errors(self._uuid):
            try:
                return list(call(self._handle))
            except (pynvml.NVMLError_NotSupported, pynvml.NVMLError_FunctionNotFound):
                return []


@contextmanager
def open_gpu(gpu_uuid: str) -> Iterator[NvmlReader]:
    """Open NVML and one GPU in it for the block. Raise ``GpuUnavailable``."""
    with nvml():
        yield NvmlReader(gpu_uuid)


@contextmanager
def open_gpus(gpu_uuids: Sequence[str]) -> Iterator[tuple[NvmlReader, ...]]:
    """Open NVML and several GPUs in it for the block. Raise ``GpuUnavailable``."""
    with nvml():
        yield tuple(NvmlReader(gpu_uuid) for gpu_uuid in gpu_uuids)


@contextmanager
def each_at_once(gpus: Sequence[object]) -> Iterator[Each]:
    """Read several GPUs at the same time: one after the other, a request waits for the sum."""
    if len(gpus) < 2:
        yield map
        return
    with ThreadPoolExecutor(len(gpus)) as pool:
        yield pool.map


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


def _reasons(handle: Any) -> int:
    try:
        return int(pynvml.nvmlDeviceGetCurrentClocksEventReasons(handle))
    except pynvml.NVMLError_FunctionNotFound:
        # its name before driver 535
        return int(pynvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle))


def _reported(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except pynvml.NVMLError:
        return None


def _mib(used_bytes: int | None) -> float | None:
    # In a container the driver reports nothing, all bits set, or zero.
    if not used_bytes or used_bytes == ctypes.c_ulonglong(-1).value:
        return None
    return used_bytes / MIB
