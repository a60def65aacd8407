"""A run with a budget of GPU hours: paused before it takes more, and given more."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from db.engine import rows, transaction
from db.queue.commits import commit
from db.runs.control import pause_run
from db.runs.run import cancel_run, find_run
from db.runs.submissions import Submitted, submit
from db.spending.budgets import budgeted_runs, pause_over_budget, set_budget, spending
from orchestrator.spending.budget_watch import BudgetWatch
from orchestrator.upkeep.reconciler import Reconciler
from tests.support.database import query, until
from tests.support.jobs import claimed, progress_of, register, run_of, spec, submission, take
from tests.support.processes import LoggingProcess, evalctl, evalctl_json, worker
from tests.support.results import result

MODELS = """
[models.slow]
engine = "synthetic"
source = "simulated"
options = { text = "a b c d", ttft_ms = 150, tpot_ms = 1 }
[models.paid]
engine = "openai"
source = "served"
base_url = "http://127.0.0.1:9/v1"
"""
HOUR = "interval '1 hour'"


def finish(engine: Engine, me: Any, *, hours: float) -> None:
    """Claim a job and let its attempt have taken these hours."""
    job = claimed(engine, me)
    commit(engine, job.job_id, job.attempt_no, result(engine, me, job))
    query(
        engine,
        f"UPDATE eval.attempt SET ended_at = started_at + {hours} * {HOUR} "
        f"WHERE job_id = {job.job_id}",
    )
    # One after another: what lies side by side on a worker counts once.
    query(
        engine,
        f"UPDATE eval.attempt SET started_at = started_at - {100 * job.job_id} * {HOUR}, "
        f"ended_at = ended_at - {100 * job.job_id} * {HOUR} WHERE job_id = {job.job_id}",
    )


def budgeted(engine: Engine, hours: float, **changes: Any) -> Submitted:
    return submit(engine, submission(budget_gpu_hours=hours, **changes))


def test_a_run_is_paused_before_the_job_that_would_exceed_its_budget(engine: Engine) -> None:
    submitted, me, watch = budgeted(engine, 3.5), register(engine), BudgetWatch(engine)
    assert watch.round() == [], "it has taken nothing"
    finish(engine, me, hours=1)
    finish(engine, me, hours=1)
    watch = BudgetWatch(engine)
    assert watch.round() == [], "two are used, and a third fits"
    finish(engine, me, hours=1)
    watch = BudgetWatch(engine)
    assert watch.round() == ["night"]
    run = run_of(engine, submitted)
    assert run.pause_reason is not None
    assert "3.00 h of its budget of 3.50 h" in run.pause_reason
    assert "a job takes about 60.0 min" in run.pause_reason
    assert progress_of(engine, submitted).state == "paused"
    assert take(engine, me) is None, "its fourth job is held"
    assert BudgetWatch(engine).round() == [], "once"


def test_the_reconciler_watches_budgets(engine: Engine, broker: HintBroker) -> None:
    submitted, me = budgeted(engine, 1.5), register(engine)
    finish(engine, me, hours=1)
    stop = threading.Event()
    reconciler = Reconciler(engine, broker, tick_s=0.05)
    thread = threading.Thread(target=reconciler.run, args=(stop,))
    thread.start()
    try:
        paused = "SELECT count(*) AS held FROM eval.job WHERE held"
        until(engine, paused, [{"held": 3}])
    finally:
        stop.set()
        thread.join()
    assert run_of(engine, submitted).pause_reason is not None


def test_running_jobs_are_counted_to_their_usual_end_and_finish(engine: Engine) -> None:
    submitted, me = budgeted(engine, 2.5), register(engine)
    finish(engine, me, hours=1)
    running = claimed(engine, me)
    assert BudgetWatch(engine).round() == ["night"], "one used, one running, and a third is none"
    assert spending(engine, submitted.run_id).running_h == pytest.approx(1, abs=0.01)
    commit(engine, running.job_id, running.attempt_no, result(engine, me, running))
    assert take(engine, me) is None


def test_attempts_side_by_side_count_once_and_gpus_of_a_group_each(engine: Engine) -> None:
    pair = spec("pair", tensor_parallel_size=2)
    submitted = budgeted(engine, 100, models=(pair,))
    me, other = register(engine), register(engine)
    for worker_id in (me, me, other):
        job = claimed(engine, worker_id)
        commit(engine, job.job_id, job.attempt_no, result(engine, worker_id, job))
    query(
        engine,
        f"UPDATE eval.attempt SET started_at = now() - {HOUR}, ended_at = now()",
    )
    taken = spending(engine, submitted.run_id)
    assert taken.used_h == pytest.approx(2 * 2, abs=0.01), "two workers of two GPUs for an hour"
    assert taken.job_h == pytest.approx(4 / 3, abs=0.01), "two shared their worker's hour"
    with transaction(engine) as connection:
        rows(connection, "SELECT set_config('evalctl.include_synthetic', 'on', true)")
        (row,) = rows(connection, "SELECT * FROM analytics_v1.run_gpu_hours")
    assert (row["attempts"], row["budget_gpu_hours"]) == (3, 100)
    assert row["gpu_hours"] == pytest.approx(4, abs=0.01)


def test_what_a_person_paused_or_ended_is_left_alone(engine: Engine) -> None:
    paused = budgeted(engine, 1e-9)
    cancelled = budgeted(engine, 1e-9, experiment_hash="e2", name="ended")
    pause_run(engine, run_of(engine, paused))
    cancel_run(engine, run_of(engine, cancelled))
    submit(engine, submission(experiment_hash="e3", name="free"))
    assert budgeted_runs(engine) == []
    assert BudgetWatch(engine).round() == []
    assert run_of(engine, paused).pause_reason is None


def test_a_budget_that_was_changed_meanwhile_pauses_nothing(engine: Engine) -> None:
    submitted = budgeted(engine, 1)
    (seen,) = budgeted_runs(engine)
    set_budget(engine, submitted.run_id, 2)
    assert pause_over_budget(engine, seen, "too much") is None
    assert progress_of(engine, submitted).state == "queued"


def test_submitting_again_keeps_the_budget_or_gives_another(engine: Engine) -> None:
    submitted = budgeted(engine, 5)
    submit(engine, submission(repetitions=3))
    assert run_of(engine, submitted).budget_gpu_hours == 5
    budgeted(engine, 7, repetitions=3)
    assert run_of(engine, submitted).budget_gpu_hours == 7


def jobs_done(process: LoggingProcess, jobs: int) -> None:
    for _ in range(jobs):
        process.wait_for("job.succeeded")


def test_a_budget_from_the_submit_to_the_last_job(user: dict[str, str], engine: Engine) -> None:
    given = "--model slow --problems quickstart --repetitions 20 --name small"
    made = evalctl_json(user, f"submit {given} --budget-gpu-hours 0.0005")
    assert made["created"] == 120
    with worker(user, "--queue", "synthetic") as process:
        jobs_done(process, 3)
        watch = BudgetWatch(engine)
        limit_s = time.monotonic() + 60
        while not watch.round() and time.monotonic() < limit_s:
            jobs_done(process, 1)
        done = evalctl(user, "watch small")
        assert done.returncode == 1
        assert "of its budget of 1.80 s GPU time are used" in " ".join(done.stderr.split()) + (
            " ".join(done.stdout.split())
        )
        state = evalctl_json(user, "status small")
        assert (state["state"], state["budget_gpu_hours"]) == ("paused", 0.0005)
        assert state["used_gpu_hours"] <= 1.5 * 0.0005
        counts = state["jobs"]
        assert counts["succeeded"] + counts["queued"] == 120, "no job is lost"
        shown = " ".join(evalctl(user, "status small").stdout.split())
        assert "evalctl resume small --budget-gpu-hours N" in shown

        refused = evalctl(user, "resume small --budget-gpu-hours 0.0001")
        assert refused.returncode == 2
        assert "would be paused again" in " ".join(refused.stderr.split())
        more = evalctl_json(user, "resume small --budget-gpu-hours 1")
        assert (more["state"], more["budget_gpu_hours"]) == ("running", 1)
        assert more["released"] == counts["queued"]
        jobs_done(process, 2)
        free = evalctl_json(user, "resume small --no-budget")
        assert free["budget_gpu_hours"] is None
    assert find_run(engine, "small").pause_reason is None


def test_a_budget_warns_of_what_it_does_not_bound_and_of_what_will_exceed_it(
    user: dict[str, str],
) -> None:
    with worker(user, "--queue", "synthetic") as process:
        evalctl_json(user, "submit --model slow --problems quickstart --repetitions 1")
        jobs_done(process, 6)
    given = "submit --model slow --model paid --problems quickstart --budget-gpu-hours 0.0001"
    said = " ".join(evalctl(user, f"{given} --dry-run").stderr.split())
    assert "paid: behind a server, takes no GPU hours" in said
    only = "submit --model slow --problems quickstart --budget-gpu-hours 0.0001"
    assert "the budget is 0.0001: the run will be paused" in " ".join(
        evalctl(user, f"{only} --dry-run").stderr.split()
    )
    made = evalctl_json(user, f"{only} --new")
    assert "the run will be paused" in made["warnings"][0]
    wrong = evalctl(user, "submit --model slow --problems quickstart --budget-gpu-hours 0")
    assert wrong.returncode == 2
    assert "budget_gpu_hours must be a number above 0" in " ".join(wrong.stderr.split())
