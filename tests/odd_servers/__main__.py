"""Run the cases and print a table; a word as argument picks those with it in their name.

Cases that take minutes run only so, or with ``--all``.
"""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.odd_servers.cases import CASES
from tests.odd_servers.trial import trial


def main(words: list[str]) -> int:
    """Run the cases; return 1 where one was not as expected."""
    table = Table("case", "expected", "seen", "ok")
    failed = False
    for case in CASES:
        chosen = any(word in case.name for word in words) if words else not case.long
        if not (chosen or words == ["--all"]):
            continue
        with trial() as made:
            try:
                seen = case.see(made)
            except Exception as error:  # noqa: BLE001 - a row of the table
                seen = f"{type(error).__name__}: {error}"
        ok = seen == case.expected
        failed |= not ok
        table.add_row(Text(case.name), case.expected, Text(seen), "yes" if ok else "NO")
        print(f"{'ok' if ok else 'NOT OK'}: {case.name}", flush=True)
    Console(width=140).print(table)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
