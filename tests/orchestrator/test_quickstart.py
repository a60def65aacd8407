"""What the quickstart compares fits the processor."""

from __future__ import annotations

import pytest

from core.settings import Settings
from orchestrator.quickstart import experiment, models
from orchestrator.registry import load_registry

OLD = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma\n"
NEW = "processor\t: 0\nflags\t\t: fpu sse2 avx avx2 fma avx512f avx512_bf16\n"


@pytest.mark.parametrize(
    ("cpuinfo", "second"),
    [
        (NEW, "smollm2-awq"),
        (OLD, "smollm2-rounded"),
        ("processor\t: 0\nFeatures\t: fp asimd\n", "smollm2-rounded"),
    ],
)
def test_4_bits_are_compared_where_the_processor_has_avx_512(cpuinfo: str, second: str) -> None:
    registry, compared = load_registry(Settings.from_environment({})), models(cpuinfo)
    assert compared == ("smollm2", second)
    assert experiment(compared, repetitions=3, max_tokens=96).models == compared
    assert [registry.get(name).source for name in compared] == [
        f"embedded:{name}" for name in compared
    ]
