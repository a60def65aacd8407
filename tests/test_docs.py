"""Pages agree with the code: commands, settings, states, events, columns, links."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import click
import pytest
import yaml
from sqlalchemy import Engine

from core.settings import VARIABLES
from core.states import (
    BY_HAND,
    JOB_MOVES,
    TERMINAL,
    AttemptOutcome,
    FailureKind,
    JobState,
    WorkerState,
)
from docs import (
    generate_analytics_reference,
    generate_cli_reference,
    generate_queries_reference,
)
from orchestrator import cli as command_line
from orchestrator.cli import cli
from orchestrator.nights import alert_settings
from orchestrator.upkeep import metrics
from tests.support.command_lines import every_command, refusal
from workers.lifecycle import timeouts
from workers.measurement import sampler

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = tuple(sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")]))
FENCE = re.compile(r"^ *```(?P<kind>\w*)\n(?P<body>.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
#: Read or set by evalctl, and no setting of the user's.
INTERNAL_VARIABLES = {"EVALCTL_WORKER"}
ALL_VARIABLES = {
    name: meaning
    for read in (
        VARIABLES,
        timeouts.VARIABLES,
        sampler.VARIABLES,
        alert_settings.VARIABLES,
        metrics.VARIABLES,
        command_line.VARIABLES,
    )
    for name, meaning in read.items()
}
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize(
    "generator",
    [generate_cli_reference, generate_analytics_reference, generate_queries_reference],
)
def test_a_generated_page_is_current(generator: object) -> None:
    page: Path = generator.PAGE  # type: ignore[attr-defined]
    written: str = generator.render()  # type: ignore[attr-defined]

    assert page.read_text(encoding="utf-8") == written, "stale: run `make docs`"


def test_every_command_has_help_and_an_example_that_it_takes() -> None:
    for words in every_command():
        command: click.Command = cli
        for word in words:
            assert isinstance(command, click.Group)
            found = command.get_command(click.Context(command, **cli.context_settings), word)
            assert found is not None
            command = found
        text = command.help or ""
        examples = re.findall(r"^ *(evalctl .+)$", text.partition("Example:")[2], re.MULTILINE)

        assert examples, f"evalctl {' '.join(words)} has no example"
        assert [_refused(line) for line in examples] == [None] * len(examples)


@each_page
def test_commands_in_fences_are_taken(page: Path) -> None:
    for line in _command_lines(page.read_text(encoding="utf-8")):
        assert _refused(line) is None, line


@each_page
def test_commands_in_the_text_exist(page: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )

    for span in SPAN.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        words = shlex.split(span) if span.startswith(("evalctl ", "make ")) else []
        if words and words[0] == "make":
            assert words[1] in targets, span
        elif words:
            assert "has no command" not in (refusal(words) or ""), span


def test_pre_commit_runs_a_target() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))

    assert [hook["entry"] for repo in hooks["repos"] for hook in repo["hooks"]] == ["make lint"]


def test_prose_has_at_most_100_columns() -> None:
    generated = re.compile("<!-- make chaos: begin.*end -->", re.DOTALL)
    long = [
        f"{page.relative_to(ROOT)}: {line}"
        for page in PAGES
        if page.name not in {"CHANGELOG.md", "cli.md", "analytics.md"}
        for line in generated.sub("", FENCE.sub("", page.read_text(encoding="utf-8"))).splitlines()
        if not line.lstrip().startswith(("|", "#")) and len(SPAN.sub("", line)) > 100
    ]

    assert long == []


@each_page
def test_make_targets_in_fences_exist(page: Path) -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )

    for fence in FENCE.finditer(page.read_text(encoding="utf-8")):
        assert set(re.findall(r"^ *make ([a-z-]+)", fence["body"], re.MULTILINE)) <= targets


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@each_page
def test_variables_in_the_text_are_read_by_the_code(page: Path) -> None:
    assert (
        set(re.findall(r"(?<!_)EVALCTL_[A-Z_]+", page.read_text(encoding="utf-8")))
        <= set(ALL_VARIABLES) | INTERNAL_VARIABLES
    )


def test_the_environment_page_lists_the_settings() -> None:
    rows = _rows((DOCS / "reference" / "environment.md").read_text(encoding="utf-8"))

    settings = ALL_VARIABLES
    assert {name: rows.get(name) for name in settings} == settings


def test_the_states_page_draws_every_move_and_no_other() -> None:
    text = (DOCS / "reference" / "states.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^    (\w+) --> (\w+): (.+)$", text, re.MULTILINE)
    ends = re.findall(r"^    (\w+) --> \[\*\]$", text, re.MULTILINE)

    assert [(start.value, end.value, cause) for start, end, cause in JOB_MOVES] == drawn
    assert {state.value for state in TERMINAL} == set(ends)
    assert {cause for start, _, cause in JOB_MOVES if start in TERMINAL} == BY_HAND


@pytest.mark.parametrize("words", [JobState, AttemptOutcome, FailureKind, WorkerState])
def test_the_states_page_explains_every_word(words: type[StrEnum]) -> None:
    rows = _rows((DOCS / "reference" / "states.md").read_text(encoding="utf-8"))

    assert {member.value for member in words} <= set(rows)


def test_the_events_page_lists_every_event_and_no_other() -> None:
    listed = set(_rows((DOCS / "reference" / "events.md").read_text(encoding="utf-8")))

    assert set(_logged_events()) == listed


def test_every_column_of_every_view_has_a_comment(engine: Engine) -> None:
    with engine.connect() as connection:
        columns = connection.exec_driver_sql(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'analytics_v1'"
        ).all()
    described = generate_analytics_reference.read_comments()

    assert {(view, column) for view, (_, columns) in described.items() for column in columns} == {
        (row.table_name, row.column_name) for row in columns
    }
    assert all(text for text, _ in described.values())


def _command_lines(text: str) -> Iterator[str]:
    """Yield the evalctl commands of shell fences, those inside a container or a pod too."""
    for fence in FENCE.finditer(text):
        if fence["kind"] == "sh":
            for line in fence["body"].splitlines():
                found = re.search(r"(?:^ *|reconciler |-- |&& )(evalctl .+)$", line)
                if found:
                    yield found[1]


def _refused(line: str) -> str | None:
    return refusal(shlex.split(re.split(r"&& | > ", line)[0], comments=True))


def _rows(text: str) -> dict[str, str]:
    """Return the first two cells of table rows that begin with a word in code."""
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*[^| ]) ?\|", text, re.MULTILINE))


def _logged_events() -> Iterator[str]:
    for path in sorted((ROOT / "workers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "log_event"
            ):
                name = node.args[0]
                assert isinstance(name, ast.Constant), (
                    f"{path}:{node.lineno} logs an event without a fixed name"
                )
                yield str(name.value)
