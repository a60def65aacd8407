"""Load problem files and sets: a set is a folder, a file or a shipped name.

A file holds one YAML document per problem.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from problems.errors import Place, ProblemError
from problems.schema import LEVELS, Problem

SHIPPED = Path(__file__).parent / "math62"
#: Easy problems, outside the shipped set and its figures.
STARTER = Path(__file__).parent / "starter"
#: Where shipped problems are.
FOLDERS = (SHIPPED, STARTER)
#: Written answers to some shipped problems, and the list of these problems.
EXAMPLES = Path(__file__).parent / "examples"
#: Sets that are parts of the shipped one: ids, one a line; ``#`` begins a comment.
LISTED = {
    "quickstart": Path(__file__).parent / "quickstart.txt",
    "examples": EXAMPLES / "problems.txt",
}
#: Names that `load_set` knows beside paths.
SETS = ("math62", "core", "starter", *LISTED)
MAX_FILE_BYTES = 1_000_000
MAX_NESTING = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemSet:
    """Problems in a fixed order (level, then id); ``content_hash`` changes with any of them."""

    name: str
    problems: tuple[Problem, ...]

    @property
    def content_hash(self) -> str:
        """SHA-256 over the problems' own hashes, in hexadecimal."""
        lines = "\n".join(f"{problem.id} {problem.content_hash}" for problem in self.problems)
        return hashlib.sha256(lines.encode()).hexdigest()

    def __iter__(self) -> Iterator[Problem]:
        return iter(self.problems)

    def __len__(self) -> int:
        return len(self.problems)

    def get(self, problem_id: str) -> Problem:
        """Return the problem with this id, or raise a `ProblemError` that names the set."""
        for problem in self.problems:
            if problem.id == problem_id:
                return problem
        raise ProblemError(f"the set {self.name!r} has no problem {problem_id!r}")


def load_file(path: Path | str) -> Problem:
    """Read one YAML problem file; a `ProblemError` names the file and, where known, the line."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ProblemError(f"the file is larger than {MAX_FILE_BYTES} bytes", file=path)
        written = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ProblemError(f"cannot read the file: {error.strerror or error}", file=path) from None
    except UnicodeDecodeError:
        raise ProblemError("the file is not UTF-8 text", file=path) from None
    return parse_problem(written, file=path)


def parse_problem(written: str, *, file: Path | str = "<text>") -> Problem:
    """Read one problem from YAML text; ``file`` is only used in error messages."""
    try:
        node = yaml.compose(written, Loader=yaml.CSafeLoader)
        _refuse_bombs(node)
        data = yaml.load(written, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise ProblemError(
            f"not valid YAML: {error.problem or error}", file=file, line=line
        ) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        if isinstance(error, ProblemError):
            raise error.located(file, error.line) from None
        raise ProblemError(f"not valid YAML: {error}", file=file) from None
    try:
        return Problem.from_dict(data)
    except ProblemError as error:
        raise error.located(file, _line_of(node, error.place)) from None


def _refuse_bombs(node: yaml.Node | None, depth: int = 0, seen: set[int] | None = None) -> None:
    """Refuse deep nesting and shared nodes.

    No problem needs YAML anchors, and nested ones can fill the memory.
    """
    seen = set() if seen is None else seen
    if depth > MAX_NESTING:
        raise ProblemError(f"the document is nested more than {MAX_NESTING} deep")
    if isinstance(node, yaml.CollectionNode):
        if id(node) in seen:
            raise ProblemError(
                "YAML anchors (& and *) are not allowed", line=node.start_mark.line + 1
            )
        seen.add(id(node))
        for child in node.value:
            for part in child if isinstance(child, tuple) else (child,):
                _refuse_bombs(part, depth + 1, seen)


def _line_of(node: yaml.Node | None, place: Place) -> int | None:
    """Return the 1-based line of the deepest node that the place leads to."""
    if node is None:
        return None
    for part in place:
        child: Any = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == str(part)), None)
        elif (
            isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value)
        ):
            child = node.value[part]
        if child is None:
            break
        node = child
    return int(node.start_mark.line) + 1


def load_set(name_or_path: str | Path) -> ProblemSet:
    """Load a shipped set by name, or the YAML files of a folder (all levels down), or one file.

    A category or an id of a shipped problem is a set too, and so is a list of these and of names,
    with commas between them. Raises `ProblemError` for an unknown name, a set without problems, a
    broken file or an id that occurs twice.
    """
    name = str(name_or_path)
    if name in SETS:
        return _shipped(name)
    path = Path(name_or_path)
    try:
        if path.is_dir():
            return _from_folder(path, path.name or name)
        if path.is_file():
            return ProblemSet(name=path.stem, problems=(load_file(path),))
    except OSError:  # A list may be longer than a file's name can be.
        pass
    return _chosen(name)


@cache
def _shipped(name: str) -> ProblemSet:
    """Load a set that is part of the package, once a process: its files do not change."""
    if name in LISTED:
        return _listed(name)
    return _from_folder(STARTER if name == "starter" else SHIPPED, name)


def _chosen(name: str) -> ProblemSet:
    """Load the problems that a list of ids, categories and shipped sets names, each once."""
    shipped = _shipped("core")
    chosen: dict[str, Problem] = {}
    for part in filter(None, (part.strip() for part in name.split(","))):
        found = [one for one in shipped if part in (one.id, one.level)]
        found = found or [one for one in _shipped("starter") if part == one.id]
        if not found and part in SETS:
            found = list(_shipped(part))
        if not found:
            raise ProblemError(
                f"there is no problem set {part!r}; the shipped ones are {', '.join(SETS)}, or name"
                f" a folder, a file, a category ({', '.join(LEVELS)}) or ids of shipped problems"
            )
        chosen.update({one.id: one for one in found})
    if not chosen:
        raise ProblemError(f"there is no problem set {name!r}: it names nothing")
    ordered = sorted(chosen.values(), key=lambda one: (LEVELS.index(one.level), one.id))
    return ProblemSet(name=name, problems=tuple(ordered))


def _from_folder(folder: Path, name: str) -> ProblemSet:
    files = sorted(path for ending in ("*.yaml", "*.yml") for path in folder.rglob(ending))
    found: dict[str, Problem] = {}
    for path in files:
        problem = load_file(path)
        if problem.id in found:
            raise ProblemError(f"the id {problem.id!r} occurs twice in the set", file=path)
        found[problem.id] = problem
    if not found:
        raise ProblemError(f"the problem set {name!r} has no problems: no .yaml file in {folder}")
    ordered = sorted(found.values(), key=lambda problem: (LEVELS.index(problem.level), problem.id))
    return ProblemSet(name=name, problems=tuple(ordered))


def _listed(name: str) -> ProblemSet:
    written = LISTED[name].read_text(encoding="utf-8")
    lines = (line.split("#")[0].strip() for line in written.splitlines())
    problems: list[Problem] = []
    for problem_id in filter(None, lines):
        files = sorted(SHIPPED.rglob(f"{problem_id}.yaml"))
        if not files:
            raise ProblemError(
                f"the set {name!r} names {problem_id!r}, which is not shipped", file=LISTED[name]
            )
        problems.append(load_file(files[0]))
    return ProblemSet(name=name, problems=tuple(problems))
