"""Exact algebra for tests that compute the shipped problems anew."""

from __future__ import annotations

import sympy as sp


def same(left: sp.Expr, right: sp.Expr) -> bool:
    """Return whether two expressions are identical after simplification."""
    return bool(sp.simplify(left - right) == 0)


def roots(polynomial: sp.Expr, variable: sp.Symbol) -> set[sp.Expr]:
    """Return the exact real roots of a polynomial."""
    return set(sp.solveset(polynomial, variable, sp.S.Reals))
