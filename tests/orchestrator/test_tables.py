"""Every table at 80 columns: no name and no figure is cut or broken, with four long names."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from orchestrator.cli import cli
from reports.layout import broken, lean_table, legend, listing, short_time
from reports.nights_table import nights_text
from reports.resource_tables import cache_tables, concurrency_table
from reports.score_tables import judged_table, unscored_table
from tests.support.four_models import FOUR
from tests.support.tables_page import PAGE, WIDTH, page, seed, shown

SHORT_HELP_AT_MOST = 55
WORD = re.compile(r"[^\W_]+(?:[.,:]\d+)*")


def words(text: str) -> Counter[str]:
    """Count words and figures: one that is cut or broken makes others; but not how long ago."""
    return Counter(WORD.findall(re.sub(r"\d+ s ago", "3 s ago", text)))


def at(width: int, table: Table) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def narrow(narrow_text: str, wide_text: str) -> None:
    """Hold a text of 80 columns against the same one of any width."""
    assert max(map(len, narrow_text.splitlines())) <= WIDTH
    assert "\N{HORIZONTAL ELLIPSIS}" not in narrow_text
    assert words(narrow_text) == words(wide_text)


def test_every_table_of_the_command_line_fits_and_the_page_shows_it(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    user = seed(engine, environment, tmp_path)

    texts = list(shown(engine, user))
    for (command, narrow_text), (_, wide_text) in zip(texts, shown(engine, user, 400), strict=True):
        lines = narrow_text.splitlines()
        assert max(map(len, lines)) <= WIDTH, command
        assert "\N{HORIZONTAL ELLIPSIS}" not in narrow_text, command
        assert words(narrow_text) == words(wide_text), command
    written = PAGE.read_text(encoding="utf-8")
    assert written == page(texts), "stale: run `make docs`"


def test_tables_that_need_other_runs_fit_too() -> None:
    model = {"prompt": "stepwise", "mode": "throughput", "category": "university"}
    judged = {
        "repetitions": 1860, "judged": 1860, "rules_score7": 3.51, "rules_score7_high": 6.02,
        "score7": 4.53, "score7_high": 5.04, "coverage": 0.87, "steps_changed": 1234,
        "dones_flagged": 432,
    }  # fmt: skip
    cached = {
        "results": 1860, "cached": 1234, "unknown": 626, "suspected": True,
        "first_ttft_ms": 12_345.6, "later_ttft_ms": 1_234.5,
    }  # fmt: skip
    limit = {
        "kind": "sequences", "gpu": "NVIDIA H200 NVL 141GB HBM3e", "memory_limit_mib": 24_576,
        "emulated": True, "max_stable": 1024, "first_failure": 2048, "unit": "sequences",
        "limited_by": "kv_cache", "reason": "RUNTIME_CUDA_OOM", "searches": 3, "agreed": False,
    }  # fmt: skip
    rows = [{"model": name} | model for name in FOUR]
    tables = [
        judged_table([row | judged for row in rows], FOUR[0]),
        unscored_table(
            [row | {"finish_reason": "content_filter", "results": 1234} for row in rows]
        ),
        *cache_tables([row | cached for row in rows]),
        concurrency_table([row | limit for row in rows]),
    ]
    for table in tables:
        narrow(at(WIDTH, table), at(400, table))


def test_nights_name_the_whole_model() -> None:
    slot = dt.datetime(2026, 11, 30, 2, tzinfo=dt.UTC)
    nights = [{"slot": slot, "state": "regressed", "reason": f"{FOUR[0]} fell", "run": "night"}]
    metric = {"slot": slot, "metric": "score7", "value": 3.5, "difference": -1.25}
    metric |= {"refused": None, "course": "regressed", "prompt": "stepwise" * 5}
    lines = list(nights_text(nights, [metric | {"model": name} for name in FOUR], dt.UTC))

    assert max(map(len, lines)) <= WIDTH
    for name in FOUR:
        assert name in "".join(lines)


def test_names_break_at_their_parts_and_empty_columns_are_left_out() -> None:
    assert broken("qwen3-30b-a3b/x.y", 10) == ["qwen3-30b-", "a3b/x.y"]
    assert broken("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    table = listing(("name", "gpu", "n"), [("a", "-", "1"), ("b", "", "2")], figures=("n",))
    assert [column.header for column in table.columns] == ["name", "n"]
    assert lean_table("", ("a",), ("b",)).title is None
    assert legend("poison", "slot").startswith("poison: the same error on two workers")
    assert short_time(dt.datetime(1999, 1, 2, 3, 4, tzinfo=dt.UTC)) == "1999-01-02"


def commands(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        yield f"{name} {each}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {each}")


@pytest.mark.parametrize(("name", "command"), list(commands(cli, "evalctl")))
def test_the_short_help_of_a_command_is_whole(name: str, command: click.Command) -> None:
    said = command.get_short_help_str(limit=1000)

    assert len(said) <= SHORT_HELP_AT_MOST, f"{name}: {said}"
    assert not said.endswith("..."), name
