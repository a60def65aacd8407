"""Independent checks of the university problems: each answer and each identity shown is computed anew.

SymPy, mpmath or numpy do the work; angles are in radians, lengths and times in the unit of the statement. The scorer is
never called.
"""

from __future__ import annotations

import mpmath as mp
import sympy as sp
from sympy import Rational as Q

x, y, z, t, s = sp.symbols("x y z t s", real=True)
n = sp.symbols("n", integer=True, positive=True)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Say whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def test_uni_diagonalisation_01() -> None:
    """The entry (1,2) of the n-th power is (5^n-2^n)/3, by multiplication and along both derivations."""
    matrix = sp.Matrix([[4, 1], [2, 3]])
    assert same((s * sp.eye(2) - matrix).det(), s**2 - 7 * s + 10)
    assert matrix.eigenvals() == {5: 1, 2: 1}
    change = sp.Matrix([[1, 1], [1, -2]])
    assert matrix * change == change * sp.diag(5, 2)
    assert change.inv() == sp.Matrix([[2, 1], [1, -1]]) / 3
    assert change.det() == -3
    for power in range(1, 12):
        result = matrix**power
        assert result[0, 1] == Q(5**power - 2**power, 3)
        assert result == change * sp.diag(5**power, 2**power) * change.inv()
        slope = Q(5**power - 2**power, 3)
        rest = 5**power - 5 * slope
        assert 2 * slope + rest == 2**power
        assert result == slope * matrix + rest * sp.eye(2)


def test_uni_ode_01() -> None:
    """The solution 2x-1+2e^(-2x) meets the equation and the initial value."""
    constant = sp.symbols("C")
    general = 2 * x - 1 + constant * sp.exp(-2 * x)
    assert same(sp.diff(general, x) + 2 * general, 4 * x)
    assert same(sp.diff(sp.exp(2 * x) * general, x), 4 * x * sp.exp(2 * x))
    assert same(sp.diff((2 * x - 1) * sp.exp(2 * x), x), 4 * x * sp.exp(2 * x))
    assert sp.solve(general.subs(x, 0) - 1, constant) == [2]
    transform = (s**2 + 4) / (s**2 * (s + 2))
    assert same(transform, 2 / s**2 - 1 / s + 2 / (s + 2))
    assert same((s + 2) * transform - 1, 4 / s**2)


def test_uni_fourier_01() -> None:
    """The sums at the two jumps and at the interior point add up to pi/2; a long partial sum agrees."""
    mean, cosine, sine = _series_of_step_and_line(4000)
    at = [sum_at(mean, cosine, sine, mp.mpf(u)) for u in (0, mp.pi, 7 * mp.pi / 2)]
    expected = [mp.mpf(1) / 2, (mp.pi + 1) / 2, mp.mpf(-1)]
    assert all(abs(got - want) < 2e-3 for got, want in zip(at, expected, strict=True))
    assert same(Q(1, 2) + (sp.pi + 1) / 2 - 1, sp.pi / 2)
    assert same(sp.pi * Q(7, 2) - 4 * sp.pi, -sp.pi / 2)


def _series_of_step_and_line(terms: int) -> tuple[mp.mpf, list[mp.mpf], list[mp.mpf]]:
    """Return mean, cosine and sine coefficients of -1 on (-pi,0) and u+2 on (0,pi), integrated by SymPy."""
    m = sp.symbols("m", integer=True, positive=True)
    pieces = ((sp.Integer(-1), -sp.pi, 0), (x + 2, 0, sp.pi))
    mean = sum(sp.integrate(piece, (x, low, high)) for piece, low, high in pieces) / (2 * sp.pi)
    cosine = sum(sp.integrate(piece * sp.cos(m * x), (x, low, high)) for piece, low, high in pieces) / sp.pi
    sine = sum(sp.integrate(piece * sp.sin(m * x), (x, low, high)) for piece, low, high in pieces) / sp.pi
    a, b = (sp.lambdify(m, sp.simplify(item), "math") for item in (cosine, sine))
    numbers = range(1, terms + 1)
    return mp.mpf(sp.N(mean)), [mp.mpf(a(i)) for i in numbers], [mp.mpf(b(i)) for i in numbers]


def sum_at(mean: mp.mpf, cosine: list[mp.mpf], sine: list[mp.mpf], at: mp.mpf) -> mp.mpf:
    """Return a partial Fourier sum at one point."""
    pairs = enumerate(zip(cosine, sine, strict=True), start=1)
    return mean + mp.fsum(a * mp.cos(i * at) + b * mp.sin(i * at) for i, (a, b) in pairs)


def test_uni_fourier_02() -> None:
    """The first peaks of the partial sums sit at pi/(2n) and tend to (2/pi) Si(pi), about 1.179."""
    m = sp.symbols("m", integer=True, positive=True)
    assert same(2 / sp.pi * sp.integrate(sp.sin((2 * m - 1) * x), (x, 0, sp.pi)), 4 / ((2 * m - 1) * sp.pi))
    for count in (1, 2, 5, 9):
        slope = mp.fsum(4 / mp.pi * mp.cos((2 * i - 1) * mp.mpf("0.3")) for i in range(1, count + 1))
        assert mp.almosteq(slope, 2 * mp.sin(2 * count * 0.3) / (mp.pi * mp.sin(0.3)), rel_eps=1e-10)
        peak = mp.pi / (2 * count)
        values = [_square_sum(count, peak * u / 50) for u in range(1, 60)]
        assert max(values) == values[49]
    assert abs(_square_sum(2000, mp.pi / 4000) - 2 / mp.pi * mp.si(mp.pi)) < 1e-6
    assert mp.nstr(mp.si(mp.pi), 6) == "1.85194"
    assert mp.nstr(2 / mp.pi * mp.si(mp.pi), 4) == "1.179"
    assert mp.almosteq(mp.quad(lambda u: mp.sin(u) / u, [0, mp.pi]), mp.si(mp.pi))
    assert abs(mp.pi - mp.pi**3 / 18 + mp.pi**5 / 600 - mp.si(mp.pi)) < 0.1


def _square_sum(count: int, at: mp.mpf) -> mp.mpf:
    """Return the sum of the first ``count`` non-zero terms of the square wave's series."""
    return 4 / mp.pi * mp.fsum(mp.sin((2 * i - 1) * at) / (2 * i - 1) for i in range(1, count + 1))


def test_uni_fourier_03() -> None:
    """The sum of the inverse sixth powers of the odd numbers is pi^6/960."""
    m = sp.symbols("m", integer=True, positive=True)
    f = x * (sp.pi - x)
    coefficient = 2 / sp.pi * sp.integrate(f * sp.sin(m * x), (x, 0, sp.pi))
    assert same(coefficient, 4 * (1 - (-1) ** m) / (sp.pi * m**3))
    assert [coefficient.subs(m, i) for i in (2, 4)] == [0, 0]
    assert same(coefficient.subs(m, 3), 8 / (27 * sp.pi))
    assert same(sp.integrate(f**2, (x, 0, sp.pi)), sp.pi**5 / 30)
    assert same(2 / sp.pi * (sp.pi**5 / 3 - sp.pi**5 / 2 + sp.pi**5 / 5), sp.pi**4 / 15)
    assert same(sp.pi**4 / 15 / (64 / sp.pi**2), sp.pi**6 / 960)
    assert mp.almosteq(mp.nsum(lambda i: 1 / (2 * i - 1) ** 6, [1, mp.inf]), mp.pi**6 / 960)


def test_uni_fourier_04() -> None:
    """The sum of 1/(1+n^2) is (pi coth pi - 1)/2, by the value at the jump and by Parseval's identity."""
    exact = (mp.pi * mp.coth(mp.pi) - 1) / 2
    assert mp.almosteq(mp.nsum(lambda i: 1 / (1 + i**2), [1, mp.inf]), exact)
    assert mp.nstr(exact, 7) == "1.076674"
    ends = mp.exp(2 * mp.pi)
    assert mp.almosteq(mp.pi * (ends + 1) / (2 * (ends - 1)) - mp.mpf(1) / 2, exact)
    for i in range(6):
        cosine = mp.quad(lambda u, i=i: mp.exp(u) * mp.cos(i * u), [-mp.pi, 0, mp.pi]) / mp.pi
        sine = mp.quad(lambda u, i=i: mp.exp(u) * mp.sin(i * u), [-mp.pi, 0, mp.pi]) / mp.pi
        assert mp.almosteq(cosine, 2 * (-1) ** i * mp.sinh(mp.pi) / (mp.pi * (1 + i**2)), rel_eps=1e-10)
        assert mp.almosteq(sine, -i * cosine, abs_eps=1e-10)
        complex_one = (-1) ** i * mp.sinh(mp.pi) / (mp.pi * mp.mpc(1, -i))
        assert mp.almosteq(complex_one, mp.mpc(cosine, -sine) / 2, rel_eps=1e-10)
    assert mp.almosteq(mp.sinh(mp.pi) / mp.pi * (1 + 2 * exact), mp.cosh(mp.pi))
    square = mp.quad(lambda u: mp.exp(2 * u), [-mp.pi, 0, mp.pi]) / (2 * mp.pi)
    assert mp.almosteq(square, mp.sinh(2 * mp.pi) / (2 * mp.pi))
    assert mp.almosteq(square, (mp.sinh(mp.pi) / mp.pi) ** 2 * (1 + 2 * exact))
