"""A fake NVML with one GPU, which PYTHONPATH puts before the real one in processes under test.

The file that ``FAKE_GPU`` names holds the GPU's state as JSON: ``processes`` (pid: MiB),
``littered_mib``, ``lost`` and ``xids``, of which each is reported once; ``sm_clock_mhz``,
``temperature_c``, ``power_w`` and ``reasons`` (bits); those not given are refused as not supported.
What the fake CUDA driver holds (``fake_cuda``) is counted too. A process that has ended holds
nothing.
"""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

MIB = 1 << 20
#: What an empty GPU reports as used, and its size.
BASE_MIB, TOTAL_MIB = 400, 24_000
UUID = "GPU-99999999-8888-7777-6666-555555555555"
NVML_ERROR_GPU_IS_LOST, NVML_ERROR_RESET_REQUIRED = 15, 16
NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0
nvmlMemory_v2 = 2  # noqa: N816 - NVML's own name
nvmlClocksEventReasonSwPowerCap, nvmlClocksEventReasonSwThermalSlowdown = 0x4, 0x20  # noqa: N816
nvmlClocksThrottleReasonHwSlowdown, nvmlClocksThrottleReasonHwThermalSlowdown = 0x8, 0x40  # noqa: N816
nvmlClocksThrottleReasonHwPowerBrakeSlowdown = 0x80  # noqa: N816
nvmlEventTypeXidCriticalError = 8  # noqa: N816 - NVML's own name
_reported = 0


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


def _state() -> dict[str, Any]:
    return dict(json.loads(Path(os.environ["FAKE_GPU"]).read_text(encoding="utf-8")))


def _held_mib() -> dict[int, int]:
    held = {int(pid): mib for pid, mib in _state().get("processes", {}).items()}
    state = Path(os.environ["FAKE_GPU"])
    for file in state.parent.glob(f"{state.name}.*.mib"):  # by the fake CUDA driver
        held[int(file.name.split(".")[-2])] = int(file.read_text(encoding="utf-8") or 0)
    return {pid: mib for pid, mib in held.items() if _lives(pid)}


def _lives(pid: int) -> bool:
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
            != "Z"
        )
    except OSError:
        return False


def nvmlInit() -> None:  # noqa: N802
    _state()


def nvmlShutdown() -> None:  # noqa: N802
    return


def nvmlDeviceGetCount() -> int:  # noqa: N802
    return 1


def nvmlDeviceGetHandleByIndex(index: int) -> int:  # noqa: N802
    return index


def nvmlDeviceGetHandleByUUID(uuid: str) -> int:  # noqa: N802
    if uuid != UUID:
        raise NVMLError(uuid)
    return 0


def nvmlDeviceGetUUID(_handle: int) -> str:  # noqa: N802
    return UUID


def nvmlDeviceGetName(_handle: int) -> str:  # noqa: N802
    return "fake"


def nvmlSystemGetDriverVersion() -> str:  # noqa: N802
    return "0"


def nvmlSystemGetCudaDriverVersion_v2() -> int:  # noqa: N802
    return 13000


def nvmlDeviceGetMemoryInfo(_handle: int, version: int | None = None) -> SimpleNamespace:  # noqa: N802
    if _state().get("lost"):
        raise NVMLError_GpuIsLost
    used_mib = sum(_held_mib().values()) + _state().get("littered_mib", 0)
    total, reserved = TOTAL_MIB * MIB, BASE_MIB * MIB
    return SimpleNamespace(
        total=total, reserved=reserved if version else 0, free=total - reserved - used_mib * MIB
    )


def nvmlDeviceGetClockInfo(_handle: int, _clock: int) -> int:  # noqa: N802
    return int(_given("sm_clock_mhz"))


def nvmlDeviceGetTemperature(_handle: int, _sensor: int) -> int:  # noqa: N802
    return int(_given("temperature_c"))


def nvmlDeviceGetPowerUsage(_handle: int) -> int:  # noqa: N802
    return int(_given("power_w") * 1000)


def nvmlDeviceGetCurrentClocksEventReasons(_handle: int) -> int:  # noqa: N802
    return int(_given("reasons"))


def nvmlDeviceGetMaxClockInfo(_handle: int, clock: int) -> int:  # noqa: N802
    return int(_given("max_sm_clock_mhz" if clock == NVML_CLOCK_SM else "max_memory_clock_mhz"))


def nvmlDeviceGetApplicationsClock(_handle: int, clock: int) -> int:  # noqa: N802
    return int(
        _given(
            "application_sm_clock_mhz" if clock == NVML_CLOCK_SM else "application_memory_clock_mhz"
        )
    )


def nvmlDeviceGetPowerManagementLimit(_handle: int) -> int:  # noqa: N802
    return int(_given("power_limit_w") * 1000)


def nvmlDeviceGetPersistenceMode(_handle: int) -> int:  # noqa: N802
    return int(_given("persistence_mode"))


def nvmlDeviceGetEccMode(_handle: int) -> list[int]:  # noqa: N802
    return [int(_given("ecc"))] * 2


def nvmlDeviceGetMigMode(_handle: int) -> list[int]:  # noqa: N802
    return [int(_given("mig"))] * 2


def _given(name: str) -> float:
    if name not in _state():
        raise NVMLError_NotSupported
    return float(_state()[name])


def nvmlDeviceGetComputeRunningProcesses(_handle: int) -> list[_Process]:  # noqa: N802
    return [_Process(pid=pid, usedGpuMemory=mib * MIB) for pid, mib in _held_mib().items()]


def nvmlDeviceGetMPSComputeRunningProcesses(_handle: int) -> list[_Process]:  # noqa: N802
    raise NVMLError_NotSupported


def nvmlDeviceGetGraphicsRunningProcesses(_handle: int) -> list[_Process]:  # noqa: N802
    return []


def nvmlEventSetCreate() -> object:  # noqa: N802
    return object()


def nvmlDeviceRegisterEvents(_handle: int, _types: int, _events: object) -> None:  # noqa: N802
    return


def nvmlEventSetWait_v2(_events: object, timeout_ms: int) -> SimpleNamespace:  # noqa: N802
    global _reported  # noqa: PLW0603 - the driver's memory of what it has reported
    deadline_s, pause = time.monotonic() + timeout_ms / 1000, threading.Event()
    while time.monotonic() < deadline_s:
        xids = _state().get("xids", [])
        if len(xids) > _reported:
            _reported += 1
            return SimpleNamespace(eventData=xids[_reported - 1])
        pause.wait(0.05)
    raise NVMLError_Timeout
