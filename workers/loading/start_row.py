"""The row of an engine start: its configuration, environment and reported memory."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping
from typing import Any

from core.model_spec import canonical_hash
from core.states import StartKind
from db import models
from workers.engines.protocol import START_TERMS, StartReport

#: Follows from the memory that was free, and differs between starts of the same configuration.
_NOT_CONFIGURED = frozenset({"num_gpu_blocks"})
_RECORDED_TERMS = (*START_TERMS, "kv_reserved_mib")


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
        gpu_memory=[_plain(terms) for terms in report.memory.per_gpu],
        kv_blocks=report.kv_blocks,
        kv_block_bytes=report.kv_block_bytes,
        device_total_mib=report.device_total_mib,
        device_base_mib=report.device_base_mib,
        log_path=None if report.log_path is None else str(report.log_path),
        **{term: getattr(report.memory, term) for term in _RECORDED_TERMS},
    )


def _plain(mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON-ready copy; a value that JSON cannot express becomes text."""
    return {key: _plain_value(value) for key, value in mapping.items()}


def _plain_value(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if isinstance(value, Mapping):
        return _plain(value)
    if isinstance(value, (list, tuple)):
        return [_plain_value(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
