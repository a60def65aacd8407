"""Independent checks of the secondary problems on algebra, sequences, counting and probability.

Answers and identities are computed anew with SymPy and mpmath; angles are in radians unless a name
ends in ``_deg``, lengths in the unit of the statement. A test named after a method checks a further
path of its problem. The scorer is never called.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, permutations, product

import mpmath as mp
import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import roots, same

x, y, a, b, s, t, z, m = sp.symbols("x y a b s t z m", real=True)
n, k = sp.symbols("n k", integer=True, positive=True)


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


def test_sec_complex_01_by_the_real_product() -> None:
    """The imaginary part of 2iz is twice the real part of z, so that part is 1."""
    z = x + y * sp.I
    value = sp.expand(z * sp.conjugate(z) + 2 * sp.I * z)
    assert same(sp.im(value), 2 * x)
    assert same(sp.re(value), x**2 + y**2 - 2 * y)
    assert set(sp.solve(1 + y**2 - 2 * y - 9, y)) == {4, -2}


def test_sec_complex_02() -> None:
    """The powers 1, 2 and 4 of the seventh root of unity add up to (-1 + i sqrt 7)/2."""
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
    assert sorted((i + j) % 7 for i in (1, 2, 4) for j in (3, 5, 6)) == [0, 0, 0, 1, 2, 3, 4, 5, 6]


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


def test_sec_inequality_01_discriminant() -> None:
    """Real roots of t^2 - s t + s + 8 ask for s^2 - 4 s - 32 >= 0, so s is 8 at least."""
    s = sp.symbols("s", positive=True)
    assert same(sp.discriminant(t**2 - s * t + s + 8, t), s**2 - 4 * s - 32)
    assert same(s**2 - 4 * s - 32, (s - 8) * (s + 4))


def test_sec_inequality_02() -> None:
    """The function is at least 5/2, the sum of fractions at least 18/5, attained at (5/6, 5/3)."""
    bend = sp.Abs(2 * x - 1) + sp.Abs(x + 2)
    for at, piece in ((-3, -3 * x - 1), (0, 3 - x), (Q(-1, 2), 3 - x), (2, 3 * x + 1)):
        assert bend.subs(x, at) == piece.subs(x, at)
    least = Q(5, 2)
    assert bend.subs(x, Q(1, 2)) == least
    assert min(bend.subs(x, Q(i, 10)) for i in range(-60, 61)) == least
    assert same(abs(2 * Q(7, 3) - 1), 2 * abs(Q(7, 3) - Q(1, 2)))
    assert Q(1, 2) + 2 == least
    assert same((a + b) * (1 / a + 4 / b), 5 + b / a + 4 * a / b)
    assert same(b / a + 4 * a / b - 4, (b - 2 * a) ** 2 / (a * b))
    single = 1 / a + 4 / (least - a)
    assert same(single, 1 / a + 8 / (5 - 2 * a))
    slope = sp.diff(single, a)
    assert same(slope, -1 / a**2 + 16 / (5 - 2 * a) ** 2)
    inside = {root for root in roots(sp.numer(sp.together(slope)), a) if 0 < root < least}
    assert inside == {Q(5, 6)}
    assert slope.subs(a, Q(1, 2)) < 0 < slope.subs(a, 2)
    assert (single.subs(a, Q(5, 6)), Q(9) / least, least - Q(5, 6)) == (Q(18, 5), Q(18, 5), Q(5, 3))


def test_sec_probability_01() -> None:
    """Playing out all matches gives the three probabilities and the expectation 107/27."""
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


def test_sec_probability_01_states() -> None:
    """The recursion over scores gives the stated numbers of games and 107/27 at the start."""
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


def test_sec_probability_02() -> None:
    """The expected number of hits is 2n/3 + 4/9 (1 - 4^-n), by recurrence and by listing all."""
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


def test_sec_probability_02_eigenvalues() -> None:
    """The chain of hits and misses has the eigenvalues 1 and 1/4."""
    assert set(sp.Matrix([[Q(3, 4), Q(1, 4)], [Q(1, 2), Q(1, 2)]]).eigenvals()) == {1, Q(1, 4)}


def test_sec_quadratic_01() -> None:
    """The three branches agree with a brute-force minimum; the largest is 13/4 at a = 3/2."""
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
    """The largest rectangle in the 9 by 12 right triangle has area 27, whichever leg carries x."""
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


def test_sec_quadratic_02_ratio() -> None:
    """The sides 9t and 12(1-t) fit the triangle, and the area 108 t(1-t) is 27 at most."""
    across, up = 9 * t, 12 * (1 - t)
    assert same(across / 9 + up / 12, sp.Integer(1))
    assert same(across * up, 108 * t * (1 - t))
    assert sp.solve(sp.diff(across * up, t), t) == [Q(1, 2)]
    assert (across * up).subs(t, Q(1, 2)) == 27
    assert same(Q(1, 4) - t * (1 - t), (t - Q(1, 2)) ** 2)


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


def test_sec_sequence_01() -> None:
    """The sum of (2k-1) 3^(k-1) is (n-1) 3^n + 1 for 40 sums and along both derivations."""
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


def test_sec_sequence_01_split() -> None:
    """The two sums of the split are right for many n, and put together they give the answer."""
    first, second = ((2 * n - 1) * 3**n + 1) / 4, (3**n - 1) / 2
    for size in range(1, 12):
        assert first.subs(n, size) == sum(i * 3 ** (i - 1) for i in range(1, size + 1))
        assert second.subs(n, size) == sum(3 ** (i - 1) for i in range(1, size + 1))
    assert same(2 * first - second, (n - 1) * 3**n + 1)


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


def test_sec_symmetric_01() -> None:
    """The sum of squares is 13, by the identity and by the two numbers themselves."""
    assert same(a**2 + b**2, (a + b) ** 2 - 2 * a * b)
    assert 5**2 - 2 * 6 == 25 - 12 == 13
    pair = roots(t**2 - 5 * t + 6, t)
    assert pair == {2, 3}
    assert sum(pair) == 5
    assert sp.prod(pair) == 6
    assert sum(root**2 for root in pair) == 4 + 9 == 13
