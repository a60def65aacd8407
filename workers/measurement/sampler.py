"""The worker's side of the memory sampler: begin a window, stop it, get the trace between."""

from __future__ import annotations

import base64
import os
import threading
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from core.errors import SettingsError
from workers.engines.protocol import EngineContext
from workers.errors import EngineError
from workers.gpu.telemetry import GpuSample
from workers.measurement.sampler_pipe import SAMPLER_DIED, SamplingPipe

T = TypeVar("T")

#: A reading of NVML takes microseconds. On a CPU each reads every process of the engine.
DEVICE_HZ = 50.0
HOST_HZ = 20.0
#: Every variable that the sampler reads, with its meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "EVALCTL_SAMPLE_HZ": "samples of memory a second while a request runs, from 1 to 1000 "
        "(default: 50 on a GPU, 20 on a CPU)"
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSource:
    """All used memory of GPUs, whatever uses or merely reserves it: total minus free."""

    gpu_uuid: str
    #: The other GPUs of a group.
    more_gpu_uuids: tuple[str, ...] = ()
    kind: Literal["device"] = "device"

    def arguments(self) -> list[str]:
        """Return the arguments of the sampling process."""
        return [self.kind, self.gpu_uuid, *self.more_gpu_uuids]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSource:
    """Resident memory of a process and of its descendants that carry the mark."""

    root_pid: int
    mark: str
    kind: Literal["host"] = "host"

    def arguments(self) -> list[str]:
        """Return the arguments of the sampling process."""
        return [self.kind, str(self.root_pid), self.mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowEnergy:
    """Joules of the worker's GPUs at both ends of a window; only their differences mean much."""

    begin_j: float
    end_j: float
    #: ``counter`` of the driver, or the integral of its ``power``.
    method: str

    @property
    def joules(self) -> float:
        """What the GPUs took between."""
        return self.end_j - self.begin_j


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTrace:
    """Samples in MiB from ``begin`` to ``stop``, the first and last taken at those moments.

    Of several GPUs, each sample is the fullest one's.
    """

    kind: Literal["device", "host"]
    #: Monotonic seconds, the same clock as a generation's.
    started_s: float
    ended_s: float
    #: Mean distance of the samples; on a busy machine some are late.
    period_ms: float
    used_mib: tuple[int, ...]
    peak_mib: int
    mean_mib: float
    #: The peak of each GPU of a group; empty for one GPU.
    peak_per_gpu_mib: tuple[int, ...] = ()
    #: When each sample was really taken, monotonic seconds.
    at_s: tuple[float, ...] = ()
    #: At most five a second; empty without a GPU.
    gpu_samples: tuple[GpuSample, ...] = ()
    #: None without a GPU, or where the driver reports neither energy nor power.
    energy: WindowEnergy | None = None


class MemorySampler:
    """Sample from a process, which leaves the engine's threads undisturbed; for several threads."""

    def __init__(self, source: DeviceSource | HostSource, period_ms: float) -> None:
        self._source = source
        self._period_ms = period_ms
        self._pipe: SamplingPipe | None = None
        #: The process that keeps each window whose trace was not fetched.
        self._keepers: dict[int, SamplingPipe] = {}
        self._windows = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the sampling process."""
        return self._pipe.pid if self._pipe else None

    def start(self) -> None:
        """Start the sampling process."""
        with self._lock:
            self._living()

    def begin(self) -> int:
        """Open a window and return its number; others may be open.

        Memory is sampled only while a window is open. Starts the process if there is none. If no
        other window is open, this one has its first sample when this returns, and EngineError
        (SAMPLER_DIED) is raised where it gets none; beside others, nothing is waited for.
        """
        with self._lock:
            pipe = self._living()
            alone = pipe not in self._keepers.values()
            self._windows += 1
            window = self._windows
            self._keepers[window] = pipe
            begin = b"begin %d\n" % window
            if not alone:
                pipe.send(begin)
        if alone:
            try:
                # In one message, so that the energy is read after the answer.
                pipe.request(begin + b"ready\n")
            except EngineError:
                self._keeper(window)
                raise
        return window

    def end(self, window: int) -> MemoryTrace:
        """Close a window and return its trace; raise as ``trace`` does."""
        self.stop(window)
        return self.trace(window)

    def stop(self, window: int) -> None:
        """Have a window's last sample taken, without waiting for it; ``trace`` reports an error."""
        with self._lock:
            if pipe := self._keepers.get(window):
                pipe.send(b"stop %d\n" % window)

    def trace(self, window: int) -> MemoryTrace:
        """Return the trace of a window that was stopped, once.

        Raise EngineError (SAMPLER_DIED) when the process ended meanwhile, even if another call
        noticed it first.
        """
        pipe = self._keeper(window)
        if pipe is None or pipe is not self._pipe:
            lost = f"the memory sampler lost window {window}: its process ended meanwhile"
            raise EngineError(lost, error_class=SAMPLER_DIED)
        return self._trace(pipe.request(b"trace %d\n" % window))

    def while_idle(self, act: Callable[[], T]) -> T | None:
        """Act if no window is open, and let none begin meanwhile; return None where one is open."""
        with self._lock:
            return None if self._keepers else act()

    def _trace(self, answer: Mapping[str, Any]) -> MemoryTrace:
        at_s = _unpacked("d", answer["at_s"])
        used_mib = _unpacked("q", answer["used_mib"])
        return MemoryTrace(
            kind=self._source.kind,
            started_s=at_s[0],
            ended_s=at_s[-1],
            period_ms=(at_s[-1] - at_s[0]) * 1000 / (len(at_s) - 1),
            used_mib=used_mib,
            peak_mib=max(used_mib),
            mean_mib=float(answer["mean_mib"]),
            peak_per_gpu_mib=tuple(answer["peak_per_gpu_mib"]),
            at_s=at_s,
            gpu_samples=tuple(GpuSample(**sample) for sample in answer["gpu_samples"]),
            energy=WindowEnergy(**energy) if (energy := answer["energy"]) else None,
        )

    def close(self) -> None:
        """End the sampling process and wait for it; open windows are lost."""
        with self._lock:
            pipe, self._pipe = self._pipe, None
        if pipe is not None:
            pipe.close()

    def _living(self) -> SamplingPipe:
        """Return the running process; start another if it has ended. Call under the lock."""
        if self._pipe is None or not self._pipe.alive:
            if self._pipe is not None:
                self._pipe.close()
            self._pipe = SamplingPipe([str(self._period_ms), *self._source.arguments()])
        return self._pipe

    def _keeper(self, window: int) -> SamplingPipe | None:
        with self._lock:
            return self._keepers.pop(window, None)


@dataclass(slots=True)
class Watch:
    """Memory while a block runs."""

    #: Set when the block has ended; None where nothing is sampled.
    trace: MemoryTrace | None = None


@contextmanager
def watched(sampler: MemorySampler | None) -> Iterator[Watch]:
    """Sample memory during the block, if there is a sampler; raise as its methods do."""
    watch = Watch()
    if sampler is None:
        yield watch
        return
    window = sampler.begin()
    try:
        yield watch
    finally:
        watch.trace = sampler.end(window)


def _unpacked(typecode: Literal["d", "q"], text: str) -> tuple[Any, ...]:
    values: array[Any] = array(typecode)
    values.frombytes(base64.b64decode(text))
    return tuple(values)


def memory_sampler(context: EngineContext) -> MemorySampler:
    """Return the sampler of GPUs or a process tree; raise ``SettingsError`` for a bad rate."""
    if context.device == "cuda" and context.gpu_uuid:
        device = DeviceSource(gpu_uuid=context.gpu_uuid, more_gpu_uuids=context.more_gpu_uuids)
        sampler = MemorySampler(device, 1000 / sample_hz(DEVICE_HZ))
    else:
        source = HostSource(root_pid=os.getpid(), mark=context.worker_mark)
        sampler = MemorySampler(source, 1000 / sample_hz(HOST_HZ))
    sampler.start()
    return sampler


def sample_hz(default: float, environ: Mapping[str, str] | None = None) -> float:
    """Return the samples a second that ``environ`` sets, or raise ``SettingsError``."""
    text = (os.environ if environ is None else environ).get("EVALCTL_SAMPLE_HZ")
    if not text:
        return default
    try:
        hz = float(text)
    except ValueError:
        hz = 0.0
    if not 1 <= hz <= 1000:
        sentence = f"must be a number of samples a second from 1 to 1000, not {text!r}"
        raise SettingsError("EVALCTL_SAMPLE_HZ", sentence)
    return hz
