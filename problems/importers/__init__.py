"""Read public data sets from local files as published; each module names its licence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from problems.errors import ProblemError
from problems.importers import cmath, gaokao_bench, gsm8k, math500, mgsm_zh, processbench
from problems.importers.rows import Refusal, Row
from problems.loader import MAX_FILE_BYTES
from problems.schema import Problem

MAX_SENTENCE = 300
#: Longest id: it names a file.
MAX_ID = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """One data set: how to read its rows and how to turn a row into a problem."""

    name: str
    licence: str
    source: str
    language: str
    rows: Callable[[Path], Iterator[Row | Refusal]]
    convert: Callable[[Row], Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of a file: the problems in its order, and the rows that did not come in."""

    rows: int
    problems: tuple[Problem, ...]
    refusals: tuple[Refusal, ...]
    #: What is worth knowing of rows that did come in, such as the same problem twice.
    remarks: tuple[Refusal, ...] = ()


IMPORTERS = {
    module.NAME: Importer(
        name=module.NAME,
        licence=module.LICENCE,
        source=module.SOURCE,
        language=module.LANGUAGE,
        rows=module.rows,
        convert=module.convert,
    )
    for module in (gsm8k, math500, gaokao_bench, cmath, mgsm_zh, processbench)
}


class _PlainDumper(yaml.CSafeDumper):
    """Writes YAML without anchors, which problem files may not have."""

    def ignore_aliases(self, _data: object) -> bool:
        """Write a value again wherever it occurs."""
        return True


def _accept(_problem: Problem) -> str | None:
    return None


def import_file(
    name: str, file: Path, check: Callable[[Problem], str | None] = _accept
) -> Imported:
    """Convert every row of a file; an unusable row becomes a refusal with its line and a sentence.

    ``check`` says why a problem cannot be used, such as a reference that no answer could match.

    Raise `ProblemError` for an unknown format or a file that cannot be read at all.
    """
    if name not in IMPORTERS:
        raise ProblemError(f"unknown format {name!r}; there are {', '.join(IMPORTERS)}")
    importer = IMPORTERS[name]
    problems: dict[str, Problem] = {}
    asked: dict[str, str] = {}
    remarks: list[Refusal] = []
    refusals: list[Refusal] = []
    count = 0
    for row in importer.rows(file):
        count += 1
        if isinstance(row, Refusal):
            refusals.append(row)
            continue
        try:
            problem = importer.convert(row)
        except ProblemError as error:
            refusals.append(Refusal(line=row.line, sentence=str(error)[:MAX_SENTENCE]))
            continue
        if len(problem.id) > MAX_ID:
            refusals.append(
                Refusal(
                    line=row.line,
                    sentence=f"the id {problem.id[:40]}... is longer than {MAX_ID} characters",
                )
            )
            continue
        if (why := check(problem)) is not None:
            refusals.append(Refusal(line=row.line, sentence=why[:MAX_SENTENCE]))
            continue
        statement = " ".join(" ".join(problem.statement.values()).split())
        if (twin := asked.get(statement)) is not None and twin != problem.id:
            remarks.append(
                Refusal(line=row.line, sentence=f"{problem.id!r} asks the same as {twin!r}")
            )
        asked.setdefault(statement, problem.id)
        if problem.id in problems:
            refusals.append(
                Refusal(line=row.line, sentence=f"the id {problem.id!r} occurs twice in the file")
            )
            continue
        problems[problem.id] = problem
    return Imported(
        rows=count,
        problems=tuple(problems.values()),
        refusals=tuple(refusals),
        remarks=tuple(remarks),
    )


def write_problems(problems: tuple[Problem, ...], folder: Path) -> None:
    """Write each problem as ``<id>.yaml``, as `load_set` reads it. Raise `ProblemError`."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for problem in problems:
            (folder / f"{problem.id}.yaml").write_text(_document(problem), encoding="utf-8")
    except OSError as error:
        raise ProblemError(
            f"cannot write the problems: {error.strerror or error}", file=folder
        ) from None


def _document(problem: Problem) -> str:
    written = yaml.dump(
        problem.to_dict(), Dumper=_PlainDumper, allow_unicode=True, sort_keys=False, width=120
    )
    if len(written.encode()) > MAX_FILE_BYTES:
        raise ProblemError(f"the problem {problem.id} takes more than {MAX_FILE_BYTES} bytes")
    return written
