"""A fake NVML, which PYTHONPATH puts before the real one in processes under test.

The file that ``FAKE_GPU`` names holds the GPU's state as JSON: ``processes`` (pid: MiB),
``littered_mib``, ``lost`` and ``xids``, of which each is reported once; ``sm_clock_mhz``,
``temperature_c``, ``power_w``, ``counted_w`` (of the counter of energy) and ``reasons`` (bits);
those not given are refused as not supported. ``others`` holds the same for each further GPU. What
the fake CUDA driver holds (``fake_cuda``) is counted too, on the GPU that the process sees. A
process that has ended holds
nothing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

MIB = 1 << 20
#: What an empty GPU reports as used, and its size.
BASE_MIB, TOTAL_MIB = 400, 24_000
UUID = "GPU-99999999-8888-7777-6666-555555555555"
UUIDS = (UUID, "GPU-11111111-8888-7777-6666-555555555555")
NVML_ERROR_GPU_IS_LOST, NVML_ERROR_RESET_REQUIRED = 15, 16
NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0
nvmlMemory_v2 = 2  # noqa: N816 - NVML's own name
nvmlClocksEventReasonSwPowerCap, nvmlClocksEventReasonSwThermalSlowdown = 0x4, 0x20  # noqa: N816
nvmlClocksThrottleReasonHwSlowdown, nvmlClocksThrottleReasonHwThermalSlowdown = 0x8, 0x40  # noqa: N816
nvmlClocksThrottleReasonHwPowerBrakeSlowdown = 0x80  # noqa: N816
nvmlEventTypeXidCriticalError = 8  # noqa: N816 - NVML's own name
_reported: Counter[int] = Counter()


class NVMLError(Exception):
    """Carry a number as NVML's own errors do."""

    value = 999


class NVMLError_NotSupported(NVMLError):  # noqa: N801, N818, D101
    value = 3


class NVMLError_FunctionNotFound(NVMLError):  # noqa: N801, N818, D101
    value = 13


class NVMLError_GpuIsLost(NVMLError):  # noqa: N801, N818, D101
    value = NVML_ERROR_GPU_IS_LOST


class NVMLError_Timeout(NVMLError):  # noqa: N801, N818, D101
    value = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    pid: int
    usedGpuMemory: int  # noqa: N815


def _states() -> list[dict[str, Any]]:
    first = dict(json.loads(Path(os.environ["FAKE_GPU"]).read_text(encoding="utf-8")))
    return [first, *first.get("others", [])]


def _state(handle: int) -> dict[str, Any]:
    return _states()[handle]


def _held_mib(handle: int) -> dict[int, int]:
    held = {int(pid): mib for pid, mib in _state(handle).get("processes", {}).items()}
    state = Path(os.environ["FAKE_GPU"])
    for file in state.parent.glob(f"{state.name}.*.mib"):  # by the fake CUDA driver
        pid = int(file.name.split(".")[-2])
        if _sees(pid) == handle:
            held[pid] = int(file.read_text(encoding="utf-8") or 0)
    return {pid: mib for pid, mib in held.items() if _lives(pid)}


def _sees(pid: int) -> int:
    try:
        found = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
    except OSError:
        return 0
    return int(f"CUDA_VISIBLE_DEVICES={UUIDS[1]}" in found)


def _lives(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            != "Z"
        )
    except OSError:
        return False


def nvmlInit() -> None:  # noqa: N802
    _states()


def nvmlShutdown() -> None:  # noqa: N802
    return


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return len(_states())


def nvmlDeviceGetHandleByIndex(index: int) -> int:  # noqa: N802
    return index


def nvmlDeviceGetHandleByUUID(uuid: str) -> int:  # noqa: N802
    if uuid not in UUIDS[: len(_states())]:
        raise NVMLError(uuid)
    return UUIDS.index(uuid)


def nvmlDeviceGetUUID(handle: int) -> str:  # noqa: N802
    return UUIDS[handle]


def nvmlDeviceGetName(_handle: int) -> str:  # noqa: N802
    return "fake"


def nvmlSystemGetDriverVersion() -> str:  # noqa: N802
    return "0"


def nvmlSystemGetCudaDriverVersion_v2() -> int:  # noqa: N802
    return 13000


def nvmlDeviceGetMemoryInfo(handle: int, version: int | None = None) -> SimpleNamespace:  # noqa: N802
    if _state(handle).get("lost"):
        raise NVMLError_GpuIsLost
    used_mib = sum(_held_mib(handle).values()) + _state(handle).get("littered_mib", 0)
    total, reserved = TOTAL_MIB * MIB, BASE_MIB * MIB
    return SimpleNamespace(
        total=total, reserved=reserved if version else 0, free=total - reserved - used_mib * MIB
    )


def nvmlDeviceGetClockInfo(handle: int, _clock: int) -> int:  # noqa: N802
    return int(_given(handle, "sm_clock_mhz"))


def nvmlDeviceGetTemperature(handle: int, _sensor: int) -> int:  # noqa: N802
    return int(_given(handle, "temperature_c"))


def nvmlDeviceGetPowerUsage(handle: int) -> int:  # noqa: N802
    return int(_given(handle, "power_w") * 1000)


def nvmlDeviceGetTotalEnergyConsumption(handle: int) -> int:  # noqa: N802
    return int(_given(handle, "counted_w") * time.monotonic() * 1000)


def nvmlDeviceGetCurrentClocksEventReasons(handle: int) -> int:  # noqa: N802
    return int(_given(handle, "reasons"))


def nvmlDeviceGetMaxClockInfo(handle: int, clock: int) -> int:  # noqa: N802
    return int(
        _given(handle, "max_sm_clock_mhz" if clock == NVML_CLOCK_SM else "max_memory_clock_mhz")
    )


def nvmlDeviceGetApplicationsClock(handle: int, clock: int) -> int:  # noqa: N802
    return int(
        _given(
            handle,
            "application_sm_clock_mhz"
            if clock == NVML_CLOCK_SM
            else "application_memory_clock_mhz",
        )
    )


def nvmlDeviceGetPowerManagementLimit(handle: int) -> int:  # noqa: N802
    return int(_given(handle, "power_limit_w") * 1000)


def nvmlDeviceGetPersistenceMode(handle: int) -> int:  # noqa: N802
    return int(_given(handle, "persistence_mode"))


def nvmlDeviceGetEccMode(handle: int) -> list[int]:  # noqa: N802
    return [int(_given(handle, "ecc"))] * 2


def nvmlDeviceGetMigMode(handle: int) -> list[int]:  # noqa: N802
    return [int(_given(handle, "mig"))] * 2


def _given(handle: int, name: str) -> float:
    state = _state(handle)
    if name not in state:
        raise NVMLError_NotSupported
    return float(state[name])


def nvmlDeviceGetComputeRunningProcesses(handle: int) -> list[_Process]:  # noqa: N802
    return [_Process(pid=pid, usedGpuMemory=mib * MIB) for pid, mib in _held_mib(handle).items()]


def nvmlDeviceGetMPSComputeRunningProcesses(_handle: int) -> list[_Process]:  # noqa: N802
    raise NVMLError_NotSupported


def nvmlDeviceGetGraphicsRunningProcesses(_handle: int) -> list[_Process]:  # noqa: N802
    return []


def nvmlEventSetCreate() -> list[int]:  # noqa: N802
    return []


def nvmlDeviceRegisterEvents(handle: int, _types: int, events: list[int]) -> None:  # noqa: N802
    events.append(handle)


def nvmlEventSetWait_v2(events: list[int], timeout_ms: int) -> SimpleNamespace:  # noqa: N802
    (handle,) = events
    deadline_s, pause = time.monotonic() + timeout_ms / 1000, threading.Event()
    while time.monotonic() < deadline_s:
        xids = _state(handle).get("xids", [])
        if len(xids) > _reported[handle]:
            _reported[handle] += 1
            return SimpleNamespace(eventData=xids[_reported[handle] - 1])
        pause.wait(0.05)
    raise NVMLError_Timeout
