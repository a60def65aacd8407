"""A user with a registry of models, which the test module names ``MODELS``."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def config(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Give the registry of the test module's models."""
    path = tmp_path / "evalctl.toml"
    path.write_text(request.module.MODELS, encoding="utf-8")
    return path


@pytest.fixture
def user(environment: dict[str, str], config: Path) -> dict[str, str]:
    """Give the environment of a user with that registry."""
    return environment | {"EVALCTL_CONFIG": str(config)}
