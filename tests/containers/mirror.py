"""Debian's packages from where apt gets them on this machine."""

from __future__ import annotations

import platform
from pathlib import Path

from tests.containers.docker import CommandFailed, run

#: Of the package debian-archive-keyring, which every Debian has.
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SUITE = "bookworm"


def debian_mirror(log: Path) -> str:
    """Return the address of the mirror that holds this machine's own suite."""
    words = ("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Component: main")
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", SUITE)
    for line in run(*words, log=log).splitlines():
        suite, _, address = line.partition(" ")
        if suite == own:
            return address.rstrip("/")
    raise CommandFailed(words, 0, f"apt knows no mirror of {own}; see /etc/apt/sources.list.d")


def download_from(suite: str, package: str, folder: Path) -> Path:
    """Return the .deb file of ``package`` in another suite; the machine's own lists stay as is."""
    log, lists = folder / "log", folder / "lists"
    kept = folder / "packages"
    for path in (lists / "partial", kept):
        path.mkdir(parents=True, exist_ok=True)
    source = folder / f"{suite}.list"
    source.write_text(f"deb [signed-by={KEYRING}] {debian_mirror(log)} {suite} main\n", "ascii")
    options = {"Dir::Etc::SourceList": str(source), "Dir::Etc::SourceParts": "-",
               "Dir::State::Lists": str(lists), "APT::Sandbox::User": "root"}  # fmt: skip
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    run("apt-get", *words, "update", log=log, limit_s=300)
    if not any(kept.glob(f"{package}_*.deb")):
        # apt writes into the working folder.
        run("env", f"--chdir={kept}", "apt-get", *words, "download", package, log=log, limit_s=300)
    return next(kept.glob(f"{package}_*.deb"))
