"""A short failover of a real pair; `python -m tests.chaos.failover` runs the long one."""

from __future__ import annotations

import pytest

from tests.chaos.failover import fail_over
from tests.support.debian_packages import MissingPackage

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(400)]


def test_a_failover_in_the_middle_of_a_run_loses_and_doubles_nothing() -> None:
    try:
        found = fail_over(40, 2)
    except MissingPackage as reason:
        pytest.skip(str(reason))
    assert found.broken == []
    assert (found.succeeded, found.duplicates, found.ended) == (40, 0, 0)
    assert found.acknowledged_and_lost == 0, "replication is synchronous"
    assert found.all_workers_s - found.promoted_s < 60
