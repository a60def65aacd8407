"""Independent checks of the secondary problems on derivatives and trigonometry.

Answers and identities are computed anew with SymPy and mpmath; angles are in radians unless a name
ends in ``_deg``, lengths in the unit of the statement. A test named after a method checks a further
path of its problem. The scorer is never called.
"""

from __future__ import annotations

from itertools import pairwise

import mpmath as mp
import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import roots, same

x, a, k, m, t, z = sp.symbols("x a k m t z", real=True)


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


def test_sec_derivative_01() -> None:
    """The tangents y = 2 and y = 9x - 16 enclose the area 18 with the y-axis."""
    cubic = x**3 - 3 * x
    slope = sp.diff(cubic, x)
    assert same(slope, 3 * x**2 - 3)
    assert same(cubic.subs(x, t) + slope.subs(x, t) * (2 - t) - 2, -2 * (t**3 - 3 * t**2 + 4))
    assert same(t**3 - 3 * t**2 + 4, (t + 1) * (t - 2) ** 2)
    assert same((t**3 - 3 * t - 2) / (t - 2), (t + 1) ** 2)
    assert roots((t + 1) ** 2 - (3 * t**2 - 3), t) == {-1, 2}
    lines = {at: sp.expand(cubic.subs(x, at) + slope.subs(x, at) * (x - at)) for at in (-1, 2)}
    assert lines == {-1: sp.Integer(2), 2: 9 * x - 16}
    assert all(line.subs(x, 2) == 2 for line in lines.values())
    corners = [sp.Point(0, sp.sympify(line).subs(x, 0)) for line in lines.values()]
    assert abs(sp.Triangle(sp.Point(2, 2), *corners).area) == 18 == Q(1, 2) * (2 + 16) * 2
    assert same(cubic - 2 - k * (x - 2), (x - 2) * (x**2 + 2 * x + 1 - k))
    assert sp.discriminant(x**2 + 2 * x + 1 - k, x) == 4 * k
    assert (x**2 + 2 * x + 1).subs(x, 2) == 9


def test_sec_derivative_02() -> None:
    """The inequality holds on [1, oo) exactly for a >= 1/2, by derivatives and by numbers."""
    z = sp.symbols("z", positive=True)
    halved = sp.log(z) - a * (z - 1 / z)
    assert same(sp.diff(halved, z), (-a * z**2 + z - a) / z**2)
    assert sp.discriminant(-a * z**2 + z - a, z) == 1 - 4 * a**2
    assert same(sp.diff(halved, z).subs(z, 1), 1 - 2 * a)
    whole = z * sp.log(z) - a * (z**2 - 1)
    assert same(sp.diff(whole, z), sp.log(z) + 1 - 2 * a * z)
    assert same(sp.diff(whole, z, 2), 1 / z - 2 * a)
    assert same(sp.diff(halved, z).subs(a, Q(1, 2)), -((z - 1) ** 2) / (2 * z**2))
    quotient = z * sp.log(z) / (z**2 - 1)
    numerator = z**2 - 1 - (z**2 + 1) * sp.log(z)
    assert same(sp.diff(quotient, z), numerator / (z**2 - 1) ** 2)
    assert same(
        sp.diff((z**2 - 1) / (z**2 + 1) - sp.log(z), z), -((z**2 - 1) ** 2) / (z * (z**2 + 1) ** 2)
    )
    assert same(1 / z - 4 * z / (z**2 + 1) ** 2, (z**2 - 1) ** 2 / (z * (z**2 + 1) ** 2))
    assert same(sp.diff(numerator, z), z - 1 / z - 2 * z * sp.log(z))
    assert same(sp.diff(numerator, z, 2), -2 * sp.log(z) - 1 + 1 / z**2)
    assert sp.limit(quotient, z, 1, "+") == Q(1, 2)
    values = [mp.log(v) * v / (v * v - 1) for v in mp.linspace(1.001, 60, 400)]
    assert all(left > right for left, right in pairwise(values))
    assert 0.4999 < values[0] < 0.5
    assert mp.log(1.2) * 1.2 > 0.45 * (1.2**2 - 1)


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


def test_sec_trig_equation_01_exponential() -> None:
    """With z = exp(ix) it is (z^4+1)(z^2-z+1) = 0, whose upper roots have the stated angles."""
    z = sp.symbols("z")
    cosines = [(z**m + z**-m) / 2 for m in (1, 3, 2)]
    polynomial = sp.expand(2 * z**3 * (cosines[0] + cosines[1] - cosines[2]))
    assert polynomial == z**6 - z**5 + z**4 + z**2 - z + 1 == sp.expand((z**4 + 1) * (z**2 - z + 1))
    for angle, factor in (
        (sp.pi / 4, z**4 + 1),
        (3 * sp.pi / 4, z**4 + 1),
        (sp.pi / 3, z**2 - z + 1),
    ):
        assert sp.simplify(sp.expand_complex(factor.subs(z, sp.exp(sp.I * angle)))) == 0
    assert len([root for root in sp.Poly(polynomial, z).nroots() if sp.im(root) >= 0]) == 3


def test_sec_trig_equation_02() -> None:
    """On [0, 2 pi) the equation has the solutions 0 and pi/2 and no other."""
    left = sp.sin(x) + sp.cos(x) + sp.sin(x) * sp.cos(x)
    assert left.subs(x, 0) == left.subs(x, sp.pi / 2) == 1
    assert left.subs(x, sp.pi) == left.subs(x, 3 * sp.pi / 2) == -1
    assert same((sp.sin(x) + sp.cos(x)) ** 2, 1 + 2 * sp.sin(x) * sp.cos(x))
    assert same(2 * (t + (t**2 - 1) / 2 - 1), t**2 + 2 * t - 3)
    assert roots(t**2 + 2 * t - 3, t) == {1, -3}
    assert same(sp.sqrt(2) * sp.sin(x + sp.pi / 4), sp.sin(x) + sp.cos(x))
    assert sp.maximum(sp.sin(x) + sp.cos(x), x) == sp.sqrt(2)
    assert roots((1 - a) ** 2 - (1 + 2 * a), a) == {0, 4}
    found = sp.solveset(sp.sin(x + sp.pi / 4) - sp.sqrt(2) / 2, x, sp.Interval.Ropen(0, 2 * sp.pi))
    assert set(found) == {sp.Integer(0), sp.pi / 2}
    grid = [i * 2 * mp.pi / 20000 for i in range(20000)]
    close = [v for v in grid if abs(mp.sin(v) + mp.cos(v) + mp.sin(v) * mp.cos(v) - 1) < 1e-3]
    assert all(min(abs(v), abs(v - mp.pi / 2), abs(v - 2 * mp.pi)) < 0.01 for v in close)


def test_sec_trig_equation_02_half_angle() -> None:
    """The half-angle equation has the real roots 0 and 1 only, and x = pi is not a solution."""
    left = (1 + 2 * t / (1 + t**2)) * (1 + (1 - t**2) / (1 + t**2))
    assert same(left * (1 + t**2) ** 2, 2 * (1 + t) ** 2)
    assert same((1 + t**2) ** 2 - (1 + t) ** 2, t * (t - 1) * (t**2 + t + 2))
    assert same((1 + t**2) ** 2 - (1 + t) ** 2, t**4 + t**2 - 2 * t)
    assert sp.solveset(t * (t - 1) * (t**2 + t + 2), t, sp.S.Reals) == sp.FiniteSet(0, 1)
    assert 2 * sp.atan(1) == sp.pi / 2
    assert sp.sin(sp.pi) + sp.cos(sp.pi) + sp.sin(sp.pi) * sp.cos(sp.pi) == -1


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


def test_sec_trig_identity_01_half_angle() -> None:
    """The half-angle equation has the roots 3/2 and -1/5, and 3/2 gives the tangent -12/5."""
    given_sum = (2 * t + 1 - t**2) / (1 + t**2) - Q(7, 13)
    assert same(given_sum * 13 * (1 + t**2), -2 * (10 * t**2 - 13 * t - 3))
    assert set(sp.solve(10 * t**2 - 13 * t - 3, t)) == {Q(3, 2), Q(-1, 5)}
    assert (2 * t / (1 - t**2)).subs(t, Q(3, 2)) == Q(-12, 5)
    assert sp.expand((2 * t - 3) * (5 * t + 1)) == 10 * t**2 - 13 * t - 3


def test_sec_trig_identity_02() -> None:
    """The cosecants of doubled angles collapse to a difference of cotangents; the sum is zero."""
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
