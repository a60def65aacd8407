"""Whatever surrounds a command: one sentence, an exit code of its kind, and no secret."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from core.errors import SettingsError
from core.settings import Settings
from orchestrator.cli import cli
from orchestrator.console import Screen, harmless, say, warn
from tests.support.processes import evalctl, without_evalctl

EVALCTL = [sys.executable, "-m", "orchestrator"]
#: What a command needs to be run at all; a required option of any other gets the word itself.
GIVEN = {"problem": "sec-symmetric-01", "model": "smollm2"}
#: What keeps a command that needs no database from working through all that is shipped.
LESS = {
    ("verify-bench",): ["--answers", "1"],
    ("problems", "validate"): ["sec-symmetric-01"],
    ("problems", "agreement"): ["--problems", "starter"],
}
#: Those that run until they are ended, or write to the home of the user.
LASTING = {"up", "quickstart", "worker run", "worker", "reconcile", "down"}


def leaves(group: click.Group, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return every command of the tree by its words."""
    context = click.Context(group)
    found: list[tuple[str, ...]] = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            found += leaves(command, (*prefix, name))
        else:
            found.append((*prefix, name))
    return found


def command_of(words: tuple[str, ...]) -> click.Command:
    """Return a command of the tree."""
    found: click.Command = cli
    for word in words:
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), word)
        assert inner is not None
        found = inner
    return found


def minimal(words: tuple[str, ...], tmp_path: Path) -> list[str]:
    """Return the shortest command line that a command takes."""
    line = [*words, *LESS.get(words, [])]
    for parameter in command_of(words).params:
        if not parameter.required:
            continue
        path = isinstance(parameter.type, click.Path | click.File)
        file = tmp_path / "file"
        file.write_text("{}\n")
        value = str(file) if path else GIVEN.get(parameter.name or "", "x")
        if isinstance(parameter, click.Option):
            line += [parameter.opts[0], value]
        else:
            line.append(value)
    return line


COMMANDS = [words for words in leaves(cli) if " ".join(words) not in LASTING]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_dead_database_is_a_sentence(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands that need none go on; the others exit with 2 or 3, and never with a traceback."""
    monkeypatch.chdir(tmp_path)
    dead = {
        "EVALCTL_HOME": str(tmp_path / "home"),
        "EVALCTL_DATABASE_URL": "postgresql://u:S3cr3t@127.0.0.1:1/db",
        "EVALCTL_BROKER_URL": "redis://:S3cr3t@127.0.0.1:1/0",
    }
    done = evalctl(without_evalctl() | dead, "", *minimal(words, tmp_path))
    assert "Traceback" not in done.stderr, done.stderr
    assert "S3cr3t" not in done.stdout + done.stderr
    assert done.returncode in (0, 1, 2, 3), done.stderr
    if done.returncode == 3:
        assert "127.0.0.1" in done.stderr


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("EVALCTL_BROKER_URL", "redis://:S3cr3t/rest@127.0.0.1:6379/0"),
        ("EVALCTL_BROKER_URL", "redis://:S3cr3t@127.0.0.1:6379/0?protocol=3"),
        ("EVALCTL_BROKER_URL", "rediss://:S3cr3t@127.0.0.1:1/0?ssl_cert_reqs=bogus"),
        ("EVALCTL_BROKER_URL", "sentinel://:S3cr3t@127.0.0.1:26379/0"),
        ("EVALCTL_BROKER_URL", "redis+socket:///S3cr3t.sock"),
        ("EVALCTL_DATABASE_URL", "host=db password=S3cr3t"),
        ("EVALCTL_DATABASE_URL", "postgresql://u:S3cr3t@h:abc/db"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named_and_not_shown(variable: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment({variable: value})
    assert variable in str(refused.value)
    assert "S3cr3t" not in str(refused.value)


def test_broker_options_that_are_known_pass() -> None:
    url = "rediss://:pw@127.0.0.1:6379/0?ssl_cert_reqs=none&ssl_ca_certs=/ca.pem"
    assert Settings.from_environment({"EVALCTL_BROKER_URL": url}).broker_url == url


def test_a_reader_that_has_enough_is_no_error(tmp_path: Path) -> None:
    command = (
        f"{sys.executable} -m orchestrator problems list core | head -1; exit ${{PIPESTATUS[0]}}"
    )
    environment = {**os.environ, "EVALCTL_HOME": str(tmp_path)}
    done = subprocess.run(  # noqa: S602
        command, shell=True, executable="/bin/bash", env=environment, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_full_disk_under_the_output_is_a_sentence(tmp_path: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*EVALCTL, "problems", "list", "core"], stdout=full, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "EVALCTL_HOME": str(tmp_path)}, timeout=60, check=False,
        )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
    assert "No space left" in done.stderr


def test_texts_of_others_are_shown_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("[/INST]", title="m[awq]")
    table.add_row("a[/b] \x1b]0;owned\x07 \x9b31m\u202edenwo\u2028 :smile:")
    Screen(width=60, markup=False, emoji=False, highlight=False).print(table, "[bold]x[/]")
    shown = capsys.readouterr().out
    for part in ("[/INST]", "m[awq]", "a[/b]", ":smile:", "[bold]x[/]"):
        assert part in shown
    assert not set("\x1b\x9b\u202e\u2028") & set(shown)
    assert harmless("tab\tand\nline") == "tab\tand\nline"


def test_a_text_with_a_style_does_nothing_either(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "answer \x1b[2J\x9b31m\u202eend"
    table = Table()
    table.add_row(Text(hostile, style="bold"))
    for one in (Text(hostile), Padding(Text(hostile), 1), Panel(Text(hostile)), table):
        Screen(width=60, markup=False).print(one)
        shown = capsys.readouterr().out
        assert "answer\ufffd[2J\ufffd31m\ufffdend" in "".join(
            letter for letter in shown if letter not in " │\n"
        )
        assert not set("\x1b\x9b\u202e") & set(shown)


def test_no_table_cuts_a_name_or_figure(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("run", "submitted")
    table.add_row("a-name-that-is-much-too-long", "2026-11-30 07:51")
    Screen(width=24).print(table)
    shown = capsys.readouterr().out
    assert "…" not in shown
    assert "".join(c for c in shown if c.isalnum()).count("2026") == 1


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (["dead", "list", "--limit", str(10**23)], "not in the range"),
        (["dead", "show", str(10**23)], "not in the range"),
        (["dead", "list", "--limit", "²"], "not a valid integer"),
        (["worker", "--cpu", "--grace", "nan"], "not a finite number"),
        (["worker", "--cpu", "--grace", "1e400"], "not a finite number"),
        (["submit", "--model", "smollm2", "--seed", str(10**23)], "seed must be"),
        (["submit", "--model", "smollm2", "--temperature", "nan"], "temperature must be"),
        (["submit", "--model", "smollm2", "--name", "latest"], "stands for the latest run"),
        (["submit", "--model", "smollm2", "--name", "Latest"], "stands for the latest run"),
        (
            ["submit", "--model", "smollm2", "--name", "4d36e96e-e325-11ce-bfc1-08002be10318"],
            "id of another run",
        ),
        (["submit", "--model", "smollm2", "--name", ""], "from 1 to 200"),
        (["submit", "--model", "smollm2", "--name", "a\nb"], "one line"),
        (["submit", "--model", "smollm2", "--name", "bad\udcff"], "is not valid UTF-8"),
        (["probe", "sequences", "--model", "smollm2", "--max-level", str(10**23)], "range"),
    ],
)
def test_odd_numbers_and_names_are_refused(line: list[str], said: str, tmp_path: Path) -> None:
    problems = ["--problems", "quickstart"] if line[0] == "submit" else []
    done = evalctl(without_evalctl() | {"EVALCTL_HOME": str(tmp_path)}, "", *line, *problems)
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done.stderr
    assert said in " ".join(done.stderr.split()), done.stderr


@pytest.mark.parametrize("variable", ["EVALCTL_HOME", "EVALCTL_CONFIG"])
def test_the_home_of_an_unknown_user_is_named(variable: str) -> None:
    with pytest.raises(SettingsError, match="no user here has"):
        Settings.from_environment({variable: "~nosuchuser/x"})


def test_a_line_of_another_does_nothing_to_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    say("400: \x1b[31mred\x1b[0m \x1b]0;owned\x07 text")
    warn("\x1b[2J")
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert "red" in shown.out
