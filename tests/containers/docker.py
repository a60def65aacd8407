"""Docker's command line: one command at a time, logged, with the error's own words."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class CommandFailed(Exception):  # noqa: N818 - named for what happened
    """Say which command ended how, with the end of what it printed."""

    def __init__(self, words: tuple[str, ...], code: int, output: str) -> None:
        end = "\n".join(output.strip().splitlines()[-15:])
        super().__init__(f"`{' '.join(words)}` ended with {code}:\n{end}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Docker:
    """A Docker engine by way of its client."""

    log: Path
    #: What the client gets beside this process's environment: which engine, which plugins.
    variables: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *words: str, limit_s: float = 120.0, check: bool = True) -> str:
        """Run ``docker`` with these words and return its stdout; raise ``CommandFailed``."""
        return run(
            "docker", *words, log=self.log, variables=self.variables, limit_s=limit_s, check=check
        )


def run(
    *words: str,
    log: Path,
    variables: Mapping[str, str] | None = None,
    limit_s: float = 120.0,
    check: bool = True,
) -> str:
    """Run a command, append what it printed to the log, and return its stdout.

    Raise ``CommandFailed`` where it cannot be started, takes longer than ``limit_s``, or, with
    ``check``, ends with another code than 0.
    """
    environment = os.environ | dict(variables or {})
    try:
        done = subprocess.run(
            words,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CommandFailed(words, 127, str(error)) from error
    with log.open("a", encoding="utf-8") as kept:
        kept.write(f"$ {' '.join(words)}\n{done.stdout}{done.stderr}[{done.returncode}]\n")
    if check and done.returncode != 0:
        raise CommandFailed(words, done.returncode, done.stderr + done.stdout)
    return done.stdout
