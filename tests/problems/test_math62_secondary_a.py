"""Independent checks of the secondary problems on algebra, trigonometry, solids and sequences.

Every final answer and every identity shown in the worked solutions is computed anew with SymPy or mpmath; angles are in
radians unless a name ends in ``_deg``, lengths in the unit of the statement. The scorer is never called.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import sympy as sp
from sympy import Rational as Q

x, a, b, h, t, z = sp.symbols("x a b h t z", real=True)
n, k = sp.symbols("n k", integer=True, positive=True)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Say whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def roots(polynomial: sp.Expr, variable: sp.Symbol) -> set[sp.Expr]:
    """Return the exact real roots of a polynomial."""
    return set(sp.solveset(polynomial, variable, sp.S.Reals))


def test_sec_symmetric_01() -> None:
    """The sum of squares from sum 5 and product 6 is 13, by the identity and by the two numbers themselves."""
    assert same(a**2 + b**2, (a + b) ** 2 - 2 * a * b)
    assert 5**2 - 2 * 6 == 25 - 12 == 13
    pair = roots(t**2 - 5 * t + 6, t)
    assert pair == {2, 3}
    assert sum(pair) == 5
    assert sp.prod(pair) == 6
    assert sum(root**2 for root in pair) == 4 + 9 == 13


def test_sec_cubic_extrema_01() -> None:
    """The cubic has its local maximum 2 at 0 and its local minimum -2 at 2."""
    f = x**3 - 3 * x**2 + 2
    slope, bend = sp.diff(f, x), sp.diff(f, x, 2)
    assert same(slope, 3 * x**2 - 6 * x)
    assert same(bend, 6 * x - 6)
    assert roots(slope, x) == {0, 2}
    assert [slope.subs(x, at) > 0 for at in (-1, 1, 3)] == [True, False, True]
    assert (bend.subs(x, 0), bend.subs(x, 2)) == (-6, 6)
    assert (f.subs(x, 0), f.subs(x, 2)) == (2, -2)
    assert 8 - 12 + 2 == -2


def test_sec_quadratic_01() -> None:
    """The three branches agree with a brute-force minimum, and the largest of them is 13/4 at a = 3/2."""
    f = x**2 - 2 * a * x + 3 * a + 1
    middle = -(a**2) + 3 * a + 1
    assert same(f, (x - a) ** 2 + middle)
    assert same(f.subs(x, 0), 3 * a + 1)
    assert same(f.subs(x, 4), 17 - 5 * a)
    assert same(middle, -((a - Q(3, 2)) ** 2) + Q(13, 4))

    def branch(value: Fraction) -> Fraction:
        if value < 0:
            return 3 * value + 1
        return -value * value + 3 * value + 1 if value <= 4 else 17 - 5 * value

    grid = [Fraction(i, 20) for i in range(-60, 141)]
    points = [Fraction(i, 20) for i in range(81)]
    for value in grid:
        assert min(p * p - 2 * value * p + 3 * value + 1 for p in points) == branch(value)
    best = max(grid, key=branch)
    assert (best, branch(best)) == (Fraction(3, 2), Fraction(13, 4))
    assert all(branch(value) < 1 for value in grid if value < 0)
    assert all(branch(value) < -3 for value in grid if value > 4)


def test_sec_quadratic_02() -> None:
    """The largest rectangle in the right triangle with legs 9 and 12 has area 27, whichever leg carries x."""
    for leg, other, best in ((9, 12, Q(9, 2)), (12, 9, Q(6))):
        side = other - Q(other, leg) * x
        area = sp.expand(x * side)
        assert same((other - side) / other, x / leg)
        assert same(x / leg + side / other, sp.Integer(1))
        assert roots(sp.diff(area, x), x) == {best}
        assert area.subs(x, best) == 27
        assert sp.diff(area, x, 2) < 0
        assert same(area, -Q(other, leg) * (x - best) ** 2 + 27)
    assert same(x * (12 - Q(4, 3) * x), 12 * x - Q(4, 3) * x**2)
    assert same(x * (9 - Q(3, 4) * x), 9 * x - Q(3, 4) * x**2)
    assert Q(108) / 4 == 27
    assert (Q(9, 2) / 9, Q(6) / 12) == (Q(1, 2), Q(1, 2))


def test_sec_quadratic_03() -> None:
    """The function cos 2x + 3 sin x runs from -4 to 17/8."""
    y = -2 * t**2 + 3 * t + 1
    assert same(sp.cos(2 * x) + 3 * sp.sin(x), y.subs(t, sp.sin(x)))
    assert same(y, -2 * (t - Q(3, 4)) ** 2 + Q(17, 8))
    assert same(sp.diff(y, t), 3 - 4 * t)
    assert [y.subs(t, at) for at in (Q(3, 4), -1, 1)] == [Q(17, 8), -4, 2]
    assert -2 - 3 + 1 == -4
    values = [mp.cos(2 * u) + 3 * mp.sin(u) for u in mp.linspace(-mp.pi, mp.pi, 20001)]
    assert mp.almosteq(max(values), mp.mpf(17) / 8, abs_eps=1e-6)
    assert mp.almosteq(min(values), -4, abs_eps=1e-6)


def test_sec_trig_identity_01() -> None:
    """The angle between 0 and pi whose sine and cosine add up to 7/13 has tangent -12/5."""
    angle = mp.findroot(lambda u: mp.sin(u) + mp.cos(u) - mp.mpf(7) / 13, 2.0)
    assert 0 < angle < mp.pi
    assert mp.almosteq(mp.tan(angle), mp.mpf(-12) / 5)
    sine, cosine = Q(12, 13), Q(-5, 13)
    assert sine**2 + cosine**2 == 1
    assert sine + cosine == Q(7, 13)
    assert 1 + 2 * sine * cosine == Q(49, 169)
    assert 2 * sine * cosine == Q(-120, 169)
    assert (sine - cosine, (sine - cosine) ** 2) == (Q(17, 13), Q(289, 169))
    assert sine / cosine == Q(-12, 5)
    assert roots(169 * z**2 - 91 * z - 60, z) == {sine, cosine}
    assert roots(60 * t**2 + 169 * t + 60, t) == {Q(-12, 5), Q(-5, 12)}
    assert same((t / (t**2 + 1) + Q(60, 169)) * 169 * (t**2 + 1), 60 * t**2 + 169 * t + 60)
    assert same((5 * t + 12) * (12 * t + 5), 60 * t**2 + 169 * t + 60)
    assert abs(sine) > abs(cosine)
    assert sp.discriminant(169 * z**2 - 91 * z - 60, z) == 221**2


def test_sec_trig_identity_02() -> None:
    """The cosecants of doubled angles collapse to a difference of cotangents, and the sum asked for is zero."""
    difference = sp.cos(x) / sp.sin(x) - sp.cos(2 * x) / sp.sin(2 * x)
    assert same(sp.expand_trig(difference * sp.sin(2 * x)), sp.Integer(1))
    assert same(2 * sp.cos(x) ** 2 - sp.cos(2 * x), sp.Integer(1))
    assert same(sp.sin(2 * x) * sp.cos(x) - sp.cos(2 * x) * sp.sin(x), sp.sin(x))
    for terms in range(1, 6):
        for angle in (mp.mpf("0.11"), mp.mpf("0.3"), mp.mpf("0.62")):
            total = mp.fsum(1 / mp.sin(2**j * angle) for j in range(1, terms + 1))
            assert mp.almosteq(
                total, mp.cot(angle) - mp.cot(2**terms * angle), rel_eps=1e-9, abs_eps=1e-9
            )
    degree = mp.pi / 180
    assert abs(mp.fsum(1 / mp.sin(angle_deg * degree) for angle_deg in (24, 48, 96, 192))) < 1e-12
    assert [12 * 2**j for j in range(1, 5)] == [24, 48, 96, 192]
    assert mp.almosteq(mp.cot(192 * degree), mp.cot(12 * degree))


def test_sec_trig_equation_01() -> None:
    """On [0, pi] the equation has the three solutions pi/4, pi/3, 3 pi/4 and no other."""
    found = {sp.pi / 4, sp.pi / 3, 3 * sp.pi / 4}
    equation = sp.cos(x) + sp.cos(3 * x) - sp.cos(2 * x)
    assert all(same(equation.subs(x, at), sp.Integer(0)) for at in found)
    assert same(sp.cos(x) + sp.cos(3 * x), 2 * sp.cos(2 * x) * sp.cos(x))
    assert same(equation, sp.cos(2 * x) * (2 * sp.cos(x) - 1))
    assert same(sp.cos(3 * x), 4 * sp.cos(x) ** 3 - 3 * sp.cos(x))
    cubic = 4 * t**3 - 2 * t**2 - 2 * t + 1
    assert same(4 * t**3 - 3 * t + t - (2 * t**2 - 1), cubic)
    assert same(cubic, (2 * t - 1) * (2 * t**2 - 1))
    assert (
        roots(cubic, t)
        == {Q(1, 2), sp.sqrt(2) / 2, -sp.sqrt(2) / 2}
        == {sp.cos(at) for at in found}
    )
    samples = [mp.cos(u) + mp.cos(3 * u) - mp.cos(2 * u) for u in mp.linspace(0, mp.pi, 1001)]
    assert sum(left * right < 0 for left, right in pairwise(samples)) + samples.count(0) == 3


def test_sec_solid_volume_01() -> None:
    """The inscribed sphere of the square pyramid (side 6, lateral edge sqrt 34) has radius 3/2, found in three ways."""
    apex = sp.Matrix([0, 0, 4])
    corners = [sp.Matrix([i, j, 0]) for i, j in ((3, 3), (-3, 3), (-3, -3), (3, -3))]
    assert {(apex - corner).norm() for corner in corners} == {sp.sqrt(34)}
    assert corners[0].norm() == 3 * sp.sqrt(2)
    assert sp.sqrt(34 - 18) == sp.sqrt(25 - 9) == 4
    slant = (apex - sp.Matrix([3, 0, 0])).norm()
    assert slant == sp.sqrt(34 - 9) == 5
    volume, surface = Q(36 * 4, 3), 36 + 4 * Q(6 * 5, 2)
    assert (volume, surface) == (48, 96)
    assert 3 * volume / surface == Q(3, 2)
    assert roots(32 * z - 48, z) == roots((4 - z) / 5 - z / 3, z) == {Q(3, 2)}
    assert 2 * Q(6 * 4, 2) / (6 + 5 + 5) == Q(3, 2)
    # The plane 4x + 3z = 12 of one side face is as far from the centre (0, 0, 3/2) as the base is.
    assert abs(3 * Q(3, 2) - 12) / sp.sqrt(4**2 + 3**2) == Q(3, 2)


def test_sec_solid_distance_01() -> None:
    """The distance from A to the plane A1BD of the 2 x 3 x 6 box is 3 sqrt(14)/7, by volumes and by coordinates."""
    corner_b, corner_d, corner_a1 = sp.Matrix([2, 0, 0]), sp.Matrix([0, 3, 0]), sp.Matrix([0, 0, 6])
    lengths = {
        (corner_b - corner_d).norm(),
        (corner_a1 - corner_b).norm(),
        (corner_a1 - corner_d).norm(),
    }
    assert lengths == {sp.sqrt(13), 2 * sp.sqrt(10), 3 * sp.sqrt(5)}
    normal = (corner_d - corner_b).cross(corner_a1 - corner_b)
    assert list(normal) == [18, 12, 6]
    area = normal.norm() / 2
    assert area == 3 * sp.sqrt(14)
    p2, q2, r2 = 40, 45, 13
    assert 16 * area**2 == 4 * p2 * q2 - (p2 + q2 - r2) ** 2
    volume = Q(2 * 3 * 6, 6)
    assert volume == 6
    distance = 3 * volume / area
    assert same(distance, 3 * sp.sqrt(14) / 7)
    assert same(distance, 6 / sp.sqrt(3**2 + 2**2 + 1))
    assert same(sp.sqrt(14) * distance, sp.Integer(6))


def test_sec_solid_volume_02() -> None:
    """The largest cone in a sphere of radius 3 has height 4 and volume 32 pi/3."""
    radius2 = 9 - (h - 3) ** 2
    assert same(radius2, h * (6 - h))
    volume = sp.pi / 3 * radius2 * h
    assert same(volume, sp.pi / 3 * (6 * h**2 - h**3))
    assert same(volume, sp.pi / 6 * h * h * (12 - 2 * h))
    slope = sp.diff(volume, h)
    assert same(slope, sp.pi * (4 * h - h**2))
    assert same(slope, sp.pi / 3 * (12 * h - 3 * h**2))
    assert roots(slope, h) == {0, 4}
    assert slope.subs(h, 3) > 0 > slope.subs(h, 5)
    assert volume.subs(h, 4) == 32 * sp.pi / 3
    shifted = sp.pi / 3 * (9 - x**2) * (3 + x)
    assert same(shifted, volume.subs(h, 3 + x))
    assert same(sp.diff(shifted, x), sp.pi * (3 - 2 * x - x**2))
    assert roots(3 - 2 * x - x**2, x) == {1, -3}
    assert (4 + 4 + (12 - 8), Q(12, 3) ** 3, sp.pi / 6 * 64) == (12, 64, 32 * sp.pi / 3)
    assert max(float(volume.subs(h, Q(i, 50))) for i in range(301)) <= float(32 * sp.pi / 3) + 1e-12


def test_sec_sequence_01() -> None:
    """The sum of (2k-1) 3^(k-1) is (n-1) 3^n + 1, checked on the first 40 sums and along both derivations."""
    total = 0
    for m in range(1, 41):
        total += (2 * m - 1) * 3 ** (m - 1)
        assert total == (m - 1) * 3**m + 1
        geometric = sum(3**j for j in range(1, m))
        assert 2 * geometric == 3**m - 3
        assert -2 * total == 1 + 2 * geometric - (2 * m - 1) * 3**m == (2 - 2 * m) * 3**m - 2
        assert (2 * m - 1) * 3 ** (m - 1) == (m - 1) * 3**m - (m - 2) * 3 ** (m - 1)
    first, second = sp.symbols("A B")
    member = (first * k + second) * 3**k
    gap = sp.expand(sp.simplify((member - member.subs(k, k - 1)) / 3 ** (k - 1)))
    assert same(gap, 2 * first * k + first + 2 * second)
    assert sp.solve([2 * first - 2, first + 2 * second + 1], [first, second]) == {
        first: 1,
        second: -1,
    }
    assert ((0 - 1) * 3**0) == -1


def test_sec_sequence_02() -> None:
    """The sequence is 1, 3, 5, ... and the sum of the reciprocal products is n/(2n+1)."""
    this, before, running = sp.symbols("this before running", positive=True)
    relation = (this + 1) ** 2 - (before + 1) ** 2 - 4 * this
    assert same(relation, (this + before) * (this - before - 2))
    assert same(4 * running - (running + 1) ** 2, -((running - 1) ** 2))
    terms, partial = [1], 1
    while len(terms) < 40:
        positive = [root for root in roots(4 * (partial + z) - (z + 1) ** 2, z) if root > 0]
        assert len(positive) == 1
        terms.append(int(positive[0]))
        partial += terms[-1]
    assert terms == [2 * m - 1 for m in range(1, 41)]
    total = Fraction(0)
    for m in range(1, 40):
        piece = Fraction(1, terms[m - 1] * terms[m])
        assert 2 * piece == Fraction(1, 2 * m - 1) - Fraction(1, 2 * m + 1)
        total += piece
        assert total == Fraction(m, 2 * m + 1) == Fraction(1, 2) * (1 - Fraction(1, 2 * m + 1))


def test_sec_sequence_03() -> None:
    """The hundredth term lies between 14 and 15, and the estimates used in both proofs are true."""
    with mp.workdps(40):
        terms = [mp.mpf(1)]
        while len(terms) < 100:
            terms.append(terms[-1] + 1 / terms[-1])
        for now, after in pairwise(terms):
            assert mp.almosteq(after**2, now**2 + 2 + 1 / now**2)
        rest = mp.fsum(1 / term**2 for term in terms[:99])
        assert mp.almosteq(terms[99] ** 2, 199 + rest)
        assert all(term**2 >= 2 * index - 1 for index, term in enumerate(terms, start=1))
        assert int(mp.floor(terms[99])) == 14
        assert rest < Q(1) + Q(1, 3) + Q(1, 5) + Q(96, 7) < 16
        assert rest < Q(1) + Q(8, 3) + Q(90, 19) < 9
    assert 1 + 2 * 99 == 199 > 14**2
    assert 199 + 16 < 15**2
