"""Claim a job, execute it, commit its result: what a worker does with each hint."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine

from db.claims import ClaimedJob, Failure, LeaseLost, claim, give_up, problem_document
from db.commits import Result, commit
from db.errors import ServiceUnreachable
from db.states import FailureKind, WorkerState
from problems.prompts import render_prompt
from problems.schema import Problem
from scoring.score import score_text
from workers import rows
from workers.boots import Boots
from workers.card import Card
from workers.deadlines import Deadlines
from workers.engine_host import EngineHost
from workers.engines.errors import EngineError, GenerationCancelled
from workers.engines.protocol import Generation, GenerationRequest, Message
from workers.lease import EndReason, Lease, LeaseKeeper
from workers.log import log_event
from workers.memory.sampler import MemorySampler, MemoryTrace
from workers.presence import Presence
from workers.stopping import Stopping

#: How long a finished result is offered again to a database that is away.
COMMIT_FOR_S = 600.0
RETRY_S = 1.0
#: Problems that are kept parsed.
PROBLEMS_KEPT = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What one attempt made, before it is committed."""

    generation: Generation
    boot_id: int
    trace: MemoryTrace | None


class Executor:
    """Handle hints one after another with one engine. Not safe for several threads: the worker's pool has one."""

    def __init__(
        self,
        database: Engine,
        host: EngineHost,
        sampler: MemorySampler | None,
        presence: Presence,
        *,
        worker_id: uuid.UUID,
        queues: tuple[str, ...],
        leases: LeaseKeeper,
        stopping: Stopping,
        card: Card | None = None,
        deadlines: Deadlines,
    ) -> None:
        self._database = database
        self._host = host
        self._sampler = sampler
        self._presence = presence
        self._worker_id = worker_id
        self._queues = queues
        self._leases = leases
        self._stopping = stopping
        self._card = card
        self._deadlines = deadlines
        self._problems: dict[int, Problem] = {}
        self._boots = Boots(database, host, worker_id=worker_id, deadlines=deadlines)

    def handle_hint(self) -> bool:
        """Claim the best job there is and bring it to an end; return whether there was one.

        Every failure of the engine or the input ends in the attempt's row. ``ServiceUnreachable`` is raised where not
        even a claim was possible; the hint is then spent, and the reconciler issues another.
        """
        if self._stopping.halted.is_set():
            return False  # The hint is spent; the reconciler issues another for somebody else.
        job = claim(
            self._database,
            worker_id=self._worker_id,
            queues=self._queues,
            loaded_model_id=self._boots.model_id,
            loaded_group=self._boots.group,
            loaded_for_s=self._boots.loaded_for_s,
            boot_id=self._boots.boot_id,
            lease_s=self._deadlines.lease_s,
        )
        if job is None:
            log_event("hint.void")
            return False
        log_event("job.claimed", queue_wait_s=round(job.queue_wait_s, 3), **job.log_context())
        try:
            self._execute_and_commit(job)
        except LeaseLost as error:
            log_event("job.lease_lost", error=str(error), **job.log_context())
        finally:
            self._presence.report(WorkerState.IDLE, self._boots.model_id)
        return True

    def _execute_and_commit(self, job: ClaimedJob) -> None:
        with self._leases.keep(job) as lease, self._stopping.interrupts(lease.ended):
            try:
                problem = self._problem(job)
                execution = self._execute(job, problem, lease)
                result = self._result(job, problem, execution)
            except GenerationCancelled as error:
                if lease.reason is EndReason.LOST:
                    raise LeaseLost(job.job_id, job.attempt_no) from error
                self._fail(job, lease, self._ended_early(lease))
                return
            except EngineError as error:
                kind = FailureKind(error.kind)
                self._fail(job, lease, Failure(kind=kind, error_class=error.error_class, sentence=error.sentence))
                return
            except ServiceUnreachable:
                raise
            except Exception as error:  # noqa: BLE001 - whatever goes wrong belongs into the attempt's row
                log_event("job.error", error=error, **job.log_context())
                sentence = f"{type(error).__name__}: {error}"
                self._fail(job, lease, Failure(kind=FailureKind.INFRA, error_class="WORKER_ERROR", sentence=sentence))
                return
            self._insist(lease, lambda: commit(self._database, job.job_id, job.attempt_no, result))
        generation = execution.generation
        log_event(
            "job.succeeded",
            ttft_ms=round(generation.ttft_ms, 1),
            e2e_s=round(generation.e2e_s, 3),
            output_tokens=generation.output_tokens,
            score7=None if result.score is None else result.score.score7,
            **job.log_context(),
        )

    def _execute(self, job: ClaimedJob, problem: Problem | None, lease: Lease) -> Execution:
        request = GenerationRequest(
            request_id=f"{job.job_id}-{job.attempt_no}", messages=_messages(job, problem), sampling=job.sampling
        )
        boot_id = self._load(job, lease)
        self._presence.report(WorkerState.BUSY, job.model_id)
        sampler = self._sampler if self._memory_visible() else None
        window = None if sampler is None else sampler.begin()
        try:
            generation = self._host.generate(
                request, on_token=lease.progress, cancel=lease.ended, timeout_s=self._deadlines.silence_s
            )
        finally:
            trace = None if sampler is None or window is None else sampler.end(window)
        return Execution(generation=generation, boot_id=boot_id, trace=trace)

    def _load(self, job: ClaimedJob, lease: Lease) -> int:
        def on_progress() -> None:
            lease.progress()
            # A model is loaded to the end even for a job that was lost: the next one may want it.
            if lease.ended.is_set() and lease.reason is not EndReason.LOST:
                raise GenerationCancelled("the engine's start was given up")

        def on_start() -> None:
            self._presence.report(WorkerState.LOADING, job.model_id)

        return self._boots.load(job, on_progress=on_progress, on_start=on_start).boot_id

    def _memory_visible(self) -> bool:
        return self._host.boot is not None and self._host.boot.memory.kind is not None

    def _result(self, job: ClaimedJob, problem: Problem | None, execution: Execution) -> Result:
        generation, trace = execution.generation, execution.trace
        memory = self._host.memory_report()
        score = None if problem is None else score_text(problem, generation.text)
        return Result(
            generation=rows.generation_row(
                job, generation, execution.boot_id, memory, trace, incidents=self._incidents(generation)
            ),
            texts=rows.texts(generation),
            trace=None if trace is None else rows.trace_row(trace),
            score=None if score is None else rows.score_row(score),
            verdicts=() if score is None else rows.verdict_rows(score.steps),
        )

    def _incidents(self, generation: Generation) -> list[str]:
        """Return what has happened on the card since the request was made."""
        if self._card is None:
            return []
        return [incident.kind for incident in self._card.incidents_since(generation.submitted_s)]

    def _problem(self, job: ClaimedJob) -> Problem | None:
        """Return what the job asks; a speed run's text means nothing, so it asks no problem and is not scored."""
        if job.sampling.fixed_length or job.problem_id is None:
            return None
        if job.problem_id not in self._problems:
            if len(self._problems) >= PROBLEMS_KEPT:
                self._problems.clear()
            self._problems[job.problem_id] = Problem.from_dict(problem_document(self._database, job.problem_id))
        return self._problems[job.problem_id]

    def _ended_early(self, lease: Lease) -> Failure:
        if lease.reason is EndReason.OVERDUE:
            sentence = f"the attempt took longer than {self._deadlines.job_s:g} s"
            return Failure(kind=FailureKind.TIMED_OUT, error_class="JOB_OVERDUE", sentence=sentence)
        stopping = self._stopping
        return Failure(kind=FailureKind.INFRA, error_class=stopping.error_class, sentence=stopping.sentence)

    def _fail(self, job: ClaimedJob, lease: Lease, failure: Failure) -> None:
        def write() -> None:
            state = give_up(self._database, job.job_id, job.attempt_no, failure)
            facts: dict[str, Any] = {
                "kind": failure.kind.value,
                "error_class": failure.error_class,
                "state": state.value,
            }
            log_event("job.failed", error=failure.sentence, **facts, **job.log_context())

        self._insist(lease, write)

    def _insist(self, lease: Lease, write: Callable[[], None]) -> None:
        """Repeat a fenced write while the database is away; the fence makes repeating safe."""
        deadline_s = time.monotonic() + COMMIT_FOR_S
        while True:
            try:
                write()
            except ServiceUnreachable as error:
                if time.monotonic() > deadline_s:
                    raise
                log_event("job.write_delayed", error=str(error), **lease.job.log_context())
                lease.progress()
                time.sleep(RETRY_S)
            else:
                return


def _messages(job: ClaimedJob, problem: Problem | None) -> tuple[Message, ...]:
    if problem is None:
        return ()
    return tuple(
        Message(role=role, content=content) for role, content in render_prompt(problem, job.prompt, job.language)
    )
