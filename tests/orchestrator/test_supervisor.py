"""What commands say of a supervisor that runs, and of one that does not."""

from __future__ import annotations

from pathlib import Path

from core.settings import Settings
from orchestrator.supervisor import SupervisorFile, no_worker


def test_without_workers_it_is_said_whether_some_are_coming(tmp_path: Path) -> None:
    settings = Settings.from_environment({"EVALCTL_HOME": str(tmp_path)})
    file = SupervisorFile(settings)
    none = "no worker is running; start one with `evalctl up` or `evalctl worker`"
    assert no_worker(settings) == none

    file.write()
    assert "no worker is ready yet" in no_worker(settings)
    assert "start one" not in no_worker(settings)

    file.remove()
    assert no_worker(settings) == none
