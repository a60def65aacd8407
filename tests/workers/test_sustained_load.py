"""Figures over all colocated engines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.states import StartKind
from tests.support.jobs import fake_job
from tests.support.measurements import host_trace
from tests.support.probing import FakeEngines, generation
from workers.engines.protocol import MemoryReport
from workers.errors import EngineError
from workers.measurement.measurement import Measurement
from workers.probes.sustained_load import SustainedLoad, combined, combined_figures


def measured(kv_used_mib: float, activation_run_mib: float, *, kind: Any = "device") -> Measurement:
    terms: dict[str, Any] = {"context_mib": 500.0, "weights_mib": 2000.0, "graphs_mib": 50.0}
    memory = MemoryReport(kind=kind, activation_run_mib=activation_run_mib, **terms)
    stamps = {"submitted_s": 1.0, "first_token_s": 2.0, "last_token_s": 3.0}
    made = generation(output_tokens=10, kv_used_mib=kv_used_mib, memory=memory, **stamps)
    return Measurement(generation=made)


def load(*made: Measurement) -> SustainedLoad:
    return SustainedLoad(requests=len(made), measured=made, errors=())


def test_the_need_of_colocated_engines_is_the_sum_of_their_needs(tmp_path: Path) -> None:
    job = fake_job(ModelSpec(name="m", engine="vllm", source="s", options={}))
    alone = FakeEngines(tmp_path).start(
        job.spec, job, kind=StartKind.PROFILE, on_progress=lambda: None
    )
    engines = [load(measured(10.0, 30.0), measured(20.0, 20.0)), load(measured(15.0, 0.5))]
    figures = combined_figures(engines, combined(engines, 0.0, None), alone)
    first, second = 500 + 2000 + 100 + 50 + 30 + 20, 500 + 2000 + 100 + 50 + 1 + 15
    assert figures["need_mib"] == pytest.approx(first + second)
    assert figures["kv_used_mib"] == pytest.approx(35)
    assert figures["tokens_per_s"] == pytest.approx(15.0)
    assert figures["requests"] == 3


def test_the_need_is_unknown_where_one_engine_does_not_report_a_term() -> None:
    engines = [load(measured(10.0, 30.0)), load(measured(10.0, 30.0))]
    assert combined_figures(engines, combined(engines, 0.0, None), None)["need_mib"] is None


def test_on_a_cpu_the_need_is_the_peak_of_all_processes() -> None:
    engines = [load(measured(10.0, 1.0, kind="host")), load(measured(10.0, 1.0, kind="host"))]
    figures = combined_figures(engines, combined(engines, 0.0, host_trace()), None)
    assert (figures["need_mib"], figures["memory_kind"]) == (pytest.approx(900), "host")


def test_errors_stand_in_the_order_in_which_they_came() -> None:
    late, early = EngineError("late"), EngineError("early")
    engines = [
        SustainedLoad(requests=1, measured=(), errors=((9.0, late),)),
        SustainedLoad(requests=2, measured=(), errors=((7.0, early),)),
    ]
    together = combined(engines, 0.0, None)
    assert together.errors == (early, late)
    assert together.requests == 3
