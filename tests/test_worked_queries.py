"""The worked queries of docs/queries: an analyst runs each and gets rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from services.usage import Endpoints
from tests.support.analytics import Analyst, seeded_analyst

FILES = sorted((Path(__file__).resolve().parent.parent / "docs" / "queries").glob("*.sql"))


@pytest.fixture(scope="module")
def analyst(endpoints: Endpoints) -> Iterator[Analyst]:
    """Connect as an analyst to a seeded database, made once since the tests only read it."""
    with seeded_analyst(endpoints.database_url, "seeded") as connection:
        yield connection


def query_of(name: str) -> str:
    (file,) = [file for file in FILES if file.stem.endswith(name)]
    return file.read_text(encoding="utf-8")


def test_there_are_at_least_twenty_with_a_line_of_purpose_each() -> None:
    assert len(FILES) >= 20
    numbers = [int(file.stem.partition("-")[0]) for file in FILES]
    assert numbers == list(range(1, len(FILES) + 1))
    for file in FILES:
        purpose, _, rest = file.read_text(encoding="utf-8").partition("\n")
        assert re.fullmatch(r"-- [A-Z].{10,90}[.?]", purpose), file.name
        query = re.sub(r"^-- .*$", "", rest, flags=re.MULTILINE)
        assert query.count(";") == 1, f"{file.name} is one statement"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_worked_query_finds_rows_for_an_analyst(file: Path, analyst: Analyst) -> None:
    assert analyst.execute(file.read_bytes()).fetchall() != []


def test_the_queries_name_most_views_and_each_has_rows(analyst: Analyst) -> None:
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    views = {view for text in texts for view in re.findall(r"analytics_v1\.(\w+)", text)}
    assert {"judgements", "reviews", "comparisons", "nightly_comparison", "queue_health"} <= views
    assert len(views) >= 20
    for view in views:
        found = analyst.execute(f"SELECT * FROM analytics_v1.{view} LIMIT 1".encode()).fetchall()
        assert found, view


def test_the_paired_query_computes_the_gap(analyst: Analyst) -> None:
    rows = analyst.execute(query_of("scores-side-by-side").encode()).fetchall()

    numbers = {row.pop("category"): row for row in rows}
    assert set(numbers) == {"secondary", "university"}
    for category, first, second in (("secondary", 3.5, 1.75), ("university", 7.0, 5.25)):
        wanted = {"problems": 2, "first": first, "second": second, "gap": -1.75}
        assert numbers[category] == pytest.approx(wanted), "a problem under two prompts"


def test_the_query_for_throttled_results_names_the_clock(analyst: Analyst) -> None:
    rows = analyst.execute(query_of("throttled-clocks").encode()).fetchall()
    found = [tuple(row.values())[1:] for row in rows]
    wanted = [(problem, 2, 2, 1, 1935, 1980) for problem in ("p1", "p1", "p2", "p2")]
    assert sorted(found) == wanted


def test_the_interval_holds_its_share(analyst: Analyst) -> None:
    rows = analyst.execute(query_of("accuracy-interval").encode()).fetchall()
    found = {tuple(row.values())[:3]: tuple(row.values())[3:] for row in rows}
    # Two of four, and four of four, by the formula with z = 1.96.
    assert found["smollm2", "university", 4] == pytest.approx((0.5, 0.15003, 0.84997), abs=2e-3)
    assert found["smollm2-awq", "university", 4] == pytest.approx((1, 0.51010, 1), abs=2e-3)


def test_the_queue_says_what_waits_and_who_serves_it(analyst: Analyst) -> None:
    (row,) = analyst.execute(query_of("queue-health").encode()).fetchall()
    assert (row["queue"], row["waiting_jobs"], row["running_jobs"]) == ("vllm", 16, 0)
    assert (row["workers"], row["quarantined_workers"], row["late_leases"]) == (2, 1, 0)
    assert row["hints_due"] == 33, "nothing published the hints of two runs and a probe"
    assert float(str(row["oldest_waiting_s"])) >= 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM eval.job",
        "CREATE VIEW analytics_v1.mine AS SELECT 1",
        "CREATE TABLE public.mine (x int)",
        "DELETE FROM analytics_v1.problems",
    ],
)
def test_an_analyst_can_do_nothing_else(statement: str, analyst: Analyst) -> None:
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    ):
        analyst.execute(statement.encode())


def test_an_analysts_statements_end_after_a_minute(analyst: Analyst) -> None:
    assert analyst.execute("SHOW statement_timeout").fetchall() == [{"statement_timeout": "1min"}]
