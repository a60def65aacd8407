"""An emulated smaller GPU: the ballast process is real, its driver and NVML are fakes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.support.fake_nvml import pynvml as fake_nvml
from tests.support.fake_nvml.pynvml import BASE_MIB, TOTAL_MIB
from tests.support.gpu_worker import FAKE_NVML
from tests.support.processes import ROOT, children_of, lives
from workers.engines import EngineContext
from workers.errors import INIT_FREE_MEM, MEMORY_LIMIT, EngineError
from workers.gpu.guard import GpuGuard, GpuRefused
from workers.gpu.lock import GpuLock
from workers.gpu.nvml import GpuProcess
from workers.gpu.process_owner import ProcessOwnership
from workers.gpu.telemetry import GpuSample
from workers.probes import emulated_gpu
from workers.probes.emulated_gpu import emulate_gpu, used_of_gpu

MARK = "test-emulation"


@pytest.fixture
def context(tmp_path: Path, cuda: Path, monkeypatch: pytest.MonkeyPatch) -> EngineContext:
    """Give a worker's context on the fake GPU, for this process and for those it starts."""
    (tmp_path / "gpu.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("FAKE_GPU", str(tmp_path / "gpu.json"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(cuda))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_NVML))
    for module in ("core.gpus", "workers.gpu.nvml"):
        monkeypatch.setattr(f"{module}.pynvml", fake_nvml)
    return EngineContext(
        home=tmp_path,
        log_folder=tmp_path,
        device="cuda",
        gpu_uuid=fake_nvml.UUID,
        worker_mark=MARK,
    )


def on_gpu(**state: object) -> None:
    """Set the state of the fake GPU."""
    Path(os.environ["FAKE_GPU"]).write_text(json.dumps(state), encoding="utf-8")


def ballast_processes() -> list[psutil.Process]:
    """Return the ballast processes of this one."""
    return [p for p, line in children_of(os.getpid()) if "workers.probes.ballast_process" in line]


def test_the_emulated_gpu_has_what_a_smaller_one_would_have(context: EngineContext) -> None:
    with emulate_gpu(context, 10_001) as emulated:
        used_mib = used_of_gpu(context)
        assert used_mib is not None
        # The driver takes its share of the emulated GPU, not of the ballast.
        assert TOTAL_MIB - used_mib == pytest.approx(10_001 - BASE_MIB, abs=4)
        assert emulated.base_mib == pytest.approx(BASE_MIB)
        assert emulated.held_mib == pytest.approx(used_mib - BASE_MIB)
        assert emulated.utilisation(0.9) == pytest.approx(0.9 * 10_001 / TOTAL_MIB)
        (process,) = ballast_processes()
        assert process.environ()["EVALCTL_WORKER"] == MARK
        assert process.environ()["CUDA_VISIBLE_DEVICES"] == fake_nvml.UUID
        emulated.check()
    assert not lives(process.pid)
    assert used_of_gpu(context) == pytest.approx(BASE_MIB)


def test_every_gpu_of_a_group_is_made_smaller(context: EngineContext) -> None:
    on_gpu(others=[{}])
    group = replace(context, more_gpu_uuids=fake_nvml.UUIDS[1:])
    with emulate_gpu(group, 10_000) as emulated:
        seen = {process.environ()["CUDA_VISIBLE_DEVICES"] for process in ballast_processes()}
        assert seen == set(fake_nvml.UUIDS)
        for gpu_uuid in fake_nvml.UUIDS:
            used_mib = used_of_gpu(replace(context, gpu_uuid=gpu_uuid))
            assert used_mib is not None
            assert TOTAL_MIB - used_mib == pytest.approx(10_000 - BASE_MIB, abs=4)
        assert emulated.held_mib == pytest.approx(TOTAL_MIB - 10_000, abs=4)
        ballast_processes()[1].kill()
        with pytest.raises(EngineError, match="has exited"):
            until_noticed(emulated)
    assert ballast_processes() == []
    assert used_of_gpu(group) == pytest.approx(BASE_MIB)


def until_noticed(emulated: emulated_gpu.EmulatedGpu) -> None:
    """Check for some seconds, since a killed process exits in a moment."""
    for _ in range(100):
        emulated.check()
        time.sleep(0.1)


def test_a_group_with_a_gpu_in_use_is_refused(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated_gpu, "RELEASE_WITHIN_S", 0.0)
    on_gpu(others=[{"littered_mib": 5000}])
    group = replace(context, more_gpu_uuids=fake_nvml.UUIDS[1:])
    with (
        pytest.raises(EngineError, match=fake_nvml.UUIDS[1]) as caught,
        emulate_gpu(group, 10_000),
    ):
        pass
    assert caught.value.error_class == INIT_FREE_MEM
    assert ballast_processes() == []


def test_the_fullest_gpu_of_a_group_decides(context: EngineContext) -> None:
    on_gpu(littered_mib=100, others=[{"littered_mib": 900}])
    group = replace(context, more_gpu_uuids=fake_nvml.UUIDS[1:])
    assert used_of_gpu(group) == BASE_MIB + 900


def test_fragmented_memory_is_held_in_smaller_chunks(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_PIECE_MIB", "100")
    with emulate_gpu(context, 22_000) as emulated:
        assert emulated.held_mib == pytest.approx(2000, abs=4)


def test_a_limit_is_for_a_gpu(tmp_path: Path) -> None:
    on_cpu = EngineContext(home=tmp_path, log_folder=tmp_path)
    with (
        pytest.raises(EngineError, match="only be emulated on a GPU") as caught,
        emulate_gpu(on_cpu, 8000),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")


@pytest.mark.parametrize("limit_mib", [TOTAL_MIB, TOTAL_MIB + 1, 0, -5])
def test_a_limit_above_the_gpus_size_is_refused(context: EngineContext, limit_mib: float) -> None:
    with (
        pytest.raises(EngineError, match="cannot be emulated on one of 24000 MiB") as caught,
        emulate_gpu(context, limit_mib),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")
    assert ballast_processes() == []


def test_a_limit_that_leaves_no_room_for_the_ballast_process_is_refused(
    context: EngineContext,
) -> None:
    with (
        pytest.raises(EngineError, match=r"the ballast process itself takes 450") as caught,
        emulate_gpu(context, 23_800),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")
    assert used_of_gpu(context) == pytest.approx(BASE_MIB)


def test_a_gpu_that_refuses_memory_does_not_blame_the_limit(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_ROOM_MIB", "5000")
    with (
        pytest.raises(EngineError, match="CUDA_ERROR_OUT_OF_MEMORY") as caught,
        emulate_gpu(context, 8000),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "infra")


def test_a_host_without_the_driver_is_reported(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LD_LIBRARY_PATH")
    monkeypatch.setattr(emulated_gpu, "RELEASE_WITHIN_S", 0.1)
    with (
        pytest.raises(EngineError, match=r"libcuda\.so\.1") as caught,
        emulate_gpu(context, 8000),
    ):
        pass
    assert caught.value.kind == "infra"


def test_a_gpu_in_use_cannot_be_made_smaller(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated_gpu, "RELEASE_WITHIN_S", 0.1)
    on_gpu(littered_mib=700)
    with pytest.raises(EngineError, match="700 MiB of GPU") as caught, emulate_gpu(context, 8000):
        pass
    assert caught.value.error_class == INIT_FREE_MEM
    assert ballast_processes() == []


def test_the_death_of_the_ballast_process_is_noticed(context: EngineContext) -> None:
    with emulate_gpu(context, 8000) as emulated:
        (process,) = ballast_processes()
        process.send_signal(signal.SIGTERM)
        with pytest.raises(psutil.TimeoutExpired):
            process.wait(0.3)
        emulated.check()
        process.kill()
        process.wait()
        with pytest.raises(EngineError, match="was not limited to 8000 MiB"):
            emulated.check()


def test_the_ballast_process_dies_with_its_worker(context: EngineContext) -> None:
    assert context.gpu_uuid is not None
    program = f"""
import sys
from pathlib import Path
from workers.engines import EngineContext
from workers.probes.emulated_gpu import emulate_gpu
folder = Path({str(context.home)!r})
context = EngineContext(
    home=folder,
    log_folder=folder,
    device="cuda",
    gpu_uuid={context.gpu_uuid!r},
    worker_mark="m",
)
with emulate_gpu(context, 8000):
    print("up", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        (ballast,) = psutil.Process(worker.pid).children()
        assert used_of_gpu(context) == pytest.approx(TOTAL_MIB - 8000 + BASE_MIB, abs=4)
        worker.kill()
    ballast.wait(10)
    assert used_of_gpu(context) == pytest.approx(BASE_MIB)


class FakeReader:
    """A GPU whose processes and memory the test sets."""

    def __init__(self, used_mib: float, *processes: GpuProcess) -> None:
        self._used_mib = used_mib
        self._processes = processes

    def processes(self) -> tuple[GpuProcess, ...]:
        """List the processes that the test has set."""
        return self._processes

    def used_mib(self) -> float:
        """Return what the test has set."""
        return self._used_mib

    def sample(self, at_s: float) -> GpuSample:
        """Return a sample that has only its moment."""
        return GpuSample(at_s=at_s)

    def wait_xid(self, _timeout_s: float) -> int | None:
        """Return none."""
        return None


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Callable[[FakeReader], GpuGuard]]:
    with closing(GpuLock(tmp_path, "GPU-0")) as lock:
        ownership = ProcessOwnership(mark=MARK, lock_path=lock.path)
        yield lambda reader: GpuGuard(reader, ownership, name="GPU 0 (fake)", release_within_s=0.0)


@pytest.mark.parametrize(
    "processes", [(), (GpuProcess(pid=2**22 + 1, used_mib=9000.0),)], ids=["hidden", "renumbered"]
)
def test_a_guard_that_expects_the_ballast_does_not_take_it_for_litter(
    guard: Callable[[FakeReader], GpuGuard], processes: tuple[GpuProcess, ...]
) -> None:
    made = guard(FakeReader(9100.0, *processes))
    with pytest.raises(GpuRefused):
        made.sweep()
    with made.expect(9000.0):
        made.sweep()
    with pytest.raises(GpuRefused):
        made.sweep()


def test_the_ballast_does_not_hide_litter(guard: Callable[[FakeReader], GpuGuard]) -> None:
    made = guard(FakeReader(9600.0))
    with made.expect(9000.0), pytest.raises(GpuRefused, match="600 MiB in use by no process"):
        made.sweep()
