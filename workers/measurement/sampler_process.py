"""The process that samples memory: commands on stdin, answers on stdout. Imports no engine.

It exits when stdin ends. A command is a line: ``begin N`` and ``stop N`` open and close a window,
``ready`` is answered by ``{}`` once all commands before it have been obeyed, ``trace N`` by the
samples of a window, packed so that the worker, whose engine may be serving others, reads a long
trace in no time. An unreadable source is answered by ``{"error": ...}``, and ends the process.
"""

from __future__ import annotations

import base64
import json
import os
import select
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.gpus import GpuUnavailable
from workers.measurement.windows import Windows


def main(arguments: list[str]) -> int:
    """Serve until stdin ends: a period in ms, then ``device UUID...`` or ``host PID MARK``."""
    period_s = float(arguments[0]) / 1000
    try:
        with _windows(arguments[1:], period_s) as windows:
            _serve(windows)
    except (GpuUnavailable, OSError) as error:
        _answer({"error": str(error)})
        return 1
    return 0


@contextmanager
def _windows(source: list[str], period_s: float) -> Iterator[Windows]:
    if source[0] == "device":
        from workers.gpu.energy import EnergyMeter  # noqa: PLC0415
        from workers.gpu.nvml import each_at_once, open_gpus  # noqa: PLC0415
        from workers.gpu.telemetry import of_group  # noqa: PLC0415

        with open_gpus(source[1:]) as gpus, each_at_once(gpus) as each:
            yield Windows(
                lambda: list(each(lambda gpu: gpu.total_used_mib(), gpus)),
                period_s,
                sample_gpu=lambda at_s: of_group(list(each(lambda gpu: gpu.sample(at_s), gpus))),
                meter=EnergyMeter(gpus, each),
            )
    else:
        from workers.measurement.process_memory import HostMemory  # noqa: PLC0415

        memory = HostMemory(int(source[1]), source[2])
        yield Windows(lambda: [memory.used_mib()], period_s)


def _serve(windows: Windows) -> None:
    unread = b""
    while True:
        if not select.select([sys.stdin], [], [], windows.wait_s)[0]:
            windows.tick()
            continue
        piece = os.read(sys.stdin.fileno(), 1024)
        if not piece:
            return
        *lines, unread = (unread + piece).split(b"\n")
        for line in lines:
            command, _, number = line.decode().partition(" ")
            _obey(windows, command, number)
        windows.read_energy()


def _obey(windows: Windows, command: str, number: str) -> None:
    if command == "begin":
        windows.begin(int(number))
    elif command == "stop":
        windows.stop(int(number))
    elif command == "trace":
        _answer(_packed(windows.trace(int(number))))
    else:
        _answer({})


def _packed(answer: dict[str, Any]) -> dict[str, Any]:
    exact: list[float] = answer["used_mib"]
    series = {"at_s": _text(array("d", answer["at_s"]))}
    series |= {"used_mib": _text(array("q", map(round, exact)))}
    peaks = {"peak_per_gpu_mib": [round(peak) for peak in answer["peak_per_gpu_mib"]]}
    same = {name: answer[name] for name in ("gpu_samples", "energy")}
    return series | peaks | {"mean_mib": sum(exact) / len(exact)} | same


def _text(values: array[Any]) -> str:
    return base64.b64encode(values.tobytes()).decode()


def _answer(document: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(document, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
