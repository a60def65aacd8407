"""The plan of the repository: no arrow up, no import circle, and every stop of a way exists."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from docs import structure

ROOT = structure.ROOT
CHECKOUT = structure.Checkout(ROOT)


@pytest.fixture
def crooked(tmp_path: Path) -> structure.Checkout:
    """Return a checkout of two rooms whose arrows and circles are wrong on purpose."""
    (tmp_path / "pyproject.toml").write_text(
        """
        [tool.importlinter]
        root_packages = ["high", "low"]
        [[tool.importlinter.contracts]]
        type = "layers"
        layers = ["high", "low"]
        [[tool.importlinter.contracts]]
        type = "layers"
        containers = ["high"]
        layers = ["left | right"]
        """
    )
    for name, text in {
        "high/__init__.py": "",
        "high/left.py": "from high import right\n",
        "high/right.py": "def late():\n    import high.left\n",
        "low/__init__.py": "",
        "low/chicken.py": "from .egg import egg\nimport high.left\n",
        "low/egg.py": "from low.chicken import chicken\n",
        "low/typed.py": "if TYPE_CHECKING:\n    from low import typing_too\n",
        "low/typing_too.py": "from low import typed\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return structure.Checkout(tmp_path)


def test_no_arrow_runs_up() -> None:
    assert CHECKOUT.arrows_up() == []


def test_no_modules_import_each_other() -> None:
    assert CHECKOUT.circles(typing=True) == []


def test_no_other_distribution_owns_the_name_of_a_room() -> None:
    owners = packages_distributions()
    rooms = {name.partition(".")[0] for name in CHECKOUT.modules}

    assert {room: set(owners.get(room, [])) - {"evalctl"} for room in rooms} == {
        room: set() for room in rooms
    }


def test_every_stop_of_a_way_exists() -> None:
    ways = structure.read_ways(ROOT / "ARCHITECTURE.md")

    assert len(ways) >= 3
    assert {way.title: way.missing(ROOT) for way in ways} == {way.title: [] for way in ways}


def test_the_report_has_a_line_for_every_folder() -> None:
    lines = list(structure.report(ROOT, []))

    assert set(CHECKOUT.folders()) <= {line.split()[0] for line in lines if line}


def test_wrong_arrows_are_found(crooked: structure.Checkout) -> None:
    assert crooked.arrows_up() == [
        "high.left:1 imports high.right",
        "high.right:2 imports high.left",
        "low.chicken:2 imports high.left",
    ]


def test_circles_are_found(crooked: structure.Checkout) -> None:
    assert crooked.circles(typing=False) == [["low.chicken", "low.egg"]]
    assert crooked.circles(typing=True) == [
        ["low.chicken", "low.egg"],
        ["low.typed", "low.typing_too"],
    ]


def test_a_stop_that_does_not_exist_is_found(tmp_path: Path) -> None:
    page = tmp_path / "ways.md"
    page.write_text("## The way of a test\n1. `a.py:B.c` does it.\n2. `a.py:B.d` does not.\n")
    (tmp_path / "a.py").write_text("class B:\n    def c(self): ...\n")

    (way,) = structure.read_ways(page)

    assert way.missing(tmp_path) == ["a.py:B.d"]
