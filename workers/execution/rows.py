"""Turn a measurement, its assessment and its score into rows of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from db import models
from db.queue.claims import ClaimedJob
from db.queue.commits import Result
from db.results import scoring_rows
from scoring.judging.request import JudgeRequest
from scoring.score import Score
from workers.engines.protocol import NO_TEXT, REPLAYED, Generation, hash_text
from workers.execution import judging
from workers.gpu.telemetry import GpuSample
from workers.measurement.assessment import Assessment
from workers.measurement.measurement import Measurement
from workers.measurement.sampler import MemoryTrace

#: Stamps and counts that a generation's row takes over unchanged.
_COPIED = (
    "prompt_hash", "output_hash", "prompt_tokens", "cached_tokens", "output_tokens",
    "finish_reason", "submitted_s", "first_token_s", "last_token_s", "first_answer_s",
    "engine_queued_s", "engine_scheduled_s", "engine_first_token_s", "engine_last_token_s",
    "preemptions", "running_peak", "kv_used_mib", "reasoning_tokens", "hidden_tokens", "untimed",
    "served_model",
)  # fmt: skip

_TOKEN_STAMPS = (
    "first_token_s", "last_token_s", "first_answer_s", "engine_first_token_s",
    "engine_last_token_s",
)  # fmt: skip


def result(
    job: ClaimedJob,
    measurement: Measurement,
    assessment: Assessment,
    score: Score | None,
    judged: JudgeRequest | None = None,
) -> Result:
    """Return what is committed for an attempt.

    ``score`` is None for a speed run and for a judge job, whose request is ``judged``.
    """
    trace, scored = measurement.trace, None if score is None else score.to_dict()
    return Result(
        generation=generation_row(job, measurement, assessment),
        texts=texts(measurement.generation),
        trace=None if trace is None else trace_row(trace),
        score=None if scored is None else scoring_rows.score_row(scored),
        verdicts=()
        if score is None
        else scoring_rows.verdict_rows(step.to_dict() for step in score.steps),
        **({} if judged is None else judging.rows(job, judged, measurement.generation)),
    )


def facts(result: Result) -> dict[str, Any]:
    """Return what a log line says of a result: times, tokens, score; of a verification marks."""
    found: dict[str, Any] = {}
    if (made := result.generation) is not None:
        first_s, last_s, sent_s = made.first_token_s, made.last_token_s, made.submitted_s
        if first_s is not None and last_s is not None and sent_s is not None:
            found["ttft_ms"] = round((first_s - sent_s) * 1000, 1)
            found["e2e_s"] = round(last_s - sent_s, 3)
        found["output_tokens"] = made.output_tokens
    if result.verification is None:
        return found | {"score7": None if result.score is None else result.score.score7}
    counts = Counter(step.mark for step in result.verified_steps)
    return found | {"steps": len(result.verified_steps), "marks": dict(counts)}


def generation_row(
    job: ClaimedJob, measurement: Measurement, assessment: Assessment
) -> models.Generation:
    """Return the row of a generation."""
    generation, gpu = measurement.generation, assessment.gpu
    prompt_text = generation.prompt_text
    return models.Generation(
        boot_id=measurement.boot_id,
        prompt_text_hash=None if prompt_text is None else hash_text(prompt_text),
        output_text_hash=hash_text(generation.text),
        sampling_hash=job.sampling.sampling_hash,
        queue_wait_s=job.queue_wait_s,
        memory_kind=generation.memory.kind,
        activation_run_mib=generation.memory.activation_run_mib,
        need_mib=assessment.need_mib,
        need_per_gpu_mib=list(assessment.need_per_gpu_mib) or None,
        sm_clock_mhz=gpu.sm_clock_mhz,
        temperature_c=gpu.temperature_c,
        power_w=gpu.power_w,
        clock_event_reasons=gpu.clock_event_reasons,
        flags=list(assessment.flags),
        **_energy(measurement.trace),
        **{name: getattr(generation, name) for name in _COPIED} | _no_stamps(generation),
    )


def _energy(trace: MemoryTrace | None) -> dict[str, float | str]:
    """Return the columns of the energy, none of them where it is not known."""
    energy = None if trace is None else trace.energy
    if energy is None or energy.joules < 0:  # The driver was loaded again meanwhile.
        return {}
    return {
        "energy_begin_j": energy.begin_j,
        "energy_end_j": energy.end_j,
        "energy_method": energy.method,
    }


def _no_stamps(generation: Generation) -> dict[str, None]:
    """Return the stamps that an answer without text does not have."""
    return dict.fromkeys(_TOKEN_STAMPS) if generation.untimed in {NO_TEXT, REPLAYED} else {}


def texts(generation: Generation) -> dict[str, str]:
    """Return the texts to store, by their SHA-256."""
    found = {hash_text(generation.text): generation.text}
    if generation.prompt_text is not None:
        found[hash_text(generation.prompt_text)] = generation.prompt_text
    return found


def trace_row(trace: MemoryTrace) -> models.MemoryTrace:
    """Return the row of a memory trace, with the GPU samples if there are any."""
    return models.MemoryTrace(
        kind=trace.kind,
        started_s=trace.started_s,
        period_ms=trace.period_ms,
        used_mib=list(trace.used_mib),
        peak_mib=trace.peak_mib,
        peak_per_gpu_mib=list(trace.peak_per_gpu_mib) or None,
        mean_mib=trace.mean_mib,
        **(_gpu_columns(trace.gpu_samples) if trace.gpu_samples else {}),
    )


def _gpu_columns(samples: Sequence[GpuSample]) -> dict[str, Any]:
    return {
        "look_at_s": [sample.at_s for sample in samples],
        "look_sm_clock_mhz": [sample.sm_clock_mhz for sample in samples],
        "look_temperature_c": [sample.temperature_c for sample in samples],
        "look_power_w": [sample.power_w for sample in samples],
        "look_reasons": [sample.reasons for sample in samples],
        "max_sm_clock_mhz": samples[-1].max_sm_clock_mhz,
    }
