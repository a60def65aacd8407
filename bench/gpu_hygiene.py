"""What a worker does on a GPU that is not clean.

Run ``python -m bench.gpu_hygiene OUT [PART...]`` on a host with an NVIDIA GPU.

Each part makes the GPU dirty in one way, starts a worker as an operator does, and says what it did
and how fast. The parts end with the GPU memory back at its base or say that it is not. Needs torch
with CUDA; the parts that start an engine need vLLM.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from bench.gpu_host import Host, attempt, engine_core, say
from core.gpus import list_gpus, nvml, used_mib
from workers.gpu.lock import LOCK_VARIABLE
from workers.gpu.nvml import NvmlReader
from workers.lifecycle.marked_processes import MARK_VARIABLE

#: Holds 2 GiB of the GPU until it is ended.
HOLDER = (
    "import sys, torch; held = torch.empty(2 << 30, dtype=torch.uint8, device='cuda'); "
    "print('up', flush=True); sys.stdin.read()"
)
#: Writes where nothing is mapped: the driver reports XID 31 and ends the process's context.
FAULT = """
import torch, triton, triton.language as tl
@triton.jit
def wild(pointer):
    tl.store(pointer + (1 << 45), 1)
wild[(1,)](torch.zeros(1, dtype=torch.int32, device="cuda"))
torch.cuda.synchronize()
"""
GREEDY = """
[models.greedy]
engine = "vllm"
source = "{folder}"
[models.greedy.options]
load_format = "dummy"
skip_tokenizer_init = true
dtype = "float16"
max_model_len = 8192
max_num_seqs = 4
gpu_memory_utilization = 0.999
"""
#: A GPU counts as clean within this many MiB of its base.
NEAR_MIB = 100


class Worker:
    """A worker on GPU 0 whose events are read as they come, each with its time since the start."""

    def __init__(self, host: Host, *arguments: str) -> None:
        self.started_s = time.monotonic()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "workers", "--gpu", "0", *arguments],
            env=host.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, *names: str, within_s: float = 300.0) -> dict[str, Any]:
        """Return the next of these events; an empty one where the worker ended or none came."""
        deadline_s = time.monotonic() + within_s
        with suppress(queue.Empty):
            while (
                event := self._events.get(timeout=max(0.0, deadline_s - time.monotonic()))
            ) is not None:
                if event["event"] in names:
                    return event
        say(f"no {' or '.join(names)} came")
        return {}

    def stop(self) -> int:
        """End it as an operator does and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                event = json.loads(line)
                if event["event"] != "log":
                    after_s = round(time.monotonic() - self.started_s, 2)
                    headers = {"at", "level", "logger"}
                    facts = {key: event[key] for key in event if key not in headers}
                    say(f"worker +{after_s} s: {facts}")
                    self._events.put(event | {"after_s": after_s})
        self._events.put(None)


@contextmanager
def worker(host: Host, *arguments: str) -> Iterator[Worker]:
    """Run a worker for the block."""
    started = Worker(host, *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            say(f"worker ended with {started.stop()}")


@contextmanager
def holder(**variables: str) -> Iterator[subprocess.Popen[str]]:
    """Have a process hold 2 GiB of the GPU for the block."""
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    environment = {**os.environ, **variables}
    process = subprocess.Popen([sys.executable, "-c", HOLDER], env=environment, **pipes)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def readings(_host: Host) -> None:
    """Say what NVML reports of an empty GPU and of one with a process on it."""
    gpu = list_gpus()[0]
    with nvml():
        reader = NvmlReader(gpu.uuid)
        say(
            f"empty: used {reader.used_mib():.0f} MiB without, {used_mib(0):.0f} with the driver's "
            f"reserve; {reader.processes()}"
        )
        with holder() as process:
            held_mib = reader.used_mib()
            say(f"held by pid {process.pid}: used {held_mib:.0f} MiB; {reader.processes()}")
        started_s = time.monotonic()
        reader.wait_xid(1.0)
        say(f"waiting for an XID works: {time.monotonic() - started_s:.2f} s for 1 s")


def orphan_at_start(host: Host) -> None:
    """Let a process with a dead worker's mark and lock hold 2 GiB: a worker kills it and starts."""
    lock = str((host.settings.home / "gpus" / f"{list_gpus()[0].uuid}.lock").resolve())
    with (
        holder(**{MARK_VARIABLE: uuid.uuid4().hex, LOCK_VARIABLE: lock}) as process,
        worker(host) as started,
    ):
        say(f"pid {process.pid} holds the GPU: {used_mib(0):.0f} MiB")
        started.wait_for("gpu.reclaimed")
        started.wait_for("worker.ready")
        say(f"used {used_mib(0):.0f} MiB; the orphan ended with {process.poll()}")


def stranger_at_start(host: Host) -> None:
    """Let an unmarked process hold 2 GiB: a worker refuses with its pid and MiB, and code 2."""
    with holder() as process, worker(host) as started:
        refused = started.wait_for("worker.refused", "worker.ready", within_s=60)
        code = started.process.wait(60)
        named = str(process.pid) in refused.get("error", "")
        say(f"exit code {code}; pid named: {named}; the stranger lives: {process.poll() is None}")


def two_workers(host: Host) -> None:
    """Start a second worker on the GPU: it refuses."""
    with worker(host) as first:
        first.wait_for("worker.ready")
        with worker(host) as second:
            second.wait_for("worker.refused", "worker.ready", within_s=60)
            say(f"the second ended with {second.process.wait(60)}")


def stranger_before_start(host: Host) -> None:
    """Let a stranger come while the worker idles: the job runs once the stranger has exited."""
    with worker(host) as started:
        started.wait_for("worker.ready")
        with holder():
            submit(host, "qwen3-4b-shape", "hygiene-stranger")
            started.wait_for("job.failed")
            host.wait("worker says that it is in quarantine", lambda: quarantined(host), 30)
            host.evalctl("worker", "list")
        host.wait("the worker is free again", lambda: not quarantined(host), 30)
        started.wait_for("job.succeeded")


def engine_orphaned(host: Host) -> None:
    """Kill a worker and its orphan reaper, an engine loaded: the next worker takes the GPU."""
    with worker(host) as first:
        first.wait_for("worker.ready")
        submit(host, "qwen3-4b-shape", "hygiene-orphan")
        first.wait_for("job.succeeded")
        core = psutil.Process(engine_core())
        for process in psutil.process_iter(["cmdline"]):
            if "orphan_reaper" in " ".join(process.info["cmdline"] or []):
                process.kill()
        first.process.kill()
        first.process.wait()
        threading.Event().wait(3.0)
        lives = core.is_running()
        say(f"engine core {core.pid} survives both: {lives}; used {used_mib(0):.0f} MiB")
        with worker(host) as second:
            second.wait_for("worker.ready")
            say(f"used {used_mib(0):.0f} MiB")


def out_of_memory_at_start(host: Host) -> None:
    """Allocate more memory than is free: the class of the failure, and the time to a clean GPU."""
    with worker(host) as started:
        started.wait_for("worker.ready")
        base_mib = used_mib(0)
        submit(host, "greedy", "hygiene-greedy")
        failed = started.wait_for("job.failed")
        say(f"class {failed.get('error_class')}, state {failed.get('state')}")
        host.wait("GPU memory back at base", lambda: used_mib(0) < base_mib + NEAR_MIB, 30)
        host.evalctl("cancel", "hygiene-greedy")


def application_xid(host: Host) -> None:
    """Have an application fault on the GPU: the worker reports the XID and serves on."""
    with worker(host) as started:
        started.wait_for("worker.ready")
        done = subprocess.run(
            [sys.executable, "-c", FAULT], capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stderr.strip().splitlines()[-1:]
        say(f"the application ended with {done.returncode}: {said}")
        started.wait_for("gpu.xid", within_s=20)


def submit(host: Host, model: str, name: str) -> None:
    """Submit one short speed job."""
    problem = next(iter(Path("problems/math62/secondary").glob("sec-symmetric-01.yaml")))
    shape = ("--fixed-length", "64:64", "--repetitions", "1")
    host.evalctl("submit", "--model", model, "--problems", str(problem), *shape, "--name", name)


def quarantined(host: Host) -> bool:
    """Whether a worker says that its GPU cannot be used."""
    return bool(host.query("SELECT 1 FROM eval.worker WHERE state = 'quarantined'"))


PARTS = (
    readings, orphan_at_start, stranger_at_start, two_workers, application_xid,
    out_of_memory_at_start, stranger_before_start, engine_orphaned,
)  # fmt: skip


def main() -> int:
    """Run the parts; one that fails does not keep the others from running."""
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    base_mib = used_mib(0)
    say(f"GPUs: {list_gpus()}; used {base_mib:.0f} MiB")
    folder = Path(tempfile.mkdtemp(prefix="evalctl-hygiene-"))
    folder.chmod(0o755)
    host = Host(folder, out)
    with Path(host.environment["EVALCTL_CONFIG"]).open("a", encoding="utf-8") as config:
        config.write(GREEDY.format(folder=folder / "qwen3-4b-shape"))
    host.evalctl("up", "--gpus", "none", "--cpu-workers", "0")
    for part in PARTS:
        if sys.argv[2:] and part.__name__ not in sys.argv[2:]:
            continue
        say(f"== {part.__name__}: {(part.__doc__ or '').strip()}")
        attempt(part.__name__, partial(part, host))
        host.wait("GPU memory back at base", lambda: used_mib(0) < base_mib + NEAR_MIB, 15)
    host.evalctl("down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
