"""Which tests may run beside each other, where pytest-xdist runs them in several processes."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Files with a real engine, which takes the cores that it finds for its own. They take longest, so they come first.
ENGINES = frozenset(
    {
        "tests/orchestrator/test_up_down.py",
        "tests/test_end_to_end.py",
        "tests/test_secrets.py",
        "tests/workers/test_openai.py",
        "tests/workers/test_vllm_engine.py",
        "tests/workers/test_orphan_reaper.py",
        "tests/workers/test_probes_vllm.py",
    }
)
#: Its networks have names that hold for the whole machine.
HOSTS = PurePosixPath("tests/hosts")


class Lanes(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    """Hand out whole lanes: no two tests of one run at the same time."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid)


def lane(nodeid: str) -> str:
    """Return the lane of a test: that of all engines, that of all hosts, or its file."""
    file = nodeid.partition("::")[0]
    if file in ENGINES:
        return "engines"
    return str(HOSTS) if HOSTS in PurePosixPath(file).parents else file


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests, engines first. Raise UsageError where one with an engine is in no file of those."""
    for item in items:
        if item.get_closest_marker("vllm") and lane(item.nodeid) != "engines":
            raise pytest.UsageError(
                f"{item.nodeid} starts a real engine: name its file in tests/lanes.py"
            )
    return sorted(items, key=lambda item: lane(item.nodeid) != "engines")
