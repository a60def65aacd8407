"""The page of the first half hour: its commands are those of the tutorial, and none failed."""

from __future__ import annotations

from tests.half_hour import PAGE, QUICKSTART, TUTORIAL, commands_of, printed_commands

#: Commands that a quickstart prints.
PRINTED = 3
SCREEN = """\
finished in 2 min 40 s; results written to /home/ada/.local/share/evalctl

Try next (the last one takes some 2 minutes):
  .venv/bin/evalctl report quickstart-3f2a1b -o report.html
  .venv/bin/evalctl db shell -- -c "SELECT problem, repetition, score7, answer_c
orrect FROM analytics_v1.scores WHERE run = 'quickstart-3f2a1b'"
$
"""


def test_commands_of_a_page_come_with_their_here_documents() -> None:
    page = "```sh\nmake quickstart\ncat > a.md <<'END'\none\n\ntwo\nEND\n```\n\n```text\nno\n```\n"

    assert commands_of(page) == [QUICKSTART, "cat > a.md <<'END'\none\n\ntwo\nEND"]


def test_printed_commands_are_joined_where_the_terminal_broke_them() -> None:
    report, query = printed_commands(SCREEN)

    assert report == ".venv/bin/evalctl report quickstart-3f2a1b -o report.html"
    assert "score7, answer_correct FROM" in query
    assert query.endswith("WHERE run = 'quickstart-3f2a1b'\"")


def test_the_page_has_every_command_of_the_tutorial_in_its_order() -> None:
    commands = commands_of(TUTORIAL.read_text(encoding="utf-8"))
    expected = commands[commands.index(QUICKSTART) :]
    page = PAGE.read_text(encoding="utf-8")
    typed = commands_of(page)

    assert [command for command in typed if command in expected] == expected, (
        "stale: run `python -m tests.half_hour CLONE` in a fresh clone"
    )
    assert len(typed) == len(expected) + PRINTED
    assert "exit code" not in page
