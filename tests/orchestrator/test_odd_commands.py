"""Every odd surrounding of `make odd-servers`: a sentence, its exit code, and no secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.odd_servers.command_line import COMMANDS, CommandCase
from tests.support.processes import Done, evalctl, evalctl_process, without_evalctl


@pytest.mark.parametrize("case", COMMANDS, ids=lambda case: case.name)
def test_a_command_ends_in_a_sentence(case: CommandCase, tmp_path: Path) -> None:
    def run(variables: Mapping[str, str], words: Sequence[str]) -> Done:
        environment = {**without_evalctl(), **variables}
        if case.needs_process:
            return evalctl_process(environment, words)
        return evalctl(environment, "", *words)

    assert case.see(tmp_path, run) == case.expected
