"""A newcomer's first half hour, driven in a terminal of 80 columns and written down as it came.

``python -m tests.half_hour FOLDER`` takes every command from the tutorial and from what the
quickstart prints, types it into a shell in tmux and writes docs/tutorial/first-half-hour.md. FOLDER
is a fresh clone; ``--data FOLDER`` is where its data go. Exit code 1 if a command fails.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[1]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-comparison.md"
PAGE = TUTORIAL.with_name("first-half-hour.md")
COLUMNS, ROWS, HISTORY = 80, 24, 20_000
AT_MOST_S = 1800.0
POLL_S = 0.2
FENCE = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEREDOC = re.compile(r"<<'(\w+)'")
#: What pip says of places that a host lists and does not have.
NOISE = re.compile(r"^WARNING: Location [^\n]*\n(?:[^\n]*directory\.\n)?", re.MULTILINE)
#: The shell's at the end of a screen.
PROMPT = re.compile(r"\n(?:\(\.venv\) )?\$\Z")
QUICKSTART = "make quickstart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One command with what the terminal showed."""

    command: str
    screen: str
    code: int
    took_s: float


def commands_of(page: str) -> list[str]:
    """Return the commands of a page's ``sh`` fences, each with its here-document."""
    found: list[str] = []
    for fence in FENCE.findall(page):
        lines = iter(fence.splitlines())
        for line in lines:
            command, end = line, HEREDOC.search(line)
            while end is not None:
                more = next(lines)
                command += f"\n{more}"
                if more == end[1]:
                    break
            found.append(command)
    return found


def printed_commands(screen: str) -> list[str]:
    """Return the three commands that a quickstart prints to try next, joined where they broke."""
    _, _, after = screen.partition("Try next")
    lines = [line for line in after.splitlines()[1:] if line and not line.startswith("$")]
    joined: list[str] = []
    blanks = ""  # a terminal's line that ends in blanks is captured without them
    for line in lines:
        if line.startswith("  "):
            joined.append(line.strip())
        else:
            joined[-1] += blanks + line
        blanks = " " * (COLUMNS - len(line))
    return joined


class Terminal:
    """A shell in tmux, of which each command's screen, exit code and time are kept."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._work = Path(tempfile.mkdtemp(prefix="half-hour-"))
        self._codes = self._work / "codes"
        self._codes.touch()
        self._environment = environment
        setup = self._work / "bashrc"
        setup.write_text(f"PS1='$ '\nPROMPT_COMMAND='echo $? >> {self._codes}'\n", encoding="utf-8")
        self._tmux("start-server", ";", "set-option", "-g", "history-limit", str(HISTORY))
        size, shell = ("-x", str(COLUMNS), "-y", str(ROWS)), ("bash", "--noprofile", "--rcfile")
        where = ("-c", str(folder))
        self._tmux("new-session", "-d", "-s", "newcomer", *size, *where, *shell, str(setup), "-i")
        self._wait(1)

    def type(self, command: str) -> Typed:
        """Type a command and wait until the shell asks for the next."""
        done = len(self._ended())
        self._tmux("send-keys", "-t", "newcomer", "-R")
        self._tmux("clear-history", "-t", "newcomer")
        began_s = time.monotonic()
        for line in command.splitlines():
            self._tmux("send-keys", "-t", "newcomer", "-l", line)
            self._tmux("send-keys", "-t", "newcomer", "Enter")
        code = self._wait(done + 1)
        took_s = time.monotonic() - began_s
        shown = self._tmux("capture-pane", "-p", "-t", "newcomer", "-S", "-")
        return Typed(command=command, screen=shown, code=code, took_s=took_s)

    def close(self) -> None:
        """End the shell."""
        self._tmux("kill-server")

    def _wait(self, number: int) -> int:
        deadline_s = time.monotonic() + AT_MOST_S
        while len(self._ended()) < number:
            if time.monotonic() > deadline_s:
                raise TimeoutError(f"no prompt within {AT_MOST_S:.0f} s")
            time.sleep(POLL_S)
        return int(self._ended()[-1])

    def _ended(self) -> list[str]:
        return self._codes.read_text(encoding="utf-8").split()

    def _tmux(self, *words: str) -> str:
        socket = ("-L", f"half-hour-{os.getpid()}", "-f", "/dev/null")
        command = ["tmux", *socket, *words]
        done = subprocess.run(
            command, env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout


def half_hour(terminal: Terminal) -> Iterator[Typed]:
    """Type every command of the tutorial, after its quickstart the three that it prints."""
    commands = commands_of(TUTORIAL.read_text(encoding="utf-8"))
    for command in commands[commands.index(QUICKSTART) :]:
        typed = terminal.type(command)
        yield typed
        if command == QUICKSTART:
            yield from map(terminal.type, printed_commands(typed.screen))


def written(typed: list[Typed], host: str) -> str:
    """Return the page."""
    minutes = sum(one.took_s for one in typed) / 60
    parts = [HEAD.format(commands=len(typed), minutes=minutes, host=host)]
    for number, one in enumerate(typed, start=1):
        lines = (line.rstrip() for line in NOISE.sub("", one.screen).splitlines())
        text = PROMPT.sub("", "\n".join(lines).strip("\n"))
        title = " ".join(one.command.split()[:3])
        took = f"{one.took_s:.0f} s" + (f", exit code {one.code}" if one.code else "")
        fences = f"```sh\n{one.command}\n```\n\n{took}:\n\n```text\n{text}\n```\n"
        parts.append(f"## {number}. `{title}`\n\n{fences}")
    return "\n".join(parts)


HEAD = """\
<!-- Written by `python -m tests.half_hour`; do not edit. -->
# The first half hour, as it came

A fresh clone, a terminal of 80 columns, and every command copied from the
[tutorial](first-comparison.md) or from what the quickstart prints. Nothing is left out or put in
order but pip's remarks about places that this host does not have.
{commands} commands took {minutes:.0f} minutes on {host}.
"""


@click.command()
@click.argument("clone", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the data.")
@click.option("--out", type=click.Path(path_type=Path), default=PAGE, help="Page to write.")
def main(clone: Path, data: Path | None, out: Path) -> None:
    """Drive the half hour in CLONE and write it down."""
    before_load = os.getloadavg()[2]
    unwanted = ("TMUX", "COLUMNS", "LINES", "VIRTUAL_ENV")
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("EVALCTL_") and name not in unwanted}  # fmt: skip
    kept |= {"TERM": "screen", "LANG": "C.UTF-8"}
    if data is not None:
        kept["XDG_DATA_HOME"] = str(data)
    terminal = Terminal(clone, kept)
    typed: list[Typed] = []
    try:
        for one in half_hour(terminal):
            typed.append(one)
            sys.stderr.write(f"{one.code} {one.took_s:.0f} s {shlex.quote(one.command)}\n")
    finally:
        terminal.close()
        load = max(before_load, os.getloadavg()[2])
        host = f"{os.cpu_count()} CPU cores at a load of {load:.0f}"
        out.write_text(unicodedata.normalize("NFC", written(typed, host)), encoding="utf-8")
    if any(one.code for one in typed):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
