"""A month in small: 30 scheduled nights through the real queue, and every alert that left.

PostgreSQL, Valkey, reconciler and worker are real processes; the reconciler's slots follow a clock
that the test advances. One regression is planted, one night loses its worker half-way, one night
is missed.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine

from problems.loader import load_set
from tests.support.database import query, until
from tests.support.processes import LoggingProcess, evalctl, evalctl_json, running, worker
from tests.support.receivers import HttpReceiver, MailReceiver, http_receiver, mail_receiver

pytestmark = pytest.mark.timeout(240)

FIRST = dt.datetime(2026, 11, 1, 18, 0, tzinfo=dt.UTC)  # 02:00 in Shanghai
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)
NIGHTS, LEARNED, KILLED, MISSED, REGRESSED = 30, 10, 15, 18, (22, 23, 24)
SOLUTIONS = [problem.solutions[0].text for problem in load_set("quickstart")]
EXPERIMENT = 'models = ["pupil"]\nproblems = "quickstart"\nrepetitions = 1\n'
POLICY = """
[[rule]]
metric = "score7"
max_drop = 0.5
least_effect = 0.3

[[rule]]
metric = "answer_correct"
max_drop = 5
tier = "warn"
"""


class Place:
    """What the month works with."""

    def __init__(self, environment: dict[str, str], engine: Engine, folder: Path) -> None:
        self.engine = engine
        self.config, self.clock = folder / "evalctl.toml", folder / "now"
        self.user = environment | {"EVALCTL_CONFIG": str(self.config), "EVALCTL_LEASE_S": "3"}
        self.alerts = ""

    def write_model(self, text: str, *, ttft_ms: int = 0) -> None:
        """Register the model that the coming night submits."""
        options = f"text = {json.dumps(text)}, ttft_ms = {ttft_ms}"
        model = f'engine = "synthetic"\nsource = "simulated"\noptions = {{ {options} }}\n'
        new = self.config.with_suffix(".new")
        new.write_text(f"[models.pupil]\n{model}{self.alerts}", encoding="utf-8")
        new.replace(self.config)

    def advance(self, to: dt.datetime) -> None:
        """Set the clock of the reconciler."""
        new = self.clock.with_suffix(".new")
        new.write_text(to.isoformat(), encoding="ascii")
        new.replace(self.clock)

    def done(self, nights: int) -> None:
        """Wait until that number of nights is done."""
        found = "SELECT count(*) AS nights FROM eval.night WHERE done"
        until(self.engine, found, [{"nights": nights}])


def answer(night: int) -> str:
    """Return what the model says on a night: every solution, of which one or all break off."""
    parts = list(SOLUTIONS)
    unfinished = range(len(parts)) if night in REGRESSED else [night * 5 % len(parts)]
    for place in unfinished:
        parts[place] = parts[place][: len(parts[place]) // 2]
    return "\n\n".join(parts)


@pytest.fixture
def web() -> Iterator[HttpReceiver]:
    with http_receiver() as seen:
        yield seen


@pytest.fixture
def post() -> Iterator[MailReceiver]:
    with mail_receiver() as seen:
        yield seen


@pytest.fixture
def place(
    environment: dict[str, str],
    engine: Engine,
    tmp_path: Path,
    web: HttpReceiver,
    post: MailReceiver,
) -> Place:
    """Give a user whose alerts go to the receivers, with a schedule from the first night on."""
    found = Place(environment, engine, tmp_path)
    found.alerts = (
        f'\n[alerts]\nwebhook_url = "{web.url}/hook"\nping_url = "{web.url}/ping/{{schedule}}"\n'
        f'[alerts.mail]\nhost = "127.0.0.1"\nport = {post.port}\nsecurity = "none"\n'
        'from = "evalctl@example.org"\nto = ["team@example.org"]\n'
    )
    found.write_model(answer(0))
    found.advance(FIRST - MINUTE)
    (tmp_path / "exp.toml").write_text(EXPERIMENT, encoding="utf-8")
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    added = evalctl_json(
        found.user,
        "schedule add nightly --cron '0 2 * * *' --tz Asia/Shanghai --compare-with main",
        *("-f", str(tmp_path / "exp.toml"), "--policy", str(tmp_path / "policy.toml")),
    )
    assert (added["compare_with"], added["compare_changed"]) == ("main", True)
    begin = {"begin": FIRST - MINUTE}
    query(engine, "UPDATE eval.schedule SET due_from = %(begin)s", **begin)
    query(engine, "UPDATE eval.nightly SET settled_to = %(begin)s", **begin)
    return found


def test_a_month_alarms_exactly_where_it_should(
    place: Place, web: HttpReceiver, post: MailReceiver
) -> None:
    reconcile = [sys.executable, "-m", "tests.support.clocked_reconciler", str(place.clock)]
    with ExitStack() as stack:

        def start_worker() -> LoggingProcess:
            found: LoggingProcess = stack.enter_context(worker(place.user, "--queue", "synthetic"))
            return found

        def start_reconciler() -> LoggingProcess:
            return stack.enter_context(running(reconcile, place.user))

        processes = [start_worker(), start_reconciler()]
        for night in range(NIGHTS):
            slot = FIRST + night * DAY
            if night == LEARNED:
                _pin(place)
            if night == MISSED:
                assert processes[1].stop() == 0
                continue
            place.write_model(answer(night), ttft_ms=700 if night == KILLED else 0)
            place.advance(slot + MINUTE)
            if night == MISSED + 1:
                processes[1] = start_reconciler()
            if night == KILLED:
                _lose_worker(place, processes[0], slot, start_worker)
            place.done(night + 1)
        _settle(place)

    states = [
        row["state"] for row in query(place.engine, "SELECT state FROM eval.night ORDER BY slot")
    ]
    expected = ["learning"] * LEARNED + ["quiet"] * (NIGHTS - LEARNED)
    expected[MISSED] = "missed"
    expected[22:25] = ["suspect", "regressed", "regressed"]
    assert states == expected
    _check_alerts(web, post)
    _check_history(place)


def _pin(place: Place) -> None:
    """Pin the first ten nights, as a person does; fewer are refused before."""
    refused = evalctl(place.user, "baseline pin main --nights 14 --why early")
    assert (refused.returncode, "wait for more" in refused.stderr) == (2, True)
    pinned = evalctl_json(place.user, "baseline pin main --by ada --why", "the first ten nights")
    assert (pinned["version"], len(pinned["runs"])) == (1, 10)


def _lose_worker(
    place: Place, victim: LoggingProcess, slot: dt.datetime, again: Callable[[], LoggingProcess]
) -> None:
    """Kill the worker half-way, let the night's hour pass, and start another worker."""
    ended = (
        "SELECT least(count(*), 2) AS jobs FROM eval.job AS j JOIN eval.night AS n USING (run_id) "
        f"WHERE n.slot = '{slot.isoformat()}' AND j.state = 'succeeded'"
    )
    until(place.engine, ended, [{"jobs": 2}])
    victim.process.kill()
    victim.process.wait()
    place.advance(slot + dt.timedelta(hours=7))
    until(place.engine, "SELECT state FROM eval.night WHERE NOT done", [{"state": "late"}])
    again()


def _settle(place: Place) -> None:
    """Wait until every alert has been sent."""
    waiting = "SELECT count(*) AS alerts FROM eval.alert WHERE sent_at IS NULL"
    until(place.engine, waiting, [{"alerts": 0}])


def _check_alerts(web: HttpReceiver, post: MailReceiver) -> None:
    said = [(one["slot"][:10], one["state"], one["ended"]) for one in web.documents]
    dates = [f"{FIRST + night * DAY:%Y-%m-%d}" for night in range(NIGHTS)]
    assert said == [
        (dates[KILLED], "late", False),
        (dates[KILLED], "quiet", False),
        (dates[MISSED], "missed", False),
        (dates[23], "regressed", False),
        (dates[24], "regressed", False),
        (dates[25], "quiet", True),
    ]
    late, _, missed, jump, *_ = web.documents
    assert re.fullmatch("[2-5] of 6 jobs had ended by its hour", late["reason"])
    assert missed["run"] is None
    worst = jump["metrics"][0]
    assert (worst["metric"], worst["course"]) == ("score7", "jump")
    assert worst["difference"] < -1.5
    assert len(set(web.keys)) == len(web.keys) == 6, "each is sent once"
    assert web.paths.count("/ping/nightly") == NIGHTS - 1, "of the missed night none"
    subjects = [" ".join(str(mail["Subject"]).split()) for mail in post.mails]
    assert subjects == [one["text"] for one in web.documents]
    body = post.mails[3].get_payload()
    assert "pupil, plain: score7" in body
    assert "evalctl nights nightly" in body
    assert post.recipients == [["team@example.org"]] * 6


def _check_history(place: Place) -> None:
    document = evalctl_json(place.user, "nights nightly")
    assert len(document["nights"]) == NIGHTS
    assert document["warnings"] == []
    shown = evalctl(place.user, "schedule show nightly").stdout
    assert "nights are compared with baseline main, due within 6 h" in shown
    text = evalctl(place.user, "nights nightly")
    assert text.returncode == 0
    lines = text.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    (score,) = [line for line in lines if line.startswith("  score7 ")]
    assert score[18 + MISSED] == "·"
    assert [score[18 + night] for night in REGRESSED] == ["▁"] * 3
    viewed = query(
        place.engine,
        "SELECT count(*) AS nights FROM analytics_v1.nightly_comparison WHERE metric = 'score7'",
    )
    assert viewed == [{"nights": NIGHTS - 1}]
