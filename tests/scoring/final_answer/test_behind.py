"""What stands behind a value or before a conclusion: letters, other things, known results."""

from __future__ import annotations

import pytest

from scoring.final_answer.judge import judge_text
from tests.scoring.final_answer.making import value

SERIES = r"求级数 $\sum_{n=1}^\infty \frac{1}{n^2+1}$ 的和。"
KNOWN = (
    r"教材里有现成的结论：$\sum_{n=1}^\infty\frac{1}{n^2+a^2}"
    r"=\frac{\pi}{2a}\coth\pi a-\frac1{2a^2}$。"
)
LEAST = "Find the least sum of squared errors."
SSE = (
    "min SSE = 2²/4 + 4²/20 = 1 + 0.8 = 1.8,\n\n"
    "with y·p = 1 − 3 − 4 + 8 = 2 and y·q = −1 + 9 − 12 + 8 = 4."
)
ROOTS = "Let ω be a primitive 7th root of unity with Im ω > 0. Find S = ω + ω² + ω⁴."
INTEGRAL = "Compute the integral of cos x/(x²+4)²."
GENERAL = "Hence ∫ cos x/(x²+a²)² dx = πe^{−a}(a+1)/(2a³). "
CONE = "求圆锥体积的最大值。"
TRIED = "$h=4$：$V=\\frac{32\\pi}3$；\n$h=5$：$V=\\frac{25\\pi}3$。\n"
ENTRY = "Find the entry of the matrix."
BOTH = "Find the least value of a+b and for which a, b it is attained."
NOTICED = "相加约为 -0.5+1.323i。注意到 1.323≈√7/2，故\n\n"
SUM = "Find the sum of the four reciprocals 1/sin 2x + ... ."
COTANGENTS = "So 1/sin 2x = cot x − cot 2x. Using this, "


@pytest.mark.parametrize(
    ("statement", "reference", "reply", "right"),
    [
        (
            SERIES,
            r"\frac{\pi\coth\pi-1}{2}",
            KNOWN + r"取 $a=1$，得 $\frac{\pi\coth\pi-1}{2}$。",
            True,
        ),
        (
            SERIES,
            r"\frac{\pi\coth\pi-1}{2}",
            KNOWN + r"取 $a=1$，得 $\frac{\pi\coth\pi+1}{2}$。",
            False,
        ),
        (SERIES, r"\frac{\pi\coth\pi-1}{2}", r"结论：$\frac{\pi\coth\pi-1}{2}$", True),
        (SERIES, r"\frac{\pi\coth\pi-1}{2}", r"结论：$\frac{\pi\coth\pi+1}{2}$", False),
        (LEAST, "1.8", SSE, True),
        (LEAST, "4", SSE, False),
        (LEAST, "2", SSE, False),
        ("Find the volume.", "36", "V = 36, with r = 3 and h = 4.", True),
        ("Find the volume.", "4", "V = 36, with r = 3 and h = 4.", False),
        ("Find the height h.", "4", "V = 36, with h = 4.", True),
        (ROOTS, r"\frac{-1+\sqrt{7}i}{2}", "S = (−1 + √7 i)/2, and the conjugate is 5.", True),
        (ROOTS, r"\frac{-1+\sqrt{7}i}{2}", "S = (−1 − √7 i)/2, and the conjugate is 5.", False),
        (ROOTS, "5", "S = (−1 + √7 i)/2, and the conjugate is 5.", False),
        (INTEGRAL, r"\frac{3\pi}{16e^2}", GENERAL + "At a = 2: 3π/(16e²).", True),
        (INTEGRAL, r"\frac{3\pi}{16e^2}", GENERAL + "At a = 2: 3π/(8e²).", False),
        (INTEGRAL, "2", GENERAL + "At a = 2: 3π/(16e²).", False),
        (
            CONE,
            r"\frac{32\pi}{3}",
            TRIED + r"其中 $h=4$ 最大，所以最大值为 $\frac{32\pi}{3}$。",
            True,
        ),
        (
            CONE,
            r"\frac{32\pi}{3}",
            TRIED + r"其中 $h=5$ 最大，所以最大值为 $\frac{25\pi}{3}$。",
            False,
        ),
        (
            CONE,
            r"\frac{32\pi}{3}",
            r"最大值为 $\frac{32\pi}{3}$。其中 $h=4$，所以 $r=2\sqrt2$。",
            True,
        ),
        (INTEGRAL, r"\frac{3\pi}{16e^2}", GENERAL + "\n\na=2：$\\frac{3\\pi}{16e^2}$。", True),
        (INTEGRAL, r"\frac{3\pi}{16e^2}", GENERAL + "\n\na=2：$\\frac{3\\pi}{8e^2}$。", False),
        (ENTRY, "36", "Answer: $36$. (n=1: 1 ✓.)", True),
        (ENTRY, "1", "Answer: $36$. (n=1: 1 ✓.)", False),
        (BOTH, "8", "The least value of $a+b$ is $8$, attained exactly for $a=b=4$.", True),
        (BOTH, "4", "The least value of $a+b$ is $8$, attained exactly for $a=b=4$.", False),
        (ROOTS, r"\frac{-1+\sqrt{7}i}{2}", NOTICED + r"$$S=\frac{-1+\sqrt7\,i}{2}$$", True),
        (ROOTS, r"\frac{-1+\sqrt{7}i}{2}", NOTICED + r"$$S=\frac{-1-\sqrt7\,i}{2}$$", False),
        (SUM, "0", COTANGENTS + "the sum of the four reciprocals is 0.", True),
        (SUM, "0", COTANGENTS + "the sum of the four reciprocals is 1.", False),
    ],
)
def test_verdicts(statement: str, reference: str, reply: str, right: bool) -> None:
    assert judge_text(value(reference, statement), reply).right is right
