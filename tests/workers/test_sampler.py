"""The memory sampler: sees a child's memory come, keeps its clock, ends with its parent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.errors import SettingsError
from tests.support.gpu_worker import FAKE_NVML
from tests.support.processes import ROOT
from workers.engines import EngineContext
from workers.errors import EngineError
from workers.gpu.telemetry import GpuSample
from workers.measurement.sampler import (
    DeviceSource,
    HostSource,
    MemorySampler,
    MemoryTrace,
    memory_sampler,
    sample_hz,
    watched,
)
from workers.measurement.windows import Windows

MARK = "test-memory-sampler"

#: Allocates on the first line from stdin, says so, ends with stdin.
HOLDER = (
    "import sys; sys.stdin.readline(); held = bytearray(b'x') * (200 << 20); "
    "print('held', flush=True); sys.stdin.read()"
)


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


def test_a_block_is_watched_to_its_end_even_where_it_fails(sampler: MemorySampler) -> None:
    began: list[float] = []

    def fail() -> None:
        began.append(time.monotonic())
        raise LookupError("fake")

    with pytest.raises(LookupError), watched(sampler) as watch:
        fail()
    assert watch.trace is not None
    assert watch.trace.started_s <= began[0] <= watch.trace.ended_s
    assert sampler.while_idle(lambda: "idle") == "idle", "no window is left open"


def test_a_block_without_a_sampler_has_no_trace() -> None:
    with watched(None) as watch:
        pass
    assert watch.trace is None


def test_memory_of_a_marked_child_is_seen(sampler: MemorySampler) -> None:
    with holder(MARK) as child:
        window = sampler.begin()
        before_s = time.monotonic()
        hold(child)
        trace = sampler.end(window)
        child.communicate()
    assert trace.kind == "host"
    assert 195 <= trace.peak_mib - trace.used_mib[0] <= 215
    assert trace.used_mib[0] <= trace.mean_mib <= trace.peak_mib
    assert trace.started_s <= before_s <= trace.ended_s
    assert len(trace.used_mib) >= 2


def test_memory_of_an_unmarked_child_is_not(sampler: MemorySampler) -> None:
    with holder("another") as child:
        window = sampler.begin()
        hold(child)
        trace = sampler.end(window)
        child.communicate()
    assert trace.peak_mib - trace.used_mib[0] < 20


def test_traces_do_not_run_into_each_other(sampler: MemorySampler) -> None:
    assert sampler.end(sampler.begin()).ended_s <= sampler.end(sampler.begin()).started_s


def test_samples_come_at_the_period(sampler: MemorySampler) -> None:
    window = sampler.begin()
    child = subprocess.run([sys.executable, "-c", "import time; time.sleep(1)"], check=True)
    trace = sampler.end(window)
    assert child.returncode == 0
    wanted = (trace.ended_s - trace.started_s) * 1000 / 20
    assert 0.5 * wanted <= len(trace.used_mib) <= wanted + 3
    assert (trace.started_s + trace.period_ms / 1000 * (len(trace.used_mib) - 1)) == pytest.approx(
        trace.ended_s
    ), "the last sample stands at the end, however late some were"


def test_every_sample_has_its_own_time(sampler: MemorySampler) -> None:
    window = sampler.begin()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.3)"], check=True)
    trace = sampler.end(window)
    assert (trace.started_s, trace.ended_s) == (trace.at_s[0], trace.at_s[-1])
    assert len(trace.at_s) == len(trace.used_mib)
    assert sorted(trace.at_s) == list(trace.at_s)


def test_windows_that_overlap_get_their_own_samples(sampler: MemorySampler) -> None:
    """The first ends before the memory comes, the second spans it, the third begins after it."""
    with holder(MARK) as child:
        first, second = sampler.begin(), sampler.begin()
        before = sampler.end(first)
        hold(child)
        third = sampler.begin()
        across, after = sampler.end(second), sampler.end(third)
        child.communicate()
    assert across.started_s <= before.ended_s <= after.started_s <= across.ended_s <= after.ended_s
    assert before.peak_mib - before.used_mib[0] < 20
    assert 195 <= across.peak_mib - across.used_mib[0] <= 215
    assert after.used_mib[0] == pytest.approx(across.peak_mib, abs=20)


def test_a_trace_ends_where_it_was_stopped_however_late_it_is_asked_for(
    sampler: MemorySampler,
) -> None:
    """So that a slot need not stay empty while the trace of the request before is fetched."""
    with holder(MARK) as child:
        window, beside = sampler.begin(), sampler.begin()
        sampler.stop(window)
        hold(child)
        across = sampler.end(beside)
        trace = sampler.trace(window)
        child.communicate()
    assert trace.ended_s < across.ended_s
    assert trace.peak_mib - trace.used_mib[0] < 20
    # The memory of this process is in it, and moves by a few MiB.
    assert across.peak_mib - across.used_mib[0] > 180
    with pytest.raises(EngineError, match="lost window"):
        sampler.trace(window)


def test_windows_of_several_threads_do_not_mix(sampler: MemorySampler) -> None:
    def trace(_number: int) -> MemoryTrace:
        window = sampler.begin()
        own.wait(5)
        return sampler.end(window)

    own = threading.Barrier(8)
    with ThreadPoolExecutor(8) as threads:
        traces = list(threads.map(trace, range(40)))
    assert len(traces) == 40
    assert all(trace.started_s <= trace.ended_s and trace.peak_mib > 0 for trace in traces)


def ended(windows: Windows, number: int) -> dict[str, Any]:
    windows.stop(number)
    return windows.trace(number)


def test_nothing_is_sampled_while_no_window_is_open() -> None:
    readings: list[int] = []
    windows = Windows(lambda: [float(len(readings))], 0.02)
    assert windows.wait_s is None
    windows.begin(1)
    assert windows.wait_s is not None
    windows.begin(2)
    windows.tick()
    assert ended(windows, 1)["used_mib"] == ended(windows, 2)["used_mib"] == [0.0, 0.0, 0.0]
    assert windows.wait_s is None
    windows.begin(3)
    assert len(ended(windows, 3)["used_mib"]) == 2, "ticks of windows that have ended are dropped"


def test_each_window_gets_the_ticks_since_it_began() -> None:
    readings = iter(range(100))
    windows = Windows(lambda: [float(next(readings))], 0.02)
    windows.begin(1)  # 0
    windows.tick()  # 1
    windows.begin(2)  # 2, a separate sample
    windows.tick()  # 3
    assert ended(windows, 1)["used_mib"] == [0.0, 1.0, 3.0, 4.0]
    windows.tick()  # 5
    windows.begin(3)  # 6
    windows.tick()  # 7
    assert ended(windows, 2)["used_mib"] == [2.0, 3.0, 5.0, 7.0, 8.0]
    assert ended(windows, 3)["used_mib"] == [6.0, 7.0, 9.0]


def test_the_gpu_is_sampled_five_times_a_second_at_most() -> None:
    windows = Windows(
        lambda: [1.0], 0.001, sample_gpu=lambda at_s: GpuSample(at_s=at_s, sm_clock_mhz=1980)
    )
    windows.begin(1)
    for _ in range(100):
        windows.tick()
    answer = ended(windows, 1)
    assert 1 <= len(answer["gpu_samples"]) <= 1 + (answer["at_s"][-1] - answer["at_s"][0]) / 0.2
    first = GpuSample(**answer["gpu_samples"][0])
    assert first == GpuSample(at_s=first.at_s, sm_clock_mhz=1980)


def test_killed_sampler_is_an_infrastructure_failure_and_comes_back(sampler: MemorySampler) -> None:
    """Each window that was open is lost, once; those begun afterwards are whole."""
    lost = [sampler.begin(), sampler.begin()]
    kill(sampler)
    with pytest.raises(EngineError) as caught:
        sampler.end(lost[0])
    assert (caught.value.kind, caught.value.error_class) == ("infra", "SAMPLER_DIED")
    window = sampler.begin()
    with pytest.raises(EngineError) as caught:
        sampler.end(lost[1])
    assert caught.value.error_class == "SAMPLER_DIED"
    assert sampler.end(window).peak_mib > 0


def test_a_begin_that_finds_the_sampler_dead_starts_another(sampler: MemorySampler) -> None:
    lost = sampler.begin()
    kill(sampler)
    assert sampler.end(sampler.begin()).peak_mib > 0
    with pytest.raises(EngineError, match="lost window"):
        sampler.end(lost)


def kill(sampler: MemorySampler) -> None:
    assert sampler.pid is not None
    victim = psutil.Process(sampler.pid)
    victim.kill()
    psutil.wait_procs([victim], timeout=5)


def test_sampler_ends_when_its_parent_is_killed() -> None:
    program = (
        "import os, sys\n"
        "from workers.measurement.sampler import HostSource, MemorySampler\n"
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
    trace = sampler.end(sampler.begin())
    sampler.close()
    assert trace.kind == "host"
    assert trace.gpu_samples == ()
    assert trace.peak_mib == pytest.approx(psutil.Process().memory_info().rss / (1 << 20), rel=0.3)


def test_the_rate_is_the_environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVALCTL_SAMPLE_HZ", "200")
    sampler = memory_sampler(EngineContext(home=tmp_path, log_folder=tmp_path, worker_mark=MARK))
    window = sampler.begin()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.5)"], check=True)
    trace = sampler.end(window)
    sampler.close()
    assert 4 < trace.period_ms < 20, "asked for 5"


@pytest.mark.parametrize("text", ["0", "1001", "fast", "-1", "nan"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="EVALCTL_SAMPLE_HZ"):
        sample_hz(50, {"EVALCTL_SAMPLE_HZ": text})


def test_an_empty_rate_counts_as_unset() -> None:
    assert [
        sample_hz(50, {}),
        sample_hz(50, {"EVALCTL_SAMPLE_HZ": ""}),
        sample_hz(50, {"EVALCTL_SAMPLE_HZ": "7"}),
    ] == [
        50,
        50,
        7,
    ]


def test_the_gpu_is_sampled_while_memory_is_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fake GPU reports its clock but not its power; its loss is reported."""
    state = tmp_path / "gpu.json"
    state.write_text(
        json.dumps({"sm_clock_mhz": 1755, "temperature_c": 61, "reasons": 4, "littered_mib": 100}),
        encoding="utf-8",
    )
    monkeypatch.setenv("FAKE_GPU", str(state))
    monkeypatch.setenv("PYTHONPATH", str(FAKE_NVML))
    sampler = MemorySampler(
        DeviceSource(gpu_uuid="GPU-99999999-8888-7777-6666-555555555555"), period_ms=10
    )
    window = sampler.begin()
    subprocess.run([sys.executable, "-c", "import time; time.sleep(0.5)"], check=True)
    trace = sampler.end(window)
    assert (trace.kind, trace.peak_mib) == ("device", 500)
    assert 2 <= len(trace.gpu_samples) <= 4
    seen = trace.gpu_samples[0]
    assert (seen.sm_clock_mhz, seen.temperature_c) == (1755, 61)
    assert (seen.power_w, seen.reasons) == (None, 4)
    assert trace.started_s < seen.at_s < trace.ended_s
    window = sampler.begin()
    state.write_text(json.dumps({"lost": True}), encoding="utf-8")
    with pytest.raises(EngineError, match="is lost"):
        sampler.end(window)
    sampler.close()


@pytest.mark.gpu
def test_memory_taken_on_a_gpu_is_seen() -> None:
    pynvml, torch = pytest.importorskip("pynvml"), pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no NVIDIA GPU")
    uuid = str(torch.cuda.get_device_properties(0).uuid)
    torch.zeros(1, device="cuda:0")  # the context is there before the trace begins
    sampler = MemorySampler(
        DeviceSource(gpu_uuid=uuid if uuid.startswith("GPU-") else f"GPU-{uuid}"), period_ms=20
    )
    window = sampler.begin()
    held = torch.zeros(1 << 30, dtype=torch.uint8, device="cuda:0")
    torch.cuda.synchronize()
    trace = sampler.end(window)
    sampler.close()
    assert held.numel() == 1 << 30
    assert trace.kind == "device"
    assert 1020 <= trace.peak_mib - trace.used_mib[0] <= 1100
    pynvml.nvmlInit()
    memory = pynvml.nvmlDeviceGetMemoryInfo(
        pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid.removeprefix('GPU-')}")
    )
    pynvml.nvmlShutdown()
    assert trace.used_mib[-1] == pytest.approx((memory.total - memory.free) / (1 << 20), abs=64)
