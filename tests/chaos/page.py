"""Write the measured table into docs/explanation/faults.md."""

from __future__ import annotations

from collections.abc import Sequence

from tests.chaos.report import Staged


def write_page(_staged: Sequence[Staged]) -> None:
    """Replace the table between the markers."""
