"""The worker's side of the memory sampler: begin before a generation, end after it, get the trace between."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from workers.engines.errors import EngineError
from workers.engines.protocol import EngineContext

#: 50 Hz on a GPU: a look at NVML takes microseconds. On a CPU a look reads every process of the engine.
DEVICE_PERIOD_MS = 20
HOST_PERIOD_MS = 50
ANSWER_WITHIN_S = 10.0
SAMPLER_DIED = "SAMPLER_DIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSource:
    """All of one GPU's used memory (total minus free), whoever uses it; includes what an engine merely reserves."""

    gpu_uuid: str
    kind: Literal["device"] = "device"

    def arguments(self) -> list[str]:
        """Return how the sampling process is told."""
        return [self.kind, self.gpu_uuid]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSource:
    """Resident memory of a process and of its descendants that carry the mark."""

    root_pid: int
    mark: str
    kind: Literal["host"] = "host"

    def arguments(self) -> list[str]:
        """Return how the sampling process is told."""
        return [self.kind, str(self.root_pid), self.mark]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTrace:
    """Samples in MiB between ``begin`` and ``end``, the first and the last taken at those moments."""

    kind: Literal["device", "host"]
    #: Monotonic seconds, the same clock as a generation's.
    started_s: float
    ended_s: float
    #: Mean distance of the samples; a busy machine makes some later than they were asked for.
    period_ms: float
    used_mib: tuple[int, ...]
    peak_mib: int
    mean_mib: float


class MemorySampler:
    """Sample from a process of its own, so that the engine's threads are not disturbed. Not safe for several threads."""

    def __init__(self, source: DeviceSource | HostSource, period_ms: int) -> None:
        self._source = source
        self._period_ms = period_ms
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the sampling process."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the sampling process, which ends with this one in every kind of death."""
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "workers.memory.sampling_process", str(self._period_ms), *self._source.arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )

    def begin(self) -> None:
        """Begin a trace. Starts the process when there is none; raise EngineError (SAMPLER_DIED) when it fails."""
        if self._process is None or self._process.poll() is not None:
            self.close()
            self.start()
        self._ask(b"begin\n")

    def end(self) -> MemoryTrace:
        """End the trace and return it. Raise EngineError (SAMPLER_DIED) when the process went away meanwhile."""
        answer = self._ask(b"end\n")
        exact: list[float] = answer["used_mib"]
        started_s, ended_s = float(answer["started_s"]), float(answer["ended_s"])
        return MemoryTrace(
            kind=self._source.kind,
            started_s=started_s,
            ended_s=ended_s,
            period_ms=(ended_s - started_s) * 1000 / (len(exact) - 1),
            used_mib=tuple(round(mib) for mib in exact),
            peak_mib=round(max(exact)),
            mean_mib=sum(exact) / len(exact),
        )

    def close(self) -> None:
        """End the sampling process and wait for it."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(ANSWER_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    def _ask(self, command: bytes) -> dict[str, Any]:
        process = self._process
        if process is None:
            raise EngineError("the memory sampler is not running: call begin first", error_class=SAMPLER_DIED)
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(command)
            process.stdin.flush()
        answer = json.loads(self._line(process) or '{"error": "its process ended"}')
        if "error" in answer:
            self.close()
            raise EngineError(f"the memory sampler failed: {answer['error']}", error_class=SAMPLER_DIED)
        return dict(answer)

    def _line(self, process: subprocess.Popen[bytes]) -> bytes:
        """Read one line, but never wait for ever on a process that hangs."""
        assert process.stdout is not None
        deadline, line = time.monotonic() + ANSWER_WITHIN_S, b""
        while not line.endswith(b"\n"):
            if not select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))[0]:
                return b'{"error": "its process does not answer"}'
            piece = os.read(process.stdout.fileno(), 1 << 16)
            if not piece:
                return line if line.endswith(b"\n") else b""
            line += piece
        return line


def memory_sampler(context: EngineContext) -> MemorySampler:
    """Return the started sampler that fits a worker: of its GPU, or of its own process tree on the CPU."""
    if context.device == "cuda" and context.gpu_uuid:
        sampler = MemorySampler(DeviceSource(gpu_uuid=context.gpu_uuid), DEVICE_PERIOD_MS)
    else:
        sampler = MemorySampler(HostSource(root_pid=os.getpid(), mark=context.worker_mark), HOST_PERIOD_MS)
    sampler.start()
    return sampler
