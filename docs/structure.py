#!/usr/bin/env python
"""Measure the plan of a checkout: its rooms, arrows, import circles and ways."""

from __future__ import annotations

import argparse
import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
WAY = re.compile(r"^#+ (The way of .+)$")
STOP = re.compile(r"^\d+\. `(?P<file>[\w/]+\.py):(?P<name>[\w.]+)`")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Arrow:
    """One import statement between two modules of the checkout."""

    source: str
    target: str
    line: int
    #: Whether only a type checker follows it.
    typing_only: bool
    #: Whether it runs when the module is imported, and not inside a function.
    at_import: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The stops of one way, in order, each as a file and a dotted name in it."""

    title: str
    stops: tuple[tuple[str, str], ...]

    @property
    def files(self) -> int:
        """Return how many different files the way passes."""
        return len({file for file, _ in self.stops})

    def missing(self, root: Path) -> list[str]:
        """Return the stops that the checkout at ``root`` does not have."""
        return [f"{file}:{name}" for file, name in self.stops if not _defines(root / file, name)]


@dataclass(frozen=True)
class Checkout:
    """A working tree, with the contracts of the pyproject.toml in it."""

    root: Path

    @cached_property
    def contracts(self) -> dict[str, object]:
        """Return the settings of import-linter."""
        text = (self.root / "pyproject.toml").read_text(encoding="utf-8")
        settings: dict[str, object] = tomllib.loads(text)["tool"]["importlinter"]
        return settings

    @cached_property
    def modules(self) -> dict[str, Path]:
        """Return every module of the product by its dotted name."""
        rooms = self.contracts["root_packages"]
        assert isinstance(rooms, list)
        paths = [path for room in rooms for path in sorted((self.root / room).rglob("*.py"))]
        return {_module_name(path.relative_to(self.root)): path for path in paths}

    @cached_property
    def arrows(self) -> tuple[Arrow, ...]:
        """Return the imports between the product's modules."""
        modules = self.modules
        found = {arrow for name in modules for arrow in _arrows(name, modules[name], modules)}
        return tuple(sorted(found))

    def arrows_up(self) -> list[str]:
        """Return the imports that a layer contract forbids, wherever in the module they stand."""
        contracts = self.contracts["contracts"]
        assert isinstance(contracts, list)
        orders = [
            _places(contract["layers"], container)
            for contract in contracts
            if contract["type"] == "layers"
            for container in contract.get("containers", [None])
        ]
        up = [one for one in self.arrows if any(_runs_up(one, places) for places in orders)]
        return [f"{one.source}:{one.line} imports {one.target}" for one in up]

    def circles(self, *, typing: bool) -> list[list[str]]:
        """Return the groups of modules that import each other at module level."""
        targets: dict[str, set[str]] = {name: set() for name in self.modules}
        for arrow in self.arrows:
            if arrow.at_import and (typing or not arrow.typing_only):
                targets[arrow.source].add(arrow.target)
        reached = {name: _reach(name, targets) for name in targets}
        groups = {
            tuple(sorted(other for other in reach if name in reached[other]))
            for name, reach in reached.items()
            if name in reach
        }
        return [list(group) for group in sorted(groups)]

    def folders(self) -> dict[str, list[Path]]:
        """Return the files of every room and sub-room, without an ``__init__`` of one line."""
        found: dict[str, list[Path]] = {}
        for path in self.modules.values():
            if path.name != "__init__.py" or _lines(path) > 1:
                found.setdefault(str(path.parent.relative_to(self.root)), []).append(path)
        return dict(sorted(found.items()))


def read_ways(page: Path) -> list[Way]:
    """Return the ways that a page lists: a heading, then numbered lines that begin with a stop."""
    stops: dict[str, list[tuple[str, str]]] = {}
    title = None
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            heading = WAY.match(line)
            title = heading[1] if heading else None
        elif title is not None and (stop := STOP.match(line)):
            stops.setdefault(title, []).append((stop["file"], stop["name"]))
    return [Way(title=title, stops=tuple(found)) for title, found in stops.items()]


def report(root: Path, ways: Sequence[Way]) -> Iterator[str]:
    """Yield the lines of the report on the checkout at ``root``."""
    checkout = Checkout(root)
    folders = checkout.folders()
    yield f"{'folder':<28}{'files':>6}{'median lines':>14}  largest"
    for folder, paths in folders.items():
        lines = {path: _lines(path) for path in paths}
        largest = max(paths, key=lambda path: lines[path])
        middle = median(lines.values())
        yield f"{folder:<28}{len(paths):>6}{middle:>14.0f}  {largest.name} {lines[largest]}"
    sizes = {folder: len(paths) for folder, paths in folders.items()}
    widest = max(sizes, key=lambda folder: sizes[folder])
    yield ""
    yield f"files per folder: median {median(sizes.values()):g}, most {sizes[widest]} ({widest})"
    yield from _counted("arrows up", checkout.arrows_up())
    at_import = checkout.circles(typing=False)
    yield from _counted("import circles", map(" - ".join, at_import))
    with_typing = [circle for circle in checkout.circles(typing=True) if circle not in at_import]
    yield from _counted("import circles for type checkers alone", map(" - ".join, with_typing))
    product = sum(_lines(path) for path in checkout.modules.values())
    tests = sum(_lines(path) for path in (root / "tests").rglob("*.py"))
    yield f"lines of Python: product {product}, tests {tests}"
    for way in ways:
        yield f"{way.title}: {len(way.stops)} stops in {way.files} files"
        yield from (f"  there is no {stop}" for stop in way.missing(root))


def _counted(title: str, found: Iterator[str] | Sequence[str]) -> Iterator[str]:
    lines = list(found)
    yield f"{title}: {len(lines)}"
    yield from (f"  {line}" for line in lines)


def _module_name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _arrows(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[Arrow]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = name if path.stem == "__init__" else name.rpartition(".")[0]
    for node, at_import, typing_only in _imports(tree, at_import=True, typing_only=False):
        for target in _targets(node, package, modules):
            if target != name:
                yield Arrow(
                    source=name,
                    target=target,
                    line=node.lineno,
                    typing_only=typing_only,
                    at_import=at_import,
                )


def _imports(
    node: ast.AST, *, at_import: bool, typing_only: bool
) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool, bool]]:
    """Yield each import below a node, whether it runs at import, and for type checkers alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, at_import, typing_only
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _imports(child, at_import=False, typing_only=typing_only)
        else:
            guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
            yield from _imports(child, at_import=at_import, typing_only=typing_only or guarded)


def _targets(
    node: ast.Import | ast.ImportFrom, package: str, modules: Mapping[str, Path]
) -> Iterator[str]:
    """Yield the modules that a statement names; a name defined in a package is the package."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in modules)
        return
    base = node.module or ""
    if node.level:
        parents = package.split(".")
        above = parents[: len(parents) - node.level + 1]
        base = ".".join([*above, *([node.module] if node.module else [])])
    for alias in node.names:
        inner = f"{base}.{alias.name}"
        if inner in modules:
            yield inner
        elif base in modules:
            yield base


def _places(layers: Sequence[str], container: str | None) -> dict[str, int]:
    """Return the height of each package of a layer contract; 0 is the top."""
    prefix = "" if container is None else f"{container}."
    names = [(name, at) for at, layer in enumerate(layers) for name in re.split(r"[|:]", layer)]
    return {prefix + name.strip(" ()"): height for name, height in names}


def _runs_up(arrow: Arrow, places: Mapping[str, int]) -> bool:
    source, target = _within(arrow.source, places), _within(arrow.target, places)
    if source is None or target is None or source == target:
        return False
    return places[target] <= places[source]


def _within(module: str, places: Mapping[str, int]) -> str | None:
    return next((name for name in places if f"{module}.".startswith(f"{name}.")), None)


def _reach(start: str, targets: Mapping[str, set[str]]) -> set[str]:
    """Return every module that imports of ``start`` lead to; itself only where they lead back."""
    found: set[str] = set()
    waiting = list(targets[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(targets[name])
    return found


def _defines(path: Path, name: str) -> bool:
    if not path.is_file():
        return False
    body: Sequence[ast.stmt] = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        found = next((n for n in body if isinstance(n, kinds) and n.name == part), None)
        if found is None:
            return False
        body = found.body
    return True


def main() -> None:
    """Print the report on the checkout of the command line, or on this one."""
    parser = argparse.ArgumentParser(prog="python -m docs.structure", description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=ROOT)
    parser.add_argument("--ways", type=Path, help="page with the ways (default: ARCHITECTURE.md)")
    arguments = parser.parse_args()
    page = arguments.ways or arguments.checkout / "ARCHITECTURE.md"
    ways = read_ways(page) if page.is_file() else []
    for line in report(arguments.checkout.resolve(), ways):
        print(line)


if __name__ == "__main__":
    main()
