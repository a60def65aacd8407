"""What becomes of nights: learned from, compared, late, missed, paused, refused; baselines."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.states import NightState
from db.models import Score
from db.nights.baselines import BaselineExists, BaselineNotFound, baseline_versions
from db.nights.nightly import NotWatched, Outcome, find_watch, last_nights, watch
from db.nights.schedules import (
    Schedule,
    add_schedule,
    find_schedule,
    pause_schedule,
    resume_schedule,
)
from db.queue.commits import Result, commit
from db.runs.run import cancel_run, find_run
from orchestrator.errors import UsageFault
from orchestrator.models.registry import Registry
from orchestrator.nights.alert_settings import AlertSettings
from orchestrator.nights.baseline import pin
from orchestrator.nights.metrics import watched_metrics
from orchestrator.nights.nightly import bring_up_to_date
from orchestrator.nights.schedules import fire_due_schedules
from orchestrator.nights.watch import NightWatch
from orchestrator.runs.experiment import make_experiment
from tests.support.database import count, query
from tests.support.jobs import QUEUES, claim_one, register, spec
from tests.support.results import generation_row, store_start

DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
FIRST = dt.datetime(2026, 11, 1, 18, 0, tzinfo=dt.UTC)
CHANNELS = AlertSettings(webhook_url="http://127.0.0.1:1", ping_url="http://127.0.0.1:1")
SCORES = 6


class Months:
    """A watched schedule whose nights are worked by hand."""

    def __init__(self, engine: Engine, policy: dict[str, Any] | None = None) -> None:
        self.engine = engine
        self.worker = register(engine)
        asked = make_experiment({"models": ["fake"], "problems": "quickstart", "repetitions": 1})
        add_schedule(
            engine, name="nightly", cron="0 18 * * *", timezone="UTC", experiment=asked.to_dict()
        )
        self.watch(policy or {})
        for table in ("schedule SET due_from", "nightly SET settled_to"):
            query(engine, f"UPDATE eval.{table} = %(begin)s", begin=FIRST - HOUR)
        self.starts: dict[str, int] = {}

    def watch(self, policy: dict[str, Any]) -> bool:
        """Compare the nights under a policy; return whether that is a change."""
        return watch(
            self.engine, self.schedule, baseline="main", policy=policy, due_within_s=6 * 3600
        )

    @property
    def schedule(self) -> Schedule:
        """The schedule as it stands."""
        return find_schedule(self.engine, "nightly")

    def submit(self, night: int) -> uuid.UUID:
        """Let the slot of a night be submitted and return its run."""
        (fired,) = fire_due_schedules(
            self.engine, registry=lambda: Registry({"fake": spec()}), now=FIRST + night * DAY
        )
        assert fired.submitted is not None
        return fired.submitted.run_id

    def work(self, scores: Sequence[float], environment: str = "e", **scored: Any) -> None:
        """Commit the jobs that wait, with these scores."""
        for score7 in scores:
            job = claim_one(self.engine, worker_id=self.worker, queues=QUEUES)
            assert job is not None
            if environment not in self.starts:
                self.starts[environment] = store_start(
                    self.engine,
                    self.worker,
                    job.model_id,
                    environment={"driver": environment},
                    environment_hash=environment,
                )
            given = {"scorer_version": "1", "steps_done": 1, "steps_total": 2} | scored
            made = Result(
                generation=generation_row(self.starts[environment]),
                texts={"text": "four"},
                score=Score(score7=score7, guess_suspected=False, **given),
            )
            commit(self.engine, job.job_id, job.attempt_no, made)

    def decide(self, night: int, after: dt.timedelta = HOUR) -> list[Outcome]:
        """Bring nights up to date some time after the slot of one."""
        one = find_watch(self.engine, "nightly")
        return bring_up_to_date(self.engine, one, CHANNELS, FIRST + night * DAY + after)

    def pass_night(
        self, night: int, level: float = 5.0, environment: str = "e", **scored: Any
    ) -> NightState:
        """Submit, work and decide on a night whose problems vary a little."""
        self.submit(night)
        wobble = (0.1, -0.1, 0.05, -0.05, 0.0, 0.0)
        turn = night % SCORES
        scores = [level + 2 * one for one in (*wobble[turn:], *wobble[:turn])]
        scores[0] += 0.3 * (-1) ** night
        self.work(scores, environment, **scored)
        (outcome,) = self.decide(night)
        return outcome.state

    def learn(self) -> None:
        """Pass ten nights and pin them."""
        for night in range(10):
            assert self.pass_night(night) is NightState.LEARNING
        pin(self.engine, "main", why="the first ten", by="ada")

    def alerts(self) -> list[tuple[str, str]]:
        """Return channel and state of the messages, pings left out."""
        sql = "SELECT channel, state FROM eval.alert WHERE channel <> 'ping' ORDER BY id"
        return [(row["channel"], row["state"]) for row in query(self.engine, sql)]

    def states(self) -> list[str]:
        """Return the states of all nights, oldest first."""
        nights, _ = last_nights(self.engine, find_watch(self.engine, "nightly"), limit=100)
        return [night["state"] for night in nights][::-1]


@pytest.fixture
def months(engine: Engine) -> Months:
    return Months(engine)


def test_a_regression_is_said_on_its_second_night_and_its_end_once(months: Months) -> None:
    months.learn()
    levels = (5.0, 3.0, 3.0, 3.0, 5.0, 5.0)
    states = [months.pass_night(10 + n, level) for n, level in enumerate(levels)]
    assert states == ["quiet", "suspect", "regressed", "regressed", "quiet", "quiet"]
    assert months.alerts() == [("webhook", state) for state in ("regressed", "regressed", "quiet")]
    assert count(months.engine, "SELECT count(*) FROM eval.alert WHERE channel = 'ping'") == 16
    assert months.decide(15) == [], "nothing is decided twice"


def test_other_conditions_are_said_once_and_never_alarm(months: Months) -> None:
    months.learn()
    states = [months.pass_night(n, 1.0, scorer_version="2") for n in (10, 11)]
    assert states == ["incomparable", "incomparable"]
    (row,) = query(
        months.engine,
        "SELECT course, refused FROM analytics_v1.nightly_comparison "
        "WHERE metric = 'score7' ORDER BY slot DESC LIMIT 1",
    )
    assert row == {"course": None, "refused": "another scorer: 1 and 2"}
    assert months.alerts() == [("webhook", "incomparable")]


def test_another_driver_touches_times_alone(months: Months) -> None:
    months.learn()
    months.pass_night(10, 5.0, environment="other")
    found = query(
        months.engine,
        "SELECT metric FROM analytics_v1.nightly_comparison WHERE refused IS NOT NULL",
    )
    assert {"ttft_ms", "e2e_s"} <= {row["metric"] for row in found}
    assert "score7" not in {row["metric"] for row in found}


def test_a_late_night_is_said_and_said_again_when_it_is_done(months: Months) -> None:
    months.learn()
    months.submit(10)
    months.work([5.0] * 2)
    assert months.decide(10, 5 * HOUR) == []
    (late,) = months.decide(10, 6 * HOUR)
    assert (late.state, late.reason) == ("late", "2 of 6 jobs had ended by its hour")
    assert months.decide(10, 7 * HOUR) == []
    months.work([5.0] * 4)
    (done,) = months.decide(10, 8 * HOUR)
    assert done.state == "quiet"
    assert months.alerts() == [("webhook", "late"), ("webhook", "quiet")]


def test_nights_missed_together_are_one_message(months: Months) -> None:
    months.pass_night(0)
    months.submit(4)
    outcomes = months.decide(4)
    assert [outcome.state for outcome in outcomes] == ["missed"]
    assert outcomes[0].reason.startswith("3 nights have no run; the last: ")
    assert months.states() == ["learning", "missed", "missed", "missed", "open"]
    assert months.alerts() == [("webhook", "missed")]


def test_a_night_without_a_reconciler_is_missed_by_its_hour_and_opened_when_made_up_for(
    months: Months,
) -> None:
    assert months.decide(0, 5 * HOUR) == []
    (missed,) = months.decide(0, 6 * HOUR)
    assert missed.state == "missed"
    months.submit(0)
    assert months.decide(0, 6 * HOUR + MINUTE) == [
        Outcome(state=NightState.LATE, reason="0 of 6 jobs had ended by its hour", done=False)
    ]


def test_a_slot_that_cannot_be_planned_is_missed_with_its_reason(months: Months) -> None:
    fire_due_schedules(months.engine, registry=lambda: Registry({}), now=FIRST)
    (missed,) = months.decide(0)
    assert "no model is registered as 'fake'" in missed.reason


def test_slots_of_a_paused_schedule_are_not_nights(months: Months) -> None:
    months.pass_night(0)
    pause_schedule(months.engine, months.schedule)
    assert months.decide(3) == []
    resume_schedule(months.engine, months.schedule, now=FIRST + 3 * DAY + 2 * HOUR)
    months.pass_night(4)
    assert months.states() == ["learning", "learning"]


def test_a_cancelled_night_and_one_without_results_have_failed(months: Months) -> None:
    run = months.submit(0)
    months.work([5.0])
    cancel_run(months.engine, find_run(months.engine, str(run)))
    (failed,) = months.decide(0)
    assert (failed.state, failed.reason) == (
        "failed",
        "its run was cancelled; 5 of 6 jobs have no result",
    )
    assert count(months.engine, "SELECT count(*) FROM eval.alert WHERE channel = 'ping'") == 0


def test_a_metric_that_only_warns_makes_a_night_warned(engine: Engine) -> None:
    rule = {"metric": "score7", "max_drop": 0.5, "tier": "warn"}
    months = Months(engine, {"rule": [rule]})
    months.learn()
    assert [months.pass_night(n, 3.0) for n in (10, 11)] == ["suspect", "warned"]


def test_an_alarm_that_undetermined_steps_may_explain_only_warns(months: Months) -> None:
    months.learn()
    states = [months.pass_night(n, 3.0, score7_high=5.0) for n in (10, 11)]
    assert states == ["suspect", "warned"]


def test_pinning_needs_ten_nights_that_belong_together_and_a_reason(months: Months) -> None:
    for night in range(9):
        months.pass_night(night)
    with pytest.raises(UsageFault, match="has 9 nights that are done"):
        pin(months.engine, "main", why="early", by="ada")
    with pytest.raises(UsageFault, match="at least 10 nights, not 9"):
        pin(months.engine, "main", why="few", by="ada", nights=9)
    months.pass_night(9, scorer_version="2")
    with pytest.raises(UsageFault, match="not comparable for fake: another scorer"):
        pin(months.engine, "main", why="mixed", by="ada")
    with pytest.raises(UsageFault, match="say with --why"):
        pin(months.engine, "main", why=" ", by="ada")
    with pytest.raises(UsageFault, match="no schedule is compared with baseline 'other'"):
        pin(months.engine, "other", why="x", by="ada")
    months.pass_night(10)
    pin(months.engine, "main", why="good", by="ada", leave_out=["nightly-2026-11-10T18:00"])
    (version,) = baseline_versions(months.engine, "main")
    assert (version.version, version.reason, version.pinned_by) == (1, "good", "ada")
    assert len(version.run_ids) == 10


def test_a_baseline_is_frozen_and_its_history_only_grows(months: Months) -> None:
    with pytest.raises(BaselineNotFound):
        baseline_versions(months.engine, "main")
    for night in range(10):
        months.pass_night(night)
    with pytest.raises(BaselineNotFound):
        pin(months.engine, "main", why="too early", by="ada", again=True)
    pin(months.engine, "main", why="first", by="ada")
    with pytest.raises(BaselineExists):
        pin(months.engine, "main", why="again", by="bob")
    frozen = "SELECT * FROM eval.baseline_metric ORDER BY model, prompt, metric"
    before = query(months.engine, frozen)
    query(months.engine, "UPDATE eval.score SET score7 = 0, score7_high = 0")
    months.pass_night(10, 5.0)
    assert query(months.engine, frozen) == before
    pin(months.engine, "main", why="vLLM 0.33", by="bob", again=True)
    assert [one.version for one in baseline_versions(months.engine, "main")] == [2, 1]
    for change in (
        "UPDATE eval.baseline SET reason = 'x'",
        "DELETE FROM eval.baseline_metric",
        "UPDATE eval.baseline_metric SET distances = '{}'",
    ):
        with pytest.raises(DBAPIError, match="only appended"):
            query(months.engine, change)


def test_a_failing_night_stops_no_other_and_no_reconciler(
    months: Months, caplog: pytest.LogCaptureFixture
) -> None:
    broken = json.dumps({"rule": [{"metric": "nonsense", "max_drop": 1}]})
    months.submit(0)
    months.work([5.0] * 6)
    query(months.engine, "UPDATE eval.nightly SET policy = %(broken)s::jsonb", broken=broken)
    nights = NightWatch(
        months.engine, clock=lambda: FIRST + HOUR, alerts=lambda: CHANNELS, round_s=0
    )
    nights.poke()
    nights.finish(30)
    assert "the nights of schedule nightly could not be compared" in caplog.text
    months.watch({})
    nights = NightWatch(months.engine, clock=lambda: FIRST + HOUR, alerts=lambda: CHANNELS)
    nights.poke()
    nights.finish(30)
    assert months.states() == ["learning"]


def test_changing_what_nights_are_compared_with(months: Months) -> None:
    assert months.watch({}) is False
    assert months.watch({"rule": [{"metric": "score7", "max_drop": 1}]}) is True
    with pytest.raises(NotWatched, match="--compare-with"):
        find_watch(months.engine, "another")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"metric": "nonsense", "max_drop": 1}, "unknown metric"),
        ({"metric": "score7", "max_drop": 1, "category": "secondary"}, "must name no category"),
        ({"metric": "ttft_ms_p95", "max_drop": "5 %"}, "ttft_ms_p95 has none"),
    ],
)
def test_a_policy_that_nights_cannot_be_held_to(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        watched_metrics({"rule": [rule]})
