"""The sweep of a GPU: leftovers are killed, everything else is refused, XIDs are followed.

The GPU is fake (``FakeGpu``), since most machines have none; processes, marks, locks and signals
are real.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.gpus import GpuUnavailable
from core.model_spec import ModelSpec
from core.states import WorkerState
from db.queue.fleet import list_workers
from services.waiting import wait_until
from tests.support.fake_gpu import NO_PID, FakeGpu, Start, first_line
from tests.support.jobs import register, spec
from workers.consumer.claim_gate import ClaimGate
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.errors import INIT_FREE_MEM, EngineStartFailed
from workers.gpu import xid
from workers.gpu.guard import GpuGuard, GpuRefused
from workers.gpu.lock import LOCK_VARIABLE, GpuLock, held_elsewhere
from workers.gpu.nvml import GpuLost
from workers.gpu.process_owner import Owner, ProcessOwnership
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.marked_processes import MARK_VARIABLE, TOKEN_VARIABLE
from workers.lifecycle.shutdown import Shutdown

UUID = "GPU-00000000-1111-2222-3333-444444444444"
HOLDER = f"""
import sys
from pathlib import Path
from workers.gpu.lock import GpuLock
lock = GpuLock(Path(sys.argv[1]), {UUID!r})
print(lock.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[GpuLock]:
    with closing(GpuLock(tmp_path, UUID)) as taken:
        yield taken


@pytest.fixture
def ownership(lock: GpuLock) -> ProcessOwnership:
    return ProcessOwnership(mark=uuid.uuid4().hex, lock_path=lock.path)


@pytest.fixture
def fake() -> FakeGpu:
    return FakeGpu()


@pytest.fixture
def guard(fake: FakeGpu, ownership: ProcessOwnership) -> Iterator[GpuGuard]:
    with closing(GpuGuard(fake, ownership, name="GPU 0 (fake)", release_within_s=1.0)) as made:
        yield made


def leftover(start: Start, ownership: ProcessOwnership) -> subprocess.Popen[str]:
    """Start what a worker that held the same lock before has left."""
    process = start(**{MARK_VARIABLE: uuid.uuid4().hex, LOCK_VARIABLE: ownership.lock_path})
    assert first_line(process) == "up"
    return process


def vllm(**options: object) -> ModelSpec:
    return ModelSpec(name="m", engine="vllm", source="fake", queue="vllm", options=options)


def test_a_gpu_is_for_one_worker_of_a_home(tmp_path: Path, start: Start) -> None:
    holder = start(HOLDER, str(tmp_path))
    path = first_line(holder)
    with pytest.raises(GpuUnavailable, match=rf"used by another worker \(pid {holder.pid}\)"):
        GpuLock(tmp_path, UUID)
    assert held_elsewhere(path) is True
    holder.kill()
    holder.wait()
    assert held_elsewhere(path) is False
    GpuLock(tmp_path, UUID).close()
    assert held_elsewhere(str(tmp_path / "nowhere")) is None


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path, start: Start) -> None:
    forking = HOLDER.replace(
        "sys.stdin.read()", "import os\nif os.fork() == 0:\n    sys.stdin.read(); os._exit(0)\n"
    )
    holder = start(forking + "os.kill(os.getpid(), 9)\n", str(tmp_path))
    path = first_line(holder)
    holder.wait()
    assert held_elsewhere(path) is False


def test_what_a_dead_worker_left_is_killed_and_its_memory_waited_for(
    guard: GpuGuard, fake: FakeGpu, ownership: ProcessOwnership, start: Start
) -> None:
    listed, unlisted = leftover(start, ownership), leftover(start, ownership)
    fake.held_mib[listed.pid] = 2048.0
    started_s = time.monotonic()
    guard.sweep()
    assert time.monotonic() - started_s < 5
    assert (listed.wait(5), unlisted.wait(5)) == (-9, -9)
    assert guard.dirty is None


def test_a_leftover_of_another_home_is_killed_once_its_lock_is_free(
    guard: GpuGuard, fake: FakeGpu, start: Start, tmp_path: Path
) -> None:
    holder = start(HOLDER, str(tmp_path / "other"))
    engine = start(**{MARK_VARIABLE: uuid.uuid4().hex, LOCK_VARIABLE: first_line(holder)})
    assert first_line(engine) == "up"
    fake.held_mib[engine.pid] = 3000.0
    with pytest.raises(
        GpuRefused,
        match=rf"pid {engine.pid} \(python.*of a worker that lives or may\) holds 3000 MiB",
    ):
        guard.sweep()
    assert engine.poll() is None
    holder.kill()
    holder.wait()
    guard.sweep()
    assert engine.wait(5) == -9


def test_a_stranger_is_named_with_its_memory_and_left_alone(
    guard: GpuGuard, fake: FakeGpu, start: Start
) -> None:
    stranger = start()
    assert first_line(stranger) == "up"
    fake.held_mib[stranger.pid] = 2048.0
    with pytest.raises(
        GpuRefused,
        match=rf"GPU 0 \(fake\) is in use: pid {stranger.pid} \(python.*holds 2048 MiB",
    ):
        guard.sweep()
    assert stranger.poll() is None
    assert [incident.kind for incident in guard.incidents_since(0)] == ["foreign_process"]
    assert guard.incidents_since(time.monotonic()) == ()


def test_a_mark_without_a_lock_is_no_licence_to_kill(
    guard: GpuGuard, fake: FakeGpu, start: Start
) -> None:
    process = start(**{MARK_VARIABLE: uuid.uuid4().hex})
    assert first_line(process) == "up"
    fake.held_mib[process.pid] = None
    with pytest.raises(GpuRefused, match=r"of a worker that lives or may.*holds unknown MiB"):
        guard.sweep()
    assert process.poll() is None


def test_a_desktop_is_let_be_until_it_holds_much(
    guard: GpuGuard, fake: FakeGpu, start: Start
) -> None:
    desktop = start()
    fake.held_mib[desktop.pid] = 200.0
    fake.drawing.add(desktop.pid)
    guard.sweep()
    fake.held_mib[desktop.pid] = 2000.0
    with pytest.raises(GpuRefused, match="holds 2000 MiB"):
        guard.sweep()


def test_own_processes_are_no_strangers(
    guard: GpuGuard, fake: FakeGpu, ownership: ProcessOwnership, start: Start
) -> None:
    engine = start(**{MARK_VARIABLE: ownership.mark, TOKEN_VARIABLE: "engine"})
    assert first_line(engine) == "up"
    fake.held_mib[engine.pid] = 20_000.0
    guard.sweep()
    assert ownership.owner(engine.pid) is Owner.OURS
    assert ownership.owner(os.getpid()) is Owner.OURS
    fake.hides_processes = True
    guard.sweep()
    assert engine.poll() is None


def test_a_process_of_another_namespace_is_a_stranger_unless_an_engine_of_ours_runs(
    guard: GpuGuard, fake: FakeGpu, ownership: ProcessOwnership, start: Start
) -> None:
    fake.held_mib[NO_PID] = 2000.0
    with pytest.raises(
        GpuRefused,
        match=rf"pid {NO_PID} \(a process that cannot be seen from here\) holds 2000 MiB",
    ):
        guard.sweep()
    assert first_line(start(**{MARK_VARIABLE: ownership.mark, TOKEN_VARIABLE: "engine"})) == "up"
    guard.sweep()


def test_unowned_memory_is_refused_where_processes_are_hidden(
    guard: GpuGuard, fake: FakeGpu
) -> None:
    fake.hides_processes = True
    fake.littered_mib = 100.0
    guard.sweep()
    fake.littered_mib = 5000.0
    with pytest.raises(
        GpuRefused, match="5000 MiB in use by no process that the driver lists here"
    ):
        guard.sweep()


def test_memory_that_comes_back_in_a_moment_is_waited_for(guard: GpuGuard, fake: FakeGpu) -> None:
    fake.littered_mib = 5000.0
    timer = threading.Timer(0.3, lambda: setattr(fake, "littered_mib", 0.0))
    timer.start()
    guard.sweep()
    timer.join()


def test_no_engine_is_started_on_a_dirty_gpu_and_the_job_may_be_tried_again(
    guard: GpuGuard, fake: FakeGpu, tmp_path: Path
) -> None:
    fake.littered_mib = 5000.0
    host = EngineHost(
        EngineContext(home=tmp_path, log_folder=tmp_path), before_start=guard.before_start
    )
    try:
        with pytest.raises(EngineStartFailed, match="5000 MiB") as refused:
            host.load(vllm(), on_progress=lambda: None, timeout_s=5)
        assert (refused.value.kind, refused.value.error_class) == ("infra", INIT_FREE_MEM)
        assert guard.dirty is not None
        host.load(spec(), on_progress=lambda: None, timeout_s=5)
        assert not guard.clean()
        fake.littered_mib = 0.0
        assert guard.clean()
    finally:
        host.close()


def test_a_worker_whose_gpu_is_dirty_says_so_and_claims_again_once_it_is_clean(
    guard: GpuGuard, fake: FakeGpu, engine: Engine
) -> None:
    fake.littered_mib = 5000.0
    with closing(Heartbeat(engine, register(engine, device="cuda"), beat_s=0.05)) as heartbeat:
        heartbeat.report(WorkerState.IDLE, None)
        gate = ClaimGate(Shutdown(), guard, heartbeat, sweep_every_s=0.1)
        assert not gate.closed(), "no check was made yet"
        with pytest.raises(EngineStartFailed):
            guard.before_start(vllm())
        assert gate.closed()
        waiting = threading.Thread(target=gate.wait)
        waiting.start()
        assert wait_until(
            lambda: (
                reported(engine)[0] == "quarantined" and "5000 MiB" in (reported(engine)[1] or "")
            ),
            20,
        )
        fake.littered_mib = 0.0
        waiting.join(10)
        assert not waiting.is_alive()
        assert not gate.closed()
        assert wait_until(lambda: reported(engine) == ("idle", None), 20)


def reported(engine: Engine) -> tuple[str, str | None]:
    (row,) = list_workers(engine)
    return row.state.value, row.note


def test_xids_of_an_application_are_noted_and_those_of_the_hardware_quarantine(
    guard: GpuGuard, fake: FakeGpu
) -> None:
    notes: queue.Queue[str] = queue.Queue()
    quarantined: queue.Queue[str] = queue.Queue()
    guard.watch(on_quarantine=quarantined.put, on_note=notes.put)
    fake.xids.put(31)
    assert "XID 31 (GPU memory page fault)" in notes.get(timeout=5)
    assert guard.quarantined is None
    fake.xids.put(79)
    assert "XID 79 (GPU has fallen off the bus)" in quarantined.get(timeout=5)
    assert guard.quarantined is not None
    fake.xids.put(GpuLost("the fake GPU is lost"))
    with pytest.raises(EngineStartFailed, match="XID 79"):
        guard.before_start(vllm())
    guard.close()
    assert {incident.kind for incident in guard.incidents_since(0)} <= {"xid", "gpu_lost"}
    assert quarantined.empty(), "one quarantine is enough"


def test_a_driver_that_loses_the_gpu_quarantines_it(guard: GpuGuard, fake: FakeGpu) -> None:
    quarantined: list[str] = []
    guard.watch(on_quarantine=quarantined.append, on_note=quarantined.append)
    fake.lost = True
    with pytest.raises(EngineStartFailed, match="the fake GPU is lost"):
        guard.before_start(vllm())
    assert quarantined == ["the fake GPU is lost"]
    assert not guard.clean()


def test_a_driver_that_reports_no_xids_is_tolerated(guard: GpuGuard, fake: FakeGpu) -> None:
    fake.xids.put(GpuUnavailable("Not Supported"))
    guard.watch(on_quarantine=lambda _sentence: None, on_note=lambda _sentence: None)
    guard.close()
    assert guard.quarantined is None


def test_no_xid_is_in_both_lists() -> None:
    assert not set(xid.APPLICATION) & set(xid.HARDWARE)
    assert xid.describe(1) == "XID 1 (see NVIDIA's Xid catalogue)"
