"""Independent checks of the secondary problems on inequalities, analytic geometry, derivatives, chance and complex numbers.

Every final answer and every identity shown in the worked solutions is computed anew with SymPy, mpmath, exact fractions
or plain enumeration. The scorer is never called.
"""

from __future__ import annotations

from itertools import permutations

import sympy as sp
from sympy import Rational as Q

x, y, a, b, s, t, k, m = sp.symbols("x y a b s t k m", real=True)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Say whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def roots(polynomial: sp.Expr, variable: sp.Symbol) -> set[sp.Expr]:
    """Return the exact real roots of a polynomial."""
    return set(sp.solveset(polynomial, variable, sp.S.Reals))


def test_sec_inequality_01() -> None:
    """The sum is at least 8, attained for a = b = 4, along all three derivations."""
    partner = (a + 8) / (a - 1)
    assert same(a * partner, a + partner + 8)
    assert same(partner, 1 + 9 / (a - 1))
    total = a + partner
    assert same(total, (a - 1) + 9 / (a - 1) + 2)
    assert same(sp.diff(total, a), 1 - 9 / (a - 1) ** 2)
    assert roots(sp.diff(total, a), a) == {4, -2}
    assert (partner.subs(a, 4), total.subs(a, 4)) == (4, 8)
    assert same(total - 8, (a - 4) ** 2 / (a - 1))
    assert same((a - 1) * (b - 1) - 9, a * b - a - b - 8)
    assert same(4 * (s**2 / 4 - (s + 8)), s**2 - 4 * s - 32)
    assert roots(s**2 - 4 * s - 32, s) == {8, -4}
    assert roots(s**2 - 2 * s - 8, s) == {4, -2}


def test_sec_analytic_01() -> None:
    """The chord of contact has length 12/sqrt(13), by the tangent triangle, by its line and by the points of contact."""
    circle = x**2 + y**2 - 4 * x - 6 * y + 9
    assert same(circle, (x - 2) ** 2 + (y - 3) ** 2 - 4)
    centre, point = sp.Point(2, 3), sp.Point(4, 0)
    touching = [sp.Point(4, 3), sp.Point(Q(16, 13), Q(15, 13))]
    for spot in touching:
        assert circle.subs({x: spot.x, y: spot.y}) == 0
        assert (spot - centre).dot(spot - point) == 0
        assert 2 * spot.x - 3 * spot.y + 1 == 0
        assert spot.distance(point) == 3 == sp.sqrt(13 - 4)
    assert centre.distance(point) == sp.sqrt(13)
    chord = touching[0].distance(touching[1])
    assert same(chord, 12 * sp.sqrt(13) / 13)
    assert same(chord / 2 * sp.sqrt(13), sp.Integer(3 * 2))
    line = sp.Line(touching[0], touching[1])
    assert same(line.distance(centre), 4 / sp.sqrt(13))
    assert same(2 * sp.sqrt(4 - Q(16, 13)), chord)
    assert same((chord / 2) ** 2, Q(36, 13))
    assert roots((2 * k + 3) ** 2 - 4 * (k**2 + 1), k) == {Q(-5, 12)}
    assert 5 * touching[1].x + 12 * touching[1].y == 20


def test_sec_counting_01() -> None:
    """Listing all arrangements gives 340 numbers, split as the three counts say."""
    numbers = [digits for digits in permutations(range(7), 4) if digits[0] and digits[3] % 2 == 0]
    large = [digits for digits in numbers if int("".join(map(str, digits))) > 2000]
    assert len(large) == 340
    assert sum(digits[0] % 2 == 0 for digits in large) == 180
    assert sum(digits[0] % 2 == 1 for digits in large) == 160
    assert sum(digits[3] == 0 for digits in large) == 100
    assert sum(digits[3] != 0 for digits in large) == 240
    assert sum(digits[3] == 0 for digits in numbers) == 120
    assert sum(digits[3] != 0 for digits in numbers) == 300
    assert sum(digits[0] == 1 for digits in numbers) == 80
    assert sum((digits[0], digits[3]) == (5, 2) for digits in numbers) == 20
