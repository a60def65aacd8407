"""Claim a job, keep its lease, give it up: the worker's side of the queue."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Engine

from core.errors import DbError
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import FailureKind, JobState, Mode
from db.engine import run_alone
from db.statements import statement

LEASE_S = 60.0
AGE_BOUND_S = 900.0
BACKOFF_S = 2.0
#: Errors of what several workers share, or of other users of a GPU: never the job's fault, however
#: many workers saw them.
BLAMELESS = frozenset(
    {
        "CONNECTION_LOST",
        "CREDIT_USED_UP",
        "INIT_FREE_MEM",
        "MODEL_HELD",
        "RATE_LIMITED",
        "SERVER_BUSY",
        "SERVER_ERROR",
        "SERVER_SILENT",
        "SERVER_UNREACHABLE",
    }
)
#: A worker that was draining, or whose GPU cannot be trusted, gave the job back: the attempt does
#: not count against it.
DRAINED = "DRAINED"
GPU_QUARANTINED = "GPU_QUARANTINED"
#: The worker exited, and this attempt with it, since another attempt beside it hung.
HUNG_BESIDE = "WORKER_HUNG_BESIDE"
#: Prompt of a verification of a draft.
VERIFY = "verify"
#: The engine exited while the attempt still waited for a slot in it.
ENGINE_GONE = "ENGINE_GONE"
FORGIVEN = frozenset({DRAINED, GPU_QUARANTINED, HUNG_BESIDE, ENGINE_GONE})
#: Suffix of the class of an error that several jobs had in one engine. It blames none of them,
#: since it is not known which caused it; each is retried alone, where its own error shows.
IN_BATCH = "_IN_BATCH"


class LeaseLost(DbError):  # noqa: N818 - named for what happened
    """Say that the attempt has lost its lease: another may run, so it must write nothing."""

    def __init__(self, job_id: int, attempt_no: int) -> None:
        super().__init__(
            f"attempt {attempt_no} of job {job_id} has lost its lease; its result is discarded"
        )
        self.job_id = job_id
        self.attempt_no = attempt_no


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """A job that this worker may run, with everything needed to run it."""

    job_id: int
    #: The fencing token of everything written about this attempt.
    attempt_no: int
    run_id: uuid.UUID
    model_id: int
    #: None for a probe, as is its name.
    problem_id: int | None
    problem: str | None
    prompt: str
    language: str
    repetition: int
    mode: str
    sampling: SamplingParams
    spec: ModelSpec
    #: What a probe searches for, and how; None for a generation.
    probe: Mapping[str, Any] | None = None
    #: The scoring that a judge is asked about, the steps, and the hash of the request; of a
    #: verification that of its draft, no steps, and the version of its words. None and nothing for
    #: any other job.
    judged_score_id: int | None = None
    judge_steps: tuple[str, ...] = ()
    judge_prompt_hash: str | None = None
    #: The words of the prompt; None for one that the worker itself knows.
    prompt_template_id: int | None = None
    #: The error class of the attempt before this one.
    error_class: str | None = None
    #: The group of jobs of its run and model that share an engine started for them; None where any
    #: engine serves.
    boot_group: int | None = None
    #: Seconds between becoming available and this claim, on the database's clock.
    queue_wait_s: float

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> ClaimedJob:
        """Read a row of the claim statement."""
        return cls(
            job_id=row["id"],
            spec=ModelSpec.from_dict(row["spec"]),
            sampling=SamplingParams.from_dict(row["sampling"]),
            language=row["language"] or "en",
            judge_steps=tuple(row["judge_steps"] or ()),
            **{
                key: row[key]
                for key in (
                    "attempt_no",
                    "run_id",
                    "model_id",
                    "problem_id",
                    "problem",
                    "prompt",
                    "repetition",
                    "mode",
                    "queue_wait_s",
                    "probe",
                    "error_class",
                    "boot_group",
                    "judged_score_id",
                    "judge_prompt_hash",
                    "prompt_template_id",
                )
            },
        )

    @property
    def in_batch(self) -> bool:
        """Whether it may share an engine: in throughput mode, unless a shared one failed."""
        suspected = (self.error_class or "").endswith(IN_BATCH)
        return self.mode == Mode.THROUGHPUT and self.probe is None and not suspected

    def log_context(self) -> dict[str, Any]:
        """Return what every log line about this attempt names."""
        return {
            "job_id": self.job_id,
            "attempt_no": self.attempt_no,
            "model": self.spec.name,
            "problem": self.problem or f"probe {self.prompt}",
            "repetition": self.repetition,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an attempt ended without a result."""

    kind: FailureKind
    #: Short stable word, e.g. ``PROMPT_TOO_LONG``.
    error_class: str
    sentence: str

    @property
    def retry(self) -> bool:
        """Whether another attempt can help."""
        return self.kind is not FailureKind.REJECTED

    @property
    def contagious(self) -> bool:
        """Whether the same error on another worker means that the job itself causes it."""
        return (
            not self.forgiven
            and self.error_class not in BLAMELESS
            and not self.error_class.endswith(IN_BATCH)
        )

    @property
    def forgiven(self) -> bool:
        """Whether the job may be tried as often as before."""
        return self.error_class in FORGIVEN


def in_batch(error_class: str) -> str:
    """Return the class of an error that several jobs had in one engine."""
    return error_class + IN_BATCH


def claim(
    engine: Engine,
    *,
    worker_id: uuid.UUID,
    queues: Sequence[str],
    loaded_model_id: int | None,
    loaded_for_s: float,
    loaded_group: tuple[uuid.UUID, int] | None = None,
    boot_id: int | None = None,
    gpus: int | None = None,
    mode: Mode | None = None,
    at_most: int = 1,
    lease_s: float = LEASE_S,
    age_bound_s: float = AGE_BOUND_S,
) -> list[ClaimedJob]:
    """Claim the best jobs of these queues for this worker, best first.

    An empty list when there is none. ``boot_id`` is the engine start that serves the loaded model,
    which the attempts record. ``loaded_group`` is the run and ``boot_group`` that the engine was
    started for. ``gpus`` is how many the worker has: no job of a model that takes more is claimed;
    None, as on a CPU, for any model. With ``mode``, claim only jobs of that mode that can share the
    loaded engine, and only as far as those come next; ``at_most`` is more than one only with it.
    """
    run_id, group = loaded_group or (None, None)
    found = run_alone(
        engine,
        _statement(at_most),
        {
            "worker": worker_id,
            "queues": list(queues),
            "loaded": loaded_model_id,
            "loaded_for_s": loaded_for_s,
            "loaded_run": run_id,
            "loaded_group": group,
            "start": boot_id,
            "gpus": gpus,
            "mode": None if mode is None else mode.value,
            "at_most": at_most,
            "lease_s": lease_s,
            "age_bound_s": age_bound_s,
        },
    )
    return [ClaimedJob.from_row(row) for row in found]


def _statement(at_most: int) -> str:
    """Return the statement for a number of jobs.

    For one, the number is part of it: a plan for any number is made anew each time.
    """
    return _claim_one() if at_most == 1 else statement("claim")


@cache
def _claim_one() -> str:
    return statement("claim").replace("%(at_most)s::int", "1")


def problem_document(engine: Engine, problem_id: int) -> Mapping[str, Any]:
    """Return a problem as it was submitted with its jobs."""
    document: Mapping[str, Any] = run_alone(
        engine, statement("problem_document"), {"problem": problem_id}
    )[0]["document"]
    return document


def prompt_document(engine: Engine, template_id: int) -> Mapping[str, Any]:
    """Return a prompt's words as they were submitted."""
    document: Mapping[str, Any] = run_alone(
        engine, statement("prompt_document"), {"template": template_id}
    )[0]["document"]
    return document


def renew(engine: Engine, job_id: int, attempt_no: int, *, lease_s: float = LEASE_S) -> None:
    """Extend the lease of a running attempt.

    Raise ``LeaseLost`` when it is not this attempt's any more.
    """
    if not run_alone(
        engine, statement("renew"), {"job": job_id, "attempt_no": attempt_no, "lease_s": lease_s}
    ):
        raise LeaseLost(job_id, attempt_no)


def give_up(
    engine: Engine, job_id: int, attempt_no: int, failure: Failure, *, backoff_s: float = BACKOFF_S
) -> JobState:
    """End an attempt that failed and return the state of its job.

    Raise ``LeaseLost`` as ``renew`` does. The job is dead as ``poison`` where another worker has
    had the same error with it.
    """
    found = run_alone(
        engine,
        statement("fail"),
        {
            "job": job_id,
            "attempt_no": attempt_no,
            "retry": failure.retry,
            "contagious": failure.contagious,
            "forgiven": failure.forgiven,
            "kind": failure.kind.value,
            "error_class": failure.error_class,
            "error_message": failure.sentence,
            "backoff_s": 0.0 if failure.forgiven else backoff_s,
        },
    )
    if not found:
        raise LeaseLost(job_id, attempt_no)
    return JobState(found[0]["state"])
