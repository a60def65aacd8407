"""Generations, engine starts and probes in the database, stored as a worker would."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rich.console import Console, RenderableType
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core.sampling_params import SamplingParams
from db.models import (
    Attempt,
    Boot,
    Generation,
    Job,
    MemoryTrace,
    ProbePoint,
    Score,
    StepVerdict,
)
from db.queue.claims import ClaimedJob
from db.queue.commits import Result, commit
from db.queue.fleet import record_start
from db.runs.submissions import submit
from tests.support.jobs import PROBLEM, QUEUES, claim_one, register, submission

#: The reasons of a level's trials, None for a stable one.
Levels = Mapping[int, Sequence[str | None]]
OK = (None, None, None)
THREE = (
    {
        "last_token_s": 2.0,
        "first_token_s": 1.1,
        "first_answer_s": 1.4,
        "need_mib": 10.0,
        "memory_kind": "device",
    },
    {
        "last_token_s": 3.0,
        "first_token_s": 1.3,
        "need_mib": 30.0,
        "memory_kind": "device",
        "start": 1,
    },
    {
        "last_token_s": 9.0,
        "first_token_s": 5.0,
        "need_mib": 90.0,
        "memory_kind": "device",
        "flags": ["throttled"],
    },
)


def generation_row(boot_id: int, **columns: Any) -> Generation:
    """Return a generation of 5 tokens, the first after 0.1 s, the last after 0.5 s."""
    values: dict[str, Any] = {
        "prompt_hash": "prompt",
        "output_hash": "output",
        "output_text_hash": "text",
        "sampling_hash": "sampling",
        "prompt_tokens": 3,
        "cached_tokens": 0,
        "output_tokens": 5,
        "finish_reason": "stop",
        "queue_wait_s": 0.0,
        "submitted_s": 1.0,
        "first_token_s": 1.1,
        "last_token_s": 1.5,
    }
    return Generation(boot_id=boot_id, **values | columns)


def result(engine: Engine, worker_id: uuid.UUID, job: ClaimedJob) -> Result:
    """Return a small result of a job, after an engine start for it alone."""
    boot_id = record_start(
        engine,
        Boot(
            worker_id=worker_id,
            model_id=job.model_id,
            engine_version="s",
            config_hash="c",
            environment_hash="e",
            start_s=0,
        ),
    )
    score = Score(
        scorer_version="1", steps_done=1, steps_total=2, score7=3.5, guess_suspected=False
    )
    verdict = StepVerdict(step="s1", verdict="done")
    return Result(
        generation=generation_row(boot_id), texts={"text": "four"}, score=score, verdicts=[verdict]
    )


def store_start(engine: Engine, worker_id: uuid.UUID, model_id: int, **columns: Any) -> int:
    """Record an engine start and return its id."""
    given = {
        "engine_version": "e 1",
        "config_hash": "c",
        "environment_hash": "h",
        "start_s": 1.0,
    } | columns
    return record_start(engine, Boot(worker_id=worker_id, model_id=model_id, **given))


def store(
    engine: Engine,
    generations: Sequence[Mapping[str, Any]],
    *,
    starts: Sequence[Mapping[str, Any]] = ({},),
    worker: Mapping[str, Any] = MappingProxyType({}),
    **sampling: Any,
) -> uuid.UUID:
    """Store a run of one problem, a repetition for each generation given, and return its id.

    ``starts`` has the columns of the engine starts, ``profile`` being the index of another; a
    generation's ``start`` picks one, and its ``peak_mib`` makes a trace, of several GPUs with
    ``peak_per_gpu_mib``.
    """
    run = {
        "problems": (PROBLEM,),
        "repetitions": len(generations),
        "sampling": SamplingParams(**sampling),
    }
    submitted = submit(engine, submission(mode="throughput", new=True, **run))
    worker_id = register(engine, **worker)
    started: list[int] = []
    for columns in generations:
        job = claim_one(engine, worker_id=worker_id, queues=QUEUES)
        assert job is not None
        for start in starts[len(started) :]:
            given = {key: value for key, value in start.items() if key != "profile"}
            behind = {"profile_boot_id": started[start["profile"]]} if "profile" in start else {}
            started.append(store_start(engine, worker_id, job.model_id, **given, **behind))
        apart = ("start", "peak_mib", "peak_per_gpu_mib")
        kept = {key: value for key, value in columns.items() if key not in apart}
        row = generation_row(started[columns.get("start", 0)], **kept)
        peaks = {key: columns[key] for key in apart[1:] if key in columns}
        trace = _trace(**peaks) if peaks else None
        commit(
            engine,
            job.job_id,
            job.attempt_no,
            Result(generation=row, texts={"text": "four"}, trace=trace),
        )
    return submitted.run_id


def _trace(peak_mib: int, peak_per_gpu_mib: list[int] | None = None) -> MemoryTrace:
    return MemoryTrace(
        kind="device",
        started_s=1.0,
        period_ms=20,
        used_mib=[peak_mib],
        peak_mib=peak_mib,
        peak_per_gpu_mib=peak_per_gpu_mib,
        mean_mib=peak_mib,
    )


def probe(
    engine: Engine,
    kind: str,
    searches: Sequence[Levels],
    *,
    max_level: int = 64,
    experiment: str = "e1",
    worker: Mapping[str, Any] | None = None,
    **changes: Any,
) -> uuid.UUID:
    """Store ended searches: for each level the reasons of its trials, None for a stable one.

    ``worker`` has columns of the worker that searched, ``changes`` are of the submission.
    """
    named = {"name": experiment, "experiment_hash": experiment} | changes
    submitted = submit(
        engine, submission(problems=(PROBLEM,), repetitions=len(searches), prompts=(kind,), **named)
    )
    worker_id = register(engine, **(worker or {}))
    jobs = select(Job).where(Job.run_id == submitted.run_id).order_by(Job.id)
    with Session(engine) as session:
        for levels, job in zip(searches, session.scalars(jobs).all(), strict=True):
            job.problem_id, job.probe = (
                None,
                {"kind": kind, "max_level": max_level, "memory_limit_mib": 24576},
            )
            job.state, job.attempt_no, job.finished_at = "succeeded", 1, job.created_at
            ended = {"outcome": "succeeded", "ended_at": job.created_at}
            session.add(Attempt(job_id=job.id, attempt_no=1, worker_id=worker_id, **ended))
            session.flush()
            trials = [
                (level, n, why)
                for level, whys in levels.items()
                for n, why in enumerate(whys, start=1)
            ]
            for ordinal, (level, trial, why) in enumerate(trials, start=1):
                point = {
                    "level": level,
                    "trial": trial,
                    "outcome": "stable" if why is None else "failed",
                    "reason": why,
                    "need_mib": 100.0 * level,
                }
                session.add(
                    ProbePoint(
                        job_id=job.id, ordinal=ordinal, attempt_no=1, requests=1, errors=0, **point
                    )
                )
        session.commit()
    return submitted.run_id


def printed(parts: Iterable[RenderableType]) -> str:
    """Return what is printed at 160 columns, without lines and with single blanks."""
    console = Console(width=160)
    with console.capture() as captured:
        for part in parts:
            console.print(part)
    return "\n".join(
        " ".join(line.replace("│", " ").replace("┃", " ").split())
        for line in captured.get().splitlines()
    )
