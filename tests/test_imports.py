"""The packages and the imports between them, under the contracts of pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from importlib import metadata
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS = tuple(PROJECT["tool"]["importlinter"]["root_packages"])


def test_the_contracts_hold() -> None:
    command = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-cache",
        "--config",
        "pyproject.toml",
    ]

    run = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{len(PROJECT['tool']['importlinter']['contracts'])} kept, 0 broken" in run.stdout


def test_every_package_of_the_distribution_is_a_room() -> None:
    packaged = {
        pattern.removesuffix("*")
        for pattern in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]
    }
    present = {folder.parent.name for folder in ROOT.glob("*/__init__.py")} - {
        "tests",
        "docs",
        "bench",
    }

    assert packaged == set(ROOMS)
    assert present == packaged


def test_the_graph_sees_real_arrows() -> None:
    """A graph without any import would satisfy every contract."""
    graph = grimp.build_graph(*ROOMS, cache_dir=None)

    assert graph.find_shortest_chain("orchestrator", "db", as_packages=True) is not None
    assert graph.find_shortest_chain("workers", "scoring", as_packages=True) is not None
    assert graph.find_shortest_chain("scoring", "problems", as_packages=True) is not None
    assert graph.find_shortest_chain("db", "workers", as_packages=True) is None


def test_every_data_file_of_a_room_is_packaged() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    tracked = subprocess.run(
        ["git", "ls-files", *ROOMS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert [
        name
        for name in tracked.split()
        if not name.endswith(".py")
        and not any(fnmatch(Path(name).name, pattern) for pattern in patterns)
    ] == []


def test_no_installed_distribution_owns_one_of_our_names() -> None:
    ours = metadata.metadata(PROJECT["project"]["name"])["Name"]
    owners = metadata.packages_distributions()
    assert {room: set(owners.get(room, ())) - {ours} for room in ROOMS} == {
        room: set() for room in ROOMS
    }


def test_no_test_module_imports_another() -> None:
    """What tests share lives in tests/support; fixtures live in conftest files."""
    assert [
        f"{path.relative_to(ROOT)}: {module}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for module in imported_modules(path)
        if module.startswith("tests.") and ".test_" in module
    ] == []


def imported_modules(path: Path) -> list[str]:
    """Return the dotted names that a file imports, those of ``from ... import`` with each name."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return found
