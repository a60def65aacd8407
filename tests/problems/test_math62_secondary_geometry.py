"""Independent checks of the secondary problems on analytic geometry and solids.

Answers and identities are computed anew with SymPy and mpmath; angles are in radians unless a name
ends in ``_deg``, lengths in the unit of the statement. A test named after a method checks a further
path of its problem. The scorer is never called.
"""

from __future__ import annotations

import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import roots, same

x, y, z, a, b, h, k, m, r, s, t, theta = sp.symbols("x y z a b h k m r s t theta", real=True)


def test_sec_analytic_01() -> None:
    """The chord has length 12/sqrt(13), by the tangent triangle, its line and the two points."""
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
    assert same(sp.Line(touching[0], touching[1]).distance(centre), 4 / sp.sqrt(13))
    assert same(2 * sp.sqrt(4 - Q(16, 13)), chord)
    assert same((chord / 2) ** 2, Q(36, 13))
    assert roots((2 * k + 3) ** 2 - 4 * (k**2 + 1), k) == {Q(-5, 12)}
    assert 5 * touching[1].x + 12 * touching[1].y == 20


def test_sec_analytic_01_intersect() -> None:
    """The chord meets the circle at (4,3) and (16/13, 15/13), which are 12/sqrt(13) apart."""
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


def test_sec_analytic_02() -> None:
    """The triangle on the focal chord has area 4/sqrt(3), by slope, inverse slope and angle."""
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
    """The area is at most 16/25; both derivations and a scan over the slope agree."""
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


def test_sec_analytic_03_homogenised() -> None:
    """With the vertex at the origin m is -5/4, so the line meets the axis at 6/5."""
    m, c = sp.symbols("m c")
    assert sp.expand((x + 2) ** 2 / 4 + y**2 - 1) == x**2 / 4 + x + y**2
    quadratic = sp.Poly(sp.expand(x**2 / 4 + y**2 + x * (m * x + c * y)), x, y)
    total = quadratic.coeff_monomial(x**2) + quadratic.coeff_monomial(y**2)
    assert sp.solve(total, m) == [Q(-5, 4)]
    assert 2 + 1 / Q(-5, 4) == Q(6, 5)


def test_sec_analytic_03_line_through_the_fixed_point() -> None:
    """Putting n = 6/5 into the quadratic gives the product of its roots that the evidence names."""
    quadratic = sp.expand((t**2 + 4) * y**2 + 2 * t * Q(6, 5) * y + Q(6, 5) ** 2 - 4)
    assert same(quadratic, (t**2 + 4) * y**2 + Q(12, 5) * t * y - Q(64, 25))


def test_sec_solid_distance_01() -> None:
    """The distance from A to A1BD in the box is 3 sqrt(14)/7, by volumes and by coordinates."""
    corner_b, corner_d, corner_a1 = sp.Matrix([2, 0, 0]), sp.Matrix([0, 3, 0]), sp.Matrix([0, 0, 6])
    assert {
        (corner_b - corner_d).norm(),
        (corner_a1 - corner_b).norm(),
        (corner_a1 - corner_d).norm(),
    } == {sp.sqrt(13), 2 * sp.sqrt(10), 3 * sp.sqrt(5)}
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


def test_sec_solid_distance_01_perpendicular_and_reciprocal() -> None:
    """The height over A1E is 3 sqrt(14)/7; the reciprocal squares of the edges sum to 7/18."""
    foot = 2 * 3 / sp.sqrt(13)
    assert same(foot, 6 / sp.sqrt(13))
    slanted = sp.sqrt(36 + foot**2)
    assert same(slanted, 6 * sp.sqrt(14) / sp.sqrt(13))
    assert same(slanted**2, Q(504, 13))
    assert same(6 * foot, 36 / sp.sqrt(13))
    assert same(6 * foot / slanted, 3 * sp.sqrt(14) / 7)
    assert Q(1, 4) + Q(1, 9) + Q(1, 36) == Q(14, 36) == Q(7, 18)
    assert same(sp.sqrt(Q(18, 7)), 3 * sp.sqrt(14) / 7)


def test_sec_solid_distance_02() -> None:
    """The skew lines are 4/3 apart, by a common normal, a volume and the closest points."""
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


def test_sec_solid_distance_02_volume_formula() -> None:
    """The tetrahedron has volume 8/3; its opposite edges are 4/3 apart by V = ab d sin / 6."""
    a, c, p, b = sp.Point3D(0, 0, 0), sp.Point3D(2, 2, 0), sp.Point3D(0, 0, 4), sp.Point3D(2, 0, 0)
    assert abs(sp.Matrix([[*(c - a)], [*(p - a)], [*(b - a)]]).det()) / 6 == Q(8, 3)
    first, second = a.distance(c), p.distance(b)
    assert (first, second) == (2 * sp.sqrt(2), 2 * sp.sqrt(5))
    cosine = (sp.Matrix([*(c - a)]).dot(sp.Matrix([*(b - p)]))) / (first * second)
    assert same(cosine, 1 / sp.sqrt(10))
    sine = sp.sqrt(1 - cosine**2)
    assert same(sine, 3 / sp.sqrt(10))
    assert same(6 * Q(8, 3) / (first * second * sine), Q(4, 3))


def test_sec_solid_volume_01() -> None:
    """The inscribed sphere of the square pyramid has radius 3/2, found in three ways."""
    apex = sp.Matrix([0, 0, 4])
    corners = [sp.Matrix([i, j, 0]) for i, j in ((3, 3), (-3, 3), (-3, -3), (3, -3))]
    assert {(apex - corner).norm() for corner in corners} == {sp.sqrt(34)}
    assert corners[0].norm() == 3 * sp.sqrt(2)
    assert sp.sqrt(34 - 18) == sp.sqrt(25 - 9) == 4
    assert (apex - sp.Matrix([3, 0, 0])).norm() == sp.sqrt(34 - 9) == 5
    volume, surface = Q(36 * 4, 3), 36 + 4 * Q(6 * 5, 2)
    assert (volume, surface) == (48, 96)
    assert 3 * volume / surface == Q(3, 2)
    assert roots(32 * z - 48, z) == roots((4 - z) / 5 - z / 3, z) == {Q(3, 2)}
    assert 2 * Q(6 * 4, 2) / (6 + 5 + 5) == Q(3, 2)
    # The plane 4x + 3z = 12 of one side face is as far from the centre (0, 0, 3/2) as the base is.
    assert abs(3 * Q(3, 2) - 12) / sp.sqrt(4**2 + 3**2) == Q(3, 2)


def test_sec_solid_volume_01_coordinates() -> None:
    """The point (0,0,3/2) is 3/2 away from the plane through the apex and an edge of the base."""
    plane = sp.Plane(sp.Point(0, 0, 4), sp.Point(3, 3, 0), sp.Point(3, -3, 0))
    for point in ((0, 0, 4), (3, 3, 0), (3, -3, 0)):
        assert 4 * point[0] + 3 * point[2] == 12
    assert plane.distance(sp.Point(0, 0, Q(3, 2))) == Q(3, 2)
    assert sp.solve((12 - 3 * r) / 5 - r, r) == [Q(3, 2)]
    assert sp.sqrt(34 - 18) == 4


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
