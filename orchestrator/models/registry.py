"""The model registry: ``evalctl.toml``, the shipped one overlaid by the user's."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.engine_options import unknown_option
from core.model_spec import ModelSpec
from core.server_address import LOCAL
from core.settings import Settings
from orchestrator.errors import UsageFault
from orchestrator.models.table import read_model

SHIPPED = Path(__file__).parent.parent / "evalctl.toml"


class Registry:
    """The models by name."""

    def __init__(self, models: Mapping[str, ModelSpec]) -> None:
        self._models = dict(models)

    def __iter__(self) -> Any:
        return iter(self._models.values())

    def get(self, name: str) -> ModelSpec:
        """Return a model, or raise ``UsageFault`` naming the ones there are."""
        if name not in self._models:
            known = ", ".join(sorted(self._models))
            raise UsageFault(f"no model is registered as {name!r}; registered models: {known}")
        return self._models[name]

    def runnable(self, name: str) -> ModelSpec:
        """Return a model that jobs are planned for.

        Raise ``UsageFault`` as ``get``, and for an option that no worker would take.
        """
        spec = self.get(name)
        if (wrong := unknown_option(spec)) is not None:
            raise UsageFault(wrong)
        return spec


def load_registry(settings: Settings) -> Registry:
    """Read the user's registry over the shipped one; raise ``UsageFault`` for an unusable file."""
    models = _read(SHIPPED)
    user = settings.config or (LOCAL if LOCAL.is_file() else None)
    if user is not None:
        models |= _read(user)
    return Registry(models)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file, or raise ``UsageFault`` with the file, the line and the reason.

    A byte order mark, as editors on Windows write one, and their line ends are read over.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageFault(f"cannot read {path}: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, nested too deep
        raise UsageFault(f"{path} is not valid TOML: {error}") from error


def _read(path: Path) -> dict[str, ModelSpec]:
    document = read_toml(path)
    for name in document:
        if name != "models" and difflib.get_close_matches(name.lower(), ["models"], cutoff=0.8):
            raise UsageFault(f"{path}: [{name}] is not read; did you mean [models.NAME]?")
    tables = document.get("models", {})
    if not isinstance(tables, dict):
        raise UsageFault(f"{path}: 'models' must consist of tables named [models.NAME]")
    return {name: read_model(str(path), name, table) for name, table in tables.items()}
