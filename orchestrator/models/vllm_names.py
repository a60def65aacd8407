"""The options of the vLLM that is installed here, read from its source: it takes long to import."""

from __future__ import annotations

import ast
import importlib.util
from functools import cache
from pathlib import Path

from core.engine_options import VLLM_OWN, nearest
from core.model_spec import ModelSpec

_CLASSES = ("EngineArgs", "AsyncEngineArgs")


@cache
def vllm_names() -> frozenset[str] | None:
    """Return the names of EngineArgs; None where no vLLM is installed, or it looks otherwise."""
    found = importlib.util.find_spec("vllm")
    for folder in (found and found.submodule_search_locations) or ():
        file = Path(folder) / "engine" / "arg_utils.py"
        if file.is_file():
            return _fields(file.read_text(encoding="utf-8")) or None
    return None


def lacking_option(spec: ModelSpec) -> str | None:
    """Say which option of a vLLM model the installed version does not have; None for none."""
    names = vllm_names() if spec.engine == "vllm" else None
    if names is None:
        return None
    for name in spec.options:
        if name not in names and name not in VLLM_OWN:
            near = nearest(name, names) or "`vllm serve --help` lists its options"
            return f"model {spec.name!r} sets {name!r}, which the vLLM here does not have: {near}"
    return None


def _fields(source: str) -> frozenset[str]:
    """Return the annotated names of the classes, as a dataclass has them."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    return frozenset(
        line.target.id
        for node in module.body
        if isinstance(node, ast.ClassDef) and node.name in _CLASSES
        for line in node.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    )
