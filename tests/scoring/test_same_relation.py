"""What counts as the same relation or value, and what must be kept apart however alike it looks."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.score import score_text
from tests.support.problems import make_problem

REALS = {name: {"type": "real", "min": 0.5, "max": 2.5} for name in ("x", "y", "t", "h")}
MATRICES = {
    "A": {"type": "matrix"},
    "B": {"type": "matrix"},
    "v_1": {"type": "vector"},
    "v_2": {"type": "vector"},
}
VECTORS = {"a": {"type": "vector"}, "b": {"type": "vector"}}
INTEGERS = {"n": {"type": "int", "min": 1, "max": 9}}


def verdict(evidence: dict[str, Any], text: str, variables: dict[str, Any] | None = None) -> str:
    problem = make_problem(evidence, variables=REALS if variables is None else variables)
    return score_text(problem, text).steps[0].verdict


@pytest.mark.parametrize(
    ("eq", "text"),
    [
        ("x^2-3x+2 = 0", "x²−3x+2=0"),
        ("x^2-3x+2 = 0", "we get $0 = 2 - 3x + x^{2}$"),
        ("x^2-3x+2 = 0", "ｘ²－３ｘ＋２＝０"),
        ("x^2-3x+2 = 0", "\\(2x^2-6x+4=0\\)"),
        ("x = \\frac{9}{2}", "x = 4.5"),
        ("x = \\frac{9}{2}", "所以 $x=\\dfrac92$。"),
        ("x = \\frac{\\pi}{2}", "x = π/2"),
        ("x = \\frac{\\pi}{2}", "x = pi/2"),
        ("x = \\frac{\\pi}{2}", "x=90°"),
        ("x = \\sqrt{13}", "x = √13 ≈ 3.606"),
        ("x = \\sqrt{13}", "x ≈ 3.606"),
        ("x = 12", "x = **12**"),
        ("x = 2", "x = 1 or x = 2"),
        ("x = 2", "x=1或2"),
        ("x = -2", "x = ±2"),
        ("-1 \\le t \\le 1", "t ∈ [−1, 1]"),
        ("-1 \\le t \\le 1", "$1\\geqslant t\\geqslant -1$"),
        ("x > 3", "3 < x"),
        ("h = \\frac{3x}{y}", "so $x = \\frac{1}{3}hy$"),
        ("\\sin 2x = 2\\sin x\\cos x", "sin2x=2sinxcosx"),
        ("x = 1-\\frac{1}{e}", "$x = 1-\\frac{1}{\\mathrm{e}}$"),
        ("f'(x) = 2x", "f′(x)=2x"),
        ("f'(x) = 2x", "$f^{\\prime}(x)=2x$"),
        ("y' = 2x", "dy/dx = 2x"),
        ("y' = 2x", "$\\frac{dy}{dx}=2x$"),
        ("y'' = 6x", "$\\frac{\\mathrm{d}^2 y}{\\mathrm{d}x^2}=6x$"),
        ("x = C_5^2", "x = 10"),
        ("x = \\binom{5}{2}", "x = C_5^2"),
        ("x = \\lg 100", "x = 2"),
        ("200 \\cdot 0.2 = 40", "200 × 20% = 40 杯"),
    ],
)
def test_equivalent_writings_are_the_same(eq: str, text: str) -> None:
    assert verdict({"eq": eq}, text) == "done"


@pytest.mark.parametrize(
    ("eq", "text"),
    [
        ("x = 1-\\frac{1}{e}", "x = 1+\\frac{1}{\\mathrm{e}}"),
        ("y'+y = 0", "y''+y = 0"),
        ("f'(x) = 2x", "f(x) = 2x"),
        ("\\frac{\\partial u}{\\partial t} = x", "$\\frac{\\partial u}{\\partial x} = x$"),
        ("V = x^2", "v = x^2"),
        ("A = x^2", "a = x^2"),
        ("\\Delta = x", "δ = x"),
        ("\\Sigma = x", "Π = x"),
        ("x < 3", "x ≤ 3"),
        ("x < 3", "x > 3"),
        ("x < 3", "x = 3"),
        ("-1 \\le t \\le 1", "-1 < t < 1"),
        ("-1 \\le t \\le 1", "t ≤ 1"),
        ("x = 2", "x = -2"),
        ("x = 2", "x^2 = 4"),
        ("8(5-x) = 6(x-2)", "x = 26/7"),
        ("x = \\sqrt{13}", "x = 3.61 + 1"),
        ("x = 11.5", "x = 11.6"),
        ("200 \\cdot 0.6 = 120", "8 × 15 = 120"),
        ("\\cos 2x = 1-2\\sin^2 x", "cos 2x = 2cos²x − 1"),
        ("x = \\int_0^1 t^2 dt", "x = \\frac13"),
        ("4x = x", "$5x = x$"),
        ("a_n = 2n-1", "a_{n+1} = 2n-1"),
        ("y = x^2", "x = 1\ny = x"),
    ],
)
def test_different_relations_are_kept_apart(eq: str, text: str) -> None:
    assert verdict({"eq": eq}, text) != "done"


@pytest.mark.parametrize(
    ("eq", "text", "same"),
    [
        ("A^T = A", "$A^{\\top} = A$", True),
        ("A^T = A", "A = A", False),
        ("AB = 0", "$AB=0$", True),
        ("AB = 0", "$BA=0$", False),
        ("v_1^T A v_2 = 0", "$v_1^TAv_2=0$", True),
        ("v_1^T A v_2 = 0", "$v_2^TAv_1=0$", False),
        ("(AB)^T = B^T A^T", "$(AB)^T=B^TA^T$", True),
        ("(AB)^T = B^T A^T", "$(AB)^T=A^TB^T$", False),
    ],
)
def test_matrices_do_not_commute(eq: str, text: str, same: bool) -> None:
    assert (verdict({"eq": eq}, text, MATRICES) == "done") is same


@pytest.mark.parametrize(
    ("text", "same"),
    [("$c=a\\times b$", True), ("$c=b\\times a$", False), ("$c=a\\cdot b$", False)],
)
def test_cross_product_has_an_order(text: str, same: bool) -> None:
    assert (verdict({"eq": "c = a \\times b"}, text, VECTORS) == "done") is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("\\sqrt{\\frac{1}{n}}", "1/√n"),
        ("(-1)^n", "cos(nπ)"),
        ("\\frac{2(1-(-1)^n)}{n\\pi}", "$\\frac{2}{n\\pi}\\left[1-(-1)^n\\right]$"),
        ("\\frac{n(n+1)}{2}", "n(n+1)/2"),
        ("2^n", "4^{n/2}"),
    ],
)
def test_whole_numbers_make_forms_equal(value: str, text: str) -> None:
    assert verdict({"value": value}, text, INTEGERS) == "done"


@pytest.mark.parametrize(
    ("unit", "text", "same"),
    [
        ("cm", "the height is 12 cm", True),
        ("cm", "the height is 12 m", False),
        ("cm", "高为 12 厘米", True),
        ("cm", "高为 12 米", False),
        ("cm", "the height is 12", True),
        ("cm^3", "the volume is 12 cm³", True),
        ("cm^3", "the volume is $12\\text{ cm}^3$", True),
        ("m", "the height is $12\\,\\mathrm{m}$", True),
        ("m", "the height is $12\\,\\mathrm{cm}$", False),
        ("cm^3", "the volume is 12 cm^3", True),
        ("cm^3", "the volume is 12 m³", False),
        ("cm^3", "the area is 12 cm²", False),
        ("cm^3", "体积为 12 立方厘米", True),
        ("cm^3", "体积为 12 立方米", False),
        ("dm^2", "面积是 12 平方分米", True),
        ("%", "the rate is 12%", True),
        ("%", "the rate is 0.12", True),
        ("%", "the rate is 12", False),
    ],
)
def test_units_are_compared(unit: str, text: str, same: bool) -> None:
    assert (verdict({"value": "12", "unit": unit}, text) == "done") is same


def test_value_needs_its_words_nearby() -> None:
    evidence = {"value": "4", "near": ["高", "height"]}
    assert verdict(evidence, "棱锥的高为 4。") == "done"
    assert verdict(evidence, "The height is $4$.") == "done"
    assert verdict(evidence, "四边形有 4 条边。") == "missing"


def test_list_numbers_are_no_values() -> None:
    assert verdict({"value": "4"}, "1. a\n2. b\n3. c\n4. d\n(4) e\n第4步 f") == "missing"


def test_unlisted_letter_may_stand_for_the_solvers_own_unknown() -> None:
    """The statement names no t, so an answer that writes w = sin x means the same."""
    evidence = {"eq": "t^2-5t+6 = 0"}
    problem = make_problem(
        evidence, variables={"t": {"type": "real"}}, statement="Real numbers $a$, $b$ have sum 5."
    )
    assert score_text(problem, "$w^2-5w+6=0$").steps[0].verdict == "done"
    assert score_text(problem, "$a^2-5a+6=0$").steps[0].verdict == "missing"


def test_alias_stands_for_its_name() -> None:
    problem = make_problem(
        {"eq": "S'' < 0"}, aliases={"S": ["A", "S(x)", "A(x)"]}, variables={"x": {"type": "real"}}
    )
    assert score_text(problem, "A''(x) = -8/3 < 0").steps[0].verdict == "done"
    assert score_text(problem, "B''(x) = -8/3 < 0").steps[0].verdict != "done"


def test_words_heed_denial_and_case() -> None:
    evidence = {"words": {"zh": ["递增"], "en": ["increasing"]}}
    assert verdict(evidence, "函数在该区间上单调 递增。") == "done"
    assert verdict(evidence, "Increasing on (0, 1).") == "done"
    assert verdict(evidence, "函数不是递增的。") == "missing"
    assert verdict(evidence, "f is not increasing.") == "missing"


def test_letter_defined_by_the_answer_stands_for_its_expression() -> None:
    """The statement names α only; s and c are the answer's own."""
    problem = make_problem(
        {"eq": "\\cos\\alpha < 0"},
        {"eq": "\\sin\\alpha = \\frac{12}{13}"},
        variables={"\\alpha": {"type": "real", "min": 0.1, "max": 3}},
        statement="Given $\\sin\\alpha+\\cos\\alpha=\\frac{7}{13}$.",
    )
    score = score_text(problem, "令 p=sinα，q=cosα，则 p+q=7/13。由 pq<0 知 q<0，解得 p=12/13。")
    assert [step.verdict for step in score.steps] == ["done", "done"]
    undefined = score_text(problem, "由 pq<0 知 q<0，解得 p=12/13。")
    assert [step.verdict for step in undefined.steps] == ["undetermined"] * 2


@pytest.mark.parametrize(
    ("eq", "text"),
    [
        ("x = 4", "so the height $x$ is $4$"),
        ("x = 4", "高 x 为 4。"),
        ("x > 0", "所以 x 为正，"),
        ("x > 0", "$x$ is positive"),
        ("x < 3", "x 小于 3"),
        ("f(0) = 2", "f(0) 等于 2"),
    ],
)
def test_relations_said_in_words(eq: str, text: str) -> None:
    assert verdict({"eq": eq}, text) == "done"


@pytest.mark.parametrize("text", ["x is 4 times y", "x 是 4 的倍数", "x 为正整数", "if x is not 4"])
def test_counts_and_multiples_are_no_relations(text: str) -> None:
    assert verdict({"eq": "x = 4"}, text) != "done"
    assert verdict({"eq": "x > 0"}, text) != "done"


def test_sequence_written_as_a_function() -> None:
    problem = make_problem({"eq": "a_n = b_n-b_{n-1}", "form": "text"}, variables=INTEGERS)
    assert score_text(problem, "a(n) = b(n) - b(n-1)").steps[0].verdict == "done"
    assert score_text(problem, "a(n) = b(n) - b(n+1)").steps[0].verdict == "wrong"


def test_remark_in_brackets_is_no_factor() -> None:
    assert verdict({"eq": "y = 2x"}, "y = 2x (x > 1)") == "done"


def test_arrows_of_a_table_say_how_a_function_runs() -> None:
    evidence = {"all_of": [{"words": {"zh": ["递增"]}}, {"words": {"zh": ["递减"]}}]}
    assert verdict(evidence, "| f(x) | ↗ | 极大 | ↘ |") == "done"
