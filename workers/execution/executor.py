"""Claim a job, run it, commit its result: what a worker does with each hint."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.errors import ServiceUnreachable
from core.states import UNSCORED_ENDS, Mode, WorkerState
from db.queue.claims import (
    ENGINE_GONE,
    ClaimedJob,
    LeaseLost,
    claim,
)
from db.queue.commits import Result, commit
from db.queue.fleet import note_idle_power
from problems.prompt_styles import without_system
from problems.schema import Problem
from scoring.judging.request import JudgeRequest
from scoring.score import score_text
from workers.consumer.hint_consumer import Hints
from workers.engines.host import EngineHost
from workers.engines.protocol import Generation, GenerationRequest, Message, TokenEvent
from workers.errors import (
    EngineDied,
    EngineError,
    GenerationCancelled,
    GenerationTimedOut,
    ServerUnavailable,
)
from workers.execution import judging, rows
from workers.execution.batch import BatchSlot, ContinuousBatch
from workers.execution.catalogue import Catalogue
from workers.execution.failures import FailureWriter
from workers.execution.fenced_write import insist
from workers.execution.server_turn import ServerTurn
from workers.execution.verifying import Generate, OnToken, Verifier, is_verification
from workers.gpu.group_guard import Guard
from workers.lifecycle.event_log import log_event
from workers.lifecycle.heartbeat import Heartbeat
from workers.lifecycle.lease import EndReason, Lease, LeaseKeeper
from workers.lifecycle.shutdown import Shutdown
from workers.lifecycle.timeouts import Timeouts
from workers.loading.loader import EngineLoader, EngineStart
from workers.measurement.assessment import Assessor
from workers.measurement.idle_power import idle_power
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemorySampler
from workers.probes.prober import Prober


class Executor:
    """Handle hints with one engine, one after another or as many at once as it serves.

    Not safe for several threads: the worker's pool has one, which claims every job. Only attempts
    run at the same time.
    """

    def __init__(
        self,
        database: Engine,
        host: EngineHost,
        sampler: MemorySampler | None,
        heartbeat: Heartbeat,
        *,
        worker_id: uuid.UUID,
        queues: tuple[str, ...],
        leases: LeaseKeeper,
        shutdown: Shutdown,
        guard: Guard | None = None,
        timeouts: Timeouts,
    ) -> None:
        self._database = database
        self._host = host
        self._sampler = sampler
        self._heartbeat = heartbeat
        self._worker_id = worker_id
        self._queues = queues
        self._leases = leases
        self._shutdown = shutdown
        self._server_turn = ServerTurn(database, halted=shutdown.halted.is_set)
        self._assessor = Assessor(database, guard, sampler)
        self._timeouts = timeouts
        self._failures = FailureWriter(database, shutdown, timeouts)
        self._catalogue = Catalogue(database)
        self._verifier = Verifier(database, host, silence_s=timeouts.silence_s)
        self._loader = EngineLoader(
            database, host, worker_id=worker_id, timeouts=timeouts, guard=guard
        )
        self._prober = Prober(
            database=database,
            worker_id=worker_id,
            host=host,
            loader=self._loader,
            sampler=sampler,
            guard=guard,
            timeouts=timeouts,
            insist=insist,
        )

    def handle_hint(self, hints: Hints) -> bool:
        """Spend a hint: claim the best job and run it; return whether another hint was taken.

        ``hints`` are the waiting ones. A job in throughput mode is joined by others for as long as
        the next ones may join; each of them spends a hint as well. Every failure of the engine or
        the input ends in the attempt's row. Raise ``ServiceUnreachable`` where not even a claim was
        possible; the hint is then spent, and the reconciler issues another.
        """
        if self._shutdown.halted.is_set():
            return False  # The hint is spent; the reconciler issues another for another worker.
        claimed = self._claim(self._loader.engine_start)
        if not claimed:
            log_event("hint.void")
            return False
        (job,) = claimed
        try:
            if job.in_batch:
                return self._batch(hints).serve(job)
            self._attempt(job, BatchSlot())
            return hints.take_one()
        finally:
            self._heartbeat.report(WorkerState.IDLE, self._loader.model_id)

    def _claim(
        self, engine_start: EngineStart | None, mode: Mode | None = None, at_most: int = 1
    ) -> list[ClaimedJob]:
        claimed = claim(
            self._database,
            worker_id=self._worker_id,
            queues=self._queues,
            loaded_model_id=self._loader.model_id,
            loaded_group=self._loader.group,
            loaded_for_s=self._loader.loaded_for_s,
            boot_id=None if engine_start is None else engine_start.boot_id,
            gpus=len(self._host.context.gpu_uuids) or None,
            mode=mode,
            at_most=at_most,
            lease_s=self._timeouts.lease_s,
        )
        for job in claimed:
            log_event("job.claimed", queue_wait_s=round(job.queue_wait_s, 3), **job.log_context())
        return claimed

    def _batch(self, hints: Hints) -> ContinuousBatch:
        return ContinuousBatch(
            self._attempt,
            claim=lambda engine_start, room: self._claim(engine_start, Mode.THROUGHPUT, room),
            hints=hints,
            serves=self._serves,
        )

    def _attempt(self, job: ClaimedJob, slot: BatchSlot) -> None:
        """Bring a claimed job to its end. In a batch several threads do, each with its own slot."""
        try:
            with self._leases.keep(job) as lease, self._shutdown.interrupts(lease.ended):
                facts = self._run(job, lease, slot)
        except LeaseLost as error:
            log_event("job.lease_lost", error=str(error), **job.log_context())
            return
        if facts is not None:
            log_event("job.succeeded", **facts, **job.log_context())

    def _run(self, job: ClaimedJob, lease: Lease, slot: BatchSlot) -> dict[str, Any] | None:
        """Run a job and write its result; return facts for the log, None where it failed."""
        try:
            if job.probe is not None:
                self._heartbeat.report(WorkerState.BUSY, job.model_id)
                self._prober.run(job, lease)
                return {}
            result = self._result(job, lease, slot)
        except (LeaseLost, ServiceUnreachable):
            raise
        except Exception as error:  # noqa: BLE001 - every failure belongs in the attempt's row
            self._failures.write(job, lease, error)
            return None
        try:
            insist(lease, lambda: commit(self._database, job.job_id, job.attempt_no, result))
        except SQLAlchemyError as error:  # refused for what it is: another time would be the same
            self._failures.write(job, lease, error)
            return None
        return rows.facts(result)

    def _result(self, job: ClaimedJob, lease: Lease, slot: BatchSlot) -> Result:
        """Return what is committed for a generation, a judgement or a verification."""
        problem = self._catalogue.problem(job)
        if problem is not None and is_verification(job):
            return self._verifier.result(
                job, problem, lease, slot, measure=self._measure, assess=self._assessor.assess
            )
        judged = self._judge_request(job, problem)
        request = self._request(job, problem, judged)

        def generate(_start: EngineStart, on_token: OnToken) -> Generation:
            return self._host.generate(
                request, on_token=on_token, cancel=lease.ended, timeout_s=self._timeouts.silence_s
            )

        measurement = self._measure(job, request, lease, slot, generate)
        generation = measurement.generation
        plain = judged is None and generation.finish_reason not in UNSCORED_ENDS
        scored = problem if plain else None
        score = None if scored is None else score_text(scored, generation.text)
        assessment = self._assessor.assess(job, measurement)
        return rows.result(job, measurement, assessment, score, judged)

    def _measure(
        self,
        job: ClaimedJob,
        request: GenerationRequest,
        lease: Lease,
        slot: BatchSlot,
        generate: Generate,
    ) -> Measurement:
        """Measure what a job generates, after loading its model where that is necessary.

        ``request`` is what its server is about to be sent, all of it.
        """
        if slot.engine_start is None:
            self._server_turn.enter(job, lease)
        engine_start = slot.engine_start or self._load(job, lease)
        self._take_slot(lease, slot, engine_start)
        self._server_turn.take(job, lease, request)
        self._heartbeat.report(WorkerState.BUSY, job.model_id)
        sampler = self._sampler if engine_start.report.memory.kind is not None else None
        window = None if sampler is None else sampler.begin()

        def on_token(event: TokenEvent) -> None:
            lease.progress()
            slot.note_tokens(event)

        try:
            generation = generate(engine_start, on_token)
        except (ServerUnavailable, GenerationTimedOut):
            raise
        except EngineError:
            self._server_turn.answered(job, request, None)
            raise
        else:
            self._server_turn.answered(job, request, generation)
        finally:
            if sampler is not None and window is not None:
                sampler.stop(window)
            slot.leave()
            trace = None if sampler is None or window is None else sampler.trace(window)
        boot_id, memory = engine_start.boot_id, engine_start.memory
        return Measurement(generation=generation, boot_id=boot_id, start_memory=memory, trace=trace)

    def _take_slot(self, lease: Lease, slot: BatchSlot, engine_start: EngineStart) -> None:
        """Wait for the slot; an attempt that does not get it costs its job nothing."""
        if not slot.take(
            engine_start, unless=lambda: lease.ended.is_set() or self._shutdown.halted.is_set()
        ):
            raise GenerationCancelled(
                "the attempt was given up before its engine had a slot for it"
            )
        if not self._serves(engine_start):
            raise EngineDied(
                "the engine ended before it had a slot for this request", error_class=ENGINE_GONE
            )

    def _serves(self, engine_start: EngineStart) -> bool:
        return self._loader.engine_start is engine_start

    def _load(self, job: ClaimedJob, lease: Lease) -> EngineStart:
        def on_progress() -> None:
            lease.progress()
            # Loading goes on even if the lease was lost: the next job may want the model.
            if lease.ended.is_set() and lease.reason is not EndReason.LOST:
                raise GenerationCancelled("the engine's start was given up")

        def on_start() -> None:
            self._heartbeat.report(WorkerState.LOADING, job.model_id)

        before = self._loader.engine_start
        engine_start = self._loader.load(job, on_progress=on_progress, on_start=on_start)
        if engine_start is not before and engine_start.report.memory.kind is not None:
            self._note_idle_power(engine_start, on_progress)
        return engine_start

    def _note_idle_power(self, start: EngineStart, on_progress: Callable[[], None]) -> None:
        found = None if self._sampler is None else idle_power(self._sampler, on_progress)
        if found is not None:
            note_idle_power(self._database, start.boot_id, found.watts, found.method)
            log_event("engine.idle_power", boot_id=start.boot_id, watts=round(found.watts, 1))

    def _judge_request(self, job: ClaimedJob, problem: Problem | None) -> JudgeRequest | None:
        if job.judged_score_id is None or problem is None:
            return None
        return judging.request(self._database, job, problem)

    def _request(
        self, job: ClaimedJob, problem: Problem | None, judged: JudgeRequest | None
    ) -> GenerationRequest:
        """Return what the engine is sent: a prompt, a request to a judge, or nothing to say."""
        if judged is not None:
            turns = tuple((turn["role"], turn["content"]) for turn in judged.messages)
        elif problem is not None:
            turns = self._catalogue.prompt(job).render(problem, job.language)
        else:
            turns = ()
        if not job.sampling.system_prompt:
            turns = without_system(turns)
        return GenerationRequest(
            request_id=f"{job.job_id}-{job.attempt_no}",
            messages=tuple(Message(role=role, content=content) for role, content in turns),
            sampling=job.sampling,
            schema=None if judged is None else judged.schema,
        )
