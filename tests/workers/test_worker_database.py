"""What a worker asks of the database: two connections, and patience with errors it cannot name."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import Engine

from core.hints import HintBroker
from core.sampling_params import SamplingParams
from tests.support.database import attempts, query
from tests.support.jobs import publish, spec
from tests.support.processes import worker

OPEN = "SELECT count(*) AS n FROM eval.job WHERE state IN ('queued', 'running')"
HELD = """
SELECT count(*) AS n FROM pg_stat_activity
 WHERE datname = current_database() AND application_name LIKE 'evalctl worker%%'
"""


@pytest.mark.parametrize("mode", ["latency", "throughput"])
def test_a_worker_under_load_holds_two_connections(
    environment: dict[str, str], engine: Engine, broker: HintBroker, mode: str
) -> None:
    sampling = SamplingParams(fixed_input_tokens=8, fixed_output_tokens=8)
    model = spec(ttft_ms=20, tpot_ms=5, max_num_seqs=16)
    publish(engine, broker, models=(model,), repetitions=60, mode=mode, sampling=sampling)
    most = 0
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.succeeded")
        deadline_s = time.monotonic() + 90
        while query(engine, OPEN) != [{"n": 0}]:
            most = max(most, query(engine, HELD)[0]["n"])
            assert time.monotonic() < deadline_s
        assert process.stop() == 0
    assert most == 2


def test_an_error_that_evalctl_does_not_know_costs_no_answer(
    environment: dict[str, str], engine: Engine, broker: HintBroker
) -> None:
    """The table of results is away while the answer is made, as in a failed migration."""
    publish(engine, broker, models=(spec(ttft_ms=1500, tpot_ms=1, tokens=3),), repetitions=1)
    with worker(environment, "--queue", "synthetic") as process:
        process.wait_for("job.claimed")
        query(engine, "ALTER TABLE eval.generation RENAME TO generation_away")
        delayed = process.wait_for("job.write_delayed")
        assert "generation" in delayed["error"]
        query(engine, "ALTER TABLE eval.generation_away RENAME TO generation")
        process.wait_for("job.succeeded")
    assert attempts(engine) == [(1, "succeeded", None)]
