"""The short faults, staged from the same registry as `make chaos` stages all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.faults import MODULES, all_faults, short_faults
from tests.chaos.page import PAGE, described
from tests.chaos.registry import CannotStage, Fault
from tests.support.deployment import Servers

pytestmark = pytest.mark.chaos


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Give servers of these tests' own, which may be killed."""
    opened = Servers(tmp_path_factory.mktemp("chaos"))
    opened.start()
    opened.prepare()
    yield opened
    opened.stop()


@pytest.mark.parametrize(
    "fault", short_faults(), ids=lambda fault: f"{fault.fault_id}-{fault.run.__name__}"
)
def test_a_fault_breaks_no_promise(fault: Fault, servers: Servers, tmp_path: Path) -> None:
    with servers.deployment(tmp_path) as deployment:
        try:
            recovery = fault.run(deployment)
        except CannotStage as reason:
            pytest.skip(str(reason))
        assert deployment.broken() == []
    assert recovery.seconds >= 0


def test_every_fault_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")

    missing = [fault.fault_id for fault in all_faults() if described(fault) not in page]
    assert missing == [], "write the page again: make chaos"


def test_every_module_of_faults_is_registered() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("*_faults.py")} - {"test_faults"}
    assert {module.__name__.rpartition(".")[2] for module in MODULES} == files
