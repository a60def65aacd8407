"""Every table at 80 columns: no name and no figure is cut or broken, with four long names."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from orchestrator.cli import cli
from reports.tables.layout import broken, folded, lean_table, legend, listing, short_time
from reports.tables.nights import nights_text
from reports.tables.probes import level_table
from reports.tables.resources import cache_tables, concurrency_table
from reports.tables.scores import judged_table, unscored_table
from reports.texts.estimate import estimate_table
from reports.texts.verification import bench_lines
from tests.support.command_lines import every_command
from tests.support.four_models import FOUR
from tests.support.table_commands import ELSEWHERE, ONCE, SHOWN, UNSHOWN, named
from tests.support.tables_page import PAGE, WIDTH, page, seed, shown, values

SHORT_HELP_AT_MOST = 55
#: A word or a figure; a Chinese one may break anywhere.
#: What moves on from one rendering to the next.
MOVING = re.compile(r"^\d\d:\d\d:\d\d |\d+ s ago|\d+ MiB free", re.MULTILINE)
WORD = re.compile(r"[\u4e00-\u9fff]|[^\W_\u4e00-\u9fff]+(?:[.,:]\d+)*")


def words(text: str) -> Counter[str]:
    """Count words and figures: one that is cut or broken makes others. Without what moves on."""
    return Counter(WORD.findall(MOVING.sub("", text)))


def at(width: int, table: Table) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def assert_narrow(text: str, what: str = "") -> None:
    """Hold a text to 80 columns, of which a Chinese character takes two."""
    assert max(map(cell_len, text.splitlines())) <= WIDTH, what
    assert "\N{HORIZONTAL ELLIPSIS}" not in text, what


def narrow(narrow_text: str, wide_text: str, what: str = "") -> None:
    """Hold a text of 80 columns against the same one of any width."""
    assert_narrow(narrow_text, what)
    assert words(narrow_text) == words(wide_text), what


def test_every_table_of_the_command_line_fits_and_the_page_shows_it(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    user = seed(engine, environment, tmp_path)
    known = values(engine, tmp_path, Path(environment["EVALCTL_HOME"]))

    def held(commands: Sequence[str]) -> list[tuple[str, str]]:
        narrow_texts = list(shown(engine, user, commands, known))
        wide_texts = shown(engine, user, commands, known, 400)
        for (command, narrow_text), (_, wide_text) in zip(narrow_texts, wide_texts, strict=True):
            narrow(narrow_text, wide_text, command)
        return narrow_texts

    written = PAGE.read_text(encoding="utf-8")
    assert written == page(held(SHOWN)), "stale: run `make docs`"
    held(UNSHOWN)
    for command, text in shown(engine, user, ONCE, known):
        assert_narrow(text, command)


def test_every_command_is_held_to_80_columns_or_has_a_reason_not_to_be() -> None:
    known = {" ".join(words) for words in every_command()}
    listed = {named(command, known) for command in (*SHOWN, *UNSHOWN, *ONCE)}

    assert not listed & set(ELSEWHERE)
    assert listed | set(ELSEWHERE) == known


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


@pytest.mark.parametrize("model", FOUR)
def test_tables_of_probes_estimates_and_the_bench_fit(model: str) -> None:
    point = {
        "search": 2, "level": 131_072, "trials": 3, "outcome": "failed", "answer_right": False,
        "reason": "RUNTIME_CUDA_OOM", "ttft_p50_ms": 12_345.6, "e2e_p95_s": 123.45,
        "tokens_per_s": 1_234.5, "kv_used_mib": 101_072.0, "need_mib": 141_072.0,
        "peak_mib": 143_771.0, "after_mib": 141_072.0,
    }  # fmt: skip
    document = {"model": model, "probe": "context"}
    sequences = point | {"answer_right": None}
    levels = [level_table(document | {"points": [one]}) for one in (point, sequences)]
    estimate = estimate_table(
        [
            {"model": name, "gpu": "NVIDIA H200 NVL 141GB HBM3e", "gpus": 8, "jobs": 14_880,
             "gpu_hours": 123.4, "gpu_hours_p10": 101.2, "gpu_hours_p90": 145.6, "cost": 1234.5,
             "results": 14_880, "runs": 1, "jobs_by": {"problem": 14_880}, "starts": 2,
             "start_s": 123.4}
            for name in FOUR
        ]
    )  # fmt: skip
    fault = {"kind": "missing_case", "n": 1234, "parsed": 1234, "caught": 1234}
    fault |= {"rate_parsed": 1.0, "rate": 1.0}
    bench, *_ = bench_lines(
        {"faults": [fault], "calculation": fault | {"kind": "calculation"}, "problems": 62,
         "answers": 700, "steps": 7000, "parsed_share": 1.0, "unverified_share": 0.0,
         "false_alarms": 0, "false_alarm_rate": 0.0, "latency_ms": {"p50": 1.0, "p95": 2.0}}
    )  # fmt: skip
    assert isinstance(bench, Table)
    for table in (*levels, estimate, bench):
        narrow(at(WIDTH, table), at(400, table), str(table.title))


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
    assert broken("书生浦语大模型-20b", 10) == ["书生浦语大", "模型-20b"]
    assert folded("so is qwen3-30b and all", 12, "  ") == ["so is", "  qwen3-30b", "  and all"]
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
