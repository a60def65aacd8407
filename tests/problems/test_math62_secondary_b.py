"""Independent checks of the secondary problems on inequalities, analytic geometry, derivatives, chance and complex numbers.

Every final answer and every identity shown in the worked solutions is computed anew with SymPy, mpmath, exact fractions
or plain enumeration. The scorer is never called.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations, product

import mpmath as mp
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


def test_sec_inequality_02() -> None:
    """The function has the minimum 5/2, and the sum of fractions is at least 18/5, attained for (5/6, 5/3)."""
    bend = sp.Abs(2 * x - 1) + sp.Abs(x + 2)
    for at, piece in ((-3, -3 * x - 1), (0, 3 - x), (Q(-1, 2), 3 - x), (2, 3 * x + 1)):
        assert bend.subs(x, at) == piece.subs(x, at)
    least = Q(5, 2)
    assert bend.subs(x, Q(1, 2)) == least
    assert min(bend.subs(x, Q(i, 10)) for i in range(-60, 61)) == least
    assert same(abs(2 * Q(7, 3) - 1), 2 * abs(Q(7, 3) - Q(1, 2)))
    assert Q(1, 2) + 2 == least
    product = (a + b) * (1 / a + 4 / b)
    assert same(product, 5 + b / a + 4 * a / b)
    assert same(b / a + 4 * a / b - 4, (b - 2 * a) ** 2 / (a * b))
    single = 1 / a + 4 / (least - a)
    assert same(single, 1 / a + 8 / (5 - 2 * a))
    slope = sp.diff(single, a)
    assert same(slope, -1 / a**2 + 16 / (5 - 2 * a) ** 2)
    inside = {root for root in roots(sp.numer(sp.together(slope)), a) if 0 < root < least}
    assert inside == {Q(5, 6)}
    assert slope.subs(a, Q(1, 2)) < 0 < slope.subs(a, 2)
    assert (single.subs(a, Q(5, 6)), Q(9) / least, least - Q(5, 6)) == (Q(18, 5), Q(18, 5), Q(5, 3))


def test_sec_analytic_02() -> None:
    """The focal chord of length 16/3 spans a triangle of area 4/sqrt(3) with the origin, by slope, inverse slope, angle."""
    joined = sp.expand((k * (x - 1)) ** 2 - 4 * x)
    assert same(joined, k**2 * x**2 - (2 * k**2 + 4) * x + k**2)
    assert roots(4 + 4 / k**2 - Q(16, 3), k) == {sp.sqrt(3), -sp.sqrt(3)}
    ends = [sp.Point(at, sp.sqrt(3) * (at - 1)) for at in roots(joined.subs(k, sp.sqrt(3)), x)]
    assert {end.y for end in ends} == {2 * sp.sqrt(3), -2 * sp.sqrt(3) / 3}
    assert all(end.y**2 == 4 * end.x for end in ends)
    assert ends[0].distance(ends[1]) == Q(16, 3)
    area = abs(sp.Triangle(sp.Point(0, 0), *ends).area)
    assert same(area, 4 * sp.sqrt(3) / 3)
    assert sp.Line(*ends).distance(sp.Point(0, 0)) == sp.sqrt(3) / 2
    assert same(Q(1, 2) * Q(16, 3) * sp.sqrt(3) / 2, area)
    assert same(4 * (m * y + 1) - y**2, -(y**2 - 4 * m * y - 4))
    assert roots(4 * (1 + m**2) - Q(16, 3), m) == {sp.sqrt(3) / 3, -sp.sqrt(3) / 3}
    gap = abs(ends[0].y - ends[1].y)
    assert same(gap, 8 * sp.sqrt(3) / 3)
    assert same(gap, 4 * sp.sqrt(Q(1, 3) + 1))
    assert same(gap**2, Q(64, 3))
    angle = sp.pi / 3
    assert same(2 / (1 - sp.cos(angle)) + 2 / (1 + sp.cos(angle)), 4 / sp.sin(angle) ** 2)
    assert 4 / sp.sin(angle) ** 2 == Q(16, 3)
    assert same(2 / sp.sin(angle), area)


def test_sec_analytic_03() -> None:
    """The right triangle at the vertex has area at most 16/25; both derivations and a scan over the slope agree."""
    n, u, w = sp.symbols("n u w", positive=True)
    joined = sp.expand((t * y + n) ** 2 + 4 * y**2 - 4)
    assert same(joined, (t**2 + 4) * y**2 + 2 * t * n * y + n**2 - 4)
    total, product = -2 * t * n / (t**2 + 4), (n**2 - 4) / (t**2 + 4)
    scalar = (t**2 + 1) * product + t * (n - 2) * total + (n - 2) ** 2
    assert same(scalar * (t**2 + 4), (n - 2) * (5 * n - 6))
    assert same((n - 2) * (5 * n - 6), 5 * n**2 - 16 * n + 12)
    square = ((total**2 - 4 * product) * Q(4, 25)).subs(n, Q(6, 5))
    assert same(square, 64 * (25 * t**2 + 64) / (25 * (t**2 + 4)) ** 2)
    assert same(square, (64 * t**2 + Q(4096, 25)) / (25 * (t**2 + 4) ** 2))
    assert same((t**2 + 4).subs(t**2, (u**2 - 64) / 25), (u**2 + 36) / 25)
    assert sp.diff(8 * u / (u**2 + 36), u).subs(u, 8) < 0
    assert roots(sp.diff(8 * u / (u**2 + 36), u), u) == {6, -6}
    assert (8 * u / (u**2 + 36)).subs(u, 8) == Q(16, 25)
    first = (8 * k**2 - 2) / (4 * k**2 + 1)
    assert same((first**2 / 4 + (k * (first - 2)) ** 2), sp.Integer(1))
    assert same(k * (first - 2), -4 * k / (4 * k**2 + 1))
    assert same(first.subs(k, -1 / k), (8 - 2 * k**2) / (k**2 + 4))
    legs = (16 * (1 + k**2) / (4 * k**2 + 1) ** 2, 16 * k**2 * (1 + k**2) / (k**2 + 4) ** 2)
    assert same((first - 2) ** 2 * (1 + k**2), legs[0])
    assert same(legs[0].subs(k, -1 / k), legs[1])
    area = 8 * k * (1 + k**2) / ((4 * k**2 + 1) * (k**2 + 4))
    assert same(area**2, legs[0] * legs[1] / 4)
    assert same((8 * w / (4 * w**2 + 9)).subs(w, k + 1 / k), area)
    assert roots(sp.diff(8 * w / (4 * w**2 + 9), w), w) == {Q(3, 2), -Q(3, 2)}
    assert max(area.subs(k, Q(i, 20)) for i in range(1, 120)) == area.subs(k, 1) == Q(16, 25)


def test_sec_derivative_01() -> None:
    """The tangents through (2, 2) are y = 2 and y = 9x - 16, and with the y-axis they enclose the area 18."""
    cubic = x**3 - 3 * x
    slope = sp.diff(cubic, x)
    assert same(slope, 3 * x**2 - 3)
    condition = cubic.subs(x, t) + slope.subs(x, t) * (2 - t) - 2
    assert same(condition, -2 * (t**3 - 3 * t**2 + 4))
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
    """The inequality holds on [1, oo) exactly for a >= 1/2, seen from the derivatives and from numbers."""
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


def test_sec_complex_01() -> None:
    """Only 1 + 4i and 1 - 2i satisfy the equation, and only the second lies below the real axis."""
    point = x + y * sp.I
    left = sp.expand(point * sp.conjugate(point) + 2 * sp.I * point)
    assert same(left, x**2 + y**2 - 2 * y + 2 * x * sp.I)
    assert same(
        sp.conjugate(left), sp.expand(point * sp.conjugate(point) - 2 * sp.I * sp.conjugate(point))
    )
    assert same(left - sp.conjugate(left), 2 * sp.I * (point + sp.conjugate(point)))
    assert (9 + 2 * sp.I - (9 - 2 * sp.I)) / (2 * sp.I) == 2
    found = sp.solve([sp.re(left) - 9, sp.im(left) - 2], [x, y], dict=True)
    assert {(root[x], root[y]) for root in found} == {(1, 4), (1, -2)}
    assert same(1 + y**2 - 2 * y - 9, y**2 - 2 * y - 8)
    assert same(1 + y**2 - 2 * y - 9, (y - 1) ** 2 - 9)
    for value in (1 + 4 * sp.I, 1 - 2 * sp.I):
        assert sp.expand(value * sp.conjugate(value) + 2 * sp.I * value) == 9 + 2 * sp.I
        assert sp.expand(value**2 - 2 * (1 + sp.I) * value + 9 + 2 * sp.I) == 0
        assert sp.expand(value * (2 - value) + 2 * sp.I * value) == 9 + 2 * sp.I


def test_sec_complex_02() -> None:
    """The sum of the first, second and fourth power of the seventh root of unity is (-1 + i sqrt 7)/2."""
    with mp.workdps(40):
        omega = mp.expjpi(mp.mpf(2) / 7)
        first, second = omega + omega**2 + omega**4, omega**3 + omega**5 + omega**6
        assert mp.almosteq(first, (-1 + mp.sqrt(7) * 1j) / 2)
        assert mp.almosteq(first + second, -1)
        assert mp.almosteq(first * second, 2)
        assert mp.almosteq(first**2, first + 2 * second)
        assert mp.almosteq(second, mp.conj(first))
        assert abs(first**2 + first + 2) < 1e-35
        sines = [mp.sin(mp.mpf(j) * mp.pi / 7) for j in (2, 4, 8)]
        assert sines[0] > 0
        assert sines[1] > 0 > sines[2]
        assert mp.almosteq(sines[2], -mp.sin(mp.pi / 7))
        assert abs(sines[2]) < min(sines[0], sines[1])
        assert mp.almosteq(sum(sines), mp.sqrt(7) / 2)
        assert mp.almosteq(
            mp.fsum(mp.cos(mp.mpf(j) * mp.pi / 7) for j in (2, 4, 8)), mp.mpf(-1) / 2
        )
        assert mp.almosteq(abs(first) ** 2, 2)
        assert mp.almosteq(sum(sines) ** 2, mp.mpf(7) / 4)
    exponents = sorted((i + j) % 7 for i in (1, 2, 4) for j in (3, 5, 6))
    assert exponents == [0, 0, 0, 1, 2, 3, 4, 5, 6]


def test_sec_probability_01() -> None:
    """Playing out all matches of five games gives the three probabilities and the expectation 107/27."""
    chance: dict[int, Fraction] = dict.fromkeys((3, 4, 5), Fraction(0))
    for games in product((True, False), repeat=5):
        weight = Fraction(1)
        for won in games:
            weight *= Fraction(2, 3) if won else Fraction(1, 3)
        length = next(i for i in range(3, 6) if 3 in (sum(games[:i]), i - sum(games[:i])))
        chance[length] += weight
    assert chance == {3: Fraction(1, 3), 4: Fraction(10, 27), 5: Fraction(8, 27)}
    mean = sum(length * weight for length, weight in chance.items())
    assert mean == Fraction(107, 27) == Fraction(27 + 40 + 40, 27)
    assert chance[3] == Fraction(8, 27) + Fraction(1, 27)
    assert chance[4] == 3 * Fraction(8, 81) + 3 * Fraction(2, 81)
    assert chance[5] == 6 * Fraction(4, 81) == Fraction(24, 81)
    assert 1 - chance[3] == Fraction(2, 3)
    assert 3 + (chance[4] + chance[5]) + chance[5] == mean


def test_sec_probability_02() -> None:
    """The expected number of hits is 2n/3 + 4/9 (1 - 4^-n), by the recurrence and by listing all courses."""
    hit, total = Fraction(1), Fraction(0)
    for n in range(1, 30):
        assert hit == Fraction(2, 3) + Fraction(1, 3) * Fraction(1, 4 ** (n - 1))
        before, total = total, total + hit
        assert total == Fraction(2 * n, 3) + Fraction(4, 9) * (1 - Fraction(1, 4**n))
        assert total == (before / 4 + Fraction(n - 1, 2) + 1 if n > 1 else 1)
        assert total - Fraction(2 * n, 3) - Fraction(4, 9) == Fraction(-1, 9) * Fraction(
            1, 4 ** (n - 1)
        )
        following = Fraction(3, 4) * hit + Fraction(1, 2) * (1 - hit)
        assert following == hit / 4 + Fraction(1, 2)
        assert following - Fraction(2, 3) == (hit - Fraction(2, 3)) / 4
        hit = following
    for n in range(1, 7):
        mean = Fraction(0)
        for rest in product((True, False), repeat=n - 1):
            course, weight = (True, *rest), Fraction(1)
            for last, now in pairwise(course):
                chance = Fraction(3, 4) if last else Fraction(1, 2)
                weight *= chance if now else 1 - chance
            mean += weight * sum(course)
        assert mean == Fraction(2 * n, 3) + Fraction(4, 9) * (1 - Fraction(1, 4**n))


def test_sec_solid_distance_02() -> None:
    """The skew lines are 4/3 apart, by a common normal, by a volume and by the two closest points."""
    z = sp.symbols("z", real=True)
    corner_a, corner_b, corner_c, apex = (
        sp.Matrix(p) for p in ((0, 0, 0), (2, 0, 0), (2, 2, 0), (0, 0, 4))
    )
    diagonal, edge = corner_c - corner_a, corner_b - apex
    assert (list(diagonal), list(edge)) == ([2, 2, 0], [2, 0, -4])
    normal = sp.Matrix([2, -2, 1])
    assert diagonal.cross(edge) == -4 * normal
    assert normal.norm() == 3
    distance = abs(apex.dot(normal)) / normal.norm()
    assert distance == Q(4, 3)
    extra = sp.Matrix([0, -2, 0])
    assert (corner_b - extra).cross(diagonal).norm() == 0
    volume = abs(sp.Matrix.hstack(corner_b, extra, apex).det()) / 6
    face = (corner_b - apex).cross(extra - apex).norm() / 2
    assert (volume, face) == (Q(8, 3), 6)
    assert ((corner_b - apex).norm(), (corner_b - extra).norm()) == (2 * sp.sqrt(5), 2 * sp.sqrt(2))
    assert same(2 * face / (2 * sp.sqrt(2)), 3 * sp.sqrt(2))
    assert 3 * volume / face == distance
    assert Q(1, 4) + Q(1, 4) + Q(1, 16) == Q(9, 16) == 1 / distance**2
    gap = sp.Matrix([s, s, 0]) - sp.Matrix([2 - t, 0, 2 * t])
    square = sp.expand(gap.dot(gap))
    assert same(square, (s - 2 + t) ** 2 + s**2 + 4 * t**2)
    best = sp.solve([sp.diff(square, s), sp.diff(square, t)], [s, t])
    assert best == {s: Q(8, 9), t: Q(2, 9)}
    assert square.subs(best) == Q(16, 9)
    assert same(square.subs(t, 2 - z), (s - z) ** 2 + s**2 + (4 - 2 * z) ** 2)
    assert same(
        square.subs({s: 2 * s, t: 2 * t}, simultaneous=True),
        (2 * s - 2 + 2 * t) ** 2 + 4 * s**2 + 16 * t**2,
    )
