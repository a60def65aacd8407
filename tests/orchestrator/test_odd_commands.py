"""Every odd surrounding of `make odd-servers`: a sentence, its exit code, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.odd_servers.command_line import COMMANDS, CommandCase


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_a_command_ends_in_a_sentence(case: CommandCase, tmp_path: Path) -> None:
    assert case.see(tmp_path) == case.expected
