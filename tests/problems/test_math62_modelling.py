"""Independent checks of the modelling problems.

Every number and identity shown in the worked solutions is computed anew with SymPy, mpmath, numpy, exhaustive search or
simulation by recursion; units are those of the statements. The scorer is never called.
"""

from __future__ import annotations

import sympy as sp
from sympy import Rational as Q

p, s, x, y = sp.symbols("p s x y", real=True)
D, k = sp.symbols("D k", positive=True)


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Say whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def test_mod_commission_01() -> None:
    """Each family of curves meets the three requirements and gives the rate at density 100 that is listed for it."""
    families = {
        Q(1, 10) + Q(1, 5) * (1 - sp.exp(-sp.log(2) / 50 * D)): Q(1, 4),
        Q(3, 10) / (1 + 2 * sp.exp(-sp.log(4) / 50 * D)): Q(4, 15),
        Q(1, 10) + Q(1, 5) * D / (50 + D): Q(7, 30),
        Q(1, 10) + Q(1, 5) * D**2 / (50**2 + D**2): Q(13, 50),
    }
    for curve, at_100 in families.items():
        assert sp.limit(curve, D, 0) == Q(1, 10)
        assert same(curve.subs(D, 50), Q(1, 5))
        assert sp.limit(curve, D, sp.oo) == Q(3, 10)
        assert same(curve.subs(D, 100), at_100)
        assert all(sp.diff(curve, D).subs(D, point).evalf() > 0 for point in (1, 20, 50, 100, 400))
    tanh = Q(1, 10) + Q(1, 5) * sp.tanh(sp.atanh(Q(1, 2)) * D / 50)
    assert same(sp.nsimplify(tanh.subs(D, 100).rewrite(sp.exp).simplify()), Q(13, 50))
    arctan = Q(1, 10) + Q(1, 5) * 2 / sp.pi * sp.atan(D / 50)
    assert same(arctan.subs(D, 50), Q(1, 5))
    assert abs(float(arctan.subs(D, 100)) - 0.241) < 2e-4
    square = Q(1, 10) + Q(1, 25000) * D**2
    assert (square.subs(D, 50), float(Q(1, 25000))) == (Q(1, 5), 0.00004)
    assert abs(float(sp.atanh(Q(1, 2)) / 50) - 0.010986) < 1e-6
    assert abs(float(sp.log(2) / 50) - 0.01386) < 5e-6
    assert abs(float(sp.log(4) / 50) - 0.0277) < 5e-5
    assert 60 * Q(1, 4) == 15
    assert 60 * Q(4, 15) == 16
    raised_zh = 0.1 + 0.2 * (1 - float(sp.exp(-1.1 * 2 * sp.log(2))))
    raised_en = 0.3 / (1 + 2 * float(sp.exp(-1.1 * 2 * sp.log(4))))
    assert abs(raised_zh - 0.2565) < 1e-4
    assert abs(raised_en - 0.2740) < 1e-4
    assert abs(raised_zh / 0.25 - 1 - 0.026) < 5e-4
    assert abs(raised_en / (4 / 15) - 1 - 0.028) < 5e-4


def test_mod_second_cup_01() -> None:
    """Half price sells 120 cups in place of 40 and adds 80 yuan; it pays below a cost of 4, and 11.5 is the best price."""

    def sold(price: sp.Expr) -> sp.Expr:
        return 200 * (20 - price) / 20

    c = sp.Symbol("c", real=True)
    assert (sold(Q(16)), sold(Q(8))) == (40, 120)
    before, after = 200 * 13 + 40 * 13, 200 * 13 + 120 * 5
    assert (before, after, after - before) == (3120, 3200, 80)
    gain = 120 * (8 - c) - 40 * (16 - c)
    assert sp.solveset(gain > 0, c, sp.S.Reals) == sp.Interval.open(-sp.oo, 4)
    assert same(gain / 200, Q(3, 5) * (8 - c) - Q(1, 5) * (16 - c))
    profit = (s - 3) * sold(s)
    assert same(profit, 10 * (s - 3) * (20 - s))
    assert sp.solve(sp.diff(profit, s), s) == [Q(23, 2)]
    assert (profit.subs(s, 16), profit.subs(s, 8)) == (520, 600)
    assert profit.subs(s, Q(23, 2)) > 600


def test_mod_promo_split_01() -> None:
    """The gross profit is convex in p with its minimum at 0.07; filling class B gives 161600, 41600 above A alone."""
    reached = 60000 // 6
    total = reached * ((1 - p) * Q(12, 100) * 100 + p * (Q(8, 100) + p / 2) * 80)
    assert same(total, 120000 - 56000 * p + 400000 * p**2)
    assert same(total / reached, 12 - Q(56, 10) * p + 40 * p**2)
    assert sp.solve(sp.diff(total, p), p) == [Q(7, 100)]
    assert sp.diff(total, p, 2) > 0
    assert total.subs(p, Q(7, 100)) == 118040
    assert (total.subs(p, 0), total.subs(p, Q(2, 5))) == (120000, 161600)
    best = max(total.subs(p, Q(members, reached)) for members in range(0, 4001, 50))
    assert best == 161600
    assert best - 120000 == 41600
    assert sp.solve(total - 120000, p) == [0, Q(14, 100)]
    assert Q(14, 100) * reached == 1400


def test_mod_congestion_toll_01() -> None:
    """Drivers settle on 2000 bridge cars, the city wants 1600; a toll of 4.8 yuan makes them settle there."""
    bridge, tunnel = 12 + x / 100, 24 + (3600 - x) / 200
    assert sp.solve(bridge - tunnel, x) == [2000]
    assert bridge.subs(x, 2000) == tunnel.subs(x, 2000) == 32
    total = x * bridge + (3600 - x) * tunnel
    assert total.subs(x, 2000) == 3600 * 32 == 115200
    assert same(sp.diff(total, x), 3 * x / 100 - 48)
    assert sp.solve(sp.diff(total, x), x) == [1600]
    assert total.subs(x, 1600) == 112800
    assert min(total.subs(x, cars) for cars in range(0, 3601, 10)) == 112800
    assert 115200 - 112800 == 2400 == 40 * 60
    assert same(sp.diff(x * bridge, x), 12 + x / 50)
    assert same(sp.diff(y * (24 + y / 200), y), 24 + y / 100)
    times = (bridge.subs(x, 1600), tunnel.subs(x, 1600))
    assert times == (28, 34)
    toll = Q(8, 10) * (times[1] - times[0])
    assert toll == Q(48, 10)
    assert sp.solve(Q(8, 10) * (bridge - tunnel) + toll, x) == [1600]
    assert toll * Q(10, 8) == toll + toll / 4
    assert Q(8, 10) * 34 == Q(272, 10) == Q(8, 10) * 28 + toll
    assert Q(8, 10) * 28 == Q(224, 10)
