"""Texts that a database cannot hold are replaced visibly, whichever way they come in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Engine

from core.states import FailureKind, JobState
from core.texts import storable
from db.adapters import dumps
from db.engine import rows, run_alone, transaction
from db.queue.claims import Failure, give_up
from db.runs.submissions import submit
from tests.support.jobs import QUEUES, claim_one, register, submission

CASES = [
    ("a\x00b", "a\ufffdb"),
    ("half \ud83d!", "half \ufffd!"),
    ("\ud83d\ude00", "\U0001f600"),
    ("\ude00\ud83d", "\ufffd\ufffd"),
    ("数学 \U0001f600", "数学 \U0001f600"),
    ("plain", "plain"),
]


@pytest.mark.parametrize(("given", "kept"), CASES)
def test_a_text_arrives_through_both_doors(engine: Engine, given: str, kept: str) -> None:
    assert storable(given) == kept
    assert run_alone(engine, "SELECT %(t)s::text AS t", {"t": given}) == [{"t": kept}]
    with transaction(engine) as connection:
        assert rows(connection, "SELECT %(t)s::text AS t", {"t": given}) == [{"t": kept}]


@pytest.mark.parametrize(("given", "kept"), CASES)
def test_a_document_arrives_with_all_its_texts(engine: Engine, given: str, kept: str) -> None:
    document: dict[str, Any] = {given: [given, {"x": given}], "n": 1}
    expected = {kept: [kept, {"x": kept}], "n": 1}
    assert json.loads(dumps(document)) == expected
    found = run_alone(engine, "SELECT %(d)s::jsonb AS d", {"d": Jsonb(document)})
    assert found == [{"d": expected}]


def test_an_escape_that_only_looks_like_nul_stays(engine: Engine) -> None:
    document = {"tex": "\\u0000 and \\\\ud83d"}
    assert json.loads(dumps(document)) == document
    assert run_alone(engine, "SELECT %(d)s::jsonb AS d", {"d": Jsonb(document)}) == [
        {"d": document}
    ]


def test_giving_up_never_fails_for_its_own_sentence(engine: Engine) -> None:
    submit(engine, submission(new=True))
    job = claim_one(engine, worker_id=register(engine), queues=QUEUES)
    assert job is not None
    failure = Failure(
        kind=FailureKind.REJECTED, error_class="REQUEST_REFUSED", sentence="no \x00 \ud83d here"
    )
    assert give_up(engine, job.job_id, job.attempt_no, failure) is JobState.FAILED
    stored = run_alone(
        engine, "SELECT error_message AS said FROM eval.job WHERE id = %(j)s", {"j": job.job_id}
    )
    assert stored[0]["said"] == "no \ufffd \ufffd here"
