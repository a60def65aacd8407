"""A real worker process on a fake GPU, which ``fake_nvml`` and ``fake_cuda`` simulate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from tests.support.processes import LoggingProcess, running

#: Goes into PYTHONPATH, so that it is found before the real NVML.
FAKE_NVML = Path(__file__).parent / "fake_nvml"
FAKE_CUDA = Path(__file__).parent / "fake_cuda" / "libcuda.c"
SetGpu = Callable[..., None]


def gpu_worker(
    environment: dict[str, str], *arguments: str, gpus: str = "0"
) -> AbstractContextManager[LoggingProcess]:
    """Run a worker on fake GPUs for the block."""
    command = [sys.executable, "-m", "workers", "--gpus", gpus, "--queue", "synthetic", *arguments]
    return running(command, environment)
