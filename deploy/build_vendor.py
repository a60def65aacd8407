#!/usr/bin/env python
"""Build what the report page takes from npm: `make vendor`, with Node.js and npm at hand.

``npm ci`` checks every package against the hash in ``deploy/vendor/package-lock.json``. The result
is the same bytes each time; ``manifest.json`` beside it says where each file comes from.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "vendor"
TARGET = Path(__file__).parents[1] / "reports" / "page" / "vendor"
#: Fonts of KaTeX that answers need: bold and slanted variants of rare alphabets are left out, and
#: the browser imitates them.
FONTS = (
    "AMS-Regular", "Caligraphic-Regular", "Fraktur-Regular", "Main-Bold", "Main-Italic",
    "Main-Regular", "Math-Italic", "SansSerif-Regular", "Script-Regular", "Size1-Regular",
    "Size2-Regular", "Size3-Regular", "Size4-Regular",
)  # fmt: skip
_FONT_FACE = re.compile(r"@font-face\{[^}]*?url\(fonts/KaTeX_([\w-]+)\.woff2\)[^}]*\}")
_OTHER_FORMATS = re.compile(r',url\([^)]*\.(?:woff|ttf)\) format\("[a-z]+"\)')


def main() -> None:
    """Install the pinned packages in a scratch folder and write ``reports/page/vendor``."""
    with tempfile.TemporaryDirectory(prefix="evalctl-vendor-") as scratch:
        work = Path(scratch)
        for name in ("package.json", "package-lock.json", "plot.mjs"):
            shutil.copy(HERE / name, work / name)
        _run(work, "npm", "ci", "--no-audit", "--no-fund")
        _replace_target(work)
    listed = json.loads((TARGET / "manifest.json").read_text(encoding="utf-8"))["files"]
    total = sum(file["bytes"] for file in listed)
    print(f"{len(listed)} files, {total:,} bytes in {TARGET}")


def _replace_target(work: Path) -> None:
    """Write all files of the target anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    (TARGET / "fonts").mkdir(parents=True)
    katex = work / "node_modules" / "katex"
    shutil.copy(katex / "dist" / "katex.min.js", TARGET / "katex.js")
    css = (katex / "dist" / "katex.min.css").read_text(encoding="utf-8")
    (TARGET / "katex.css").write_text(trimmed(css), encoding="utf-8")
    for font in FONTS:
        name = f"KaTeX_{font}.woff2"
        shutil.copy(katex / "dist" / "fonts" / name, TARGET / "fonts" / name)
    packages = _bundle(work)
    (TARGET / "LICENSES.txt").write_text(_licences(work, packages), encoding="utf-8")
    locked = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    manifest = {
        "packages": [_package(work, name, locked) for name in [*packages, "esbuild"]],
        "files": [_file(path) for path in sorted(TARGET.rglob("*")) if path.is_file()],
    }
    written = json.dumps(manifest, indent=2) + "\n"
    (TARGET / "manifest.json").write_text(written, encoding="utf-8")


def trimmed(css: str) -> str:
    """Return KaTeX's style with the fonts that are kept, as woff2 alone."""
    kept = _FONT_FACE.sub(lambda found: found[0] if found[1] in FONTS else "", css)
    return _OTHER_FORMATS.sub("", kept)


def _bundle(work: Path) -> list[str]:
    """Bundle the marks of Plot and return the packages that went in, KaTeX included."""
    meta = work / "meta.json"
    _run(
        work, "node_modules/.bin/esbuild", "plot.mjs", "--bundle", "--minify", "--format=iife",
        "--global-name=Plot", "--target=es2020", "--legal-comments=none", "--charset=ascii",
        f"--outfile={TARGET / 'plot.js'}", f"--metafile={meta}",
    )  # fmt: skip
    (output,) = json.loads(meta.read_text(encoding="utf-8"))["outputs"].values()
    used = (path for path, given in output["inputs"].items() if given["bytesInOutput"])
    found = {_package_of(path) for path in used if path.startswith("node_modules/")}
    return ["katex", *sorted(found)]


def _package_of(path: str) -> str:
    parts = path.split("/")
    return "/".join(parts[1:3]) if parts[1].startswith("@") else parts[1]


def _licences(work: Path, packages: Iterable[str]) -> str:
    """Return the licences of all packages that the files hold, one after another."""
    parts = []
    for name in packages:
        folder = work / "node_modules" / name
        (licence,) = [path for path in folder.iterdir() if path.stem.upper() == "LICENSE"]
        version = _read(folder / "package.json")["version"]
        written = licence.read_text(encoding="utf-8").strip()
        parts.append(f"{name} {version}\n\n{written}\n")
    return f"\n{'-' * 72}\n\n".join(parts)


def _package(work: Path, name: str, locked: Mapping[str, Any]) -> dict[str, str]:
    found = _read(work / "node_modules" / name / "package.json")
    return {
        "name": name,
        "version": found["version"],
        "licence": found["license"],
        "integrity": locked[f"node_modules/{name}"]["integrity"],
    }


def _file(path: Path) -> dict[str, Any]:
    held = path.read_bytes()
    name = str(path.relative_to(TARGET))
    return {"path": name, "bytes": len(held), "sha256": hashlib.sha256(held).hexdigest()}


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True)


if __name__ == "__main__":
    main()
