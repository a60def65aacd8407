"""A worker with a group of two fake GPUs: what holds for one GPU holds for each of them."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from sqlalchemy import Engine

from core.gpus import GpuUnavailable, gpu_groups
from tests.support.database import query, until
from tests.support.fake_gpu import FakeGpu, Start, first_line
from tests.support.fake_nvml.pynvml import BASE_MIB, UUIDS
from tests.support.gpu_worker import SetGpu, gpu_worker
from tests.support.jobs import Enqueue
from tests.support.measurements import gpu_sample
from tests.support.processes import evalctl
from workers.engines.protocol import EngineContext, MemoryReport
from workers.engines.vllm.memory import memory_report, read_worker
from workers.gpu.group_guard import GroupGuard
from workers.gpu.guard import GpuGuard, GpuRefused
from workers.gpu.lock import LOCK_VARIABLE, GpuLock, GroupLock
from workers.gpu.process_owner import Owner, ProcessOwnership
from workers.gpu.telemetry import GpuSample, of_group
from workers.lifecycle.marked_processes import MARK_VARIABLE
from workers.measurement.assessment import need_mib, need_per_gpu_mib
from workers.measurement.sampler import DeviceSource, MemorySampler

MIB = 1 << 20


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("0", ((0,),)),
        ("0,1", ((0,), (1,))),
        ("0+1,2+3", ((0, 1), (2, 3))),
        (" 0 + 1 , 2 ", ((0, 1), (2,))),
    ],
)
def test_groups_are_read(text: str, groups: tuple[tuple[int, ...], ...]) -> None:
    assert gpu_groups(text) == groups


@pytest.mark.parametrize("text", ["", "a", "0,,1", "0+", "-1", "0+0", "0+1,1", "0;1", "²"])
def test_what_is_no_group_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"list of indices|twice"):
        gpu_groups(text)


def test_a_group_is_pinned_in_order_and_its_row_names_every_gpu(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine
) -> None:
    set_gpu(others=[{}])
    with gpu_worker(on_gpu, gpus="1+0") as process:
        process.wait_for("worker.ready", gpu=UUIDS[1])
        (listed,) = json.loads(evalctl(on_gpu, "worker list --json").stdout)["workers"]
        sampling = psutil.Process(process.process.pid).children()
        seen = {child.environ().get("CUDA_VISIBLE_DEVICES") for child in sampling}
        assert process.stop() == 0, process.tail()
    row = query(engine, "SELECT gpu_index, gpu_uuid, gpu_indices, gpu_uuids FROM eval.worker")
    assert row == [
        {
            "gpu_index": 1,
            "gpu_uuid": UUIDS[1],
            "gpu_indices": [1, 0],
            "gpu_uuids": [UUIDS[1], UUIDS[0]],
        }
    ]
    assert (listed["gpu"], listed["gpus"]) == (1, [1, 0])
    assert seen == {f"{UUIDS[1]},{UUIDS[0]}"}


@pytest.mark.parametrize("gpus", ["0", "1", "0+1"])
def test_no_gpu_of_a_group_is_used_twice(
    gpus: str, on_gpu: dict[str, str], set_gpu: SetGpu
) -> None:
    set_gpu(others=[{}])
    with gpu_worker(on_gpu, gpus="0+1") as first:
        first.wait_for("worker.ready")
        with gpu_worker(on_gpu, gpus=gpus) as second:
            refused = second.wait_for("worker.refused")
            assert second.process.wait(30) == 2
        assert f"used by another worker (pid {first.process.pid})" in refused["error"]
        assert first.stop() == 0, first.tail()


def test_a_foreign_process_on_the_second_gpu_is_refused_by_name(
    on_gpu: dict[str, str], set_gpu: SetGpu, start: Start
) -> None:
    foreign = start()
    first_line(foreign)
    set_gpu(others=[{"processes": {foreign.pid: 2048}}])
    with gpu_worker(on_gpu, gpus="0+1") as process:
        refused = process.wait_for("worker.refused")
        assert process.process.wait(30) == 2
    assert "GPU 1 (fake) is in use" in refused["error"]
    assert f"pid {foreign.pid} (" in refused["error"]


def test_an_xid_of_the_second_gpu_quarantines_the_worker(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue
) -> None:
    set_gpu(others=[{}])
    enqueue(1, ttft_ms=60_000)
    with gpu_worker(on_gpu, gpus="0+1") as process:
        process.wait_for("job.claimed")
        set_gpu(others=[{"xids": [79]}])
        quarantined = process.wait_for("gpu.quarantined")
        process.wait_for("job.failed", error_class="GPU_QUARANTINED", state="queued")
        until(engine, "SELECT state FROM eval.worker", [{"state": "quarantined"}])
        evalctl(on_gpu, "worker drain --all")
        assert process.process.wait(30) == 0, process.tail()
    assert quarantined["error"].startswith("GPU 1 (fake) reported XID 79")


def test_a_job_waits_for_a_worker_with_enough_gpus(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine, enqueue: Enqueue, reconciler: None
) -> None:
    assert reconciler is None
    set_gpu(others=[{}])
    enqueue(1, tensor_parallel_size=2)
    with gpu_worker(on_gpu, gpus="0") as small:
        small.wait_for("hint.void")
        assert query(engine, "SELECT state FROM eval.job") == [{"state": "queued"}]
        assert small.stop() == 0, small.tail()
    with gpu_worker(on_gpu, gpus="0+1") as large:
        large.wait_for("job.succeeded")
        assert large.stop() == 0, large.tail()
    assert query(engine, "SELECT gpus FROM eval.model") == [{"gpus": 2}]


def test_what_a_dead_group_left_is_known_by_any_of_its_locks(tmp_path: Path, start: Start) -> None:
    with closing(GroupLock(tmp_path, ["GPU-0", "GPU-1"])) as dead:
        left = dead.path
    orphan = start(**{MARK_VARIABLE: uuid.uuid4().hex, LOCK_VARIABLE: left})
    first_line(orphan)
    with closing(GpuLock(tmp_path, "GPU-1")) as lock:
        ownership = ProcessOwnership(mark=uuid.uuid4().hex, lock_path=lock.path)
        assert ownership.owner(orphan.pid) is Owner.DEAD_WORKER
        assert list(ownership.leftovers()) == [orphan.pid]
    with closing(GpuLock(tmp_path, "GPU-2")) as lock:
        elsewhere = ProcessOwnership(mark=uuid.uuid4().hex, lock_path=lock.path)
        assert elsewhere.owner(orphan.pid) is Owner.DEAD_WORKER
        assert list(elsewhere.leftovers()) == []


HOLDS_A_LOCK = """
import sys
from pathlib import Path
from workers.gpu.lock import GpuLock
lock = GpuLock(Path(sys.argv[1]), "GPU-1")
print("up", flush=True)
sys.stdin.read()
"""


def test_a_group_that_is_refused_keeps_no_lock(tmp_path: Path, start: Start) -> None:
    other = start(HOLDS_A_LOCK, str(tmp_path))
    assert first_line(other) == "up"
    with pytest.raises(GpuUnavailable, match=f"pid {other.pid}"):
        GroupLock(tmp_path, ["GPU-0", "GPU-1"])
    free = str((tmp_path / "gpus" / "GPU-0.lock").resolve())
    asked = start(ASKS, free)
    assert first_line(asked) == "False"


ASKS = """
import sys
from workers.gpu.lock import held_elsewhere
print(held_elsewhere(sys.argv[1]), flush=True)
"""


@pytest.fixture
def fakes() -> tuple[FakeGpu, FakeGpu]:
    """Return two GPUs."""
    return FakeGpu(), FakeGpu()


@pytest.fixture
def group(tmp_path: Path, fakes: Sequence[FakeGpu]) -> GroupGuard:
    """Return their guard."""
    ownership = ProcessOwnership(mark=uuid.uuid4().hex, lock_path=str(tmp_path / "lock"))
    guards = [
        GpuGuard(fake, ownership, name=f"GPU {index} (fake)", release_within_s=0.0)
        for index, fake in enumerate(fakes)
    ]
    return GroupGuard(guards)


def test_everything_in_the_way_of_a_group_is_named(
    group: GroupGuard, fakes: Sequence[FakeGpu]
) -> None:
    group.sweep()
    assert (group.dirty, group.quarantined) == (None, None)
    for fake in fakes:
        fake.littered_mib = 4096
    with pytest.raises(GpuRefused, match=r"GPU 0 .*; GPU 1 "):
        group.sweep()
    assert not group.clean()
    fakes[0].littered_mib = 0
    assert not group.clean()
    assert group.dirty is not None
    assert group.dirty.startswith("GPU 1")
    fakes[1].littered_mib = 0
    assert group.clean()
    with group.expect(4096):
        for fake in fakes:
            fake.littered_mib = 4096
        group.sweep()


def test_what_happens_on_one_gpu_is_an_incident_of_the_group(
    group: GroupGuard, fakes: Sequence[FakeGpu], start: Start
) -> None:
    foreign = start()
    first_line(foreign)
    time.sleep(1.0)  # two checks are a second apart, by the monotonic clock
    fakes[1].held_mib[foreign.pid] = 2048
    assert group.check_for_others() is True
    assert [one.kind for one in group.incidents_since(0)] == ["foreign_process"]


def test_a_lost_gpu_quarantines_its_group(group: GroupGuard, fakes: Sequence[FakeGpu]) -> None:
    fakes[1].lost = True
    assert not group.clean()
    assert group.quarantined == "the fake GPU is lost"


def test_the_trace_is_the_fullest_gpus_and_every_peak_is_kept(
    on_gpu: dict[str, str], set_gpu: SetGpu, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PYTHONPATH", "FAKE_GPU"):
        monkeypatch.setenv(name, on_gpu[name])
    first = {"littered_mib": 100, "power_w": 300, "sm_clock_mhz": 1980, "temperature_c": 40}
    second = {"littered_mib": 700, "power_w": 200, "sm_clock_mhz": 1755, "temperature_c": 60}
    set_gpu(**first, others=[second])
    source = DeviceSource(gpu_uuid=UUIDS[0], more_gpu_uuids=UUIDS[1:])
    with closing(MemorySampler(source, 10)) as sampler:
        window = sampler.begin()
        deadline_s = time.monotonic() + 30
        while True:
            trace = sampler.end(window)
            if trace.gpu_samples or time.monotonic() > deadline_s:
                break
            window = sampler.begin()
            time.sleep(0.3)
    assert trace.peak_mib == BASE_MIB + 700
    assert trace.peak_per_gpu_mib == (BASE_MIB + 100, BASE_MIB + 700)
    sample = trace.gpu_samples[0]
    assert (sample.power_w, sample.sm_clock_mhz, sample.temperature_c) == (500, 1755, 60)


def test_a_group_is_throttled_where_one_gpu_is() -> None:
    free = gpu_sample(0.0, sm_clock_mhz=1980, max_sm_clock_mhz=1980, reasons=4)
    slowed = gpu_sample(0.0, sm_clock_mhz=1200, max_sm_clock_mhz=1980, reasons=4)
    idle = gpu_sample(0.0, sm_clock_mhz=345, max_sm_clock_mhz=1980, reasons=1)
    assert of_group([free, slowed]).throttled
    assert not of_group([free, idle]).throttled, "a power cap at full clock slows nothing"
    assert of_group([free, idle]).reasons == 1
    assert of_group([GpuSample(at_s=1.0), free]).power_w is None


def rank(**mib: int) -> dict[str, dict[str, object]]:
    """Return what one rank reports."""
    return {"bytes": {name: size * MIB for name, size in mib.items()}, "reasons": {}, "facts": {}}


def two_ranks() -> MemoryReport:
    """Return the report of an engine whose second rank holds more weights and less cache."""
    common = {"buffers": 300, "activation_profiled": 500, "activation_run": 200}
    first = rank(weights=4000, kv_reserved=2000, device_free_at_init=79_000, **common)
    second = rank(weights=5000, kv_reserved=1000, device_free_at_init=79_200, **common)
    return memory_report(
        read_worker([first, second]),
        graphs_mib=100.0,
        source="",
        device="cuda",
        free_before_mib=[80_000.0, 80_000.0],
        kv_used_mib=400.0,
    )


def test_the_need_of_each_gpu_is_added_up_from_its_own_terms() -> None:
    report = two_ranks()
    assert (report.context_mib, report.weights_mib, report.kv_reserved_mib) == (1000, 5000, 2000)
    needs = need_per_gpu_mib(report, kv_used_mib=400.0)
    assert needs == (1000 + 4000 + 300 + 500 + 100 + 400, 800 + 5000 + 300 + 500 + 100 + 200)
    assert need_mib(report, kv_used_mib=400.0, trace=None) == max(needs)


def test_one_gpu_has_no_list() -> None:
    alone = memory_report(
        read_worker([rank(weights=1)]),
        graphs_mib=0.0,
        source="",
        device="cuda",
        free_before_mib=[],
        kv_used_mib=None,
    )
    assert alone.per_gpu == ()
    assert need_per_gpu_mib(alone, kv_used_mib=None) == ()


def test_an_engine_takes_the_first_gpus_of_its_group(tmp_path: Path) -> None:
    context = EngineContext(
        home=tmp_path, log_folder=tmp_path, gpu_uuid="a", more_gpu_uuids=("b", "c")
    )
    assert context.narrowed(1).gpu_uuids == ("a",)
    assert context.narrowed(2).gpu_uuids == ("a", "b")
    assert context.gpu_uuids == ("a", "b", "c")
    assert EngineContext(home=tmp_path, log_folder=tmp_path).gpu_uuids == ()


def test_a_gpu_that_is_missing_is_named(on_gpu: dict[str, str]) -> None:
    with gpu_worker(on_gpu, gpus="0+1") as process:
        refused = process.wait_for("worker.refused")
        assert process.process.wait(30) == 2
    assert "this host has no GPU 1; available: 0 (fake)" in refused["error"]
    assert issubclass(GpuRefused, GpuUnavailable)


def test_check_names_the_workers_that_could_run_a_model(
    on_gpu: dict[str, str], set_gpu: SetGpu, tmp_path: Path
) -> None:
    set_gpu(others=[{}])
    config = tmp_path / "evalctl.toml"
    config.write_text(
        '[models.large]\nengine = "synthetic"\nsource = "x"\n'
        "options = { tensor_parallel_size = 2 }\n",
        encoding="utf-8",
    )
    where = on_gpu | {"EVALCTL_CONFIG": str(config)}
    with gpu_worker(on_gpu, gpus="0") as small:
        small.wait_for("worker.ready")
        said = evalctl(where, "models check large")
        assert small.stop() == 0, small.tail()
    assert "start one with `evalctl up --gpus 0+1`" in " ".join(said.stdout.split())
    with gpu_worker(on_gpu, gpus="0+1") as large:
        name = large.wait_for("worker.ready")["worker"]
        (check,) = json.loads(evalctl(where, "models check large --json").stdout)["checks"]
        assert large.stop() == 0, large.tail()
    assert (check["gpus"], check["workers"]) == (2, [name])


def test_hints_of_larger_models_reach_no_smaller_worker(
    on_gpu: dict[str, str], set_gpu: SetGpu, engine: Engine
) -> None:
    set_gpu(others=[{}])
    with gpu_worker(on_gpu, gpus="1") as small, gpu_worker(on_gpu, gpus="0") as other:
        listened = [one.wait_for("worker.ready")["queues"] for one in (small, other)]
        assert (small.stop(), other.stop()) == (0, 0)
    with gpu_worker(on_gpu, gpus="0+1") as large:
        listened.append(large.wait_for("worker.ready")["queues"])
        assert large.stop() == 0, large.tail()
    assert listened == [["synthetic"], ["synthetic"], ["synthetic", "synthetic-x2"]]
    queues = query(engine, "SELECT queues FROM eval.worker ORDER BY started_at DESC LIMIT 1")
    assert queues == [{"queues": ["synthetic", "synthetic-x2"]}]


@pytest.mark.parametrize(
    ("options", "queue"),
    [
        ("", "vllm"),
        ("options = { tensor_parallel_size = 2 }", "vllm-x2"),
        ("options = { tensor_parallel_size = 2, pipeline_parallel_size = 2 }", "vllm-x4"),
        ('options = { tensor_parallel_size = 2 }\nqueue = "big"', "big"),
    ],
)
def test_the_queue_follows_from_the_number_of_gpus(
    options: str, queue: str, environment: dict[str, str], tmp_path: Path
) -> None:
    config = tmp_path / "evalctl.toml"
    text = f'[models.m]\nengine = "vllm"\nsource = "x"\n{options}\n'
    config.write_text(text, encoding="utf-8")
    shown = evalctl(environment | {"EVALCTL_CONFIG": str(config)}, "models show m")
    assert json.loads(shown.stdout)["queue"] == queue


def test_a_size_that_is_no_number_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "evalctl.toml"
    config.write_text(
        '[models.large]\nengine = "vllm"\nsource = "x"\n'
        'options = { tensor_parallel_size = "two" }\n',
        encoding="utf-8",
    )
    refused = evalctl(environment | {"EVALCTL_CONFIG": str(config)}, "models check large")
    assert refused.returncode == 2
    assert "tensor_parallel_size" in refused.stderr
