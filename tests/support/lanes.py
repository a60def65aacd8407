"""Which tests may run beside each other, where pytest-xdist runs them in several processes."""

from __future__ import annotations

import re
from functools import cache

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.support.processes import ROOT

#: The lane of real engines, which use all cores. Their tests take longest and come first.
ENGINES = "engines"
#: Rooms, and a file of the whole, whose tests wait for processes, which leaves cores to the engines
#: beside them; those that take longest first, so that none runs alone at the end.
WAITING = ("workers", "hosts", "chaos", "test_secrets.py", "orchestrator")
#: A file's lane, named by its marker. The process that hands out tests knows only their names, so
#: it reads the file.
_MARKER = re.compile(r'\bmark\.(?:lane\("(\w+)"\)|vllm\b)')


class Lanes(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types
    """Hand out whole lanes: no two tests of one run at the same time."""

    def _split_scope(self, nodeid: str) -> str:
        return lane(nodeid.partition("::")[0])


@cache
def lane(file: str) -> str:
    """Return the lane of a file's tests: the one it names, that of engines, or one for itself."""
    found = _MARKER.search((ROOT / file).read_text(encoding="utf-8"))
    return (found[1] or ENGINES) if found else file


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """Return the tests: engines, those that wait for processes, then all others.

    Raise UsageError if a file hides the lane of a test.
    """
    for item in items:
        marker = item.get_closest_marker("lane")
        wanted = marker.args[0] if marker else ENGINES if item.get_closest_marker("vllm") else None
        if wanted not in {None, _lane_of(item)}:
            raise pytest.UsageError(f"{item.nodeid}: write the marker of its lane into its file")
    return sorted(items, key=_turn)


def _turn(item: pytest.Item) -> int:
    if _lane_of(item) == ENGINES:
        return -1
    room = item.nodeid.partition("::")[0].split("/")[1]
    return WAITING.index(room) if room in WAITING else len(WAITING)


def _lane_of(item: pytest.Item) -> str:
    return lane(item.nodeid.partition("::")[0])
