"""Independent checks of the university problems: each answer and each identity shown is computed anew.

SymPy, mpmath or numpy do the work; angles are in radians, lengths and times in the unit of the statement. The scorer is
never called.
"""

from __future__ import annotations

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
    assert same(matrix.charpoly(s).as_expr(), s**2 - 7 * s + 10)
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
