"""Independent checks of the university problems on matrices, equations and Fourier series.

Each answer and each identity shown is computed anew by SymPy or mpmath; angles are in radians,
lengths and times in the unit of the statement. The scorer is never called.
"""

from __future__ import annotations

import mpmath as mp
import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import same

x, t, s = sp.symbols("x t s", real=True)
n = sp.symbols("n", integer=True, positive=True)


def test_uni_diagonalisation_01() -> None:
    """Entry (1,2) of the n-th power is (5^n-2^n)/3, by multiplication and both derivations."""
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


def test_uni_diagonalisation_01_binomial() -> None:
    """The rank-one part satisfies N^2 = 3N, and the binomial sum gives the entry for many n."""
    matrix, part = sp.Matrix([[4, 1], [2, 3]]), sp.Matrix([[2, 1], [2, 1]])
    assert matrix == 2 * sp.eye(2) + part
    assert part**2 == 3 * part
    for size in range(1, 8):
        assert matrix**size == 2**size * sp.eye(2) + Q(5**size - 2**size, 3) * part
        assert sum(
            sp.binomial(size, i) * 2 ** (size - i) * 3 ** (i - 1) for i in range(1, size + 1)
        ) == Q(5**size - 2**size, 3)


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


def test_uni_ode_01_variation_and_substitution() -> None:
    """Varying the constant and the substitutions lead to the solution with C = 2."""
    constant = sp.symbols("C")
    varied = (2 * x - 1) * sp.exp(2 * x)
    assert same(sp.diff(varied, x), 4 * x * sp.exp(2 * x))
    general = 2 * x - 1 + constant * sp.exp(-2 * x)
    assert same((varied + constant) * sp.exp(-2 * x), general)
    assert same(sp.diff(general, x) + 2 * general, 4 * x)
    assert sp.solve(general.subs(x, 0) - 1, constant) == [2]
    shifted, steep = general - 2 * x + 1, 4 * x - 2 * general
    assert same(sp.diff(shifted, x), -2 * shifted)
    assert same(sp.diff(steep, x), 4 - 2 * steep)
    assert shifted.subs({x: 0, constant: 2}) == 2


def test_uni_fourier_01() -> None:
    """The sums at both jumps and at the interior point add up to pi/2; a partial sum agrees."""
    mean, cosine, sine = _series_of_step_and_line(4000)
    at = [sum_at(mean, cosine, sine, mp.mpf(u)) for u in (0, mp.pi, 7 * mp.pi / 2)]
    expected = [mp.mpf(1) / 2, (mp.pi + 1) / 2, mp.mpf(-1)]
    assert all(abs(got - want) < 2e-3 for got, want in zip(at, expected, strict=True))
    assert same(Q(1, 2) + (sp.pi + 1) / 2 - 1, sp.pi / 2)
    assert same(sp.pi * Q(7, 2) - 4 * sp.pi, -sp.pi / 2)


def _series_of_step_and_line(terms: int) -> tuple[mp.mpf, list[mp.mpf], list[mp.mpf]]:
    """Return mean, cosine and sine coefficients of -1 on (-pi,0) and u+2 on (0,pi)."""
    m = sp.symbols("m", integer=True, positive=True)
    pieces = ((sp.Integer(-1), -sp.pi, 0), (x + 2, 0, sp.pi))
    mean = sum(sp.integrate(piece, (x, low, high)) for piece, low, high in pieces) / (2 * sp.pi)
    cosine = (
        sum(sp.integrate(piece * sp.cos(m * x), (x, low, high)) for piece, low, high in pieces)
        / sp.pi
    )
    sine = (
        sum(sp.integrate(piece * sp.sin(m * x), (x, low, high)) for piece, low, high in pieces)
        / sp.pi
    )
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
    assert same(
        2 / sp.pi * sp.integrate(sp.sin((2 * m - 1) * x), (x, 0, sp.pi)), 4 / ((2 * m - 1) * sp.pi)
    )
    for count in (1, 2, 5, 9):
        slope = mp.fsum(
            4 / mp.pi * mp.cos((2 * i - 1) * mp.mpf("0.3")) for i in range(1, count + 1)
        )
        assert mp.almosteq(
            slope, 2 * mp.sin(2 * count * 0.3) / (mp.pi * mp.sin(0.3)), rel_eps=1e-10
        )
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
    """The sum of 1/(1+n^2) is (pi coth pi - 1)/2, by the jump and by Parseval's identity."""
    exact = (mp.pi * mp.coth(mp.pi) - 1) / 2
    assert mp.almosteq(mp.nsum(lambda i: 1 / (1 + i**2), [1, mp.inf]), exact)
    assert mp.nstr(exact, 7) == "1.076674"
    ends = mp.exp(2 * mp.pi)
    assert mp.almosteq(mp.pi * (ends + 1) / (2 * (ends - 1)) - mp.mpf(1) / 2, exact)
    for i in range(6):
        cosine = mp.quad(lambda u, i=i: mp.exp(u) * mp.cos(i * u), [-mp.pi, 0, mp.pi]) / mp.pi
        sine = mp.quad(lambda u, i=i: mp.exp(u) * mp.sin(i * u), [-mp.pi, 0, mp.pi]) / mp.pi
        assert mp.almosteq(
            cosine, 2 * (-1) ** i * mp.sinh(mp.pi) / (mp.pi * (1 + i**2)), rel_eps=1e-10
        )
        assert mp.almosteq(sine, -i * cosine, abs_eps=1e-10)
        complex_one = (-1) ** i * mp.sinh(mp.pi) / (mp.pi * mp.mpc(1, -i))
        assert mp.almosteq(complex_one, mp.mpc(cosine, -sine) / 2, rel_eps=1e-10)
    assert mp.almosteq(mp.sinh(mp.pi) / mp.pi * (1 + 2 * exact), mp.cosh(mp.pi))
    square = mp.quad(lambda u: mp.exp(2 * u), [-mp.pi, 0, mp.pi]) / (2 * mp.pi)
    assert mp.almosteq(square, mp.sinh(2 * mp.pi) / (2 * mp.pi))
    assert mp.almosteq(square, (mp.sinh(mp.pi) / mp.pi) ** 2 * (1 + 2 * exact))


def test_uni_eigenvectors_01() -> None:
    """The matrix is I + vv^T; the quadratic form of (1,2,3) is 50 along both derivations."""
    v, u = sp.Matrix([1, 1, 1]), sp.Matrix([1, 2, 3])
    matrix = sp.eye(3) + v * v.T
    assert matrix == sp.Matrix([[2, 1, 1], [1, 2, 1], [1, 1, 2]])
    assert matrix == sp.eye(3) + (4 - 1) * v * v.T / (v.T * v)[0]
    assert (matrix.eigenvals(), matrix * v) == ({1: 2, 4: 1}, 4 * v)
    assert all((v.T * w)[0] == 0 for w in (matrix - sp.eye(3)).nullspace())
    assert matrix * u == sp.Matrix([7, 8, 9])
    assert (u.T * matrix * u)[0] == 14 + 36 == 50
    part = u - 2 * v
    assert part == sp.Matrix([-1, 0, 1])
    assert ((v.T * part)[0], (2 * v).dot(2 * v), part.dot(part)) == (0, 12, 2)
    assert 4 * 12 + 1 * 2 == 50
    entries = sp.symbols("p q r l m o")
    free = sp.Matrix(
        [entries[:3], [entries[1], *entries[3:5]], [entries[2], entries[4], entries[5]]]
    )
    any_v, any_w = sp.Matrix(sp.symbols("v1:4")), sp.Matrix(sp.symbols("w1:4"))
    assert sp.expand(((free * any_v).T * any_w)[0] - (any_v.T * free * any_w)[0]) == 0


def test_uni_diagonalisation_02() -> None:
    """Only a = 2 makes it diagonalisable; then entry (2,3) of the ninth power is -512."""
    a = sp.symbols("a")
    matrix = sp.Matrix([[0, 0, 2], [a, 2, 3 * a - 8], [2, 0, 0]])
    assert same((s * sp.eye(3) - matrix).det(), (s - 2) ** 2 * (s + 2))
    assert same((s - 2) * (s**2 - 4), (s - 2) ** 2 * (s + 2))
    shifted = matrix - 2 * sp.eye(3)
    minors = {
        sp.factor(shifted.extract(list(rows), [0, 2]).det()) for rows in ((0, 1), (1, 2), (0, 2))
    }
    assert {root for minor in minors - {0} for root in sp.solve(minor, a)} == {2}
    assert set((matrix**2 - 4 * sp.eye(3)).applyfunc(sp.expand)) == {0, 8 * a - 16}
    good = matrix.subs(a, 2)
    assert (good.is_diagonalizable(), matrix.subs(a, 3).is_diagonalizable()) == (True, False)
    assert good**9 == 256 * good == 4**4 * good
    assert ((good**9)[1, 2], good[1, 2]) == (-512, -2)


def test_uni_ode_02() -> None:
    """The resonant solution is cos 2x + x sin 2x, classically and by the Laplace transform."""
    solution = sp.cos(2 * x) + x * sp.sin(2 * x)
    assert same(sp.diff(solution, x, 2) + 4 * solution, 4 * sp.cos(2 * x))
    assert (solution.subs(x, 0), sp.diff(solution, x).subs(x, 0)) == (1, 0)
    first, second = sp.symbols("A B")
    trial = x * (first * sp.cos(2 * x) + second * sp.sin(2 * x))
    inserted = sp.diff(trial, x, 2) + 4 * trial
    assert same(inserted, -4 * first * sp.sin(2 * x) + 4 * second * sp.cos(2 * x))
    p, u = sp.symbols("p u", positive=True)
    assert same((p**2 + 4) * (p / (p**2 + 4) + 4 * p / (p**2 + 4) ** 2) - p, 4 * p / (p**2 + 4))
    assert same(
        sp.laplace_transform(u * sp.sin(2 * u), u, p, noconds=True), 4 * p / (p**2 + 4) ** 2
    )
    assert same(-sp.diff(2 / (p**2 + 4), p), 4 * p / (p**2 + 4) ** 2)


def test_uni_ode_02_parameters() -> None:
    """The varied constants solve the linear system and give x sin 2x up to homogeneous terms."""
    first, second = sp.cos(2 * x), sp.sin(2 * x)
    assert same(first * sp.diff(second, x) - second * sp.diff(first, x), sp.Integer(2))
    u, v = sp.cos(4 * x) / 4, x + sp.sin(4 * x) / 4
    assert same(sp.diff(u, x), -2 * sp.sin(2 * x) * sp.cos(2 * x))
    assert same(sp.diff(u, x), -sp.sin(4 * x))
    assert same(sp.diff(v, x), 2 * sp.cos(2 * x) ** 2)
    assert same(sp.diff(v, x), 1 + sp.cos(4 * x))
    assert same(sp.diff(u, x) * first + sp.diff(v, x) * second, sp.Integer(0))
    particular = u * first + v * second
    assert same(sp.diff(particular, x, 2) + 4 * particular, 4 * sp.cos(2 * x))
    assert same(particular - x * second, first / 4)


def test_uni_laplace_01() -> None:
    """The solution is e^t + e^(-2t), and the transform simplifies as shown."""
    solution = sp.exp(t) + sp.exp(-2 * t)
    assert same(sp.diff(solution, t, 2) + 3 * sp.diff(solution, t) + 2 * solution, 6 * sp.exp(t))
    assert (solution.subs(t, 0), sp.diff(solution, t).subs(t, 0)) == (2, -1)
    transform = 1 / (s - 1) + 1 / (s + 2)
    assert same(transform, (2 * s + 1) / ((s - 1) * (s + 2)))
    assert same(transform, (2 * s**2 + 3 * s + 1) / ((s - 1) * (s + 1) * (s + 2)))
    assert same(s**2 * transform - 2 * s + 1 + 3 * (s * transform - 2) + 2 * transform, 6 / (s - 1))
    assert same((s**2 + 3 * s + 2) * transform, 2 * s + 5 + 6 / (s - 1))


def test_uni_laplace_02() -> None:
    """After the corner y = 1 - sin t + sin(t-1), by matching, convolution and numerically."""
    after = 1 - sp.sin(t) + sp.sin(t - 1)
    before = t - sp.sin(t)
    assert same(sp.diff(before, t, 2) + before, t)
    assert (before.subs(t, 0), sp.diff(before, t).subs(t, 0)) == (0, 0)
    assert same(sp.diff(after, t, 2) + after, sp.Integer(1))
    assert same(after.subs(t, 1), before.subs(t, 1))
    assert same(before.subs(t, 1), 1 - sp.sin(1))
    assert same(sp.diff(after, t).subs(t, 1), 1 - sp.cos(1))
    assert same(
        sp.expand_trig(1 - sp.sin(1) * sp.cos(t - 1) + (1 - sp.cos(1)) * sp.sin(t - 1) - after),
        sp.Integer(0),
    )
    assert same(before - before.subs(t, t - 1), after)
    u = sp.symbols("u")
    ramp = sp.integrate(u * sp.sin(t - u), (u, 0, 1))
    flat = sp.integrate(sp.sin(t - u), (u, 1, t))
    assert same(ramp, sp.cos(t - 1) + sp.sin(t - 1) - sp.sin(t))
    assert same(flat, 1 - sp.cos(t - 1))
    assert same(ramp + flat, after)
    assert same(1 / s**2 - 1 / (s**2 + 1), 1 / (s**2 * (s**2 + 1)))
    assert mp.almosteq(
        mp.quad(lambda w: w * mp.exp(-2 * w), [0, 1]) + mp.exp(-2) / 2, (1 - mp.exp(-2)) / 4
    )
    assert same(
        sp.expand_trig(1 - 2 * sp.sin(Q(1, 2)) * sp.cos(t - Q(1, 2)) - after).rewrite(sp.exp),
        sp.Integer(0),
    )
