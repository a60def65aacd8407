"""Independent checks of the university problems on errors, integrals, probability and fitting.

Every answer and every number shown in a worked solution is computed anew with SymPy, mpmath or
numpy, most of them by running the method itself. The scorer is never called.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

import mpmath as mp
import numpy as np
import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import same

x, y, z, t, r, h, theta = sp.symbols("x y z t r h theta", real=True)


def limit_of(values: Callable[[int], mp.mpf], start: int = 64) -> mp.mpf:
    """Return the limit of ``values(n)`` as n grows, by halved steps and Richardson's scheme."""
    row = [values(start * 2**level) for level in range(6)]
    for order in range(1, 6):
        row = [(2**order * after - now) / (2**order - 1) for now, after in pairwise(row)]
    return row[0]


def test_uni_ode_error_01() -> None:
    """Running Euler's method, n(e - y_n) tends to e/2; the expansions of both derivations hold."""
    with mp.workdps(40):

        def scaled(steps: int) -> mp.mpf:
            value = mp.mpf(1)
            for _ in range(steps):
                value += value / steps
            assert mp.almosteq(value, (1 + mp.mpf(1) / steps) ** steps)
            return steps * (mp.e - value)

        assert abs(limit_of(scaled) - mp.e / 2) < 1e-10
    u = sp.symbols("u", positive=True)
    assert same(sp.series(sp.log(1 + u) / u, u, 0, 2).removeO(), 1 - u / 2)
    assert same(sp.series((1 + u) ** (1 / u), u, 0, 2).removeO(), sp.E - sp.E * u / 2)
    assert same(sp.series(sp.exp(x) * (sp.exp(u) - 1 - u), u, 0, 3).removeO(), u**2 / 2 * sp.exp(x))
    assert same(sp.exp(x) * sp.exp(1 - x) * u**2 / 2 / u, sp.E * u / 2)


def test_uni_ode_error_02() -> None:
    """One Heun step gives 1+h+h^2, the exact solution exceeds it by h^3/3 to leading order."""
    exact = 2 * sp.exp(x) - x - 1
    assert same(sp.diff(exact, x), x + exact)
    assert exact.subs(x, 0) == 1
    assert [sp.diff(exact, x, order).subs(x, 0) for order in (2, 3, 4)] == [2, 2, 2]
    first = sp.Integer(0 + 1)
    second = h + (1 + h * first)
    step = 1 + h * (first + second) / 2
    assert same(second, 1 + 2 * h)
    assert same(step, 1 + h + h**2)
    assert same(sp.series(exact.subs(x, h), h, 0, 4).removeO(), 1 + h + h**2 + h**3 / 3)
    assert sp.limit((exact.subs(x, h) - step) / h**3, h, 0) == Q(1, 3)


def test_uni_ode_error_03() -> None:
    """Running the classical Runge-Kutta method, the scaled error tends to 1/(120 e)."""
    k1 = -y
    k2 = -(y + h / 2 * k1)
    k3 = -(y + h / 2 * k2)
    k4 = -(y + h * k3)
    assert same(k2, -(1 - h / 2) * y)
    assert same(k3, -(1 - h / 2 + h**2 / 4) * y)
    factor = 1 - h + h**2 / 2 - h**3 / 6 + h**4 / 24
    assert same(y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), factor * y)
    assert same(sp.series(factor - sp.exp(-h), h, 0, 6).removeO(), h**5 / 120)
    with mp.workdps(60):

        def scaled(steps: int) -> mp.mpf:
            size, value = mp.mpf(1) / steps, mp.mpf(1)
            for _ in range(steps):
                one = -value
                two = -(value + size / 2 * one)
                three = -(value + size / 2 * two)
                value += size / 6 * (one + 2 * two + 2 * three - (value + size * three))
            return (value - mp.exp(-1)) / size**4

        assert abs(limit_of(scaled) - 1 / (120 * mp.e)) < 1e-12


def test_uni_integral_01() -> None:
    """The iterated integral is e-1, numerically in the given order and exactly in the other."""
    given = mp.quad(lambda v: mp.quad(lambda u: mp.exp(u**2), [v / 2, 1]), [0, 2])
    assert mp.almosteq(given, mp.e - 1)
    column = sp.integrate(sp.exp(x**2), (y, 0, 2 * x))
    assert same(column, 2 * x * sp.exp(x**2))
    assert same(sp.diff(sp.exp(x**2), x), column)
    assert same(sp.integrate(column, (x, 0, 1)), sp.E - 1)


def test_uni_integral_02() -> None:
    """The integral over the cone is 2 pi in spherical and cylindrical coordinates and by slices."""
    angle, radius = sp.symbols("angle radius", positive=True)
    polar = sp.integrate(sp.sin(angle) * sp.cos(angle), (angle, 0, sp.pi / 4))
    radial = sp.integrate(radius**3, (radius, 0, 2))
    assert (polar, radial) == (Q(1, 4), 4)
    assert same(2 * sp.pi * polar * radial, 2 * sp.pi)
    column = sp.integrate(z, (z, r, sp.sqrt(4 - r**2)))
    assert same(column, 2 - r**2)
    assert same(sp.diff(r**2 - r**4 / 4, r), column * r)
    assert sp.integrate(column * r, (r, 0, sp.sqrt(2))) == 1
    assert sp.solve(2 * radius**2 - 4, radius) == [sp.sqrt(2)]
    below = sp.integrate(sp.pi * z**3, (z, 0, sp.sqrt(2)))
    assert (below, sp.integrate(sp.pi * z * (4 - z**2), (z, sp.sqrt(2), 2))) == (sp.pi, sp.pi)


def test_uni_vector_01() -> None:
    """The flux is 7 pi/3, by the divergence theorem and by integrating over the surface."""
    field = (x, y, z**2 + 1)
    divergence = sum(sp.diff(part, symbol) for part, symbol in zip(field, (x, y, z), strict=True))
    assert same(divergence, 2 + 2 * z)
    inside = sp.integrate(divergence * sp.pi * (1 - z), (z, 0, 1))
    assert same(inside, 4 * sp.pi / 3)
    assert same(sp.pi + sp.pi / 3, inside)
    assert same(inside - (-sp.pi * field[2].subs(z, 0)), 7 * sp.pi / 3)
    height = 1 - x**2 - y**2
    normal = (-sp.diff(height, x), -sp.diff(height, y), 1)
    assert normal == (2 * x, 2 * y, 1)
    density = sum(part * n for part, n in zip(field, normal, strict=True)).subs(z, height)
    assert same(density.subs({x: r * sp.cos(t), y: r * sp.sin(t)}), r**4 + 2)
    assert sp.integrate((r**4 + 2) * r, (r, 0, 1)) == Q(7, 6)


def test_uni_vector_01_polar_parameters() -> None:
    """The polar normal is (2r^2 cos, 2r^2 sin, r); the integrand r^5 + 2r gives 7 pi / 3."""
    point = sp.Matrix([r * sp.cos(theta), r * sp.sin(theta), 1 - r**2])
    normal = point.diff(r).cross(point.diff(theta)).applyfunc(sp.simplify)
    assert list(normal) == [2 * r**2 * sp.cos(theta), 2 * r**2 * sp.sin(theta), r]
    flow = sp.simplify(sp.Matrix([point[0], point[1], point[2] ** 2 + 1]).dot(normal))
    assert same(flow, 2 * r**3 + r * ((1 - r**2) ** 2 + 1))
    assert same(flow, r**5 + 2 * r)
    assert 2 * sp.pi * sp.integrate(r**5 + 2 * r, (r, 0, 1)) == 7 * sp.pi / 3


def test_uni_residue_01() -> None:
    """The integral is pi/2, numerically, by the residue and by the half-angle substitution."""
    assert mp.almosteq(mp.quad(lambda u: 1 / (5 - 3 * mp.sin(u)), [0, mp.pi, 2 * mp.pi]), mp.pi / 2)
    w = sp.symbols("w")
    integrand = 1 / (5 - 3 * (w - 1 / w) / (2 * sp.I)) / (sp.I * w)
    assert same(integrand, 2 / (-3 * w**2 + 10 * sp.I * w + 3))
    assert same(integrand, -2 / (3 * w**2 - 10 * sp.I * w - 3))
    assert set(sp.solve(3 * w**2 - 10 * sp.I * w - 3, w)) == {3 * sp.I, sp.I / 3}
    residue = sp.residue(2 / (-3 * (w - 3 * sp.I) * (w - sp.I / 3)), w, sp.I / 3)
    assert same(residue, 1 / (4 * sp.I))
    assert same(residue, 2 / (8 * sp.I))
    assert same((-2 / (6 * w - 10 * sp.I)).subs(w, sp.I / 3), residue)
    assert same(2 * sp.pi * sp.I * residue, sp.pi / 2)
    assert same((5 - 3 * 2 * t / (1 + t**2)) * (1 + t**2), 5 * t**2 - 6 * t + 5)
    assert same(5 * ((t - Q(3, 5)) ** 2 + Q(16, 25)), 5 * t**2 - 6 * t + 5)
    assert same(Q(2, 5) * sp.pi / Q(4, 5), sp.pi / 2)


def test_uni_residue_02() -> None:
    """The integral is 3 pi/(16 e^2), numerically, by the double pole and by a parameter."""
    value = 2 * mp.quadosc(lambda u: mp.cos(u) / (u**2 + 4) ** 2, [0, mp.inf], omega=1)
    assert mp.almosteq(value, 3 * mp.pi / (16 * mp.e**2), rel_eps=1e-10)
    w = sp.symbols("w")
    residue = sp.diff(sp.exp(sp.I * w) / (w + 2 * sp.I) ** 2, w).subs(w, 2 * sp.I)
    assert same(residue, -3 * sp.I / (32 * sp.exp(2)))
    assert same(2 * sp.pi * sp.I * residue, 3 * sp.pi / (16 * sp.exp(2)))
    b = sp.symbols("b", positive=True)
    known = sp.pi * sp.exp(-b) / b
    assert same(sp.diff(known, b), -sp.pi * sp.exp(-b) * (b + 1) / b**2)
    assert same((-sp.diff(known, b) / (2 * b)).subs(b, 2), 3 * sp.pi / (16 * sp.exp(2)))
    simple = 2 * mp.quadosc(lambda u: mp.cos(u) / (u**2 + 9), [0, mp.inf], omega=1)
    assert mp.almosteq(simple, mp.pi * mp.exp(-3) / 3, rel_eps=1e-10)


def test_uni_stability_01() -> None:
    """The recurrence's error grows like n! forwards and shrinks to the stated bound backwards."""
    with mp.workdps(30):
        exact = [mp.quad(lambda u, n=n: u**n * mp.exp(u - 1), [0, 1]) for n in range(16)]
        assert all(mp.almosteq(exact[n], 1 - n * exact[n - 1]) for n in range(1, 16))
        assert 0 < exact[15] < mp.mpf(1) / 16
        shifted = exact[0] + mp.mpf("1e-6")
        for n in range(1, 11):
            shifted = 1 - n * shifted
            assert mp.almosteq(
                shifted - exact[n], (-1) ** n * mp.factorial(n) * mp.mpf("1e-6"), rel_eps=1e-12
            )
        back = mp.mpf(0)
        for n in range(15, 8, -1):
            back = (1 - back) / n
        assert abs(back - exact[8]) < mp.mpf(1) / 518918400
    reduction = 15 * 14 * 13 * 12 * 11 * 10 * 9
    assert reduction == 32432400 == mp.factorial(15) / mp.factorial(8)
    assert Fraction(1, 16) / reduction == Fraction(1, 518918400)
    assert mp.nstr(mp.mpf(1) / 518918400, 4) == "1.927e-9"


def test_uni_probability_01() -> None:
    """The variance is 7/144, by the marginal density, conditional moments and total variance."""
    low = sp.symbols("low", positive=True)
    marginal = sp.integrate(1 / x, (x, low, 1))
    assert same(marginal, -sp.log(low))
    mean, square = (sp.integrate(low**power * marginal, (low, 0, 1)) for power in (1, 2))
    assert (mean, square) == (Q(1, 4), Q(1, 9))
    assert square - mean**2 == Q(7, 144)
    assert [sp.integrate(y**power / x, (y, 0, x)) for power in (1, 2)] == [x / 2, x**2 / 3]
    assert same(x**2 / 3 - x**2 / 4, x**2 / 12)
    assert sp.integrate(x**2 / 12, (x, 0, 1)) == Q(1, 36)
    assert sp.integrate(x**2 / 4, (x, 0, 1)) - Q(1, 16) == Q(1, 48)
    assert Q(1, 36) + Q(1, 48) == Q(7, 144)


def test_uni_probability_01_product() -> None:
    """Y is the product of two independent uniform variables, with moments 1/4 and 1/9."""
    mean, square = sp.integrate(x, (x, 0, 1)), sp.integrate(x**2, (x, 0, 1))
    assert (mean**2, square**2) == (Q(1, 4), Q(1, 9))
    assert square**2 - mean**4 == Q(7, 144)


def test_uni_leastsquares_01() -> None:
    """The best line is 0.7 + 2.2x with the residual sum 1.8, by numpy and by both derivations."""
    at, values = np.array([0.0, 1, 2, 3]), np.array([1.0, 3, 4, 8])
    design = np.column_stack([np.ones(4), at])
    fitted, left, _, _ = np.linalg.lstsq(design, values, rcond=None)
    assert np.allclose(fitted, [0.7, 2.2])
    assert np.allclose(left, [1.8])
    assert np.allclose(design.T @ design, [[4, 6], [6, 14]])
    assert np.allclose(design.T @ values, [16, 35])
    assert np.isclose(np.linalg.det(design.T @ design), 20)
    assert (Q(14 * 16 - 6 * 35, 20), Q(4 * 35 - 6 * 16, 20)) == (Q(7, 10), Q(11, 5))
    gaps = values - design @ fitted
    assert np.allclose(gaps, [0.3, 0.1, -1.1, 0.7])
    assert np.allclose(gaps**2, [0.09, 0.01, 1.21, 0.49])
    flat, tall = at - 1.5, values - 4
    assert np.allclose([flat @ flat, flat @ tall, tall @ tall], [5, 11, 26])
    assert np.isclose(26 - 121 / 5, 1.8)
    assert np.isclose(121 / 5, 24.2)
