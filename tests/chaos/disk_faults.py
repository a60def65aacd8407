"""Faults of disks: full under the database, under the broker, under the logs."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from core.errors import ServiceUnreachable
from db.queue.outbox import publish_outbox
from tests.chaos.registry import CannotStage, Recovery, fault
from tests.support.deployment import QUEUE, Deployment, Servers
from tests.support.processes import LoggingProcess

JOBS: dict[str, Any] = {"tokens": 10, "tpot_ms": 30}
FULL = "No space left on device"
POSTGRES_MIB, VALKEY_MIB = 256, 8


@contextmanager
def _small_disk(folder: Path, size_mib: int) -> Iterator[Path]:
    """Mount a separate disk for the block."""
    folder.mkdir()
    options = f"size={size_mib}m,mode=0755"
    mount = ["mount", "-t", "tmpfs", "-o", options, "evalctl-chaos", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotStage(f"{' '.join(mount[:5])}: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(disk: Path) -> Path:
    """Write a file that leaves no room; return it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        for size in (2**20, 2**12, 1):
            with suppress(OSError):
                while stream.write(bytes(size)) == size:
                    pass
    return ballast


@contextmanager
def _stand_on(disk: Path, deployment: Deployment) -> Iterator[Deployment]:
    """Give a deployment with its data on that disk; the oracle is asked before the servers end."""
    servers = Servers(disk)
    try:
        servers.start()
        servers.prepare()
        with servers.deployment(deployment.folder / "inner") as inner:
            inner.folder.mkdir()
            yield inner
            assert (broken := inner.broken()) == [], broken
    finally:
        servers.stop()


@fault(
    "F11a",
    "Disk full under the database",
    staged=f"data folder on a tmpfs of {POSTGRES_MIB} MiB, filled in mid-run, freed again",
    holds="worker and reconciler live on; all jobs succeed once there is room; "
    "nothing is mended by hand",
)
def database_disk_full(deployment: Deployment) -> Recovery:
    """Fill the disk until a process complains, then free it."""
    with (
        _small_disk(deployment.folder / "disk", POSTGRES_MIB) as disk,
        _stand_on(disk, deployment) as inner,
    ):
        with inner.reconciler() as reconciler, inner.worker() as worker:
            inner.submit(30, **JOBS)
            worker.wait_for("job.succeeded")
            ballast = _fill(disk)
            inner.until_true(
                lambda: _says(FULL, worker, reconciler), "a process says that the disk is full"
            )
            _let_it_hurt(inner)
            ballast.unlink()
            # What the supervisor does every half second.
            inner.servers.start()
            seconds = inner.until_finished()
            assert worker.process.poll() is None, f"the worker ended; log:\n{worker.tail()}"
            assert reconciler.process.poll() is None, (
                f"the reconciler ended; log:\n{reconciler.tail()}"
            )
            worker.stop()
        note = f"{inner.count('TRUE', 'attempt')} attempts for {len(inner.keys)} jobs"
    return Recovery(seconds=seconds, span="disk freed -> all jobs committed", note=note)


@fault(
    "F11b",
    "Disk full under the broker",
    staged=f"append-only file on a tmpfs of {VALKEY_MIB} MiB, filled in mid-run, freed again",
    holds="publishing says so; the worker lives on; all jobs succeed once there is room",
)
def broker_disk_full(deployment: Deployment) -> Recovery:
    """Fill the disk of the append-only file; the broker then refuses every write."""
    with _small_disk(deployment.folder / "valkey", VALKEY_MIB) as disk:
        inner = Servers(deployment.folder)
        inner.postgres = deployment.servers.postgres
        inner.valkey.start()
        try:
            with (
                deployment.using_broker(inner.valkey.url),
                deployment.reconciler() as reconciler,
                deployment.worker() as worker,
            ):
                deployment.submit(3, **JOBS)
                worker.wait_for("job.succeeded")
                ballast = _fill(disk)
                deployment.until_true(lambda: _refuses(deployment), "the broker refuses to write")
                deployment.submit(6, name="later", publish=False, **JOBS)
                deployment.until_true(
                    lambda: _says("no hints published", reconciler), "the reconciler says so"
                )
                ballast.unlink()
                seconds = deployment.until_finished()
                assert worker.process.poll() is None, f"the worker ended; log:\n{worker.tail()}"
                worker.stop()
        finally:
            inner.valkey.stop()
    return Recovery(seconds=seconds, span="disk freed -> 6 jobs committed")


@fault(
    "F11c",
    "Disk full under a worker's log",
    staged="stderr of a worker appended to a file on a full tmpfs",
    holds="its jobs succeed",
)
def log_disk_full(deployment: Deployment) -> Recovery:
    with _small_disk(deployment.folder / "logs", 1) as disk:
        log = disk / "worker.log"
        log.touch()
        _fill(disk)
        command = [sys.executable, "-m", "workers", "--cpu", "--queue", QUEUE]
        with log.open("ab") as stream, deployment.reconciler():
            worker = subprocess.Popen(
                command, env=deployment.environment, stderr=stream, stdout=subprocess.DEVNULL
            )
            try:
                moment_s = time.monotonic()
                deployment.submit(6, **JOBS)
                seconds = deployment.until_finished(since_s=moment_s)
                assert worker.poll() is None
                worker.terminate()
                assert worker.wait(30) == 0
            finally:
                worker.kill()
                worker.wait()
        assert log.stat().st_size == 0
    return Recovery(seconds=seconds, span="submit -> 6 jobs committed, worker start included")


def _says(words: str, *processes: LoggingProcess) -> bool:
    return any(words in line for process in processes for line in process.lines)


def _refuses(deployment: Deployment) -> bool:
    try:
        deployment.broker.publish(QUEUE, [1])
        publish_outbox(deployment.engine, deployment.broker)
    except ServiceUnreachable:
        return True
    return False


def _let_it_hurt(deployment: Deployment) -> None:
    """Submit until the database refuses or has ended: every process then feels the fault.

    The jobs that it took are expected.
    """
    numbers = itertools.count(1)
    deployment.until_true(
        lambda: _raises(lambda: deployment.submit(50, name=f"more-{next(numbers)}", publish=False)),
        "a submit is refused",
    )


def _raises(act: Callable[[], object]) -> bool:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - however the database says it
        return FULL in str(error) or isinstance(error, ServiceUnreachable)
    return False
