"""The memory sampler: sees a child's memory come, keeps its clock, ends with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from workers.engines import EngineContext
from workers.engines.errors import EngineError
from workers.memory.sampler import DeviceSource, HostSource, MemorySampler, memory_sampler

MARK = "test-memory-sampler"
ROOT = Path(__file__).resolve().parents[2]
#: Allocates on the first line from stdin, says so, ends with stdin.
HOLDER = "import sys; sys.stdin.readline(); held = bytearray(b'x') * (200 << 20); print('held', flush=True); sys.stdin.read()"


@pytest.fixture
def sampler() -> Iterator[MemorySampler]:
    sampler = MemorySampler(HostSource(root_pid=os.getpid(), mark=MARK), period_ms=20)
    sampler.start()
    yield sampler
    sampler.close()


def holder(mark: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "EVALCTL_WORKER": mark},
    )


def hold(process: subprocess.Popen[bytes]) -> None:
    """Make the process hold 200 MiB and wait until it does."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"now\n")
    process.stdin.flush()
    assert process.stdout.readline() == b"held\n"


def test_memory_of_a_marked_child_is_seen(sampler: MemorySampler) -> None:
    with holder(MARK) as child:
        sampler.begin()
        before_s = time.monotonic()
        hold(child)
        trace = sampler.end()
        child.communicate()
    assert trace.kind == "host"
    assert 195 <= trace.peak_mib - trace.used_mib[0] <= 215
    assert trace.used_mib[0] <= trace.mean_mib <= trace.peak_mib
    assert trace.started_s <= before_s <= trace.ended_s
    assert len(trace.used_mib) >= 2


def test_memory_of_an_unmarked_child_is_not(sampler: MemorySampler) -> None:
    with holder("another") as child:
        sampler.begin()
        hold(child)
        trace = sampler.end()
        child.communicate()
    assert trace.peak_mib - trace.used_mib[0] < 20


def test_traces_do_not_run_into_each_other(sampler: MemorySampler) -> None:
    sampler.begin()
    first = sampler.end()
    sampler.begin()
    second = sampler.end()
    assert first.ended_s <= second.started_s


def test_samples_come_at_the_period(sampler: MemorySampler) -> None:
    sampler.begin()
    child = subprocess.run([sys.executable, "-c", "import time; time.sleep(1)"], check=True)
    trace = sampler.end()
    assert child.returncode == 0
    asked = (trace.ended_s - trace.started_s) * 1000 / 20
    assert 0.5 * asked <= len(trace.used_mib) <= asked + 3
    last_s = trace.started_s + trace.period_ms / 1000 * (len(trace.used_mib) - 1)
    assert last_s == pytest.approx(trace.ended_s), "the last sample stands at the end, however late some were"


def test_killed_sampler_is_an_infrastructure_failure_and_comes_back(sampler: MemorySampler) -> None:
    sampler.begin()
    assert sampler.pid is not None
    victim = psutil.Process(sampler.pid)
    victim.kill()
    psutil.wait_procs([victim], timeout=5)
    with pytest.raises(EngineError) as caught:
        sampler.end()
    assert (caught.value.kind, caught.value.error_class) == ("infra", "SAMPLER_DIED")
    sampler.begin()
    assert sampler.end().peak_mib > 0


def test_sampler_ends_when_its_parent_is_killed() -> None:
    program = (
        "import os, sys\n"
        "from workers.memory.sampler import HostSource, MemorySampler\n"
        "sampler = MemorySampler(HostSource(root_pid=os.getpid(), mark='m'), 20)\n"
        "sampler.begin()\n"
        "print(sampler.pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        sampling = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        parent.wait()
    _, alive = psutil.wait_procs([sampling], timeout=5)
    assert alive == []


def test_gpu_that_is_not_there_is_said_so() -> None:
    sampler = MemorySampler(DeviceSource(gpu_uuid="GPU-00000000-0000-0000-0000-000000000000"), 20)
    with pytest.raises(EngineError, match="NVML"):
        sampler.begin()
    sampler.close()


def test_sampler_of_a_worker_without_a_gpu_watches_the_worker(tmp_path: Path) -> None:
    sampler = memory_sampler(EngineContext(home=tmp_path, log_folder=tmp_path, worker_mark=MARK))
    sampler.begin()
    trace = sampler.end()
    sampler.close()
    assert trace.kind == "host"
    assert trace.peak_mib == pytest.approx(psutil.Process().memory_info().rss / (1 << 20), rel=0.3)


@pytest.mark.gpu
def test_memory_taken_on_a_gpu_is_seen() -> None:
    pynvml, torch = pytest.importorskip("pynvml"), pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU")
    uuid = str(torch.cuda.get_device_properties(0).uuid)
    torch.zeros(1, device="cuda:0")  # the context is there before the trace begins
    sampler = MemorySampler(DeviceSource(gpu_uuid=uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"), period_ms=20)
    sampler.begin()
    held = torch.zeros(1 << 30, dtype=torch.uint8, device="cuda:0")
    torch.cuda.synchronize()
    trace = sampler.end()
    sampler.close()
    assert held.numel() == 1 << 30
    assert trace.kind == "device"
    assert 1020 <= trace.peak_mib - trace.used_mib[0] <= 1100
    pynvml.nvmlInit()
    memory = pynvml.nvmlDeviceGetMemoryInfo(pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}"))
    pynvml.nvmlShutdown()
    assert trace.used_mib[-1] == pytest.approx((memory.total - memory.free) / (1 << 20), abs=64)
