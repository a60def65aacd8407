"""Run the cases and print a table; a word as argument picks those with it in their name.

``streams`` picks all streams, which share one trial. Cases that take minutes run only by name, or
with ``--all``.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.odd_servers import deliveries, endings, refusals, streams  # noqa: F401 - they register
from tests.odd_servers.cases import CASES
from tests.odd_servers.command_line import COMMANDS
from tests.odd_servers.seen import EXPECTED, see_streams
from tests.odd_servers.trial import trial
from tests.support.processes import Done, evalctl_process, without_evalctl

#: Name, what is right, what was seen.
Row = tuple[str, str, str]


def main(words: list[str]) -> int:
    """Run the cases; return 1 where one was not as expected."""
    table = Table("case", "expected", "seen", "ok")
    for column in table.columns:
        column.overflow = "fold"
    failed = total = 0
    for name, expected, seen in (*_servers(words), *_streams(words), *_commands(words)):
        ok = seen == expected
        failed, total = failed + (not ok), total + 1
        table.add_row(Text(name), Text(expected), Text(seen), "yes" if ok else "NO")
    Console(width=140).print(table)
    print(f"{total - failed} of {total} as expected")
    return int(failed > 0)


def _chosen(words: list[str], name: str, *, long: bool = False) -> bool:
    if words == ["--all"]:
        return True
    return any(word in name for word in words) if words else not long


def _servers(words: list[str]) -> Iterator[Row]:
    for case in CASES:
        if not _chosen(words, case.name, long=case.long):
            continue
        with trial() as made:
            try:
                seen = case.see(made)
            except Exception as error:  # noqa: BLE001 - a row of the table
                seen = f"{type(error).__name__}: {error}"
        print(f"{'ok' if seen == case.expected else 'NOT OK'}: {case.name}", flush=True)
        yield case.name, case.expected, seen


def _streams(words: list[str]) -> Iterator[Row]:
    if not _chosen(words, "streams"):
        return
    with trial() as made:
        seen = see_streams(made)
    for name, expected in EXPECTED.items():
        yield f"stream {name}", expected, seen.get(name, "no job")


def _commands(words: list[str]) -> Iterator[Row]:
    for case in COMMANDS:
        if _chosen(words, case.name) or "commands" in words:
            with tempfile.TemporaryDirectory(prefix="evalctl-odd-") as folder:
                yield case.name, case.expected, case.see(Path(folder), _process)


def _process(variables: Mapping[str, str], words: Sequence[str]) -> Done:
    return evalctl_process({**without_evalctl(), **variables}, words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
