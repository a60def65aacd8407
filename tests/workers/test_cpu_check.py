"""What vLLM cannot compute on this processor is refused before anything is started."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from workers.engines.vllm import cpu_check
from workers.errors import NO_KERNEL, ModelUnavailable

AWQ = {"quant_method": "awq", "bits": 4, "group_size": 64}
COMPRESSED = {
    "quant_method": "compressed-tensors",
    "config_groups": {
        "group_0": {"weights": {"num_bits": 4, "type": "int"}, "input_activations": None}
    },
}
EIGHT = {
    "quant_method": "compressed-tensors",
    "config_groups": {"group_0": {"weights": {"num_bits": 8}}},
}


def config(quantization: Any) -> SimpleNamespace:
    return SimpleNamespace(quantization_config=quantization)


@pytest.mark.parametrize(
    ("quantization", "bits"),
    [
        (None, set()),
        (AWQ, {4}),
        ({"quant_method": "gptq", "bits": 8}, {8}),
        (COMPRESSED, {4}),
        (EIGHT, {8}),
        ({"quant_method": "fp8"}, set()),
        ({"config_groups": {"group_0": {"weights": None}}}, set()),
    ],
)
def test_the_bits_of_the_weights_are_read_from_the_models_configuration(
    quantization: Any, bits: set[int]
) -> None:
    assert cpu_check.weight_bits(config(quantization)) == bits


def test_a_model_without_a_word_on_quantisation_has_none() -> None:
    assert cpu_check.weight_bits(SimpleNamespace()) == set()


@pytest.mark.parametrize("quantization", [AWQ, COMPRESSED])
def test_4_bit_weights_need_their_operator(
    monkeypatch: pytest.MonkeyPatch, quantization: Any
) -> None:
    monkeypatch.setattr(
        cpu_check, "_lacks", lambda operator: operator == cpu_check.FOUR_BIT_OPERATOR
    )
    with pytest.raises(ModelUnavailable, match=r"'m' has 4-bit weights.*AVX-512") as caught:
        cpu_check.check_kernels("m", config(quantization))
    assert (caught.value.error_class, caught.value.kind) == (NO_KERNEL, "rejected")
    monkeypatch.setattr(cpu_check, "_lacks", lambda _operator: False)
    cpu_check.check_kernels("m", config(quantization))


@pytest.mark.parametrize("quantization", [None, EIGHT])
def test_other_weights_do_not(monkeypatch: pytest.MonkeyPatch, quantization: Any) -> None:
    monkeypatch.setattr(cpu_check, "_lacks", lambda _operator: True)
    cpu_check.check_kernels("m", config(quantization))
