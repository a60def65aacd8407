"""What a made model folder holds: size, time and SHA-256 of each file, and its origin."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

MANIFEST_NAME = "evalctl-manifest.json"

#: Raised when the making changes, so that folders made by an older recipe are made anew.
RECIPE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """One file as it was when the folder was made."""

    size_bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A model folder as it was made."""

    name: str
    quantisation: str
    made_from: str
    recipe: int
    files: Mapping[str, FileFacts]

    @classmethod
    def of(cls, folder: Path, *, name: str, quantisation: str, made_from: str) -> Manifest:
        """Describe a folder, hashing every file in it."""
        files = {f.name: _facts(f) for f in sorted(folder.iterdir()) if f.name != MANIFEST_NAME}
        return cls(
            name=name, quantisation=quantisation, made_from=made_from, recipe=RECIPE, files=files
        )

    @property
    def made_from_this_recipe(self) -> bool:
        """Whether this version of the code would make the same folder."""
        return self.recipe == RECIPE

    def agrees(self, folder: Path, *, full: bool) -> bool:
        """Return whether no file changed, by size and time; SHA-256 if ``full`` or times differ."""
        return all(_unchanged(folder / name, its, full=full) for name, its in self.files.items())

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder."""
        text = json.dumps(asdict(self), indent=1) + "\n"
        (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest | None:
    """Read a folder's manifest; None when there is none or it cannot be read."""
    try:
        data = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        files = {name: FileFacts(**facts) for name, facts in data.pop("files").items()}
        return Manifest(files=files, **data)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _facts(file: Path) -> FileFacts:
    status = file.stat()
    size, modified_ns = status.st_size, status.st_mtime_ns
    return FileFacts(size_bytes=size, modified_ns=modified_ns, sha256=_sha256(file))


def _unchanged(file: Path, facts: FileFacts, *, full: bool) -> bool:
    if not file.is_file():
        return False
    status = file.stat()
    if status.st_size != facts.size_bytes:
        return False
    # A copied folder has other times and may still be whole.
    return (not full and status.st_mtime_ns == facts.modified_ns) or _sha256(file) == facts.sha256


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
