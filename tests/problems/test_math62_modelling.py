"""Independent checks of the modelling problems.

Every number and identity shown in the worked solutions is computed anew with SymPy, mpmath, numpy,
exhaustive search or simulation by recursion; units are those of the statements. The scorer is never
called.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from sympy import Rational as Q

from tests.support.algebra import same

p, s, x, y = sp.symbols("p s x y", real=True)
D, k = sp.symbols("D k", positive=True)


def test_mod_commission_01() -> None:
    """Each family of curves meets the requirements and gives its listed rate at density 100."""
    for curve, at_100 in {
        Q(1, 10) + Q(1, 5) * (1 - sp.exp(-sp.log(2) / 50 * D)): Q(1, 4),
        Q(3, 10) / (1 + 2 * sp.exp(-sp.log(4) / 50 * D)): Q(4, 15),
        Q(1, 10) + Q(1, 5) * D / (50 + D): Q(7, 30),
        Q(1, 10) + Q(1, 5) * D**2 / (50**2 + D**2): Q(13, 50),
    }.items():
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
    assert ((Q(1, 10) + Q(1, 25000) * D**2).subs(D, 50), Q(1, 25000)) == (Q(1, 5), Q(4, 100_000))
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
    """Half price adds 80 yuan; it pays below a cost of 4, and 11.5 is the best price."""

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
    """The profit is least at p = 0.07; filling class B gives 161600, 41600 above A alone."""
    reached = 60000 // 6
    total = reached * ((1 - p) * Q(12, 100) * 100 + p * (Q(8, 100) + p / 2) * 80)
    assert same(total, 120000 - 56000 * p + 400000 * p**2)
    assert same(total / reached, 12 - Q(56, 10) * p + 40 * p**2)
    people = sp.Symbol("people", real=True)
    assert same(total.subs(p, people / 10000), 120000 - Q(56, 10) * people + Q(4, 1000) * people**2)
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
    """Drivers settle on 2000 bridge cars; a toll of 4.8 yuan moves them to 1600, the best."""
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


def mean_line(arrivals: float, service: float, counters: int) -> tuple[float, float]:
    """Return the mean number waiting and the chance of an empty system, by birth-death balance."""
    weights = [mp.mpf(1)]
    for state in range(1, 900):
        weights.append(weights[-1] * arrivals / (service * min(state, counters)))
    total = mp.fsum(weights)
    waiting = (
        mp.fsum((state - counters) * w for state, w in enumerate(weights) if state > counters)
        / total
    )
    return float(waiting), float(1 / total)


def test_mod_counters_01() -> None:
    """Three counters cost 131.24 an hour and are cheapest for losses between 11.72 and 132.7."""
    lines = {c: mean_line(20, 12, c) for c in range(2, 9)}
    assert lines[2] == pytest.approx((125 / 33, 1 / 11), rel=1e-9)
    assert lines[3] == pytest.approx((625 / 1668, 24 / 139), rel=1e-9)
    assert lines[4][0] == pytest.approx(0.0732, abs=5e-5)
    cost = {c: 40 * c + 30 * lines[c][0] for c in lines}
    assert min(cost, key=lambda c: cost[c]) == 3
    assert cost[3] == pytest.approx(131.24, abs=0.005)
    assert cost[2] == pytest.approx(193.64, abs=0.005)
    assert cost[4] == pytest.approx(162.2, abs=0.005)
    assert 30 * lines[3][0] == pytest.approx(11.24, abs=0.005)
    assert 30 * lines[2][0] == pytest.approx(113.64, abs=0.005)
    assert lines[2][0] / 20 == pytest.approx(0.1894, abs=5e-5)
    assert lines[2][0] * 3 == pytest.approx(11.36, abs=0.005)
    assert lines[3][0] / 20 == pytest.approx(0.01874, abs=6e-6)
    assert lines[3][0] * 3 == pytest.approx(1.124, abs=5e-4)
    assert lines[4][0] / 20 == pytest.approx(0.00366, abs=5e-6)
    assert lines[4][0] * 3 == pytest.approx(0.2196, abs=5e-5)
    assert 30 * lines[4][0] == pytest.approx(2.196, abs=5e-4)
    for c, present in ((2, 60 / 11), (3, 2.0414), (4, 1.7399)):
        assert lines[c][0] + 5 / 3 == pytest.approx(present, abs=1e-4)
    for c, delayed in ((2, 0.7576), (3, 0.29976)):
        assert lines[c][0] * (c - 5 / 3) / (5 / 3) == pytest.approx(delayed, abs=5e-5)
    assert lines[2][0] - lines[3][0] == pytest.approx(3.413, abs=5e-4)
    assert 40 / (lines[2][0] - lines[3][0]) == pytest.approx(11.72, abs=0.005)
    assert 40 / (lines[3][0] - lines[4][0]) == pytest.approx(132.7, abs=0.05)


def test_mod_lot_size_01() -> None:
    """Orders of 1000 cost 73610 a year, 790 less than orders of 600; orders of 2000 cost more."""

    def price(size: int) -> float:
        return 20 if size < 1000 else 19.7 if size < 2000 else 19.6

    def yearly(size: int, rate: float = 0.2, demand: float = 3600) -> float:
        return price(size) * demand + demand / size * 200 + rate * price(size) * size / 2

    costs = {size: yearly(size) for size in range(1, 4001)}
    assert min(costs, key=lambda size: costs[size]) == 1000
    assert min(range(1, 1000), key=lambda size: costs[size]) == 600
    assert [costs[size] for size in (600, 1000, 2000)] == pytest.approx([74400, 73610, 74840])
    assert costs[600] - costs[1000] == pytest.approx(790)
    assert pytest.approx((70920, 720, 1970)) == (3600 * 19.7, 720000 / 1000, 0.1 * 19.7 * 1000)
    assert pytest.approx((70560, 360, 3920)) == (3600 * 19.6, 720000 / 2000, 0.1 * 19.6 * 2000)
    assert 720 + 1970 == 2690
    assert 360 + 3920 == 4280
    assert costs[600] - 72000 == pytest.approx(2400)
    for unit, stationary in ((20, 600), (19.7, 605), (19.6, 606)):
        assert math.sqrt(2 * 3600 * 200 / (0.2 * unit)) == pytest.approx(stationary, abs=0.5)
    q = sp.Symbol("q", positive=True)
    assert same(sp.diff(720000 / q + 2 * q, q, 2), 1440000 / q**3)
    i = sp.Symbol("i", positive=True)
    balance = (
        72000 + sp.sqrt(2 * 3600 * 200 * 20 * i) - (3600 * Q(197, 10) + 720 + Q(197, 10) * 500 * i)
    )
    assert float(sp.nsolve(balance, i, 0.4)) == pytest.approx(0.366, abs=5e-4)
    richer = [min(yearly(size, demand=3960) for size in range(1, 1000)), yearly(1000, demand=3960)]
    assert richer[0] - richer[1] == pytest.approx(943, abs=0.5)


def finish(order: Sequence[int], baking: Sequence[int], decorating: Sequence[int]) -> list[int]:
    """Return the minutes at which decorating ends, in processing order."""
    baked = done = 0
    ends: list[int] = []
    for job in order:
        baked += baking[job]
        done = max(baked, done) + decorating[job]
        ends.append(done)
    return ends


def test_mod_two_stage_shop_01() -> None:
    """The plan takes 520 minutes; 400, the least of all 720 orders, saves 360 yuan of overtime."""
    baking, decorating = [90, 50, 80, 60, 40, 30], [60, 20, 50, 90, 80, 70]
    assert finish(range(6), baking, decorating) == [150, 170, 270, 370, 450, 520]
    best = [5, 4, 3, 0, 2, 1]
    assert finish(best, baking, decorating) == [100, 180, 270, 330, 380, 400]
    totals = [finish(order, baking, decorating)[-1] for order in itertools.permutations(range(6))]
    assert (len(totals), min(totals), totals.count(400)) == (720, 400, 18)
    assert (min(baking), sum(decorating)) == (30, 370)
    assert 3 * (520 - 380) - 3 * (400 - 380) == 420 - 60 == 360
    for job in range(6):
        slower = [time + 10 * (job == other) for other, time in enumerate(decorating)]
        assert finish(best, baking, slower)[-1] == 410
    for extra, total in ((30, 400), (31, 401)):
        assert finish(best, [90 + extra, *baking[1:]], decorating)[-1] == total


def test_mod_vaccination_01() -> None:
    """R0 is 3.6, the supply leaves 1.656, contacts must fall by 39.61 %; a simulation agrees."""
    basic = Q(45, 100) * 8
    assert basic == Q(36, 10)
    assert float(1 - 1 / basic) == pytest.approx(0.7222, abs=5e-5)
    assert (1 - 1 / basic) / Q(9, 10) == Q(65, 81)
    assert float(Q(65, 81)) == pytest.approx(0.80247, abs=5e-6)
    assert Q(65, 81) > Q(6, 10)
    left = 1 - Q(9, 10) * Q(6, 10)
    assert (left, basic * left) == (Q(46, 100), Q(1656, 1000))
    least = 1 - 1 / (basic * left)
    assert float(least) == pytest.approx(0.396135, abs=5e-7)
    assert float(1 - least) == pytest.approx(0.60386, abs=5e-6)
    weaker = basic * (1 - Q(8, 10) * Q(6, 10))
    assert weaker == Q(1872, 1000)
    assert float(1 - 1 / weaker) == pytest.approx(0.46581, abs=5e-6)
    assert float(1 - 1 / weaker - least) == pytest.approx(0.07, abs=5e-4)
    assert float((1 - 1 / basic) / Q(8, 10)) == pytest.approx(0.9028, abs=5e-5)
    for cut, grows in ((float(least) - 0.01, True), (float(least) + 0.01, False)):
        susceptible, infected = 0.46, 1e-6
        for _ in range(400):
            new = 0.45 * (1 - cut) * susceptible * infected * 0.05
            susceptible, infected = susceptible - new, infected + new - infected / 8 * 0.05
        assert (infected > 1e-6) is grows


def test_mod_depot_site_01() -> None:
    """The weighted median drives 960 km a day, the centre of gravity 1020: 90 yuan apart."""
    estates = [(11, 5, 65), (5, 1, 30), (1, 10, 10), (0, 6, 25), (8, 11, 35)]

    def along(
        axis: int, at: float, orders: Sequence[tuple[int, int, int]] = tuple(estates)
    ) -> float:
        return sum(estate[2] * abs(estate[axis] - at) for estate in orders)

    total = sum(weight for *_, weight in estates)
    gravity = [sum(e[2] * e[axis] for e in estates) / total for axis in (0, 1)]
    assert (total, gravity) == (165, [7, 6])
    grid = [step / 4 for step in range(49)]
    assert min(grid, key=lambda at: along(0, at)) == 8
    assert min(grid, key=lambda at: along(1, at)) == 5
    assert (along(0, 8), along(1, 5), along(0, 7) + along(1, 6)) == (555, 405, 1020)
    assert Q(3, 2) * (1020 - 960) == 90
    assert (Q(3, 2) * 960, Q(3, 2) * 1020) == (1440, 1530)
    assert list(itertools.accumulate(w for _, w in sorted((e[0], e[2]) for e in estates)))[:4] == [
        25,
        35,
        65,
        100,
    ]
    assert list(itertools.accumulate(w for _, w in sorted((e[1], e[2]) for e in estates)))[:2] == [
        30,
        95,
    ]
    for weight, best in ((99, 8), (101, 11)):
        assert min(grid, key=lambda at: along(0, at, [(11, 5, weight), *estates[1:]])) == best
    for weight, best in ((41, 5), (39, 6)):
        assert min(grid, key=lambda at: along(1, at, [(11, 5, weight), *estates[1:]])) == best


def test_mod_bike_fleet_01() -> None:
    """The chain settles at (3/8, 3/8, 1/4); plan two moves 24 bikes a night and saves 64 yuan."""
    shares = sp.Matrix([[6, 3, 1], [2, 5, 3], [3, 3, 4]]) / 10
    settled = sp.Matrix([[Q(3, 8), Q(3, 8), Q(1, 4)]])
    assert settled * shares == settled
    assert set(shares.eigenvals()) == {1, Q(1, 5), Q(3, 10)}
    assert np.allclose(
        np.linalg.matrix_power(np.array(shares, dtype=float), 60)[0], [0.375, 0.375, 0.25]
    )
    needs = sp.Matrix([[120, 180, 100]])
    fleets = [needs[j] / settled[j] for j in range(3)]
    assert fleets == [320, 480, 400]
    after = needs * shares
    assert list(after) == [138, 156, 106]
    moved = needs[1] - after[1]
    assert moved == (after[0] - needs[0]) + (after[2] - needs[2]) == 24
    plan_one, plan_two = 2 * max(fleets), 2 * sum(needs) + 4 * moved
    assert (plan_one, plan_two, plan_one - plan_two) == (960, 896, 64)
    assert 4 * moved == 96
    assert (plan_one - 2 * sum(needs)) / moved == Q(20, 3)


def test_mod_fresh_order_01() -> None:
    """An order of 160 earns most, 2010; the mean order earns 2005, and 180 is best alone."""
    d, q = sp.symbols("d q", positive=True)

    def expected(low: sp.Expr, high: sp.Expr) -> sp.Expr:
        return sp.expand((sp.integrate(low, (d, 80, q)) + sp.integrate(high, (d, q, 220))) / 140)

    profit = expected(25 * d - 10 * q + 4 * (q - d), 25 * d - 10 * q - 18 * (d - q))
    assert same(25 * d - 10 * q - 18 * (d - q), 7 * d + 8 * q)
    assert same(25 * d - 10 * q + 4 * (q - d), 21 * d - 6 * q)
    assert same(7 * d + 8 * q, 15 * d - 8 * (d - q))
    assert same(21 * d - 6 * q, 15 * d - 6 * (q - d))
    assert same(profit, 730 + 16 * q - q**2 / 20)
    assert sp.solve(sp.diff(profit, q), q) == [160]
    assert sp.diff(profit, q, 2) == Q(-1, 10)
    assert (profit.subs(q, 160), profit.subs(q, 150)) == (2010, 2005)
    short, over = sp.integrate(d - q, (d, q, 220)) / 140, sp.integrate(q - d, (d, 80, q)) / 140
    assert (short.subs(q, 160), over.subs(q, 160)) == (Q(90, 7), Q(160, 7))
    assert 8 * Q(90, 7) + 6 * Q(160, 7) == 240 == 15 * 150 - 2010
    assert [float(n) for n in (Q(90, 7), Q(160, 7), 8 * Q(90, 7), 6 * Q(160, 7))] == pytest.approx(
        [12.86, 22.86, 102.86, 137.14], abs=5e-3
    )
    assert sp.solve(8 * (220 - q) - 6 * (q - 80), q) == [160]
    assert Q(160 - 80, 140) == Q(8, 8 + 6) == Q(4, 7)
    assert sp.solve(sp.diff(expected(25 * d - 10 * q + 4 * (q - d), 15 * q), q), q) == [180]
    assert Q(15, 15 + 6) == Q(5, 7)
    sample = np.linspace(80, 220, 140_001)
    mean = {
        o: np.mean(
            25 * sample - 10 * o - 18 * np.maximum(sample - o, 0) + 4 * np.maximum(o - sample, 0)
        )
        for o in (155, 160, 165)
    }
    assert mean[160] == pytest.approx(2010, abs=0.01)
    assert max(mean, key=lambda order: mean[order]) == 160


def test_mod_fishery_01() -> None:
    """The largest catch earns 1080000 at stock 500, the best stock 600 earns 72000 more."""
    growth = Q(8, 10) * x * (1 - x / 1000)
    net = 9000 - 1800000 / x
    profit = sp.expand(sp.simplify(net * growth))
    assert same(profit, -Q(72, 10) * x**2 + 8640 * x - 1440000)
    assert same(profit, Q(72, 10) * (x - 200) * (1000 - x))
    assert sp.solve(sp.diff(growth, x), x) == [500]
    assert (growth.subs(x, 500), net.subs(x, 500), profit.subs(x, 500)) == (200, 5400, 1080000)
    assert sp.solve(sp.diff(profit, x), x) == [600]
    assert (growth.subs(x, 600), net.subs(x, 600), profit.subs(x, 600)) == (192, 6000, 1152000)
    assert profit.subs(x, 600) - profit.subs(x, 500) == 72000
    assert max(profit.subs(x, stock) for stock in range(50, 1000, 10)) == 1152000
    effort = growth.subs(x, 600) / 600
    assert effort == Q(32, 100)
    strength = sp.Symbol("strength", positive=True)
    stock = 1000 - 1250 * strength
    assert same((9000 * stock - 1800000) * strength, 7200000 * strength - 11250000 * strength**2)
    assert same(growth.subs(x, stock), strength * stock)
    assert sp.diff(growth - effort * x, x).subs(x, 600) == Q(-48, 100)
    assert sp.diff(growth - 192, x).subs(x, 600) == Q(-16, 100)
    dearer = sp.simplify((9000 - 3600000 / x) * growth)
    assert dearer.subs(x, 400) == 0
    assert sp.solve(sp.diff(dearer, x), x) == [700]
    assert sp.solve(sp.diff(sp.simplify((10000 - 1800000 / x) * growth), x), x)[0] < 600
