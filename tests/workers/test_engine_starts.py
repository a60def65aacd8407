"""How the engines of a ramp are started: each with a KV cache of a known size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.model_spec import ModelSpec
from core.states import StartKind
from tests.support.probing import FakeEngines, probe_session
from workers.engines.protocol import MIB
from workers.errors import EngineError
from workers.probes.engine_starts import COLOCATED_UTILISATION, InstanceSpec, instance_spec
from workers.probes.session import ProbePlan


def instance(engines: FakeEngines, plan: ProbePlan | None = None, **options: Any) -> InstanceSpec:
    spec = ModelSpec(name="m", engine="vllm", source="s", options=options)
    return instance_spec(probe_session(engines, spec, plan or ProbePlan()))


def test_each_engine_gets_room_for_all_its_sequences_in_full_length(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path)
    found = instance(
        engines, dtype="bfloat16", gpu_memory_utilization=0.5, num_gpu_blocks_override=9
    )
    ((alone, kind),) = engines.started
    assert kind is StartKind.PROFILE
    assert alone.options == {"dtype": "bfloat16", "gpu_memory_utilization": 0.5}
    # 4 sequences of 7 blocks, and vLLM's own block, of 2 MiB each.
    assert found.kv_mib == pytest.approx((4 * 7 + 1) * 2)
    assert found.spec.options == {
        "dtype": "bfloat16",
        "kv_cache_memory_bytes": 58 * MIB,
        "gpu_memory_utilization": COLOCATED_UTILISATION,
    }
    assert found.kind is StartKind.MEASURED
    assert engines.unloads == 1


def test_a_start_that_compiled_is_made_again_for_its_profile(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path, compiling=1)
    found = instance(engines)
    assert len(engines.started) == engines.unloads == 2
    assert found.alone is not None
    assert found.alone.memory.activation_peak_mib == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("plan", "options"),
    [(ProbePlan(kv_mib=8.0), {}), (ProbePlan(), {"kv_cache_memory_bytes": 8 * MIB})],
    ids=["plan", "model"],
)
def test_a_given_size_is_taken_and_on_a_cpu_needs_no_start_alone(
    tmp_path: Path, plan: ProbePlan, options: dict[str, Any]
) -> None:
    engines = FakeEngines(tmp_path, "cpu")
    found = instance(engines, plan, **options)
    assert engines.started == []
    assert found.spec.options["kv_cache_memory_bytes"] == 8 * MIB
    # On a GPU it is started alone all the same, for its code and its profile.
    engines = FakeEngines(tmp_path)
    found = instance(engines, plan, **options)
    assert "kv_cache_memory_bytes" not in engines.started[0][0].options
    assert found.kv_mib == pytest.approx(8.0)
    assert len(engines.started) == 1


def test_after_a_start_alone_that_failed_nothing_stays(tmp_path: Path) -> None:
    engines = FakeEngines(tmp_path)
    engines.start_failures = [EngineError("no room", error_class="INIT_NO_KV")]
    with pytest.raises(EngineError, match="no room"):
        instance(engines)
    assert engines.unloads == 1
