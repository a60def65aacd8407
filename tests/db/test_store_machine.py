"""A random walk over the store: every operation in any order, with a failing broker.

Each step is done on a real Postgres and on a plain model (``store_model``), and the two are
compared in full. At the end of each walk everything is driven to its end by hints alone, as workers
are: a job that no hint leads to would hang.
"""

# ruff: noqa: D102 - rules speak through their names, as tests do
from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from core.hints import HintBroker
from core.states import TERMINAL, FailureKind, JobState
from db.engine import rows, transaction
from db.queue.claims import Failure, LeaseLost, give_up, renew
from db.queue.commits import commit
from db.queue.outbox import publish_outbox
from db.runs.control import drop_dead, pause_run, resume_run, retry_jobs
from db.runs.run import Run, cancel_run, find_run
from db.runs.submissions import RunWasCancelled, submit
from db.statements import statement
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.jobs import OTHER, PROBLEM, claim_one, register, spec, submission
from tests.support.oracle import BROKEN_PROMISES, JobKey, keys_of
from tests.support.results import result
from tests.support.store_checks import (
    EMPTY,
    FAILURES,
    JOBS,
    MODELS,
    QUEUES,
    WRONG_TALLIES,
    Held,
    RecordingBroker,
    compared,
    expected,
    key_of,
)
from tests.support.store_model import OPEN, JobModel, RunModel, StoreModel

#: More for a longer walk: EVALCTL_TEST_WALKS=2000 .venv/bin/python -m pytest
#: tests/db/test_store_machine.py
WALKS = int(os.environ.get("EVALCTL_TEST_WALKS", "60"))
STEPS = 40


#: What may be asked for, beside the experiment.
WANTED = {
    "models": st.lists(st.sampled_from(sorted(MODELS)), min_size=1, max_size=2, unique=True),
    "problems": st.sampled_from([(PROBLEM,), (PROBLEM, OTHER)]),
    "repetitions": st.integers(1, 2),
    "priority": st.integers(0, 1),
    "max_attempts": st.integers(1, 3),
    "new": st.booleans(),
}


class StoreMachine(RuleBasedStateMachine):
    """Do and compare; see the module."""

    attempts: Bundle[Held] = Bundle("attempts")
    runs: Bundle[uuid.UUID] = Bundle("runs")

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.broker = RecordingBroker()
        self.hints = cast(HintBroker, self.broker)
        self.reconciler = Reconciler(engine, self.hints, stale_hint_s=0.0)
        self.model = StoreModel()
        self._steps = 0
        self._run(EMPTY)
        self.workers = [register(engine) for _ in range(3)]

    @initialize(target=runs, max_attempts=st.integers(3, 4))
    def begin(self, max_attempts: int) -> Any:
        return self.submit(
            "e1", {"models": ["a", "c"], "problems": (PROBLEM, OTHER), "max_attempts": max_attempts}
        )

    @rule(
        target=runs, experiment=st.sampled_from(["e1", "e2"]), wanted=st.fixed_dictionaries(WANTED)
    )
    def submit(self, experiment: str, wanted: dict[str, Any]) -> Any:
        given = {"repetitions": 1, "priority": 0, "new": False} | wanted
        given["models"] = tuple(spec(name, MODELS[name]) for name in wanted["models"])
        asked = submission(experiment_hash=experiment, name=experiment, **given)
        mine = [
            run_id for run_id, run in self.model.runs.items() if run.experiment_hash == experiment
        ]
        if mine and self.model.runs[mine[-1]].cancelled and not asked.new:
            with pytest.raises(RunWasCancelled):
                submit(self.engine, asked)
            return multiple()
        submitted = submit(self.engine, asked)
        assert submitted.new_run == (asked.new or not mine)
        assert submitted.new_run or submitted.run_id == mine[-1], (
            "the last run of the experiment is topped up"
        )
        run = self.model.runs.setdefault(submitted.run_id, RunModel(experiment_hash=experiment))
        assert (submitted.paused, submitted.cancelled) == (run.paused, run.cancelled)
        planned = set(keys_of(submitted.run_id, asked))
        added = planned - self.model.planned()
        assert (submitted.jobs, submitted.created) == (len(planned), len(added))
        self._learn_ids(
            added, priority=asked.priority, max_attempts=asked.max_attempts, held=run.paused
        )
        return submitted.run_id

    @rule(
        target=attempts,
        worker=st.integers(0, 2),
        queues=st.sampled_from([QUEUES, ("synthetic",)]),
        loaded=st.sampled_from([None, *MODELS]),
    )
    def claim(self, worker: int, queues: tuple[str, ...], loaded: str | None) -> Any:
        self._take_hint(queues)
        held = self._claim(self.workers[worker], queues, loaded)
        return multiple() if held is None else held

    @rule(held=attempts)
    def renew(self, held: Held) -> None:
        if self._expect_loss(
            held, lambda: renew(self.engine, held.job.job_id, held.job.attempt_no)
        ):
            self._job(held).overdue = False

    @rule(held=attempts)
    def commit(self, held: Held) -> None:
        job = self._job(held)
        if job.state is JobState.SUCCEEDED and job.attempt_no == held.job.attempt_no:
            self._commit(held)  # Said twice is done once, as after an answer that was lost.
        elif self._expect_loss(held, lambda: self._commit(held)):
            job.commit()

    @rule(held=attempts, failed=st.sampled_from(FAILURES), backoff=st.booleans())
    def give_up(self, held: Held, failed: tuple[FailureKind, str], backoff: bool) -> None:
        failure = Failure(kind=failed[0], error_class=failed[1], sentence="it failed")
        states: list[JobState] = []

        def write() -> None:
            given = {"backoff_s": 3600.0 if backoff else 0.0}
            states.append(
                give_up(self.engine, held.job.job_id, held.job.attempt_no, failure, **given)
            )

        if self._expect_loss(held, write):
            assert states == [self._job(held).give_up(failure, backoff=backoff)]

    @rule(
        target=attempts,
        worker=st.integers(0, 1),
        failed=st.sampled_from((*FAILURES[:1] * 3, *FAILURES)),
        loaded=st.none(),
    )
    def a_worker_fails(
        self, worker: int, failed: tuple[FailureKind, str], loaded: str | None
    ) -> Any:
        held = self._claim(self.workers[worker], QUEUES, loaded)
        if held is None:
            return multiple()
        self.give_up(held, failed, backoff=False)
        return held

    @rule(
        target=attempts,
        worker=st.integers(0, 2),
        cause=st.sampled_from(["expired", "expired", "expired", "cancelled"]),
        late=st.sampled_from(["renew", "commit", "give up"]),
    )
    def a_worker_wakes_too_late(self, worker: int, cause: str, late: str) -> Any:
        held = self._claim(self.workers[worker], QUEUES, None)
        if held is None:
            return multiple()
        if cause == "expired":
            self.lease_runs_out(held)
            self.expire()
        else:
            self.a_user_deals_with_a_run(held.job.run_id, "cancel")
        another = self._claim(self.workers[worker - 1], QUEUES, held.job.spec.name)
        match late:
            case "renew":
                self.renew(held)
            case "commit":
                self.commit(held)
            case _:
                self.give_up(held, FAILURES[0], backoff=False)
        return multiple(held) if another is None else multiple(held, another)

    @rule(held=attempts)
    def lease_runs_out(self, held: Held) -> None:
        if (job := self._job(held)).owned_by(held.job.attempt_no):
            self._run(
                "UPDATE eval.job SET lease_expires_at = now() - interval '1 s' WHERE id = "
                f"{job.job_id}"
            )
            job.overdue = True

    @rule()
    def expire(self) -> None:
        with transaction(self.engine) as connection:
            expired = rows(connection, statement("expire"))
        assert len(expired) == self.model.expire()

    @rule()
    def pauses_after_failures_end(self) -> None:
        for table in ("job", "outbox"):
            self._run(f"UPDATE eval.{table} SET available_at = now() WHERE available_at > now()")
        for job in self.model.jobs.values():
            job.available = True

    @rule(
        run_id=runs,
        what=st.sampled_from(
            ["pause", "resume", "resume", "retry", "retry dead", "drop", "cancel"]
        ),
    )
    def a_user_deals_with_a_run(self, run_id: uuid.UUID, what: str) -> None:
        run = self._found(run_id)
        match what:
            case "pause":
                paused = pause_run(self.engine, run)
                assert (paused.held, paused.running) == self.model.pause(run_id)
            case "resume":
                assert resume_run(self.engine, run) == self.model.resume(run_id)
            case "retry" | "retry dead":
                states = (JobState.FAILED, JobState.DEAD) if what == "retry" else (JobState.DEAD,)
                assert retry_jobs(self.engine, run, states) == self.model.retry(run_id, states)
            case "drop":
                assert sorted(drop_dead(self.engine, run)) == self.model.drop(run_id)
            case _:
                assert cancel_run(self.engine, run) == self.model.cancel(run_id)

    @rule(retried=st.booleans())
    def a_user_deals_with_all_dead_jobs(self, retried: bool) -> None:
        if retried:
            states = (JobState.DEAD,)
            assert retry_jobs(self.engine, None, states) == self.model.retry(None, states)
        else:
            assert sorted(drop_dead(self.engine, None)) == self.model.drop(None)

    @rule()
    def publish(self) -> None:
        try:
            publish_outbox(self.engine, self.hints)
        except ServiceUnreachable:
            assert self.broker.takes == 0
        else:
            assert self._count("SELECT count(*) FROM eval.outbox WHERE available_at <= now()") == 0

    @rule()
    def tallies_are_folded(self) -> None:
        with transaction(self.engine) as connection:
            rows(connection, statement("fold_tallies", "runs"), {"longest": 0})

    @rule(
        what=st.sampled_from(
            ["empty", "lose one", "double", "go", "go soon", "come back", "come back"]
        )
    )
    def the_broker_misbehaves(self, what: str) -> None:
        match what:
            case "empty":
                self.broker.queues.clear()
            case "lose one":
                self._take_hint(QUEUES)
            case "double":
                for hints in self.broker.queues.values():
                    hints.extend(hints)
            case _:
                self.broker.takes = {"go": 0, "go soon": 2}.get(what)

    @rule(emptied=st.booleans())
    def tick(self, emptied: bool) -> None:
        if emptied:
            self.broker.queues.clear()
        assert self.reconciler.tick().expired == self.model.expire()
        if self.broker.takes is None:
            for queue in QUEUES:
                waiting = len(self.model.claimable([queue]))
                assert self.broker.depth(queue) >= waiting, (
                    f"{queue}: a round left claimable jobs without a hint"
                )

    @invariant()
    def store_and_model_agree(self) -> None:
        stored = {row["id"]: row for row in self._rows(JOBS)}
        assert len({key_of(row) for row in stored.values()}) == len(stored), "a key exists twice"
        assert {job_id: expected(job) for job_id, job in self.model.jobs.items()} == {
            job_id: compared(row) for job_id, row in stored.items()
        }

    @invariant()
    def nothing_is_there_that_must_not_be(self) -> None:
        self._steps += 1
        if self._steps % 4 == 0:  # It takes as long as a step does.
            self._consult_oracle(settled=False)

    def teardown(self) -> None:
        """Bring everything to its end by hints alone and look once more."""
        self.broker.takes = None
        for run_id, run in self.model.runs.items():
            if run.paused:
                resume_run(self.engine, self._found(run_id))
                self.model.resume(run_id)
        self._run(
            "UPDATE eval.job SET lease_expires_at = now() - interval '1 s' WHERE state = 'running'"
        )
        for job in self.model.jobs.values():
            job.overdue = job.state is JobState.RUNNING
        self.pauses_after_failures_end()
        while any(job.state in OPEN for job in self.model.jobs.values()):
            self.tick(emptied=True)
            led = 0
            while self._take_hint(QUEUES):
                if (held := self._claim(self.workers[0], QUEUES, None)) is not None:
                    self._commit(held)
                    self._job(held).commit()
                    led += 1
            assert led or not any(job.state in OPEN for job in self.model.jobs.values()), (
                "no hint led to the rest"
            )
        self.store_and_model_agree()
        self._consult_oracle(settled=True)

    def _consult_oracle(self, *, settled: bool) -> None:
        keys = json.dumps(
            [asdict(key) | {"run_id": str(key.run_id)} for key in self.model.planned()]
        )
        with transaction(self.engine) as connection:
            assert rows(connection, BROKEN_PROMISES, {"keys": keys, "settled": settled}) == []
            assert rows(connection, WRONG_TALLIES) == []

    def _claim(self, worker: uuid.UUID, queues: Sequence[str], loaded: str | None) -> Held | None:
        model_id = None if loaded is None else self._model_id(loaded)
        best = self.model.best(queues, loaded)
        given: dict[str, Any] = {"queues": queues, "loaded_model_id": model_id, "loaded_for_s": 0.0}
        job = claim_one(self.engine, worker_id=worker, **given)
        assert (job and job.job_id) == (best and best.job_id)
        if job is None or best is None:
            return None
        assert job.attempt_no == best.claim(worker)
        return Held(worker=worker, job=job)

    def _commit(self, held: Held) -> None:
        made = result(self.engine, held.worker, held.job)
        commit(self.engine, held.job.job_id, held.job.attempt_no, made)

    def _expect_loss(self, held: Held, write: Any) -> bool:
        """Do a write about an attempt.

        Return whether it was to succeed, and fail where it did not do as it should.
        """
        owned = self._job(held).owned_by(held.job.attempt_no)
        try:
            write()
        except LeaseLost:
            assert not owned, "the attempt owned its job and was refused"
        else:
            assert owned, "a late attempt wrote"
        return owned

    def _take_hint(self, queues: Sequence[str]) -> bool:
        full = next((hints for queue in queues if (hints := self.broker.queues[queue])), None)
        if full:
            full.pop(0)
        return full is not None

    def _learn_ids(
        self, added: set[JobKey], *, priority: int, max_attempts: int, held: bool
    ) -> None:
        found = {key_of(row): row for row in self._rows(JOBS) if row["id"] not in self.model.jobs}
        assert set(found) == added
        for key, row in found.items():
            self.model.jobs[row["id"]] = JobModel(
                job_id=row["id"],
                key=key,
                queue=MODELS[key.model],
                priority=priority,
                max_attempts=max_attempts,
                held=held,
            )

    def _job(self, held: Held) -> JobModel:
        return self.model.jobs[held.job.job_id]

    def _found(self, run_id: uuid.UUID) -> Run:
        return find_run(self.engine, str(run_id))

    def _model_id(self, name: str) -> int | None:
        found = self._rows(f"SELECT id FROM eval.model WHERE name = '{name}'")
        return found[0]["id"] if found else None

    def _rows(self, sql: str) -> list[dict[str, Any]]:
        with transaction(self.engine) as connection:
            return rows(connection, sql)

    def _count(self, sql: str) -> int:
        return int(next(iter(self._rows(sql)[0].values())))

    def _run(self, sql: str) -> None:
        with transaction(self.engine) as connection:
            connection.exec_driver_sql(sql)


@pytest.mark.timeout(900)  # A failure is made as short as can be first, for up to five minutes.
def test_any_order_of_operations_keeps_every_promise(engine: Engine) -> None:
    ended = Counter[JobState]()

    class Machine(StoreMachine):
        def __init__(self) -> None:
            super().__init__(engine)

        def teardown(self) -> None:
            super().teardown()
            ended.update(job.state for job in self.model.jobs.values())

    bounded = settings(
        max_examples=WALKS, stateful_step_count=STEPS, deadline=None, print_blob=True
    )
    run_state_machine_as_test(Machine, settings=bounded)
    assert ended[JobState.SUCCEEDED] > WALKS, "the walks did next to nothing"
    assert set(ended) <= TERMINAL
