"""Prompts are stored with their jobs: a worker asks in the words that were submitted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from db.runs.submissions import PromptsChanged, submit
from orchestrator.runs.submit import record_of_prompt
from problems.prompt_styles import PromptTemplate, find_templates
from tests.support.jobs import QUEUES, claim_one, register, submission
from workers.execution.catalogue import Catalogue

OWN = PromptTemplate(name="terse", system={}, user={"en": "{statement} Be brief."})


def test_a_worker_asks_in_the_words_that_were_submitted(engine: Engine) -> None:
    submit(engine, submission(prompts=("terse",), templates=(record_of_prompt(OWN),)))
    job = claim_one(engine, worker_id=register(engine), queues=QUEUES)
    assert job is not None
    assert job.prompt == "terse"
    assert Catalogue(engine).prompt(job) == OWN


def test_a_job_without_words_gets_those_of_evalctl(engine: Engine) -> None:
    submit(engine, submission(prompts=("stepwise",)))
    job = claim_one(engine, worker_id=register(engine), queues=QUEUES)
    assert job is not None
    assert Catalogue(engine).prompt(job) == find_templates(["stepwise"])[0]


def test_other_words_under_the_same_name_are_refused_in_the_same_run(engine: Engine) -> None:
    changed = replace(OWN, user={"en": "{statement} Be very brief."})
    first = submission(prompts=("terse",), templates=(record_of_prompt(OWN),))
    again = submission(prompts=("terse",), templates=(record_of_prompt(changed),), repetitions=3)
    run = submit(engine, first)
    with pytest.raises(PromptsChanged, match="run night has answers to the prompt terse in other"):
        submit(engine, again)
    assert submit(engine, first).created == 0
    other = submit(engine, replace(again, new=True))
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT run_id, prompt, style, version, system_text, user_text, jobs"
                " FROM analytics_v1.run_prompts ORDER BY jobs"
            )
        ).all()
    assert [tuple(row) for row in found] == [
        (run.run_id, "terse", "terse", OWN.version, None, "{statement} Be brief.", 4),
        (other.run_id, "terse", "terse", changed.version, None, "{statement} Be very brief.", 6),
    ]
