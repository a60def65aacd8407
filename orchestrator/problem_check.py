"""Check problem sets file by file, so that one broken file hides no other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import UsageFault
from problems.errors import ProblemError
from problems.loader import FOLDERS, SETS, load_file, load_set
from problems.schema import LEVELS, Problem
from problems.validator import validate
from scoring.quality.mutation import KINDS, MutationCheck, expression_errors, mutation_report

#: Checks that are reported without failing a problem: another line of the same block may show the
#: step as well.
ADVISORY = ("wrong_number",)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedProblem:
    """One problem's errors and mutation checks; ``level`` is None where the file is broken."""

    id: str
    level: str | None
    errors: tuple[str, ...]
    checks: tuple[MutationCheck, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """A checked set."""

    problems: tuple[CheckedProblem, ...]

    @property
    def failed(self) -> tuple[CheckedProblem, ...]:
        """The problems with errors."""
        return tuple(problem for problem in self.problems if problem.errors)

    @property
    def exceptions(self) -> tuple[tuple[str, MutationCheck], ...]:
        """Problem id and check, for every check that did not hold."""
        checks = ((problem.id, check) for problem in self.problems for check in problem.checks)
        return tuple((name, check) for name, check in checks if not check.held)

    def gate(self) -> dict[str, tuple[int, int]]:
        """Return for each kind of check how many were made and how many held."""
        made = Counter(check.kind for problem in self.problems for check in problem.checks)
        checks = (check for problem in self.problems for check in problem.checks)
        held = Counter(check.kind for check in checks if check.held)
        return {kind: (made[kind], held[kind]) for kind in KINDS}

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON contract of ``problems validate``."""
        levels = Counter(problem.level for problem in self.problems)
        return {
            "problems": len(self.problems),
            "categories": {level: levels[level] for level in LEVELS},
            "failed": [
                {"id": problem.id, "errors": list(problem.errors)} for problem in self.failed
            ],
            "gate": {
                kind: {"checks": made, "held": held} for kind, (made, held) in self.gate().items()
            },
            "exceptions": [
                {
                    "id": name,
                    "kind": check.kind,
                    "solution": check.solution_id,
                    "step": check.step_id,
                    "why": check.detail,
                }
                for name, check in self.exceptions
            ],
        }


def validate_set(
    name_or_path: str, on_progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Validation:
    """Check a shipped set by name, a folder or a file, the mutation gate included.

    ``on_progress`` is called with the number of files done and of all. Raise ``UsageFault`` where
    there are no files.
    """
    files = _files(name_or_path)
    seen: set[str] = set()
    found = []
    for done, file in enumerate(files, start=1):
        found.append(_check_file(file, seen))
        on_progress(done, len(files))
    return Validation(problems=tuple(found))


def _files(name_or_path: str) -> list[Path]:
    if name_or_path in SETS:
        wanted = {problem.id for problem in load_set(name_or_path)}
        files = sorted(file for folder in FOLDERS for file in folder.rglob("*.yaml"))
        return [file for file in files if file.stem in wanted]
    path = Path(name_or_path)
    files = [path] if path.is_file() else sorted(_yaml_files(path))
    if not files:
        expected = f"give a folder, a file or one of {', '.join(SETS)}"
        raise UsageFault(f"no problem files found at {name_or_path!r}; {expected}")
    return files


def _shipped(file: Path) -> bool:
    return any(folder.resolve() in file.resolve().parents for folder in FOLDERS)


def _yaml_files(folder: Path) -> Iterator[Path]:
    for ending in ("*.yaml", "*.yml"):
        yield from folder.rglob(ending)


def _check_file(file: Path, seen: set[str]) -> CheckedProblem:
    try:
        problem = load_file(file)
    except ProblemError as error:
        return CheckedProblem(id=file.stem, level=None, errors=(str(error),))
    errors: list[str] = []
    if problem.id in seen:
        errors.append(f"the id {problem.id!r} occurs twice in the set")
    seen.add(problem.id)
    errors.extend(validate(problem, shipped=_shipped(file)))
    checks: tuple[MutationCheck, ...] = ()
    if not errors:
        errors, checks = _gate(problem)
    return CheckedProblem(id=problem.id, level=problem.level, errors=tuple(errors), checks=checks)


def _gate(problem: Problem) -> tuple[list[str], tuple[MutationCheck, ...]]:
    report = mutation_report(problem)
    failures = [check.sentence for check in report.failures if check.kind not in ADVISORY]
    return [*expression_errors(problem), *failures], report.checks
