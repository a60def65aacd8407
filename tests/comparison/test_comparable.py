"""Comparable or not: what differs, which metrics it touches, and what is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comparison.comparable import ALL, MEASURED, Conditions, Values, reasons_for, refusals
from comparison.metrics import Kind


def one(*values: str) -> Values:
    return frozenset(values)


A = Conditions(
    model="m",
    spec=one("s"),
    mode=one("latency"),
    language=one("en"),
    sampling=one("{}"),
    scorer=one("1.3.0"),
    judge=one("none"),
    config={"source": one("m"), "max_num_seqs": one("4"), "num_gpu_blocks": one("100")},
    environment={
        "gpu_name": one("H200"),
        "gpu_uuid": one("GPU-1"),
        "driver": one("580"),
        "vllm": one("0.26.0"),
    },
    problems={"p": one("h1"), "q": one("h2")},
    prompts={("p", "plain"): one("x"), ("q", "plain"): one("y")},
)
SCORE = frozenset({Kind.SCORE})


def environment(**changed: str) -> Conditions:
    return replace(A, environment={**A.environment, **{k: one(v) for k, v in changed.items()}})


@pytest.mark.parametrize(
    ("b", "condition", "kinds", "said"),
    [
        (environment(gpu_uuid="GPU-2"), "GPU", MEASURED, "GPU-1 and GPU-2"),
        (environment(gpu_uuid="GPU-2", gpu_name="L4"), "GPU", MEASURED, "H200 and L4"),
        (environment(driver="590"), "driver", MEASURED, "580 and 590"),
        (environment(vllm="0.33.0"), "environment", MEASURED, "vllm 0.26.0 and 0.33.0"),
        (environment(torch="2.13"), "environment", MEASURED, "torch none and 2.13"),
        (
            replace(A, config={**A.config, "max_num_seqs": one("8")}),
            "config",
            MEASURED,
            "max_num_seqs 4 and 8",
        ),
        (replace(A, config={**A.config, "source": one("n")}), "config", MEASURED, "source"),
        (replace(A, mode=one("throughput")), "mode", MEASURED, "latency and throughput"),
        (replace(A, sampling=one('{"t":1}')), "sampling", ALL, "sampling"),
        (replace(A, problems={"p": one("h9")}), "problems", ALL, "p"),
        (replace(A, language=one("zh")), "language", ALL, "en and zh"),
        (replace(A, prompts={("p", "plain"): one("z")}), "prompt", ALL, "1 of 1 differ"),
        (replace(A, scorer=one("1.4.0")), "scorer", SCORE, "1.3.0 and 1.4.0"),
        (replace(A, judge=one("j")), "judge", SCORE, "j and none|none and j"),
    ],
)
def test_a_difference_is_refused_for_what_it_touches(
    b: Conditions, condition: str, kinds: frozenset[Kind], said: str
) -> None:
    for first, second in ((A, b), (b, A)):
        (refusal,) = refusals(first, second)

        assert (refusal.condition, refusal.kinds) == (condition, kinds)
        for kind in Kind:
            assert bool(reasons_for(kind, [refusal])) is (kind in kinds)
    assert any(part in refusals(A, b)[0].reason for part in said.split("|"))


@pytest.mark.parametrize(
    "b",
    [
        A,
        replace(A, config={**A.config, "num_gpu_blocks": one("99")}),
        replace(A, problems={"p": one("h1"), "r": one("h7")}),
        replace(A, model="n", spec=one("t"), config={**A.config, "source": one("n")}, prompts={}),
        replace(A, model="n", spec=one("t"), prompts={("p", "plain"): one("other template")}),
        replace(A, model="n", spec=one("t"), config={**A.config, "served_model": one("n")}),
    ],
    ids=[
        "the same",
        "free memory",
        "other problems",
        "another model",
        "its chat template",
        "its name at a server",
    ],
)
def test_what_may_differ_is_comparable(b: Conditions) -> None:
    assert refusals(A, b) == []
    assert refusals(b, A) == []


def test_the_file_of_a_models_answers_is_no_condition() -> None:
    given = replace(A, config={**A.config, "answers_hash": one("h1")})
    other = {**A.config, "answers_hash": one("h2")}

    assert refusals(given, replace(A, spec=one("t"), config=other)) == []
    assert refusals(given, replace(A, config=other)) != []


def test_one_model_under_two_names_at_a_server_is_not_comparable() -> None:
    b = replace(A, config={**A.config, "served_model": one("n")})

    (refusal,) = refusals(A, b)
    assert "served_model none and n" in refusal.reason


def test_two_prompts_are_compared_on_purpose() -> None:
    b = replace(A, prompts={("p", "plain"): one("z")})

    assert refusals(A, b, other_prompt=True) == []


def test_many_differences_are_counted() -> None:
    b = environment(**{f"key{n}": "v" for n in range(5)})

    (refusal,) = refusals(A, b)

    assert "2 more" in refusal.reason
