"""An emulated smaller GPU: a process of this worker holds the rest of the memory of a bigger one.

Speed is not emulated: the chip and its memory are still those of the bigger GPU. So the results are
about memory alone, and are labelled.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

from core.gpus import GpuUnavailable, list_gpus
from workers.engines.protocol import EngineContext
from workers.errors import INIT_FREE_MEM, MEMORY_LIMIT, EngineError, FailureKind
from workers.gpu.group_guard import Guard
from workers.gpu.guard import RELEASE_WITHIN_S, UNOWNED_MIB
from workers.gpu.nvml import NvmlReader, open_gpus
from workers.lifecycle.child_answers import read_line
from workers.lifecycle.child_environment import environment_of_child
from workers.lifecycle.event_log import log_event
from workers.lifecycle.marked_processes import MARK_VARIABLE

#: A context and tens of GiB in large chunks take a second or two.
HELD_WITHIN_S = 60.0
ENDED_WITHIN_S = 10.0
#: The memory in use counts as returned once it is within this distance of the base.
RETURNED_WITHIN_MIB = 100.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedGpu:
    """A GPU of ``limit_mib``, made from one of ``total_mib`` by holding ``held_mib`` of it.

    Of a group, each GPU is made so; ``held_mib`` and ``base_mib`` are the largest of any.
    """

    limit_mib: float
    total_mib: float
    held_mib: float
    #: In use on the empty GPU: the driver's own.
    base_mib: float
    _processes: tuple[subprocess.Popen[bytes], ...] = field(repr=False)

    def utilisation(self, share: float) -> float:
        """Convert a share of the emulated GPU into one of the whole GPU, which engines see."""
        return share * self.limit_mib / self.total_mib

    def check(self) -> None:
        """Raise EngineError (MEMORY_LIMIT) where the ballast is lost: findings are void."""
        if any(process.poll() is not None for process in self._processes):
            raise EngineError(
                f"the process that held {self.held_mib:.0f} MiB of the GPU has exited: the GPU was "
                f"not limited to {self.limit_mib:.0f} MiB throughout",
                error_class=MEMORY_LIMIT,
            )


@contextmanager
def emulate_gpu(
    context: EngineContext, limit_mib: float, *, guard: Guard | None = None
) -> Iterator[EmulatedGpu]:
    """Leave ``limit_mib`` of each of the worker's GPUs for the block, the driver's share included.

    At the end, wait until the memory is returned. ``guard`` learns what is held, so that it does
    not take it for leftover memory. Raise EngineError: MEMORY_LIMIT as rejected on a CPU and for a
    limit that this GPU does not allow, INIT_FREE_MEM where the GPU is in use, MEMORY_LIMIT where
    holding fails.
    """
    if context.device != "cuda" or context.gpu_uuid is None:
        why = "a memory limit can only be emulated on a GPU"
        raise EngineError(why, error_class=MEMORY_LIMIT, kind="rejected")
    totals_mib = [_total_mib(gpu_uuid) for gpu_uuid in context.gpu_uuids]
    total_mib = totals_mib[0]
    if len(set(totals_mib)) > 1:
        why = "a smaller GPU can only be emulated on a group of GPUs of one size"
        raise EngineError(why, error_class=MEMORY_LIMIT, kind="rejected")
    if not 0 < limit_mib < total_mib:
        why = f"a GPU of {limit_mib:.0f} MiB cannot be emulated on one of {total_mib:.0f} MiB"
        raise EngineError(why, error_class=MEMORY_LIMIT, kind="rejected")
    for gpu_uuid in context.gpu_uuids:
        _require_empty(gpu_uuid)
    with ExitStack() as stack:
        held = [
            stack.enter_context(_ballast(context, gpu_uuid, total_mib - limit_mib))
            for gpu_uuid in context.gpu_uuids
        ]
        answers = [answer for _, answer in held]
        share = {name: max(one[name] for one in answers) for name in ("held_mib", "base_mib")}
        emulated = EmulatedGpu(
            limit_mib=limit_mib,
            total_mib=total_mib,
            **share,
            _processes=tuple(process for process, _ in held),
        )
        share = {name: round(mib) for name, mib in share.items()}
        log_event("gpu.emulated", limit_mib=limit_mib, **share)
        with nullcontext() if guard is None else guard.expect(emulated.held_mib):
            yield emulated
    if not wait_for_memory(context, emulated.base_mib + RETURNED_WITHIN_MIB, RELEASE_WITHIN_S):
        log_event("gpu.not_released", level=logging.WARNING, base_mib=round(emulated.base_mib))


def wait_for_memory(context: EngineContext, used_mib: float, within_s: float) -> bool:
    """Wait until at most ``used_mib`` are in use on the GPU; return whether that came true."""
    deadline_s = time.monotonic() + within_s
    while (used := used_of_gpu(context)) is not None and used > used_mib:
        if time.monotonic() > deadline_s:
            return False
        time.sleep(POLL_S)
    return True


def used_of_gpu(context: EngineContext) -> float | None:
    """Return the MiB in use (total minus free) on the fullest of the worker's GPUs.

    None on a CPU and where unreadable.
    """
    if context.device != "cuda" or context.gpu_uuid is None:
        return None
    try:
        with open_gpus(context.gpu_uuids) as gpus:
            return max(gpu.total_used_mib() for gpu in gpus)
    except GpuUnavailable:
        return None


def _total_mib(gpu_uuid: str) -> float:
    try:
        return next(float(gpu.total_mib) for gpu in list_gpus() if gpu.uuid == gpu_uuid)
    except (GpuUnavailable, StopIteration) as error:
        raise EngineError(
            f"NVML does not report the size of GPU {gpu_uuid}: {error}", error_class=MEMORY_LIMIT
        ) from error


def _require_empty(gpu_uuid: str) -> None:
    """Raise EngineError where more than the driver's own stays in use, after a time to return."""
    deadline_s = time.monotonic() + RELEASE_WITHIN_S
    try:
        reader = NvmlReader(gpu_uuid)
        while (used_mib := reader.used_mib()) > UNOWNED_MIB:
            if time.monotonic() > deadline_s:
                used = f"{used_mib:.0f} MiB of GPU {gpu_uuid} are in use"
                sentence = f"{used}: a smaller GPU can only be emulated on an unused one"
                raise EngineError(sentence, error_class=INIT_FREE_MEM)
            time.sleep(POLL_S)
    except GpuUnavailable as error:
        raise EngineError(str(error), error_class=MEMORY_LIMIT) from error


@contextmanager
def _ballast(
    context: EngineContext, gpu_uuid: str, hold_mib: float
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, Any]]]:
    """Run the ballast process for the block; it exits with this one, however this one ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "workers.probes.ballast_process", gpu_uuid, str(hold_mib)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment_of_child(
            CUDA_VISIBLE_DEVICES=gpu_uuid, **{MARK_VARIABLE: context.worker_mark}
        ),
    ) as process:
        try:
            yield process, _answer(process, hold_mib)
        finally:
            _end(process)


def _answer(process: subprocess.Popen[bytes], hold_mib: float) -> dict[str, Any]:
    assert process.stdout is not None
    line = read_line(process.stdout, HELD_WITHIN_S)
    answer = dict(json.loads(line or '{"error": "the ballast process exited or does not answer"}'))
    if "error" in answer:
        kind: FailureKind = "rejected" if answer.get("rejected") else "infra"
        cannot = f"{hold_mib:.0f} MiB of the GPU cannot be held to emulate a smaller one"
        raise EngineError(f"{cannot}: {answer['error']}", error_class=MEMORY_LIMIT, kind=kind)
    return answer


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with suppress(OSError):
        process.stdin.close()
    try:
        process.wait(ENDED_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
