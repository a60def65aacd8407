"""What an engine leaves in the temporary folder goes with it, also where its worker was killed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.processes import ROOT
from workers.engines.vllm.temporary_folder import PREFIX, make_temporary_folder

OWNER = (
    "from workers.engines.vllm.temporary_folder import make_temporary_folder as make\n"
    "made = make(); print(made.variables['TMPDIR'], flush=True); input()"
)


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a temporary folder that only this test uses, short enough for sockets."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


@contextmanager
def owner(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Run a process that owns an engine's folder, for the block."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(place)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


def test_a_folder_goes_with_its_engine(place: Path) -> None:
    made = make_temporary_folder()
    folder = Path(made.variables["TMPDIR"])
    (folder / "socket").touch()

    assert list(place.iterdir()) == [folder]
    made.remove()
    made.remove()
    assert list(place.iterdir()) == []


def test_the_next_start_removes_what_a_killed_worker_left(place: Path) -> None:
    with owner(place) as (process, left):
        (left / "socket").touch()
        first = make_temporary_folder()
        assert left.is_dir(), "its owner lives"
        process.kill()
        process.wait(30)

        second = make_temporary_folder()

    assert not left.exists()
    assert {path.name for path in place.iterdir()} == {
        Path(made.variables["TMPDIR"]).name for made in (first, second)
    }
    first.remove()
    second.remove()


def test_folders_of_others_stay(place: Path) -> None:
    (place / f"{PREFIX}without-lock").mkdir()
    (place / "evalctl-other").mkdir()
    (place / f"{PREFIX}link").symlink_to(place / "evalctl-other")

    make_temporary_folder().remove()

    assert len(list(place.iterdir())) == 3


def test_compiled_code_stays_where_it_was(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    made = make_temporary_folder()
    compiled = Path(made.variables["TORCHINDUCTOR_CACHE_DIR"])
    assert compiled.parent == place
    assert compiled.name.startswith("torchinductor_")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "/models/compiled")
    assert made.variables["TORCHINDUCTOR_CACHE_DIR"] == "/models/compiled"
    made.remove()


def test_sockets_stay_outside_where_the_path_is_too_long_for_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))

    made = make_temporary_folder()

    assert "VLLM_RPC_BASE_PATH" not in made.variables
    assert Path(made.variables["TMPDIR"]).parent == deep
    made.remove()
