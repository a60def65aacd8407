"""Fixtures shared by the tests of the workers."""

from __future__ import annotations

from pathlib import Path

import pytest

from workers.embedded_model import ensure_embedded_model


@pytest.fixture(scope="session")
def embedded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home in which the embedded model stands ready in bf16 (made once a session, some 9 s)."""
    home = tmp_path_factory.mktemp("embedded-home")
    ensure_embedded_model(home, "smollm2")
    return home
