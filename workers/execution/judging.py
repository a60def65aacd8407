"""A judge job: the request that the worker makes again, and the rows of what the reply says."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from db import models
from db.judging.judgements import judged_answer
from db.queue.claims import ClaimedJob
from problems.schema import Problem
from scoring.judging.reply import read_reply
from scoring.judging.request import PROMPT_VERSION, JudgeRequest, judge_request
from workers.engines.protocol import Generation, hash_text
from workers.errors import JUDGE_REQUEST_CHANGED, PromptRejected


def request(database: Engine, job: ClaimedJob, problem: Problem) -> JudgeRequest:
    """Return the request of a judge job, made from the database.

    Raise PromptRejected where it is not the one that was submitted: another version of evalctl
    words it differently.
    """
    assert job.judged_score_id is not None
    path_id, text = judged_answer(database, job.judged_score_id)
    made = judge_request(
        problem, text, path_id=path_id, step_ids=job.judge_steps, language=job.language
    )
    if made.prompt_hash != job.judge_prompt_hash:
        raise PromptRejected(
            "this worker words the request to the judge differently than the evalctl that "
            "submitted it: update the older one and judge again",
            error_class=JUDGE_REQUEST_CHANGED,
        )
    return made


def rows(job: ClaimedJob, asked: JudgeRequest, generation: Generation) -> dict[str, Any]:
    """Return the judgement and its steps, as fields of a result."""
    return {
        "judgement": models.Judgement(
            score_id=job.judged_score_id,
            judge=job.spec.name,
            judge_config_hash=job.spec.spec_hash,
            prompt_hash=asked.prompt_hash,
            prompt_version=PROMPT_VERSION,
            temperature=job.sampling.temperature,
            reply_text_hash=hash_text(generation.text),
            reply_key=f"job-{job.job_id}",
        ),
        "judged_steps": tuple(
            models.JudgedStep(
                step=one.step_id,
                verdict=one.verdict,
                quote=one.quote,
                reason=one.reason or None,
            )
            for one in read_reply(asked, generation.text)
        ),
    }
