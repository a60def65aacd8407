"""Finished runs in the database, with the scores that a test gives, to be compared."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from db.models import Attempt, Boot, Generation, Job, Model, Problem, Run, Score, TextBlob, Worker

#: A problem's results: (score7, whether the final answer is right) for each repetition.
Results = Mapping[str, Sequence[tuple[float, bool]]]

_NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ENVIRONMENT = {"gpu_name": "Fake GPU", "gpu_uuid": "GPU-0", "driver": "1", "torch": "2"}


def graded(problems: int = 12, *, drop: float = 0.0, repetitions: int = 3) -> dict[str, Any]:
    """Return results of problems whose scores lie around 4 of 7, less ``drop``."""
    return {
        f"p{n:02}": [
            (score, score > 3.5)
            for score in (
                min(7.0, max(0.0, 2.5 + n % 4 + 0.2 * ((n + r) % 3) - drop))
                for r in range(repetitions)
            )
        ]
        for n in range(problems)
    }


def store_run(
    engine: Engine,
    name: str,
    results: Results,
    *,
    model: str = "m",
    spec_hash: str | None = None,
    prompt: str = "plain",
    content: str = "h",
    prompt_hash: str = "asked",
    scorer: str = "1",
    environment: Mapping[str, Any] = ENVIRONMENT,
    config: Mapping[str, Any] | None = None,
    sampling: Mapping[str, Any] | None = None,
    undetermined: float = 0.0,
    price: float | None = None,
    experiment: str | None = None,
    ordinal: int = 1,
    **columns: Any,
) -> uuid.UUID:
    """Store the results of one model and prompt of a run, which is made where it does not exist.

    ``columns`` are those of the generations.
    """
    with Session(engine) as session:
        run = session.scalars(select(Run).where(Run.name == name)).first()
        if run is None:
            run = Run(
                id=uuid.uuid4(),
                name=name,
                experiment_hash=experiment or name,
                ordinal=ordinal,
                mode="latency",
                experiment={"language": "en"},
                provenance={},
            )
            session.add(run)
        of_model = _model(session, model, spec_hash or f"spec of {model}", price)
        worker = Worker(
            id=uuid.uuid4(), name="w", host="w", pid=1, device="cuda", gpu_index=0,
            gpu_uuid="GPU-0", gpu_name="Fake GPU", queues=[], version="0", state="stopped",
        )  # fmt: skip
        session.add(worker)
        session.flush()
        start = Boot(
            worker_id=worker.id,
            model_id=of_model.id,
            engine_version="e",
            config_hash="c",
            environment_hash="e",
            config={"max_num_seqs": 4, **(config or {})},
            environment=dict(environment),
            start_s=1.0,
            backend_facts={},
            memory_reasons={},
            memory_details_mib={},
            warm_up={},
        )
        session.add(start)
        session.flush()
        for problem, repetitions in results.items():
            stored = _problem(session, problem, content)
            for number, (score7, right) in enumerate(repetitions, start=1):
                job = Job(
                    run_id=run.id,
                    model_id=of_model.id,
                    problem_id=stored.id,
                    prompt=prompt,
                    repetition=number,
                    mode="latency",
                    sampling={"temperature": 0.7, "seed": number, **(sampling or {})},
                    state="succeeded",
                    attempt_no=1,
                    finished_at=_NOW,
                )
                session.add(job)
                session.flush()
                session.add(
                    Attempt(
                        job_id=job.id,
                        attempt_no=1,
                        worker_id=worker.id,
                        outcome="succeeded",
                        ended_at=_NOW,
                    )
                )
                text = f"{name}, {model}, {problem}: {'right' if right else 'wrong'} {number}"
                session.merge(TextBlob(hash=text, content=text))
                session.flush()
                session.add(_generation(job.id, start.id, text, prompt_hash, columns))
                session.flush()
                session.add(
                    Score(
                        job_id=job.id,
                        scorer_version=scorer,
                        steps_done=1,
                        steps_total=2,
                        score7=score7,
                        score7_high=min(7.0, score7 + undetermined),
                        answer_correct=right,
                        guess_suspected=False,
                    )
                )
        session.commit()
        return run.id


def _generation(
    job_id: int, boot_id: int, text: str, prompt_hash: str, columns: Mapping[str, Any]
) -> Generation:
    values: dict[str, Any] = {
        "prompt_hash": prompt_hash,
        "output_hash": text,
        "output_text_hash": text,
        "sampling_hash": "s",
        "prompt_tokens": 3,
        "cached_tokens": 0,
        "output_tokens": 5,
        "finish_reason": "stop",
        "queue_wait_s": 0.0,
        "submitted_s": 1.0,
        "first_token_s": 1.1,
        "last_token_s": 1.5,
        "need_mib": 1000.0,
        "memory_kind": "device",
    }
    return Generation(job_id=job_id, attempt_no=1, boot_id=boot_id, **values | dict(columns))


def _model(session: Session, name: str, spec_hash: str, price: float | None) -> Model:
    known = select(Model).where(Model.name == name, Model.spec_hash == spec_hash)
    found = session.scalars(known).first()
    if found is None:
        found = Model(
            name=name,
            spec_hash=spec_hash,
            engine="vllm",
            queue="q",
            synthetic=False,
            spec={},
            price_per_gpu_hour=price,
        )
        session.add(found)
        session.flush()
    return found


def _problem(session: Session, name: str, content: str) -> Problem:
    known = select(Problem).where(Problem.name == name, Problem.content_hash == content)
    found = session.scalars(known).first()
    if found is None:
        category = ("secondary", "university")[int(name[1:]) % 2]
        found = Problem(name=name, content_hash=content, category=category, document={"id": name})
        session.add(found)
        session.flush()
    return found
