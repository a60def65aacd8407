"""Models, prompts, problems and runs with names that tables, pages and files give a meaning."""

from __future__ import annotations

import csv
import shlex
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rich.cells import cell_len
from sqlalchemy import Engine

from tests.support.compared import graded, store_run
from tests.support.database import query
from tests.support.pages import document_in
from tests.support.processes import evalctl, evalctl_json

#: A registry takes any line; an imported or older row may hold more.
MODELS = (
    "../up/名 | <b>&\"' `x`", "书生" * 40, '=1+1,"x"', "m\nn [bold]x[/bold] [/]",
    "{x} %s %(a)s $HOME \u202eevil",
)  # fmt: skip
PROMPT = 'p|<u>"2'
PROBLEM = "p|<i>\n\"'` 题"
RUN = "run | <i>\"q\" 书 'x' ../y"


@pytest.fixture
def odd(engine: Engine) -> str:
    """Store a run whose names are odd, and return its name as a shell takes it."""
    for place, model in enumerate(MODELS):
        store_run(engine, RUN, graded(6, drop=0.1 * place), model=model, prompt=PROMPT)
    quoted = PROBLEM.replace("'", "''")
    query(engine, f"UPDATE eval.problem SET name = '{quoted}' WHERE name = 'p00'")
    return shlex.quote(RUN)


def test_odd_names_fit_every_table(odd: str, environment: dict[str, str]) -> None:
    first, second = map(shlex.quote, MODELS[:2])
    asked = f"--problem {shlex.quote(PROBLEM)} --model {first}"
    for command in (
        f"results {odd}", f"results {odd} --by problem", f"results {odd} {asked}",
        f"results {odd} --table resources --explain", f"recommend {odd}", f"status {odd}",
        f"compare {odd} --models {first} {second}", f"answer {odd} {asked}", "status",
    ):  # fmt: skip
        done = evalctl(environment | {"COLUMNS": "80"}, command)
        assert done.returncode in (0, 1, 5), (command, done.stderr)
        assert max(map(cell_len, done.stdout.splitlines())) <= 80, command
        assert "\u202e" not in done.stdout, command


def test_odd_names_come_back_from_files(
    odd: str, environment: dict[str, str], tmp_path: Path
) -> None:
    for form in ("csv", "parquet"):
        evalctl_json(environment, f"export {odd} --format {form} -o {tmp_path}")
    with (tmp_path / "answers.csv").open(encoding="utf-8", newline="") as file:
        of_csv = list(csv.DictReader(file))
    of_parquet = pq.read_table(tmp_path / "answers.parquet").to_pylist()
    for answers in (of_csv, of_parquet):
        assert {row["model"] for row in answers} == set(MODELS)
        assert {row["prompt"] for row in answers} == {PROMPT}
        assert {row["run"] for row in answers} == {RUN}
        assert PROBLEM in {row["problem"] for row in answers}

    evalctl_json(environment, f"report {odd} -o {tmp_path / 'r.html'}")
    page = document_in(tmp_path / "r.html")
    assert page["run"]["name"] == RUN
    assert {row["model"] for row in page["models"]} == set(MODELS)
    assert PROBLEM in page["problems"]
