"""Serve the reconciler's metrics to Prometheus, read from the database at each scrape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from core.states import WorkerState
from db.engine import DATABASE_ERRORS
from db.upkeep.gauges import Gauges, read_gauges
from orchestrator.errors import UsageFault
from orchestrator.upkeep.reconciler import Reconciler

VARIABLE = "EVALCTL_METRICS_ADDRESS"
#: Every variable that is read here, with its meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        VARIABLE: (
            "PORT or ADDRESS:PORT on which the reconciler serves /metrics; PORT alone is on "
            "loopback (default: not served)"
        )
    }
)
MAX_PORT = 65_535
#: States in which a worker runs, and lost.
_SHOWN = tuple(state.value for state in WorkerState if state is not WorkerState.STOPPED)


class ReconcilerMetrics(Collector):
    """Collect what the database and this reconciler say."""

    def __init__(self, engine: Engine, reconciler: Reconciler) -> None:
        self._engine = engine
        self._reconciler = reconciler

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics; where the database is down, those of this process alone."""
        yield from self._of_this_process()
        try:
            gauges = read_gauges(self._engine)
        except DATABASE_ERRORS:
            yield _gauge("database_up", "Whether the database answered the scrape.", 0)
            return
        yield _gauge("database_up", "Whether the database answered the scrape.", 1)
        yield from _of_the_queue(gauges)
        yield from _of_the_workers(gauges)
        yield from _of_the_nights(gauges)

    def _of_this_process(self) -> Iterator[Metric]:
        leads = self._reconciler.leads
        yield _gauge("reconciler_active", "Whether this reconciler leads; others wait.", leads)
        yield CounterMetricFamily(
            "evalctl_leases_expired",
            "Leases that this reconciler has found expired since it started.",
            value=self._reconciler.leases_expired,
        )


def _of_the_queue(gauges: Gauges) -> Iterator[Metric]:
    yield _by("jobs", "Jobs of all runs, by state.", "state", gauges.jobs)
    yield _by(
        "oldest_queued_job_seconds",
        "For how long the oldest of a queue's next jobs has waited; 0: none waits.",
        "queue",
        gauges.oldest_s,
    )
    yield _gauge("late_leases", "Running jobs whose lease has run out.", gauges.late_leases)
    yield _gauge("outbox_hints_due", "Hints that the broker should have.", gauges.hints_due)
    yield _gauge("outbox_lag_seconds", "How long the oldest has been due.", gauges.outbox_lag_s)
    yield _gauge("held_models", "Models whose server is away or limits.", gauges.held_models)


def _of_the_workers(gauges: Gauges) -> Iterator[Metric]:
    workers = {state: gauges.workers.get(state, 0) for state in _SHOWN}
    yield _by("workers", "Workers by state; lost ones of the last hour.", "state", workers)
    yield _gauge("worker_silence_seconds", "Longest silence of a running worker.", gauges.silent_s)
    yield _gauge("quarantined_gpus", "GPUs that take no jobs.", gauges.quarantined_gpus)


def _of_the_nights(gauges: Gauges) -> Iterator[Metric]:
    finished = {night.schedule: night.finished for night in gauges.nights}
    yield _by(
        "last_night_finished_timestamp_seconds",
        "When the newest night that is done was done, in seconds since 1970.",
        "schedule",
        finished,
    )
    states = GaugeMetricFamily(
        "evalctl_last_night", "1 for the state of that night.", labels=("schedule", "state")
    )
    for night in gauges.nights:
        states.add_metric((night.schedule, night.state), 1)
    yield states


def _gauge(name: str, meaning: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"evalctl_{name}", meaning, value=float(value))


def _by(name: str, meaning: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"evalctl_{name}", meaning, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), float(value))
    return family


@contextmanager
def serving(address: str | None, engine: Engine, reconciler: Reconciler) -> Iterator[None]:
    """Serve /metrics for the block where an address is given.

    Raise ``UsageFault`` for an address that is none, or that cannot be taken.
    """
    if not address:
        yield
        return
    host, port = parse_address(address)
    registry = CollectorRegistry()
    registry.register(ReconcilerMetrics(engine, reconciler))
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise UsageFault(
            f"metrics cannot be served on {host}:{port}: {error.strerror or error}; choose another "
            f"with --metrics or {VARIABLE}"
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def parse_address(text: str) -> tuple[str, int]:
    """Read PORT, ADDRESS:PORT or [ADDRESS]:PORT; loopback where no address is given."""
    host, colon, port = text.rpartition(":")
    valid = port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT
    if not valid or (colon and not host):
        raise UsageFault(
            f"{text!r} is not an address for metrics: give PORT, or ADDRESS:PORT such as "
            "0.0.0.0:9464"
        )
    return host.strip("[]") or "127.0.0.1", int(port)
