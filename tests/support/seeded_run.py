"""A run of two synthetic models with labelled answers as texts, scored as a worker would.

``python -m tests.support.seeded_run`` stores one in the database of ``evalctl`` for people to see.
"""

from __future__ import annotations

import json
import random
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.sampling_params import SamplingParams
from core.states import FailureKind
from db.models import Generation, MemoryTrace
from db.queue.commits import Result, commit
from db.results.scoring_rows import score_row, verdict_rows
from db.runs.submissions import Submitted, submit
from orchestrator.connections import connect
from orchestrator.runs.submit import record_of
from problems.labelling import LabelledSet, load_labelled
from problems.loader import load_set
from problems.schema import Problem
from scoring.score import score_text
from tests.support.jobs import QUEUES, claim_one, fail, register, spec, submission
from tests.support.results import OK, Levels, generation_row, probe, store_start

LABELLED = Path(__file__).resolve().parents[2] / "problems" / "labelled"
MODELS = ("model-a", "model-b")
GPU = {"device": "cuda", "gpu_name": "NVIDIA GeForce RTX 4090 D", "gpu_index": 0, "gpu_uuid": "u"}
#: Memory of each model's engine, in MiB, and its times.
MEMORY = {
    "model-a": {"weights_mib": 2674.0, "buffers_mib": 214.0, "activation_peak_mib": 1290.0},
    "model-b": {"weights_mib": 5312.0, "buffers_mib": 226.0, "activation_peak_mib": 1410.0},
}
TIMES = {"model-a": (0.118, 0.0112), "model-b": (0.147, 0.0149)}
#: How often a model gives one of the better answers known of a problem.
SKILL = {
    ("model-a", "plain"): 0.55,
    ("model-a", "stepwise"): 0.8,
    ("model-b", "plain"): 0.35,
    ("model-b", "stepwise"): 0.5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A text with the rows of its score."""

    text: str
    score7: float
    document: Mapping[str, Any]


def seed_run(
    engine: Engine,
    *,
    problems: int = 62,
    repetitions: int = 3,
    prompts: Sequence[str] = ("plain", "stepwise"),
    texts: Sequence[str] | None = None,
    name: str = "seeded",
    language: str = "zh",
) -> Submitted:
    """Store a finished run; ``texts`` take the place of the labelled answers, one after another.

    Two jobs fail, some results are flagged, and a second model thinks before it answers.
    """
    known = {problem.id: problem for problem in load_set("math62").problems}
    chosen = dict(list(known.items())[:: max(1, len(known) // problems)][:problems])
    changes = {
        "name": name,
        "experiment_hash": name,
        "experiment": {"models": MODELS, "prompts": prompts, "language": language,
                       "problems": "math62"},
        "models": tuple(spec(model) for model in MODELS),
        "problems": tuple(record_of(problem) for problem in chosen.values()),
        "prompts": tuple(prompts),
        "repetitions": repetitions,
        "sampling": SamplingParams(seed=7, temperature=0.7),
    }  # fmt: skip
    submitted = submit(engine, submission(**changes))
    worker_id = register(engine, **GPU)
    starts: dict[str, int] = {}
    draw = random.Random(name)  # noqa: S311 - the same run each time
    number = 0
    while (job := claim_one(engine, worker_id=worker_id, queues=QUEUES)) is not None:
        model, number = job.spec.name, number + 1
        if texts is None and number in (40, 41) and job.attempt_no == 1:
            fail(engine, job, kind=FailureKind.REJECTED, error="PROMPT_TOO_LONG")
            continue
        if model not in starts:
            starts[model] = _start(engine, worker_id, job.model_id, model)
        assert job.problem is not None
        if texts is None:
            text = _pick(chosen[job.problem], model, job.prompt, draw)
            scored = _scored(chosen[job.problem], text)
        else:
            scored = _scored(chosen[job.problem], texts[(number - 1) % len(texts)])
        commit(engine, job.job_id, job.attempt_no, _result(scored, starts[model], model, draw))
    return submitted


def seed_limits(engine: Engine) -> None:
    """Store a probe for each model on the same GPU."""
    levels: dict[str, Levels] = {
        "model-a": {1: OK, 2: OK, 4: OK, 5: (None, "RUNTIME_CUDA_OOM", "RUNTIME_CUDA_OOM")},
        "model-b": {1: OK, 2: OK, 3: OK, 4: ("RUNTIME_CUDA_OOM",) * 3},
    }
    for model, tried in levels.items():
        found = probe(
            engine, "instances", [tried], experiment=f"limits-{model}", worker=GPU,
            models=(spec(model),),
        )  # fmt: skip
        assert isinstance(found, uuid.UUID)


def _pick(problem: Problem, model: str, prompt: str, draw: random.Random) -> str:
    """Draw a labelled answer: from the better half with the model's skill."""
    ranked = _ranked(problem.id)
    half = (len(ranked) + 1) // 2
    better = draw.random() < SKILL[model, prompt]
    text = draw.choice(ranked[:half] if better else ranked[half:] or ranked)
    if model != "model-b":
        return text
    thought = "Let me recall what the problem asks for, then try the substitution $u = x^2$ first."
    return f"<think>{thought} No, that leads nowhere.</think>\n\n{text}"


@cache
def _ranked(problem: str) -> tuple[str, ...]:
    """Return the labelled answers to a problem, the best first."""
    known = {one.id: one for one in load_set("math62").problems}[problem]
    found = [
        answer.text
        for labelled in (_labelled(LABELLED), _labelled(LABELLED / "development"))
        for answer in labelled.answers
        if answer.problem.id == problem
    ]
    return tuple(sorted(found, key=lambda text: -_scored(known, text).score7))


@cache
def _labelled(folder: Path) -> LabelledSet:
    return load_labelled(folder, load_set("math62"))


#: What a busy GPU takes.
WATTS = 310.0
_KNOWN: dict[tuple[str, str], Scored] = {}


def _scored(problem: Problem, text: str) -> Scored:
    """Score a text once."""
    key = (problem.id, text)
    if key not in _KNOWN:
        document = score_text(problem, text).to_dict()
        _KNOWN[key] = Scored(text=text, score7=document["score7"], document=document)
    return _KNOWN[key]


def _start(engine: Engine, worker_id: uuid.UUID, model_id: int, model: str) -> int:
    return store_start(
        engine, worker_id, model_id, kind="measured", memory_kind="device", context_mib=438.0,
        graphs_mib=96.0, kv_reserved_mib=16384.0 - MEMORY[model]["weights_mib"],
        device_base_mib=312.0, device_total_mib=24564.0, idle_power_w=70.0,
        idle_power_method="counter", start_s=41.0, config_hash=f"c-{model}",
        **MEMORY[model],
    )  # fmt: skip


def _result(scored: Scored, boot_id: int, model: str, draw: random.Random) -> Result:
    """Return the rows of one generation with drawn times."""
    tokens = max(8, len(scored.text) // 3)
    first, each = TIMES[model]
    ttft_s = first * draw.lognormvariate(0, 0.18)
    e2e_s = ttft_s + tokens * each * draw.lognormvariate(0, 0.06)
    kv_mib = 0.14 * tokens
    fixed = sum(MEMORY[model].values()) + 438.0 + 96.0
    peak = round(fixed + 312 + 16384.0 - MEMORY[model]["weights_mib"])
    flags = ["throttled"] if draw.random() < 0.04 else []
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, scored.text))
    row: Generation = generation_row(
        boot_id, prompt_tokens=210, output_tokens=tokens, output_text_hash=key, submitted_s=1.0,
        first_token_s=1.0 + ttft_s, last_token_s=1.0 + e2e_s, memory_kind="device",
        kv_used_mib=kv_mib, activation_run_mib=900.0, need_mib=fixed + kv_mib, flags=flags,
        finish_reason="stop" if draw.random() > 0.03 else "length",
        energy_begin_j=0.0, energy_end_j=WATTS * e2e_s, energy_method="counter",
    )  # fmt: skip
    samples = [peak - 60 + min(60, n) + draw.randrange(4) for n in range(80)]
    trace = MemoryTrace(
        kind="device", started_s=0.9, period_ms=1000 * (e2e_s + 0.2) / 80, used_mib=samples,
        peak_mib=max(samples), mean_mib=sum(samples) / 80,
    )  # fmt: skip
    text = scored.text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")
    return Result(
        generation=row,
        texts={key: text},
        trace=trace,
        score=score_row(scored.document),
        verdicts=verdict_rows(scored.document["steps"]),
    )


def main() -> None:
    """Store a run with its limits and print its name."""
    with connect(name="seed", synthetic=True) as connections:
        seed_limits(connections.engine)
        submitted = seed_run(connections.engine)
    print(json.dumps({"run": submitted.name, "jobs": submitted.jobs}), file=sys.stdout)


if __name__ == "__main__":
    main()
