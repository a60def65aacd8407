"""Scored answers to judge, stored as a worker would, and replies as a judge would write them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine

from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from db.models import Score, StepVerdict
from db.queue.commits import Result, commit
from db.runs.run import Run, find_run
from db.runs.submissions import submit
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from tests.support.jobs import claimed, register, submission
from tests.support.results import generation_row, store_start

PROBLEM = load_set("core").get("sec-symmetric-01")
PATH = PROBLEM.paths[0]
STEPS = tuple(step.id for step in PATH.steps)
ANSWER = "So $(a+b)^2 = 25$ and 2ab = 12, hence the result is 13."
#: What the rules say of each answer's steps, in turn.
MIXED = ("done", "undetermined", "missing")


def store_scored(
    engine: Engine,
    *verdicts: tuple[str, ...],
    text: str = ANSWER,
    name: str = "night",
    model: str = "pupil",
) -> Run:
    """Store a run of one problem, a repetition for each tuple of step verdicts."""
    spec = ModelSpec(name=model, engine="synthetic", source=f"fake {model}", queue="synthetic")
    rows = verdicts or (MIXED,)
    submitted = submit(
        engine,
        submission(
            name=name,
            experiment_hash=uuid.uuid4().hex,
            models=(spec,),
            problems=(record_of(PROBLEM),),
            repetitions=len(rows),
            sampling=SamplingParams(),
        ),
    )
    worker_id = register(engine)
    for said in rows:
        job = claimed(engine, worker_id)
        boot_id = store_start(engine, worker_id, job.model_id)
        steps = [
            StepVerdict(step=step, verdict=verdict)
            for step, verdict in zip(STEPS, said, strict=True)
        ]
        made = Result(
            generation=generation_row(boot_id),
            texts={"text": text},
            score=scored(said),
            verdicts=steps,
        )
        commit(engine, job.job_id, job.attempt_no, made)
    return find_run(engine, str(submitted.run_id))


def scored(said: tuple[str, ...]) -> Score:
    """Return the score that follows from the verdicts on the steps."""
    weights = {step.id: step.weight for step in PATH.necessary}
    weight = sum(weights.values())
    done, undetermined = (
        sum(weights.get(step, 0) for step, one in zip(STEPS, said, strict=True) if one == verdict)
        for verdict in ("done", "undetermined")
    )
    return Score(
        scorer_version="1.3.0",
        path_id=PATH.id,
        steps_done=said.count("done"),
        steps_total=len(PATH.necessary),
        score7=round(7 * done / weight, 4),
        score7_high=round(7 * (done + undetermined) / weight, 4),
        steps_undetermined=said.count("undetermined"),
        coverage=1 - undetermined / weight,
        guess_suspected=False,
    )


def reply(verdicts: Mapping[str, str], quote: str = "the result is 13") -> str:
    """Return the JSON that a judge writes, the same quote for every step that it found."""
    return json.dumps(
        {
            step: {"quote": "" if verdict == "missing" else quote, "verdict": verdict}
            for step, verdict in verdicts.items()
        }
    )


def batch_reply(custom_id: str, content: str, **body: Any) -> str:
    """Return a line of a batch's output."""
    found = {"choices": [{"message": {"role": "assistant", "content": content}}]} | body
    return json.dumps({"custom_id": custom_id, "response": {"status_code": 200, "body": found}})
