"""An answer that lists facts, or supposes its result and checks it, derives nothing."""

from __future__ import annotations

import pytest

from problems.loader import load_set
from scoring.score import score_text

FACTS = (
    "In spherical coordinates x = ρ sinφ cosθ, y = ρ sinφ sinθ, z = ρ cosφ,"
    " dV = ρ² sinφ dρ dφ dθ. In cylindrical ones x = r cosθ, y = r sinθ. "
)
PUT_IN = "So 2π·∫ sinφ cosφ dφ·∫ρ³dρ, φ from 0 to π/4, ρ from 0 to 2: 2π·(1/4)·4 = 2π."
PROPERTIES = (
    "We know (Av, w) = (v, Aw), A = QΛQᵀ, tr A = sum of the eigenvalues and"
    " λ_min |u|² ≤ uᵀAu ≤ λ_max |u|². (1) follows. (2) uᵀAu = 50."
)
CHECKED = (
    "Try y=e^t+e^{-2t}: y'=e^t-2e^{-2t}, y''=e^t+4e^{-2t}; y''+3y'+2y=6e^t, y(0)=2,"
    " y'(0)=-1. So y=e^t+e^{-2t}."
)
COEFFICIENTS = (
    "Try y=Ae^t: A+3A+2A=6, A=1. The rest is ae^{-t}+be^{-2t} by s²+3s+2=0, with a+b=1 and"
    " -a-2b=-2, so b=1, a=0. So y=e^t+e^{-2t}."
)
SUPPOSED = "设 tanα=-12/5，α 为第二象限角，则 sinα=12/13，cosα=-5/13，和为 7/13。所以 tanα=-12/5。"
RESULT_FIRST = (
    "tanα=-12/5. Squaring, 1+2sc=49/169, 2sc=-120/169, so cosα<0<sinα;"
    " (s-c)²=289/169, s-c=17/13. sinα=12/13, cosα=-5/13. So tanα=-12/5."
)


@pytest.mark.parametrize(
    ("problem", "text", "guessed"),
    [
        # Facts that hold for any such problem and the result; the same facts with the data put in.
        ("uni-integral-02", f"{FACTS}Result: 2π.", True),
        ("uni-integral-02", f"{FACTS}{PUT_IN}", False),
        ("uni-eigenvectors-01", PROPERTIES, True),
        # The result is supposed and checked; a form with coefficients is supposed.
        ("uni-laplace-01", CHECKED, True),
        ("uni-laplace-01", COEFFICIENTS, False),
        # The result first and checked; the result first, then how it comes about.
        ("sec-trig-identity-01", SUPPOSED, True),
        ("sec-trig-identity-01", RESULT_FIRST, False),
    ],
)
def test_what_derives_nothing_is_guessed(problem: str, text: str, guessed: bool) -> None:
    score = score_text(load_set("core").get(problem), text)
    assert score.answer_correct is True
    assert score.guess_suspected is guessed


def test_values_put_in_to_check_leave_no_room() -> None:
    derivation = "由两边斜率得 $1\\le 2a$，即 $a\\ge\\frac12$。"
    check = "验证 a=1/2, x=2: 2ln2=1.386≤1.5，x=3: 3ln3=3.296≤4。故 $a\\ge\\frac12$。"
    score = score_text(load_set("core").get("sec-derivative-02"), derivation + check)
    assert score.guess_suspected


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("y=2x-1+2e^{-2x}. Check: y'+2y = 4x. y(0)=1.", True),
        ("y=2x-1+2e^{-2x}. Check: y'+2y = 4x.\nSorry: y=2x+1.", False),
    ],
)
def test_check_within_the_last_line_is_not_the_answer(text: str, right: bool) -> None:
    assert score_text(load_set("core").get("uni-ode-01"), text).answer_correct is right


def test_false_steps_alone_show_nothing() -> None:
    wrong = "S(0)=3/2, S(\\pi)=(\\pi+3)/2, S(7\\pi/2)=-3, 因为级数收敛到跃度的一半。"
    score = score_text(
        load_set("core").get("uni-fourier-01"), f"{wrong}相加得 $\\frac{{\\pi}}{{2}}$。"
    )
    assert {step.verdict for step in score.steps} <= {"wrong", "missing", "undetermined"}
    assert score.guess_suspected
