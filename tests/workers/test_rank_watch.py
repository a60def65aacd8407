"""Whether the exit of a rank is noticed, once, and at once."""

from __future__ import annotations

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from tests.support.fake_gpu import NO_PID, Start, first_line
from workers.engines.vllm.memory import read_worker
from workers.engines.vllm.rank_watch import RankWatch


@pytest.fixture
def ranks(start: Start) -> list[subprocess.Popen[str]]:
    """Return two processes that do nothing."""
    started = [start(), start()]
    for process in started:
        first_line(process)
    return started


def test_the_first_exit_is_noticed_once(ranks: list[subprocess.Popen[str]]) -> None:
    async def watch() -> list[int]:
        exited: asyncio.Queue[int] = asyncio.Queue()
        watched = RankWatch([rank.pid for rank in ranks], exited.put_nowait)
        ranks[1].kill()
        found = [await asyncio.wait_for(exited.get(), 30)]
        ranks[0].kill()
        ranks[0].wait()
        await asyncio.sleep(0.1)
        watched.close()
        return found + [exited.get_nowait() for _ in range(exited.qsize())]

    assert asyncio.run(watch()) == [ranks[1].pid]


def descriptors() -> int:
    """Return how many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def test_an_exit_after_the_watch_is_not_noticed(ranks: list[subprocess.Popen[str]]) -> None:
    async def watch() -> tuple[list[int], int]:
        exited: list[int] = []
        before = descriptors()
        RankWatch([rank.pid for rank in ranks], exited.append).close()
        left = descriptors() - before
        ranks[0].kill()
        ranks[0].wait()
        await asyncio.sleep(0.1)
        return exited, left

    assert asyncio.run(watch()) == ([], 0)


def test_a_rank_that_has_exited_before_is_noticed() -> None:
    async def watch() -> int:
        exited: asyncio.Queue[int] = asyncio.Queue()
        RankWatch([os.getpid(), NO_PID], exited.put_nowait)
        return await asyncio.wait_for(exited.get(), 30)

    assert asyncio.run(watch()) == NO_PID


def test_the_pids_of_the_ranks_are_read_in_their_order() -> None:
    answers = [{"bytes": {}, "reasons": {}, "facts": {}, "process": {"pid": pid}} for pid in (7, 5)]
    assert read_worker(answers).pids == (7, 5)
    assert read_worker([{"bytes": {}, "reasons": {}, "facts": {}}]).pids == ()
