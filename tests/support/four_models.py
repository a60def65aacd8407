"""A run of four models with long names, one of which failed, and all else that tables show.

``python -m tests.support.four_models`` stores one in the database of ``evalctl`` for people to see.
"""

from __future__ import annotations

import random
import sys
import uuid
from typing import Any

from sqlalchemy import Engine

from core.sampling_params import SamplingParams
from core.states import FailureKind
from db.models import MemoryTrace, Score, StepVerdict
from db.queue.commits import Result, commit
from db.runs.submissions import Submitted, submit
from orchestrator.connections import connect
from orchestrator.runs.submit import record_of
from problems.loader import load_set
from problems.schema import Path
from tests.support.jobs import QUEUES, claim_one, fail, register, spec, submission
from tests.support.results import OK, generation_row, probe, store_start

FOUR = (
    "deepseek-r1-distill-qwen-32b-awq-w4a16-g128",
    "qwen3-30b-a3b-thinking-2507-fp8-dynamic",
    "internlm3-书生浦语数学推理大模型-20b-instruct-int8",
    "mistral-small-3.2-24b-instruct-2506-awq-sym",
)
#: The one whose engine never starts.
FAILED = FOUR[3]
#: The names of the runs, of the hosts and of the schedule are long too.
NAME = "nightly-regression-of-the-four-candidates-2026-11"
HOST = "gpu-node-0017.rack-04.example.org"
GPU: dict[str, Any] = {
    "device": "cuda", "gpu_name": "NVIDIA H200 NVL 141GB HBM3e", "gpu_index": 7,
    "gpu_uuid": "GPU-7", "name": f"gpu7-1234567@{HOST}", "host": HOST,
}  # fmt: skip
MESSAGE = "EngineCore failed to start: CUDA out of memory, tried to allocate 12.50 GiB on GPU 7"


def seed_four(engine: Engine, *, problems: int = 3, repetitions: int = 2) -> Submitted:
    """Store the run: two prompts, problems of three categories; every job of one model fails."""
    by_level: dict[str, list[Any]] = {}
    for problem in load_set("core"):
        by_level.setdefault(problem.level, []).append(problem)
    known = [problem for few in zip(*by_level.values(), strict=False) for problem in few][:problems]
    chosen = {problem.id: problem for problem in known}
    prompts = ("plain", "stepwise")
    experiment: dict[str, Any] = {"models": FOUR, "prompts": prompts, "language": "en"}
    experiment |= {"problems": "core", "repetitions": repetitions}
    submitted = submit(
        engine,
        submission(
            name=NAME, experiment_hash=NAME, experiment=experiment, models=tuple(map(spec, FOUR)),
            problems=tuple(map(record_of, known)), prompts=prompts, repetitions=repetitions,
            sampling=SamplingParams(seed=7, temperature=0.6), max_attempts=1,
            provenance={"problem_set_hash": "3f9ac1d2e4b5" * 5, "prompt_versions":
                        {"plain": "0a1b2c3d4e5f", "stepwise": "5f4e3d2c1b0a"}},
        ),
    )  # fmt: skip
    worker_id = register(engine, **GPU)
    starts: dict[str, int] = {}
    draw = random.Random(NAME)  # noqa: S311 - the same run each time
    while (job := claim_one(engine, worker_id=worker_id, queues=QUEUES)) is not None:
        model = job.spec.name
        if model == FAILED:
            kind = FailureKind.REJECTED if job.repetition == 1 else FailureKind.INFRA
            fail(engine, job, kind=kind, error="ENGINE_START_CUDA_OOM")
            continue
        if model not in starts:
            starts[model] = store_start(
                engine, worker_id, job.model_id, memory_kind="device", config_hash=f"c-{model}"
            )
        assert job.problem is not None
        path = chosen[job.problem].paths[0]
        result = _result(starts[model], FOUR.index(model), path, draw)
        commit(engine, job.job_id, job.attempt_no, result)
    return submitted


def _result(boot_id: int, skill: int, path: Path, draw: random.Random) -> Result:
    """Return the rows of one drawn answer: the later models show fewer steps."""
    steps = [step.id for step in path.steps]
    verdicts = [
        draw.choices(("done", "missing", "undetermined", "wrong"), (9 - 3 * skill, 3, 1, 1))[0]
        for _ in steps
    ]
    done, open_ = verdicts.count("done"), verdicts.count("undetermined")
    right = draw.random() < 0.7
    score = Score(
        scorer_version="1", path_id=path.id, steps_done=done, steps_total=len(steps),
        score7=7 * done / len(steps), score7_high=7 * (done + open_) / len(steps),
        coverage=1 - open_ / len(steps), steps_undetermined=open_, answer_correct=right,
        guess_suspected=right and 2 * (done + open_) < len(steps),
    )  # fmt: skip
    tokens = draw.randrange(900, 12_000)
    ttft_s = 0.1 + 0.2 * skill + draw.random() / 50
    need_mib = 23_456.7 + 12_000 * skill
    row = generation_row(
        boot_id, prompt_tokens=210, output_tokens=tokens, first_token_s=1 + ttft_s,
        first_answer_s=1.5 + ttft_s, last_token_s=1 + ttft_s + tokens / (90 - 20 * skill),
        memory_kind="device", need_mib=need_mib, flags=["throttled"] if draw.random() < 0.1 else [],
        finish_reason="length" if draw.random() < 0.2 else "stop",
    )  # fmt: skip
    trace = MemoryTrace(kind="device", started_s=1.0, period_ms=20, used_mib=[131_072],
                        peak_mib=131_072, mean_mib=131_072)  # fmt: skip
    rows = [StepVerdict(step=step, verdict=verdict, reason=None)
            for step, verdict in zip(steps, verdicts, strict=True)]  # fmt: skip
    return Result(
        generation=row, texts={"text": "four"}, trace=trace, score=score, verdicts=rows
    )  # fmt: skip


def seed_limits(engine: Engine) -> uuid.UUID:
    """Store a search for each model's most engines on the GPU."""
    levels = {1: OK, 2: OK, 4: OK, 5: ("RUNTIME_CUDA_OOM",) * 3}
    found = [
        probe(engine, "instances", [levels], experiment=f"limits-{model}", models=(spec(model),),
              worker=GPU | {"name": f"gpu7-{number}@{HOST}"})
        for number, model in enumerate(FOUR[:3], start=1)
    ]  # fmt: skip
    return found[-1]


def main() -> None:
    """Store all of it and print the run's name."""
    with connect(name="seed", synthetic=True) as connections:
        seed_limits(connections.engine)
        sys.stdout.write(f"{seed_four(connections.engine).name}\n")


if __name__ == "__main__":
    main()
