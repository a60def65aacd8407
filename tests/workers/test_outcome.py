"""Whether a trial was stable and why not."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import pytest

from core.states import PointOutcome
from tests.support.probing import burst, generation
from workers import errors
from workers.engines.protocol import MIB, Generation
from workers.measurement.process_memory import HostMemory
from workers.probes import outcome


@pytest.mark.parametrize(
    ("made", "incidents", "reason"),
    [
        ([generation(), generation()], (), None),
        ([generation(), generation(engine_preemptions=1)], (), "PREEMPTED"),
        ([generation(), generation(waiting_steps=3)], (), "WAITING"),
        ([generation(running_peak=1), generation(running_peak=1)], (), "WAITING"),
        ([generation(running_peak=None), generation(running_peak=None)], (), None),
        ([generation(), generation(last_token_s=30.0)], (), "SLA"),
        ([generation(), generation()], ("xid",), "XID"),
        ([generation(), generation()], ("foreign_process",), None),
    ],
)
def test_requests_that_ended_are_steady_or_not(
    made: list[Generation], incidents: tuple[str, ...], reason: str | None
) -> None:
    found = outcome.judged(burst(*made), incidents, at_once=2, sla_s=5.0)
    assert found.reason == reason
    assert found is outcome.STABLE or (found.outcome is PointOutcome.UNSTABLE and found.sentence)


def test_running_out_of_memory_explains_more_than_the_death_that_others_see() -> None:
    dead, full = errors.EngineDied("dead"), errors.EngineOutOfMemory("full")
    both = outcome.judged(burst(generation(), failed=(dead, full, dead)), (), sla_s=None)
    assert both == outcome.TrialOutcome(
        outcome=PointOutcome.FAILED,
        reason="RUNTIME_CUDA_OOM",
        sentence="3 of 4 requests failed: full",
    )
    for failed, expected in (((dead,), "XID"), ((full,), "RUNTIME_CUDA_OOM")):
        assert outcome.judged(burst(failed=failed), ("xid",), sla_s=None).reason == expected


def test_memory_that_grows_from_trial_to_trial_is_not_stable() -> None:
    assert outcome.grown([1000.0, 1032.0, 1064.0]) is None
    assert outcome.grown([1000.0, 1100.0, None]) is None
    # What an H200's allocator did at four sequences: steps, and no climb.
    assert outcome.grown([24273.0, 24273.0, 24447.0]) is None
    assert outcome.grown([24348.0, 24464.0, 24464.0]) is None
    found = outcome.grown([1000.0, 1032.0, 1065.0])
    assert found is not None
    assert found.reason == "MEMORY_GROWS"


def test_memory_that_the_system_may_take_back_is_no_growth(tmp_path: Path) -> None:
    """Pages of mapped files come and go; what a trial leaves behind is private."""
    memory = HostMemory(os.getpid(), "no-mark")
    before = memory.private_mib()
    assert 0 < before < memory.used_mib(), "the libraries of this process are mapped files"
    mapped = tmp_path / "mapped"
    mapped.write_bytes(bytes(64 * MIB))
    with mapped.open("rb") as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as pages:
        assert sum(pages[::4096]) == 0
        assert memory.private_mib() - before < 32
    # Mapped here: an allocator may hand out memory that an earlier test left resident.
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
    with mmap.mmap(-1, 64 * MIB, flags=flags) as held:
        held[::4096] = b"\1" * (len(held) // 4096)
        assert memory.private_mib() - before > len(held) / MIB - 32
