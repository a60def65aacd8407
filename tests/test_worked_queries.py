"""The worked queries of docs/how-to/query-the-database.md: an analyst runs each and gets rows."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import Engine, make_url

from core.model_spec import ModelSpec
from core.states import FailureKind
from db.claims import ClaimedJob, Failure, give_up
from db.commits import Result, commit
from db.models import MemoryTrace, Score, StepVerdict
from db.roles import grant_analyst
from db.submissions import ProblemRecord, Submission, submit
from tests.support.jobs import claim_one, register, submission
from tests.support.results import generation_row, store_start

PAGE = Path(__file__).resolve().parent.parent / "docs" / "how-to" / "query-the-database.md"
QUERIES = re.findall(
    r"^```sql\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
)
MODELS = ("smollm2", "smollm2-awq")
#: score7 of each model on each problem; the gap of a category follows by hand.
SCORES = {
    ("smollm2", "p1"): 3.5,
    ("smollm2", "p2"): 7.0,
    ("smollm2-awq", "p1"): 1.75,
    ("smollm2-awq", "p2"): 5.25,
}
#: The results with a flag: those of this model in this repetition.
THROTTLED = ("smollm2-awq", 2)

Analyst = psycopg.Connection[dict[str, object]]


@pytest.fixture
def results(engine: Engine) -> None:
    """Store a run of two models on two problems: one failed job, scores that suspect guesses."""
    worker_id = register(engine, queues=("vllm",))
    submit(engine, _submission())
    starts: dict[int, int] = {}
    first = True
    while job := claim_one(engine, worker_id=worker_id, queues=("vllm",)):
        boot_id = starts.get(job.model_id) or store_start(
            engine, worker_id, job.model_id, config_hash=f"config-{job.spec.name}"
        )
        starts[job.model_id] = boot_id
        if first:
            failure = Failure(
                kind=FailureKind.REJECTED, error_class="PROMPT_TOO_LONG", sentence="too long"
            )
            give_up(engine, job.job_id, job.attempt_no, failure)
            first = False
        else:
            commit(engine, job.job_id, job.attempt_no, _result(job, boot_id))


@pytest.fixture
def analyst(engine: Engine, database_url: str) -> Iterator[Analyst]:
    """Connect as a fresh login role that was let in by grant_analyst."""
    role, password = f"analyst_{os.getpid()}", "only-for-this-test"
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), password)
        )
        grant_analyst(engine, role)
        url = (
            make_url(database_url)
            .set(username=role, password=password)
            .render_as_string(hide_password=False)
        )
        with psycopg.connect(url, row_factory=dict_row) as connection:
            yield connection
        owner.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


def test_there_are_worked_queries() -> None:
    assert len(QUERIES) >= 8


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    "query", QUERIES, ids=lambda query: "-".join(re.findall(r"\w+", query)[1:4])
)
def test_a_worked_query_finds_rows_for_an_analyst(query: str, analyst: Analyst) -> None:
    assert analyst.execute(query.encode()).fetchall() != []


@pytest.mark.usefixtures("results")
def test_the_paired_query_computes_the_gap(analyst: Analyst) -> None:
    paired = next(query for query in QUERIES if "AS gap" in query)

    rows = analyst.execute(paired.encode()).fetchall()

    numbers = {row.pop("category"): row for row in rows}
    assert set(numbers) == {"secondary", "university"}
    for category, first, second in (("secondary", 3.5, 1.75), ("university", 7.0, 5.25)):
        wanted = {"problems": 1, "first": first, "second": second, "gap": -1.75}
        assert numbers[category] == pytest.approx(wanted)


@pytest.mark.usefixtures("results")
def test_the_query_for_throttled_results_names_the_clock(analyst: Analyst) -> None:
    throttled = next(query for query in QUERIES if "AS held_down" in query)
    rows = analyst.execute(throttled.encode()).fetchall()
    found = [tuple(row.values())[1:] for row in rows]
    assert sorted(found) == [(problem, 2, 2, 1, 1935, 1980) for problem in ("p1", "p2")]


@pytest.mark.usefixtures("results")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM eval.job",
        "CREATE VIEW analytics_v1.mine AS SELECT 1",
        "CREATE TABLE public.mine (x int)",
        "DELETE FROM analytics_v1.runs",
    ],
)
def test_an_analyst_can_do_nothing_else(statement: str, analyst: Analyst) -> None:
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    ):
        analyst.execute(statement.encode())


def test_an_analysts_statements_end_after_a_minute(analyst: Analyst) -> None:
    assert analyst.execute("SHOW statement_timeout").fetchall() == [{"statement_timeout": "1min"}]


def _submission() -> Submission:
    return submission(
        name="quickstart",
        models=tuple(
            ModelSpec(name=name, engine="vllm", source="somewhere", queue="vllm") for name in MODELS
        ),
        problems=tuple(
            ProblemRecord(
                name=name, content_hash=f"hash-{name}", category=category, document={"id": name}
            )
            for name, category in (("p1", "secondary"), ("p2", "university"))
        ),
    )


def _result(job: ClaimedJob, boot_id: int) -> Result:
    assert job.problem is not None
    generation = generation_row(
        boot_id,
        queue_wait_s=0.5,
        engine_queued_s=1.001,
        engine_first_token_s=1.099,
        memory_kind="host",
        need_mib=300.0,
        flags=["throttled"] if (job.spec.name, job.repetition) == THROTTLED else [],
    )
    score = Score(
        scorer_version="1",
        path_id="main",
        steps_done=1,
        steps_total=4,
        score7=SCORES[job.spec.name, job.problem],
        answer_correct=True,
        guess_suspected=True,
    )
    trace = MemoryTrace(
        kind="host", started_s=1.0, period_ms=50, used_mib=[290, 300], peak_mib=300, mean_mib=295.0
    )
    trace.look_at_s, trace.look_sm_clock_mhz, trace.look_reasons = (
        [0.5, 1.2, 1.4],
        [345, 1935, 1980],
        [0x1, 0x4, 0x0],
    )
    trace.look_temperature_c, trace.look_power_w, trace.max_sm_clock_mhz = (
        [36, 37, 37],
        [70.0, None, 220.0],
        1980,
    )
    verdicts = [StepVerdict(step="s1", verdict="done"), StepVerdict(step="s2", verdict="missing")]
    return Result(
        generation=generation, texts={"text": "four"}, trace=trace, score=score, verdicts=verdicts
    )
