"""An emulated smaller card: the holding process is real, the driver that it asks (``made_up_cuda``) and NVML are made up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from tests.processes import lives
from tests.workers.made_up_nvml import pynvml as made_up_nvml
from workers.engines import EngineContext
from workers.errors import INIT_FREE_MEM, MEMORY_LIMIT, EngineError
from workers.gpu.guard import GpuGuard, GpuRefused
from workers.gpu.lock import GpuLock
from workers.gpu.nvml import GpuProcess
from workers.gpu.process_owner import ProcessOwnership
from workers.gpu.telemetry import GpuSample
from workers.probes import emulated_gpu
from workers.probes.ballast_process import Ballast, TooLittle
from workers.probes.cuda_driver import OUT_OF_MEMORY, CudaError
from workers.probes.emulated_gpu import emulate_gpu, used_of_gpu

HERE = Path(__file__).parent
MARK = "test-emulation"
#: What the made-up card shows when it is empty, and has in all.
BASE_MIB, TOTAL_MIB = 400, 24_000


@pytest.fixture(scope="session")
def cuda(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the made-up driver."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler is installed (Debian: gcc)")
    folder = tmp_path_factory.mktemp("cuda")
    source, library = HERE / "made_up_cuda" / "libcuda.c", folder / "libcuda.so.1"
    command = [
        compiler,
        "-shared",
        "-fPIC",
        "-O2",
        "-Wall",
        "-Werror",
        "-o",
        str(library),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def context(tmp_path: Path, cuda: Path, monkeypatch: pytest.MonkeyPatch) -> EngineContext:
    """Give a worker's place on the made-up card, for this process and for those it starts."""
    (tmp_path / "card.json").write_text("{}", encoding="utf-8")
    monkeypatch.setenv("MADE_UP_CARD", str(tmp_path / "card.json"))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(cuda))
    monkeypatch.setenv("PYTHONPATH", str(HERE / "made_up_nvml"))
    for module in ("core.gpus", "workers.gpu.nvml"):
        monkeypatch.setattr(f"{module}.pynvml", made_up_nvml)
    return EngineContext(
        home=tmp_path,
        log_folder=tmp_path,
        device="cuda",
        gpu_uuid=made_up_nvml.UUID,
        worker_mark=MARK,
    )


def on_card(**state: object) -> None:
    """Set the state of the made-up card."""
    Path(os.environ["MADE_UP_CARD"]).write_text(json.dumps(state), encoding="utf-8")


def holders() -> list[psutil.Process]:
    """Return the processes that hold memory for this one."""
    return [
        p for p in psutil.Process().children() if "workers.probes.ballast_process" in p.cmdline()
    ]


def test_a_card_has_what_the_smaller_one_would_have(context: EngineContext) -> None:
    with emulate_gpu(context, 10_001) as guard:
        used_mib = used_of_gpu(context)
        assert used_mib is not None
        # The driver takes its share of the emulated card, not of what is held.
        assert TOTAL_MIB - used_mib == pytest.approx(10_001 - BASE_MIB, abs=4)
        assert guard.base_mib == BASE_MIB
        assert guard.held_mib == used_mib - BASE_MIB
        assert guard.utilisation(0.9) == pytest.approx(0.9 * 10_001 / TOTAL_MIB)
        (process,) = holders()
        assert process.environ()["EVALCTL_WORKER"] == MARK
        assert process.environ()["CUDA_VISIBLE_DEVICES"] == made_up_nvml.UUID
        guard.check()
    assert not lives(process.pid)
    assert used_of_gpu(context) == BASE_MIB


def test_memory_in_pieces_is_held_by_smaller_ones(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_UP_PIECE_MIB", "100")
    with emulate_gpu(context, 22_000) as guard:
        assert guard.held_mib == pytest.approx(2000, abs=4)


def test_a_limit_is_for_a_gpu(tmp_path: Path) -> None:
    on_cpu = EngineContext(home=tmp_path, log_folder=tmp_path)
    with pytest.raises(EngineError, match="on a GPU only") as caught, emulate_gpu(on_cpu, 8000):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")


@pytest.mark.parametrize("limit_mib", [TOTAL_MIB, TOTAL_MIB + 1, 0, -5])
def test_a_card_is_no_bigger_than_it_is(context: EngineContext, limit_mib: float) -> None:
    with (
        pytest.raises(EngineError, match="cannot be emulated on one of 24000 MiB") as caught,
        emulate_gpu(context, limit_mib),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")
    assert holders() == []


def test_a_limit_that_leaves_no_room_for_the_holder_is_refused(context: EngineContext) -> None:
    with (
        pytest.raises(EngineError, match=r"the holding process itself takes 450") as caught,
        emulate_gpu(context, 23_800),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "rejected")
    assert used_of_gpu(context) == BASE_MIB


def test_a_card_that_refuses_is_no_fault_of_the_limit(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_UP_ROOM_MIB", "5000")
    with (
        pytest.raises(EngineError, match="CUDA_ERROR_OUT_OF_MEMORY") as caught,
        emulate_gpu(context, 8000),
    ):
        pass
    assert (caught.value.error_class, caught.value.kind) == (MEMORY_LIMIT, "infra")


def test_a_host_without_the_driver_is_told(
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


def test_a_card_that_others_use_cannot_be_made_smaller(
    context: EngineContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulated_gpu, "RELEASE_WITHIN_S", 0.1)
    on_card(littered_mib=700)
    with pytest.raises(EngineError, match="700 MiB of GPU") as caught, emulate_gpu(context, 8000):
        pass
    assert caught.value.error_class == INIT_FREE_MEM
    assert holders() == []


def test_what_is_held_by_a_process_that_was_killed_is_missed(context: EngineContext) -> None:
    with emulate_gpu(context, 8000) as guard:
        (process,) = holders()
        process.send_signal(signal.SIGTERM)
        with pytest.raises(psutil.TimeoutExpired):
            process.wait(0.3)
        guard.check()
        process.kill()
        process.wait()
        with pytest.raises(EngineError, match="was not as small as it should have been"):
            guard.check()


def test_the_holder_dies_with_its_worker(context: EngineContext) -> None:
    assert context.gpu_uuid is not None
    program = f"""
import sys
from pathlib import Path
from workers.engines import EngineContext
from workers.probes.emulated_gpu import emulate_gpu
folder = Path({str(context.home)!r})
context = EngineContext(home=folder, log_folder=folder, device="cuda", gpu_uuid={context.gpu_uuid!r}, worker_mark="m")
with emulate_gpu(context, 8000):
    print("up", flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=HERE.parents[1],
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"up\n"
        (holder,) = psutil.Process(worker.pid).children()
        assert used_of_gpu(context) == pytest.approx(TOTAL_MIB - 8000 + BASE_MIB, abs=4)
        worker.kill()
    holder.wait(10)
    assert used_of_gpu(context) == BASE_MIB


class MadeUpReader:
    """A card of which the test says what is on it."""

    def __init__(self, used_mib: float, *processes: GpuProcess) -> None:
        self._used_mib = used_mib
        self._processes = processes

    def processes(self) -> tuple[GpuProcess, ...]:
        """List what the test has put there."""
        return self._processes

    def used_mib(self) -> float:
        """Return what the test says."""
        return self._used_mib

    def sample(self, at_s: float) -> GpuSample:
        """Tell of nothing but the moment."""
        return GpuSample(at_s=at_s)

    def wait_xid(self, _timeout_s: float) -> int | None:
        """Tell of none."""
        return None


@pytest.fixture
def guard(tmp_path: Path) -> Iterator[Callable[[MadeUpReader], GpuGuard]]:
    with closing(GpuLock(tmp_path, "GPU-0")) as lock:
        ownership = ProcessOwnership(mark=MARK, lock_path=lock.path)
        yield lambda reader: GpuGuard(
            reader, ownership, name="GPU 0 (made-up)", release_within_s=0.0
        )


@pytest.mark.parametrize(
    "processes", [(), (GpuProcess(pid=2**22 + 1, used_mib=9000.0),)], ids=["hidden", "renumbered"]
)
def test_a_card_that_expects_what_is_held_does_not_take_it_for_litter(
    guard: Callable[[MadeUpReader], GpuGuard], processes: tuple[GpuProcess, ...]
) -> None:
    made = guard(MadeUpReader(9100.0, *processes))
    with pytest.raises(GpuRefused):
        made.sweep()
    with made.expect(9000.0):
        made.sweep()
    with pytest.raises(GpuRefused):
        made.sweep()


def test_what_is_held_hides_no_litter(guard: Callable[[MadeUpReader], GpuGuard]) -> None:
    made = guard(MadeUpReader(9600.0))
    with made.expect(9000.0), pytest.raises(GpuRefused, match="600 MiB in use by no process"):
        made.sweep()


class PlainMemory:
    """Memory of so much room that takes ``overhead`` more for each allocation, as page tables do."""

    def __init__(self, *, room_mib: float = 1e9, overhead_mib: float = 0.0) -> None:
        self.chunks: dict[int, float] = {}
        self._room_mib = room_mib
        self._overhead_mib = overhead_mib

    def allocate(self, mib: int) -> int:
        """Take some."""
        if self.used_mib() + mib > self._room_mib:
            raise CudaError("cuMemAlloc_v2", OUT_OF_MEMORY)
        address = len(self.chunks) + 1
        self.chunks[address] = mib + self._overhead_mib
        return address

    def free(self, address: int) -> None:
        """Give back."""
        self.chunks[address] = 0.0

    def used_mib(self) -> float:
        """Return what is taken."""
        return sum(self.chunks.values())


@pytest.mark.parametrize("overhead_mib", [0.0, 0.7, 3.0])
@pytest.mark.parametrize("target_mib", [0.0, 2.0, 1023.0, 5555.5, 57_344.0])
def test_ballast_reaches_its_target_whatever_an_allocation_costs(
    target_mib: float, overhead_mib: float
) -> None:
    memory = PlainMemory(overhead_mib=overhead_mib)
    Ballast(memory, memory.used_mib).fill_to(target_mib)
    assert memory.used_mib() == pytest.approx(target_mib, abs=4)


def test_ballast_is_nothing_to_lighten_a_card_with() -> None:
    memory = PlainMemory()
    memory.allocate(500)
    with pytest.raises(TooLittle):
        Ballast(memory, memory.used_mib).fill_to(490)
