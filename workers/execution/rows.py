"""Turn what engines, samplers and the scorer report into rows of the database."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.model_spec import canonical_hash
from core.states import StartKind
from db import models, scoring_rows
from db.claims import ClaimedJob
from scoring.score import Score, StepVerdict
from workers.engines.protocol import Generation, MemoryReport, StartReport, hash_text
from workers.gpu.telemetry import GpuSample
from workers.measurement.assessment import pace
from workers.measurement.sampler import MemoryTrace

#: Stamps and counts that a generation's row takes over unchanged.
_COPIED = (
    "prompt_hash",
    "output_hash",
    "prompt_tokens",
    "cached_tokens",
    "output_tokens",
    "finish_reason",
    "submitted_s",
    "first_token_s",
    "last_token_s",
    "first_answer_s",
    "engine_queued_s",
    "engine_scheduled_s",
    "engine_first_token_s",
    "engine_last_token_s",
    "preemptions",
    "running_peak",
    "kv_used_mib",
)
#: Follows from the memory that was free, and differs between boots of the same configuration.
_NOT_CONFIGURED = frozenset({"num_gpu_blocks"})
_BOOT_TERMS = (
    "context_mib",
    "weights_mib",
    "buffers_mib",
    "activation_peak_mib",
    "graphs_mib",
    "kv_reserved_mib",
)
#: The terms that add up to what a generation needs on a GPU; the KV cache counts as far as it was used.
_NEED_TERMS = ("context_mib", "weights_mib", "buffers_mib", "graphs_mib")


def start_row(
    worker_id: uuid.UUID,
    model_id: int,
    report: StartReport,
    *,
    kind: StartKind = StartKind.SINGLE,
    profile_key: str | None = None,
    profile_boot_id: int | None = None,
) -> models.Boot:
    """Return the row of an engine start."""
    config, environment = _plain(report.config), _plain(report.environment)
    return models.Boot(
        kind=kind.value,
        profile_key=profile_key,
        profile_boot_id=profile_boot_id,
        worker_id=worker_id,
        model_id=model_id,
        engine_version=report.engine_version,
        config=config,
        config_hash=canonical_hash(
            {key: value for key, value in config.items() if key not in _NOT_CONFIGURED}
        ),
        environment=environment,
        environment_hash=canonical_hash(environment),
        backend_facts=_plain(report.backend_facts),
        start_s=report.ready_s - report.started_s,
        memory_kind=report.memory.kind,
        memory_reasons=_plain(report.memory.reasons),
        memory_details_mib=_plain(report.memory.details_mib),
        kv_blocks=report.kv_blocks,
        kv_block_bytes=report.kv_block_bytes,
        device_total_mib=report.device_total_mib,
        device_base_mib=report.device_base_mib,
        log_path=None if report.log_path is None else str(report.log_path),
        **{term: getattr(report.memory, term) for term in _BOOT_TERMS},
    )


def generation_row(
    job: ClaimedJob,
    generation: Generation,
    boot_id: int,
    memory: MemoryReport,
    trace: MemoryTrace | None,
    *,
    incidents: Iterable[str] = (),
) -> models.Generation:
    """Return the row of a generation, with what it needed, how fast the card ran meanwhile, and the flags on it."""
    looks = () if trace is None else trace.looks
    ran = pace(looks, generation.first_token_s, generation.last_token_s)
    return models.Generation(
        boot_id=boot_id,
        prompt_text_hash=None
        if generation.prompt_text is None
        else hash_text(generation.prompt_text),
        output_text_hash=hash_text(generation.text),
        sampling_hash=job.sampling.sampling_hash,
        queue_wait_s=job.queue_wait_s,
        memory_kind=memory.kind,
        activation_run_mib=memory.activation_run_mib,
        need_mib=need_mib(memory, generation, trace),
        sm_clock_mhz=ran.sm_clock_mhz,
        temperature_c=ran.temperature_c,
        power_w=ran.power_w,
        clock_event_reasons=ran.clock_event_reasons,
        flags=flags(generation, [*incidents, *(["throttled"] if ran.throttled else [])]),
        **{name: getattr(generation, name) for name in _COPIED},
    )


def need_mib(
    memory: MemoryReport, generation: Generation, trace: MemoryTrace | None
) -> float | None:
    """Return the MiB this generation needed, or None where a term is unknown.

    On a GPU: context + weights + buffers + activation peak + graphs + KV used, whatever was reserved beyond that. The
    activation peak is the larger of the profiled one and the run's; without both the need could come out too small, so it
    is not told. On a CPU: the resident peak of the engine's processes.
    """
    if memory.kind == "host":
        return None if trace is None else float(trace.peak_mib)
    terms = [*(getattr(memory, term) for term in _NEED_TERMS), generation.kv_used_mib]
    activations = (memory.activation_peak_mib, memory.activation_run_mib)
    if memory.kind is None or None in terms or activations[0] is None or activations[1] is None:
        return None
    return float(sum(terms)) + max(activations[0], activations[1])


def flags(generation: Generation, incidents: Iterable[str] = ()) -> list[str]:
    """Return the words that say why a measurement should be distrusted; ``incidents`` are those of the card meanwhile."""
    own = {"preempted": generation.preemptions, "compile": generation.compiled}
    return [*(word for word, found in own.items() if found), *sorted(set(incidents))]


def texts(generation: Generation) -> dict[str, str]:
    """Return the texts to store, by their SHA-256."""
    found = {hash_text(generation.text): generation.text}
    if generation.prompt_text is not None:
        found[hash_text(generation.prompt_text)] = generation.prompt_text
    # Postgres text holds no NUL; the hash stays that of the text as generated.
    return {key: text.replace("\x00", "\N{REPLACEMENT CHARACTER}") for key, text in found.items()}


def trace_row(trace: MemoryTrace) -> models.MemoryTrace:
    """Return the row of a memory trace, with the looks at the card where there were any."""
    return models.MemoryTrace(
        kind=trace.kind,
        started_s=trace.started_s,
        period_ms=trace.period_ms,
        used_mib=list(trace.used_mib),
        peak_mib=trace.peak_mib,
        mean_mib=trace.mean_mib,
        **(_looks(trace.looks) if trace.looks else {}),
    )


def _looks(looks: Sequence[GpuSample]) -> dict[str, Any]:
    return {
        "look_at_s": [look.at_s for look in looks],
        "look_sm_clock_mhz": [look.sm_clock_mhz for look in looks],
        "look_temperature_c": [look.temperature_c for look in looks],
        "look_power_w": [look.power_w for look in looks],
        "look_reasons": [look.reasons for look in looks],
        "max_sm_clock_mhz": looks[-1].max_sm_clock_mhz,
    }


def score_row(score: Score) -> models.Score:
    """Return the row of a scoring."""
    return scoring_rows.score_row(score.to_dict())


def verdict_rows(verdicts: tuple[StepVerdict, ...]) -> list[models.StepVerdict]:
    """Return the rows of the verdicts of one scoring, in path order."""
    return scoring_rows.verdict_rows(verdict.to_dict() for verdict in verdicts)


def _plain(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON-ready copy; values that JSON has no word for are spelled out."""
    return {key: _plain_value(value) for key, value in mapping.items()}


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
