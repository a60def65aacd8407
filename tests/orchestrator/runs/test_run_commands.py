"""``evalctl run`` as a user meets it."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from db.runs.run import find_run
from tests.support.database import count
from tests.support.judging import store_scored
from tests.support.processes import evalctl, evalctl_json

RUNS = "SELECT count(*) FROM eval.run"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("latest", "stands for the latest run"),
        ("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", "could be the id"),
        (" ", "characters"),
        ("two\nlines", "one line"),
        ("other", "another run has the name"),
    ],
)
def test_a_name_that_a_run_cannot_have_is_refused(
    engine: Engine, environment: dict[str, str], name: str, why: str
) -> None:
    store_scored(engine, name="first")
    store_scored(engine, name="other")

    done = evalctl(environment, "run rename first", name)

    assert done.returncode == 2
    assert why in done.stderr
    assert find_run(engine, "first").name == "first"


def test_rename_and_tags(engine: Engine, environment: dict[str, str]) -> None:
    run = str(store_scored(engine, name="first").run_id)

    renamed = evalctl_json(environment, "run rename first paper-1")
    tagged = evalctl_json(environment, "run tag paper-1 paper qwen/3")

    assert renamed == {"run": run, "name": "paper-1", "old_name": "first"}
    assert tagged == {"run": run, "name": "paper-1", "tags": ["paper", "qwen/3"]}
    assert evalctl_json(environment, "status paper-1")["tags"] == ["paper", "qwen/3"]
    assert "tags: paper, qwen/3\n" in evalctl(environment, "status paper-1").stdout
    assert "#paper" in evalctl(environment, "status").stdout
    assert len(evalctl_json(environment, "status --tag paper")["runs"]) == 1
    assert evalctl_json(environment, "status --tag pap")["runs"] == []
    assert "evalctl run tag RUN pap" in evalctl(environment, "status --tag pap").stdout
    assert evalctl(environment, "run tag paper-1 paper --remove").stdout == (
        "run paper-1: qwen/3\n"
    )
    refused = evalctl(environment, "run tag paper-1 'two words'")
    assert (refused.returncode, "one word" in refused.stderr) == (2, True)


def test_delete_says_what_it_would_do_and_does_it_with_yes(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_scored(engine, name="first")

    dry = evalctl(environment, "run delete latest")
    refused = evalctl(environment, "run delete latest --yes")

    assert dry.returncode == 0, dry.stderr
    assert dry.stdout == (
        "run first has 1 job, 1 answer, 1 scoring\n"
        "nothing is deleted yet; --yes deletes all of it for good\n"
    )
    assert (refused.returncode, "may be another one" in refused.stderr) == (2, True)
    assert count(engine, RUNS) == 1
    document = evalctl_json(environment, "run delete first --yes")
    assert (document["deleted"], document["answers"], document["kept_by"]) == (True, 1, [])
    assert count(engine, RUNS) == 0
    missing = evalctl(environment, "run delete first --yes")
    assert (missing.returncode, "no run matches" in missing.stderr) == (2, True)


def test_a_run_that_is_needed_stays_and_the_reason_is_named(
    engine: Engine, environment: dict[str, str]
) -> None:
    store_scored(engine, name="first")
    store_scored(engine, name="other")
    compared = evalctl(environment, "compare first other --synthetic --json")
    assert compared.returncode in (0, 5), compared.stderr

    kept = evalctl_json(environment, "run delete other --yes", code=1)

    assert kept["deleted"] is False
    assert "--force" in kept["kept_by"][0]
    assert count(engine, RUNS) == 2
    assert evalctl_json(environment, "run delete other --yes --force")["comparisons"] == 1
    assert count(engine, RUNS) == 1
