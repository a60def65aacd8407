"""What commands say of a supervisor that runs, and of one that does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ServiceStartError
from core.settings import Settings
from orchestrator.supervisor import SupervisorFile, log_folder, no_worker


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


def test_what_is_drained_is_named_until_it_starts_again(tmp_path: Path) -> None:
    file = SupervisorFile(Settings.from_environment({"EVALCTL_HOME": str(tmp_path)}))
    assert file.drained() == ()
    file.write(drained=("worker-cpu0",))
    assert file.drained() == ("worker-cpu0",)
    assert file.running() is not None
    file.write()
    assert file.drained() == ()


def test_a_home_that_cannot_be_written_is_named_with_the_cure() -> None:
    with pytest.raises(ServiceStartError, match=r"logs: .*/proc/x.*point EVALCTL_HOME at another"):
        log_folder(Settings.from_environment({"EVALCTL_HOME": "/proc/x"}))
