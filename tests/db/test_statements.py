"""SQL lives in ``db/sql`` under a name: none in Python, and no statement that nothing uses."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.statements import statement, statements
from tests.support.processes import ROOT

ROOMS = ("core", "services", "db", "workers", "reports", "scoring", "problems", "orchestrator")
SQL = re.compile(
    r"\s*(SELECT\b|INSERT\s+INTO\b|UPDATE\s+\S+\s+SET\b|DELETE\s+FROM\b|WITH\s+\w+\s+AS\b|SET\s+(LOCAL\s+)?\w+|SHOW\s+\w+"
    r"|GRANT\b|REVOKE\b|DO\s+\$|(CREATE|ALTER|DROP)\s+(TABLE|VIEW|ROLE|SCHEMA|INDEX|DATABASE|FUNCTION)\b)"
)
#: The embedded server is asked whether it answers, and given its database, before there is one to
#: keep statements for.
EXEMPT = {"services/postgres.py"}
FILES = sorted(path.stem for path in (ROOT / "db" / "sql").glob("*.sql"))


def sql_constants(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value):
            yield f"{path.relative_to(ROOT)}:{node.lineno}: {node.value.strip()[:60]}"


def test_no_python_holds_sql() -> None:
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 100
    found = [line for path in files for line in sql_constants(path)]
    assert [line for line in found if line.partition(":")[0] not in EXEMPT] == []
    assert {line.partition(":")[0] for line in found} == EXEMPT, "an exemption that none needs"


@pytest.mark.parametrize("file", FILES)
def test_every_statement_has_a_name_of_its_own_and_is_used(file: str) -> None:
    text = (ROOT / "db" / "sql" / f"{file}.sql").read_text(encoding="utf-8")
    names = re.findall(r"^-- name: (\w+)$", text, re.MULTILINE)
    assert list(statements(file)) == names
    python = "".join(
        path.read_text(encoding="utf-8") for room in ROOMS for path in (ROOT / room).rglob("*.py")
    )
    unused = [name for name in names if f'"{name}"' not in python]
    assert [name for name in unused if not name.startswith("join_")] == []
    assert all(statement(name, file) for name in names)
