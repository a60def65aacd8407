"""Run one worker: pin its GPUs, start its orphan reaper, connect, serve hints until it ends."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Engine

from core.errors import DbError, ServiceUnreachable
from core.gpus import Gpu, GpuUnavailable, find_gpus, gpu_groups, list_gpus, nvml
from core.model_spec import RUN_HERE, default_queue
from core.secrets import guard_output
from core.settings import Settings
from core.states import WorkerState
from db.engine import open_database
from db.migrate import schema_version
from db.queue.fleet import WorkerIdentity, register_worker
from services.usage import services
from workers.consumer.celery_app import WorkerFailed, run_worker, worker_app
from workers.consumer.claim_gate import ClaimGate
from workers.consumer.hint_consumer import HintConsumer
from workers.consumer.message_check import MessageCheck
from workers.engines import EngineContext
from workers.engines.host import EngineHost
from workers.execution.executor import Executor
from workers.gpu.group_guard import Guard, guard_of
from workers.gpu.lock import LOCK_VARIABLE, GroupLock
from workers.gpu.pinning import pin
from workers.gpu.process_owner import ProcessOwnership
from workers.lifecycle.event_log import log_event, set_up_logging
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.lease import LeaseKeeper
from workers.lifecycle.marked_processes import MARK_VARIABLE
from workers.lifecycle.orphan_reaper import start_orphan_reaper
from workers.lifecycle.shutdown import GRACE_S, Shutdown
from workers.lifecycle.timeouts import Timeouts
from workers.measurement.sampler import memory_sampler

DEFAULT_QUEUES = ("vllm", "openai", "replay", "synthetic")
#: How long a database without any table may take to be set up.
SCHEMA_WAIT_S = 60.0
#: How long a heartbeat or a renewal may take: others wait for the same connection.
ALIVE_WITHIN_MS = 10_000
FAILED, UNUSABLE, UNREACHABLE = 1, 2, 3


def main() -> int:
    """Run the worker of the command line and return its exit code."""
    guard_output()
    set_up_logging()
    arguments = _arguments()
    try:
        gpus = _chosen_gpus(arguments)
        pin(gpus)
        queues = _queues(tuple(arguments.queues or DEFAULT_QUEUES), len(gpus))
        serve(
            Settings.from_environment(),
            gpus,
            queues,
            grace_s=arguments.grace,
            replaced_pid=arguments.replaces,
        )
    except ServiceUnreachable as error:
        log_event("worker.refused", level=logging.ERROR, error=str(error))
        return UNREACHABLE
    except (GpuUnavailable, DbError) as error:
        log_event("worker.refused", level=logging.ERROR, error=str(error))
        return UNUSABLE
    except WorkerFailed as error:
        log_event("worker.failed", level=logging.ERROR, error=str(error))
        return FAILED
    return 0


def serve(
    settings: Settings,
    gpus: Sequence[Gpu],
    queues: tuple[str, ...],
    *,
    grace_s: float = GRACE_S,
    replaced_pid: int | None = None,
) -> None:
    """Serve hints until asked to stop; then end everything that was started.

    ``gpus`` are used together; none on the CPU. A worker whose GPU is in quarantine takes no job
    and says why until it is ended from outside: if it ended itself, it would be started again on
    the same GPU.
    """
    worker_id = uuid.uuid4()
    identity = _identity(worker_id, gpus, queues)
    shutdown = Shutdown(grace_s)
    with ExitStack() as stack:
        endpoints = stack.enter_context(services(settings))
        assert endpoints.broker_url is not None
        database = stack.enter_context(_database(endpoints.database_url))
        mark = worker_id.hex
        guard = stack.enter_context(_clean_gpus(settings, gpus, mark)) if gpus else None
        # From here on every child carries the mark, and dies with this process however it dies.
        os.environ[MARK_VARIABLE] = mark
        os.environ["SPT_NOENV"] = "1"  # setproctitle, which vLLM uses, would overwrite the mark.
        orphan_reaper = start_orphan_reaper(mark)
        stack.callback(orphan_reaper.close)
        context = _context(settings, gpus, mark)
        sampler = memory_sampler(context)
        stack.callback(sampler.close)
        host = (
            EngineHost(context)
            if guard is None
            else EngineHost(context, before_start=guard.before_start)
        )
        stack.callback(host.close)
        register_worker(database, identity, replaced_pid=replaced_pid)
        alive = stack.enter_context(_own_connection(endpoints.database_url))
        heartbeat = Heartbeat(
            alive, worker_id, on_drain=shutdown.drain, refused=lambda: MessageCheck.refused
        )
        stack.callback(heartbeat.close)
        _report(shutdown, heartbeat, guard)
        timeouts = Timeouts.from_environment()
        leases = LeaseKeeper(alive, timeouts)
        stack.callback(leases.close)
        executor = Executor(
            database,
            host,
            sampler,
            heartbeat,
            worker_id=worker_id,
            queues=queues,
            leases=leases,
            shutdown=shutdown,
            guard=guard,
            timeouts=timeouts,
        )
        gate = ClaimGate(shutdown, guard, heartbeat)
        consumer = HintConsumer(endpoints.broker_url, queues, executor.handle_hint, gate)
        stack.callback(consumer.close)

        def ready() -> None:
            heartbeat.report(WorkerState.IDLE, None)
            log_event("worker.ready", worker=identity.name, queues=queues, gpu=identity.gpu_uuid)

        run_worker(worker_app(consumer), identity.name, ready, shutdown)
        if guard is not None and guard.quarantined is not None:
            host.unload()
            shutdown.nothing_runs()
            shutdown.requested.wait()
        log_event("worker.stopped", worker=identity.name)


@contextmanager
def _clean_gpus(settings: Settings, gpus: Sequence[Gpu], mark: str) -> Iterator[Guard]:
    """Take the GPUs for this worker. Raise ``GpuUnavailable`` where another process uses one."""
    with nvml(), closing(GroupLock(settings.home, [gpu.uuid for gpu in gpus])) as lock:
        ownership = ProcessOwnership(mark=mark, lock_path=lock.path)
        guard = guard_of(gpus, ownership)
        guard.sweep()
        os.environ[LOCK_VARIABLE] = lock.path
        with closing(guard):
            yield guard


def _report(shutdown: Shutdown, heartbeat: Heartbeat, guard: Guard | None) -> None:
    """Have the worker's row follow what happens to the worker."""

    def halted() -> None:
        quarantined = guard is not None and guard.quarantined is not None
        heartbeat.override(WorkerState.QUARANTINED if quarantined else WorkerState.DRAINING)
        heartbeat.note(shutdown.sentence)

    shutdown.when_halted(halted)
    if guard is not None:
        guard.watch(on_quarantine=shutdown.quarantine, on_note=heartbeat.note)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="evalctl worker", description=__doc__)
    parser.add_argument("--gpus", "--gpu", dest="gpus")
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--queue", dest="queues", action="append")
    parser.add_argument("--grace", type=float, default=GRACE_S)
    # A worker of this host that has ended; its row may say otherwise for a while.
    parser.add_argument("--replaces", type=int, metavar="PID")
    return parser.parse_args()


def _chosen_gpus(arguments: argparse.Namespace) -> tuple[Gpu, ...]:
    """Return the chosen GPUs, or else the first one, or none for the CPU."""
    if arguments.cpu:
        return ()
    if arguments.gpus is not None:
        (group,) = gpu_groups(arguments.gpus.replace(",", "+"))
        return find_gpus(group)
    try:
        return list_gpus()[:1]
    except GpuUnavailable:
        return ()


def _queues(named: tuple[str, ...], gpus: int) -> tuple[str, ...]:
    """Return the queues to listen to: of an engine also those of models over several GPUs."""
    larger = tuple(
        default_queue(engine, size)
        for engine in RUN_HERE
        if engine in named
        for size in range(2, gpus + 1)
    )
    return tuple(dict.fromkeys((*named, *larger)))


@contextmanager
def _database(url: str) -> Iterator[Engine]:
    # The claim uses its index whatever the statistics say of a table that just grew a thousandfold.
    planner = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
    engine = open_database(url, name="worker", pool_size=1, overflow=0, settings=planner)
    try:
        _check_schema(engine)
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _own_connection(url: str) -> Iterator[Engine]:
    """Give heartbeat and leases a connection that no commit occupies: the worker's second."""
    engine = open_database(
        url,
        name="worker's heartbeat",
        pool_size=1,
        overflow=0,
        statement_timeout_ms=ALIVE_WITHIN_MS,
        lock_timeout_ms=ALIVE_WITHIN_MS // 2,
    )
    try:
        yield engine
    finally:
        engine.dispose()


def _check_schema(engine: Engine) -> None:
    """Refuse a database older than this worker; a newer one keeps what this worker needs.

    One that another process is setting up, as at the first start of a host, is waited for.
    """
    found = schema_version(engine)
    deadline_s = time.monotonic() + SCHEMA_WAIT_S
    while found.found is None and time.monotonic() < deadline_s:
        time.sleep(1)
        found = schema_version(engine)
    if found.found is None or found.found < found.needed:
        revisions = f"it is at revision {found.found or 'none'}, this worker needs {found.needed}"
        raise ServiceUnreachable("database schema", revisions, mend="Run `evalctl db upgrade`")


def _identity(worker_id: uuid.UUID, gpus: Sequence[Gpu], queues: tuple[str, ...]) -> WorkerIdentity:
    host = socket.gethostname()
    indices = tuple(gpu.index for gpu in gpus)
    device = f"gpu{'+'.join(str(index) for index in indices)}" if gpus else "cpu"
    gpu = gpus[0] if gpus else None
    return WorkerIdentity(
        worker_id=worker_id,
        name=f"{device}-{os.getpid()}@{host}",
        host=host,
        pid=os.getpid(),
        device="cuda" if gpu else "cpu",
        gpu_index=gpu.index if gpu else None,
        gpu_uuid=gpu.uuid if gpu else None,
        gpu_name=gpu.name if gpu else None,
        gpu_indices=indices or None,
        gpu_uuids=tuple(gpu.uuid for gpu in gpus) or None,
        queues=queues,
        version=_version(),
    )


def _context(settings: Settings, gpus: Sequence[Gpu], mark: str) -> EngineContext:
    folder: Path = settings.home / "logs" / "engines"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return EngineContext(
        home=settings.home,
        log_folder=folder,
        device="cuda" if gpus else "cpu",
        gpu_uuid=gpus[0].uuid if gpus else None,
        more_gpu_uuids=tuple(gpu.uuid for gpu in gpus[1:]),
        worker_mark=mark,
    )


def _version() -> str:
    try:
        return version("evalctl")
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
