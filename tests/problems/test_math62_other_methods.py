"""Independent checks of further methods for problems of the set: what their paths and worked solutions state.

Computed anew with SymPy; the scorer is never called.
"""

from __future__ import annotations

import sympy as sp
from sympy import Rational as Q

x, y, r, t, d, theta = sp.symbols("x y r t d theta", real=True)
n, k = sp.symbols("n k", integer=True, positive=True)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Say whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def test_sec_analytic_01_intersect() -> None:
    """The chord of contact meets the circle at (4,3) and (16/13, 15/13), which are 12/sqrt(13) apart."""
    circle = x**2 + y**2 - 4 * x - 6 * y + 9
    across = sp.expand(4 * circle.subs(x, (3 * y - 1) / 2))
    assert across == 13 * y**2 - 54 * y + 45 == sp.expand((y - 3) * (13 * y - 15))
    along = sp.expand(9 * circle.subs(y, (2 * x + 1) / 3))
    assert along == 13 * x**2 - 68 * x + 64 == sp.expand((x - 4) * (13 * x - 16))
    a, b = sp.Point(4, 3), sp.Point(Q(16, 13), Q(15, 13))
    for point in (a, b):
        assert circle.subs({x: point.x, y: point.y}) == 0
        radius, tangent = point - sp.Point(2, 3), point - sp.Point(4, 0)
        assert radius.x * tangent.x + radius.y * tangent.y == 0
    assert (a.x - b.x, a.y - b.y) == (Q(36, 13), Q(24, 13))
    assert same(a.distance(b), 12 * sp.sqrt(13) / 13)


def test_sec_solid_distance_01_perpendicular_and_reciprocal() -> None:
    """The height over A1E is 3 sqrt(14)/7, and the reciprocal squares of the edges add up to 7/18."""
    foot = 2 * 3 / sp.sqrt(13)
    assert same(foot, 6 / sp.sqrt(13))
    slanted = sp.sqrt(36 + foot**2)
    assert same(slanted, 6 * sp.sqrt(14) / sp.sqrt(13))
    assert same(slanted**2, Q(504, 13))
    assert same(6 * foot, 36 / sp.sqrt(13))
    assert same(6 * foot / slanted, 3 * sp.sqrt(14) / 7)
    assert Q(1, 4) + Q(1, 9) + Q(1, 36) == Q(14, 36) == Q(7, 18)
    assert same(sp.sqrt(Q(18, 7)), 3 * sp.sqrt(14) / 7)


def test_sec_solid_volume_02_angle() -> None:
    """With the angle at the centre the largest volume is at cos = 1/3 and equals 32 pi / 3."""
    volume = sp.pi / 3 * (3 * sp.sin(theta)) ** 2 * (3 + 3 * sp.cos(theta))
    assert same(volume, 9 * sp.pi * sp.sin(theta) ** 2 * (1 + sp.cos(theta)))
    factored = 9 * sp.pi * sp.sin(theta) * (3 * sp.cos(theta) - 1) * (sp.cos(theta) + 1)
    assert same(sp.diff(volume, theta), factored)
    cosine = 9 * sp.pi * (1 - t**2) * (1 + t)
    assert same(volume, cosine.subs(t, sp.cos(theta)))
    assert same(sp.diff(cosine, t), 9 * sp.pi * (1 - 2 * t - 3 * t**2))
    assert set(sp.solve(3 * t**2 + 2 * t - 1, t)) == {Q(1, 3), -1}
    assert cosine.subs(t, Q(1, 3)) == 32 * sp.pi / 3
    assert 1 - 2 * 0 - 0 > 0 > 1 - 2 * Q(1, 2) - 3 * Q(1, 4)


def test_sec_sequence_01_split() -> None:
    """The two sums of the split are right for many n, and put together they give the answer."""
    first, second = ((2 * n - 1) * 3**n + 1) / 4, (3**n - 1) / 2
    for size in range(1, 12):
        assert first.subs(n, size) == sum(i * 3 ** (i - 1) for i in range(1, size + 1))
        assert second.subs(n, size) == sum(3 ** (i - 1) for i in range(1, size + 1))
    assert same(2 * first - second, (n - 1) * 3**n + 1)


def test_sec_quadratic_03_derivative() -> None:
    """The derivative factors, and the values at its zeros are 17/8, 2 and -4."""
    f = sp.cos(2 * x) + 3 * sp.sin(x)
    slope = sp.diff(f, x)
    assert same(slope, -2 * sp.sin(2 * x) + 3 * sp.cos(x))
    assert same(slope, sp.cos(x) * (3 - 4 * sp.sin(x)))
    assert same(f.subs(x, sp.asin(Q(3, 4))), Q(17, 8))
    assert 1 - 2 * Q(9, 16) + Q(9, 4) == Q(17, 8)
    assert f.subs(x, sp.pi / 2) == 2 == -1 + 3
    assert f.subs(x, -sp.pi / 2) == -4 == -1 - 3


def test_sec_probability_01_states() -> None:
    """The recursion over scores gives the stated numbers of further games and 107/27 at the start."""
    known: dict[tuple[int, int], Q] = {}

    def further(i: int, j: int) -> Q:
        if 3 in (i, j):
            return Q(0)
        if (i, j) not in known:
            known[i, j] = 1 + Q(2, 3) * further(i + 1, j) + Q(1, 3) * further(i, j + 1)
        return known[i, j]

    assert further(0, 0) == Q(107, 27)
    stated = {
        (2, 2): 1,
        (2, 1): Q(4, 3),
        (1, 2): Q(5, 3),
        (1, 1): Q(22, 9),
        (2, 0): Q(13, 9),
        (0, 2): Q(19, 9),
    }
    assert {score: known[score] for score in stated} == stated
    assert (known[1, 0], known[0, 1]) == (Q(25, 9), Q(10, 3))


def test_sec_solid_volume_01_coordinates() -> None:
    """The point (0,0,3/2) is 3/2 away from the plane through the apex and an edge of the base."""
    plane = sp.Plane(sp.Point(0, 0, 4), sp.Point(3, 3, 0), sp.Point(3, -3, 0))
    for point in ((0, 0, 4), (3, 3, 0), (3, -3, 0)):
        assert 4 * point[0] + 3 * point[2] == 12
    assert plane.distance(sp.Point(0, 0, Q(3, 2))) == Q(3, 2)
    assert sp.solve((12 - 3 * r) / 5 - r, r) == [Q(3, 2)]
    assert sp.sqrt(34 - 18) == 4


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


def test_sec_quadratic_02_ratio() -> None:
    """The sides 9t and 12(1-t) fit the triangle, and the area 108 t(1-t) is 27 at most."""
    across, up = 9 * t, 12 * (1 - t)
    assert same(across / 9 + up / 12, sp.Integer(1))
    assert same(across * up, 108 * t * (1 - t))
    assert sp.solve(sp.diff(across * up, t), t) == [Q(1, 2)]
    assert (across * up).subs(t, Q(1, 2)) == 27
    assert same(Q(1, 4) - t * (1 - t), (t - Q(1, 2)) ** 2)


def test_sec_trig_equation_01_exponential() -> None:
    """With z = exp(ix) the equation is (z^4+1)(z^2-z+1) = 0, whose roots on the upper arc have the stated angles."""
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
    upper = [root for root in sp.Poly(polynomial, z).nroots() if sp.im(root) >= 0]
    assert len(upper) == 3


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


def test_sec_complex_01_by_the_real_product() -> None:
    """The imaginary part of 2iz is twice the real part of z, so that real part is 1 and the rest is real."""
    z = x + y * sp.I
    value = sp.expand(z * sp.conjugate(z) + 2 * sp.I * z)
    assert same(sp.im(value), 2 * x)
    assert same(sp.re(value), x**2 + y**2 - 2 * y)
    assert set(sp.solve(1 + y**2 - 2 * y - 9, y)) == {4, -2}


def test_sec_inequality_01_discriminant() -> None:
    """Real roots of t^2 - s t + s + 8 ask for s^2 - 4 s - 32 >= 0, so s is 8 at least."""
    s = sp.symbols("s", positive=True)
    assert same(sp.discriminant(t**2 - s * t + s + 8, t), s**2 - 4 * s - 32)
    assert same(s**2 - 4 * s - 32, (s - 8) * (s + 4))


def test_sec_counting_01_by_first_digit() -> None:
    """Each even first digit gives 60 numbers, each odd one 80, together 340."""
    numbers = [
        m
        for m in range(2001, 7000)
        if m % 2 == 0 and len(set(str(m))) == 4 and set(str(m)) <= set("0123456")
    ]
    counts = {first: sum(str(m)[0] == first for m in numbers) for first in "23456"}
    assert counts == {"2": 60, "3": 80, "4": 60, "5": 80, "6": 60}
    assert len(numbers) == 340


def test_sec_solid_distance_02_volume_formula() -> None:
    """The tetrahedron has volume 8/3, and its two opposite edges are 4/3 apart by V = ab d sin / 6."""
    a, c, p, b = sp.Point3D(0, 0, 0), sp.Point3D(2, 2, 0), sp.Point3D(0, 0, 4), sp.Point3D(2, 0, 0)
    edges = sp.Matrix([[*(c - a)], [*(p - a)], [*(b - a)]])
    assert abs(edges.det()) / 6 == Q(8, 3)
    first, second = a.distance(c), p.distance(b)
    assert (first, second) == (2 * sp.sqrt(2), 2 * sp.sqrt(5))
    cosine = (sp.Matrix([*(c - a)]).dot(sp.Matrix([*(b - p)]))) / (first * second)
    assert same(cosine, 1 / sp.sqrt(10))
    sine = sp.sqrt(1 - cosine**2)
    assert same(sine, 3 / sp.sqrt(10))
    assert same(6 * Q(8, 3) / (first * second * sine), Q(4, 3))


def test_sec_trig_identity_01_half_angle() -> None:
    """The half-angle equation has the roots 3/2 and -1/5, and 3/2 gives the tangent -12/5."""
    given_sum = (2 * t + 1 - t**2) / (1 + t**2) - Q(7, 13)
    assert same(given_sum * 13 * (1 + t**2), -2 * (10 * t**2 - 13 * t - 3))
    assert set(sp.solve(10 * t**2 - 13 * t - 3, t)) == {Q(3, 2), Q(-1, 5)}
    assert (2 * t / (1 - t**2)).subs(t, Q(3, 2)) == Q(-12, 5)
    assert sp.expand((2 * t - 3) * (5 * t + 1)) == 10 * t**2 - 13 * t - 3


def test_uni_probability_01_product() -> None:
    """Y is the product of two independent uniform variables, with moments 1/4 and 1/9."""
    mean, square = sp.integrate(x, (x, 0, 1)), sp.integrate(x**2, (x, 0, 1))
    assert (mean**2, square**2) == (Q(1, 4), Q(1, 9))
    assert square**2 - mean**4 == Q(7, 144)


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


def test_sec_analytic_03_homogenised() -> None:
    """With the vertex at the origin, perpendicular chords ask for m = -5/4, so the line meets the axis at 6/5."""
    m, c = sp.symbols("m c")
    shifted = sp.expand((x + 2) ** 2 / 4 + y**2 - 1)
    assert shifted == x**2 / 4 + x + y**2
    quadratic = sp.Poly(sp.expand(x**2 / 4 + y**2 + x * (m * x + c * y)), x, y)
    total = quadratic.coeff_monomial(x**2) + quadratic.coeff_monomial(y**2)
    assert sp.solve(total, m) == [Q(-5, 4)]
    assert 2 + 1 / Q(-5, 4) == Q(6, 5)


def test_sec_probability_02_eigenvalues() -> None:
    """The chain of hits and misses has the eigenvalues 1 and 1/4."""
    assert set(sp.Matrix([[Q(3, 4), Q(1, 4)], [Q(1, 2), Q(1, 2)]]).eigenvals()) == {1, Q(1, 4)}


def test_sec_sequence_02_sums() -> None:
    """With S_n = n^2 the relations of the path hold, and the split fractions add up to n/(2n+1)."""
    sums = n**2
    before = sums.subs(n, n - 1)
    assert same((sp.sqrt(sums) - 1) ** 2, before)
    assert same(2 * sp.sqrt(sums), sums - before + 1)
    assert same(sums - before, 2 * n - 1)
    assert same(4 * sums, (2 * n - 1 + 1) ** 2)
    assert same(Q(1, 2) * (1 / (2 * k - 1) - 1 / (2 * k + 1)), 1 / ((2 * k - 1) * (2 * k + 1)))
    assert all(
        sum(Q(1, (2 * i - 1) * (2 * i + 1)) for i in range(1, m + 1)) == Q(m, 2 * m + 1)
        for m in range(1, 9)
    )


def test_uni_vector_01_polar_parameters() -> None:
    """In polar parameters the normal is (2r^2 cos, 2r^2 sin, r) and the integrand r^5 + 2r gives 7 pi / 3."""
    point = sp.Matrix([r * sp.cos(theta), r * sp.sin(theta), 1 - r**2])
    normal = point.diff(r).cross(point.diff(theta)).applyfunc(sp.simplify)
    assert list(normal) == [2 * r**2 * sp.cos(theta), 2 * r**2 * sp.sin(theta), r]
    flow = sp.simplify(sp.Matrix([point[0], point[1], point[2] ** 2 + 1]).dot(normal))
    assert same(flow, 2 * r**3 + r * ((1 - r**2) ** 2 + 1))
    assert same(flow, r**5 + 2 * r)
    assert 2 * sp.pi * sp.integrate(r**5 + 2 * r, (r, 0, 1)) == 7 * sp.pi / 3


def test_sec_trig_equation_02_half_angle() -> None:
    """The half-angle equation has the real roots 0 and 1 only, and x = pi is no solution."""
    left = (1 + 2 * t / (1 + t**2)) * (1 + (1 - t**2) / (1 + t**2))
    assert same(left * (1 + t**2) ** 2, 2 * (1 + t) ** 2)
    assert same((1 + t**2) ** 2 - (1 + t) ** 2, t * (t - 1) * (t**2 + t + 2))
    assert same((1 + t**2) ** 2 - (1 + t) ** 2, t**4 + t**2 - 2 * t)
    assert sp.solveset(t * (t - 1) * (t**2 + t + 2), t, sp.S.Reals) == sp.FiniteSet(0, 1)
    assert 2 * sp.atan(1) == sp.pi / 2
    assert sp.sin(sp.pi) + sp.cos(sp.pi) + sp.sin(sp.pi) * sp.cos(sp.pi) == -1


def test_sec_analytic_03_line_through_the_fixed_point() -> None:
    """Putting n = 6/5 into the quadratic gives the product of its roots that the evidence names."""
    quadratic = sp.expand((t**2 + 4) * y**2 + 2 * t * Q(6, 5) * y + Q(6, 5) ** 2 - 4)
    assert same(quadratic, (t**2 + 4) * y**2 + Q(12, 5) * t * y - Q(64, 25))
