"""The metrics of a real reconciler, checked by promtool, the rules on them, one query a scrape."""

from __future__ import annotations

import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, event

from core.hints import HintBroker
from db.engine import open_database
from orchestrator.errors import UsageFault
from orchestrator.upkeep.metrics import ReconcilerMetrics, parse_address
from orchestrator.upkeep.reconciler import Reconciler
from services.files import free_port
from services.waiting import wait_until
from tests.support.analytics import seed_analytics
from tests.support.database import query
from tests.support.debian_packages import program_or_skip
from tests.support.jobs import claim_one, register
from tests.support.processes import ROOT, evalctl, run_program

RULES = ROOT / "deploy" / "prometheus" / "evalctl.rules.yml"
Values = dict[tuple[str, tuple[str, ...]], float]


def values(text: str) -> Values:
    """Return each sample by name and label values."""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@contextmanager
def reconciler(environment: dict[str, str], port: int) -> Iterator[str]:
    """Run `evalctl reconcile` with metrics, and give the URL once it leads."""
    command = (f"{ROOT}/.venv/bin/python", "-m", "orchestrator", "reconcile")
    url = f"http://127.0.0.1:{port}/metrics"
    given = environment | {"EVALCTL_METRICS_ADDRESS": str(port)}
    with subprocess.Popen(command, env=given, cwd=ROOT) as process:
        try:
            assert wait_until(lambda: _leads(url), 60.0)
            yield url
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0


def _leads(url: str) -> bool:
    try:
        return values(_get(url))["evalctl_reconciler_active", ()] == 1
    except OSError:
        return False


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as reply:  # noqa: S310 - loopback
        text: str = reply.read().decode()
        return text


def test_a_reconciler_serves_what_the_database_holds(
    environment: dict[str, str], engine: Engine
) -> None:
    seed_analytics(engine)
    query(engine, "INSERT INTO eval.nightly (schedule_id, baseline, due_within_s) "
                  "SELECT id, 'main', 3600 FROM eval.schedule")  # fmt: skip
    worker_id = register(engine, queues=("vllm",))
    assert claim_one(engine, worker_id=worker_id, queues=("vllm",))
    with reconciler(environment, free_port(None)) as url:
        text = _get(url)
    found = values(text)

    states = {key[1][0]: value for key, value in found.items() if key[0] == "evalctl_jobs"}
    counted = query(engine, "SELECT state, count(*) AS jobs FROM eval.job GROUP BY state")
    assert states == dict.fromkeys(states, 0) | {row["state"]: row["jobs"] for row in counted}
    assert set(states) == {"queued", "running", "succeeded", "failed", "dead", "cancelled"}
    assert found["evalctl_workers", ("lost",)] == 1
    assert found["evalctl_workers", ("quarantined",)] == 1
    assert found["evalctl_quarantined_gpus", ()] == 1
    assert found["evalctl_late_leases", ()] == 0
    assert found["evalctl_oldest_queued_job_seconds", ("vllm",)] > 0
    assert found["evalctl_last_night", ("nightly", "regressed")] == 1
    assert found["evalctl_last_night_finished_timestamp_seconds", ("nightly",)] > 1.7e9
    assert found["evalctl_database_up", ()] == 1

    promtool = program_or_skip("promtool")
    checked = run_program(promtool, "check", "metrics", input=text)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_an_expired_lease_is_counted(engine: Engine, broker: HintBroker) -> None:
    seed_analytics(engine)
    assert claim_one(engine, worker_id=register(engine, queues=("vllm",)), queues=("vllm",))
    query(engine, "UPDATE eval.job SET lease_expires_at = now() - interval '1 s' "
                  "WHERE state = 'running'")  # fmt: skip
    leader = Reconciler(engine, broker)
    metrics = ReconcilerMetrics(engine, leader)
    assert _sample(metrics, "evalctl_late_leases") == 1
    assert _sample(metrics, "evalctl_leases_expired_total") == 0
    leader.tick()
    assert _sample(metrics, "evalctl_late_leases") == 0
    assert _sample(metrics, "evalctl_leases_expired_total") == 1
    assert _sample(metrics, "evalctl_outbox_lag_seconds") >= 0


def test_a_scrape_is_one_query(engine: Engine, broker: HintBroker) -> None:
    metrics = ReconcilerMetrics(engine, Reconciler(engine, broker))
    list(metrics.collect())
    asked: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append(str(given[2])), named=False
    )
    list(metrics.collect())
    assert len(asked) == 1
    assert "eval.run_tally" in asked[0], "jobs that have ended are not counted one by one"


def test_a_database_that_is_down_is_a_value_and_not_an_error(broker: HintBroker) -> None:
    away = open_database(f"postgresql://u:p@127.0.0.1:{free_port(None)}/none", name="away")
    metrics = ReconcilerMetrics(away, Reconciler(away, broker))
    names = {family.name for family in metrics.collect()}
    assert names == {"evalctl_reconciler_active", "evalctl_leases_expired", "evalctl_database_up"}
    assert _sample(metrics, "evalctl_database_up") == 0


def _sample(metrics: ReconcilerMetrics, name: str) -> float:
    (value,) = [
        sample.value
        for family in metrics.collect()
        for sample in family.samples
        if sample.name == name
    ]
    return value


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104 - what a user may choose
        ("[::1]:9464", ("::1", 9464)),
    ],
)
def test_an_address_is_a_port_on_loopback_unless_said(text: str, address: tuple[str, int]) -> None:
    assert parse_address(text) == address


@pytest.mark.parametrize("text", ["", "x", ":9464", "host:", "0", "70000", "-1", "９４６４"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageFault, match="is not an address for metrics"):
        parse_address(text)


def test_a_port_that_is_taken_is_said(environment: dict[str, str]) -> None:
    taken = environment["EVALCTL_BROKER_URL"].rpartition(":")[2].partition("/")[0]
    done = evalctl(environment, f"reconcile --metrics {taken}")
    assert done.returncode == 2
    assert "metrics cannot be served" in done.stderr
    assert "EVALCTL_METRICS_ADDRESS" in done.stderr


def test_promtool_takes_the_rules_and_they_fire_as_they_should() -> None:
    promtool = program_or_skip("promtool")
    checked = run_program(promtool, "check", "rules", str(RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tested = run_program(promtool, "test", "rules", str(RULES.with_suffix(".test.yml")))
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_the_rules_name_only_metrics_that_are_served(engine: Engine, broker: HintBroker) -> None:
    metrics = ReconcilerMetrics(engine, Reconciler(engine, broker))
    served = {family.name for family in metrics.collect()}
    expressions = re.findall(r"expr: (.*)", RULES.read_text(encoding="utf-8"))
    named = {
        name.removesuffix("_total")
        for expression in expressions
        for name in re.findall(r"\bevalctl_\w+", expression)
    }
    assert len(expressions) == 12
    assert named <= served
