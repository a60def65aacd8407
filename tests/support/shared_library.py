"""C sources of the tests, compiled into libraries that processes under test load."""

from __future__ import annotations

from pathlib import Path

from tests.support.debian_packages import program_or_skip
from tests.support.processes import run_program


def compile_library(source: Path, library: Path) -> Path:
    """Compile a source into a shared library and return the library."""
    strict = ("-shared", "-fPIC", "-O2", "-Wall", "-Werror")
    command = [program_or_skip("cc"), *strict, "-o", str(library), str(source)]
    done = run_program(*command)
    assert done.returncode == 0, done.stderr
    return library
