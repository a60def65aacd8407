"""How full a worker keeps an engine in throughput mode, with a fake engine of constant speed.

All requests of a full engine begin together and take equally long, so they end together too: the
hardest case, since every slot becomes free at once. What is measured is the time that slots are
free, not the engine: that runs in the worker's process here, unlike vLLM's, and what the worker
does slows it. Memory is sampled as beside a real engine.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from bench.figure import Figure
from bench.place import Place, quickstart_submission
from bench.throughput import await_ready, finish, running
from core.model_spec import ModelSpec
from core.sampling_params import SamplingParams
from core.states import Mode
from db.engine import rows, transaction
from db.queue.outbox import publish_outbox
from db.runs.submissions import Submitted, submit

#: Sequences that the engine takes, and how often it is filled.
SEQUENCES = (4, 16, 64)
FILLINGS = 6
TOKENS, TPOT_MS = 51, 20.0
_OCCUPIED = """
SELECT sum(g.last_token_s - g.submitted_s)::float8 AS seated_s,
       (max(g.last_token_s) - min(g.submitted_s))::float8 AS span_s
  FROM eval.generation AS g JOIN eval.job AS j ON j.id = g.job_id
 WHERE j.run_id = %(run)s
"""


def measure(place: Place) -> list[Figure]:
    """Return, for each size of engine, the share of its slots' time in which a request had them."""
    return [_share(place, sequences) for sequences in SEQUENCES]


def _share(place: Place, sequences: int) -> Figure:
    command = [sys.executable, "-m", "workers", "--cpu", "--queue", "synthetic"]
    with running(place, [command]) as logs:
        await_ready(logs)
        finish(place, _enqueue(place, sequences, fillings=1))  # starts the engine; discarded
        submitted = _enqueue(place, sequences, fillings=FILLINGS)
        finish(place, submitted)
    with transaction(place.engine) as connection:
        found: dict[str, Any] = rows(connection, _OCCUPIED, {"run": submitted.run_id})[0]
    return Figure(
        f"company.{sequences}_sequences.seated",
        found["seated_s"] / (found["span_s"] * sequences),
        "ratio",
        target=">= 0.97",
        settings={
            "jobs": submitted.jobs,
            "traced": True,
            "generation_s": found["seated_s"] / submitted.jobs,
            "empty_s_per_filling": found["span_s"] / FILLINGS - found["seated_s"] / submitted.jobs,
        },
    )


def _enqueue(place: Place, sequences: int, *, fillings: int) -> Submitted:
    options = {"max_num_seqs": sequences, "tpot_ms": TPOT_MS, "traced": True}
    where: dict[str, Any] = {"engine": "synthetic", "source": "fake", "queue": "synthetic"}
    model = ModelSpec(name=f"bench-{sequences}", **where, options=options)
    # A speed run is not scored, as those of `bench.gpu_overhead` are not.
    sampling = SamplingParams(max_tokens=TOKENS, fixed_input_tokens=8, fixed_output_tokens=TOKENS)
    name = f"batch of {sequences}, {fillings} fillings"
    jobs = sequences * fillings
    wanted = quickstart_submission(place, name, repetitions=jobs, sampling=sampling)
    wanted = replace(wanted, models=(model,), mode=Mode.THROUGHPUT.value)
    wanted = replace(wanted, problems=wanted.problems[:1])
    submitted = submit(place.engine, wanted)
    publish_outbox(place.engine, place.broker)
    return submitted
