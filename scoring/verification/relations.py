"""Check one relation of a step against what stands before it, by computation alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scoring.formulas.rewriting import substitute
from scoring.formulas.tree import (
    BigOperator,
    Binary,
    Call,
    Constant,
    Function,
    Index,
    Node,
    Number,
    Variable,
    names_of,
    walk,
)
from scoring.numeric.compare import Row, close, constant, factor
from scoring.numeric.evaluation import Evaluation
from scoring.steps.mistakes import is_worked_out_form
from scoring.verification.marks import Finding
from scoring.verification.precision import is_arithmetic, read_otherwise, same_number, value_of
from scoring.verification.premises import Equation, Premises, free_names
from scoring.verification.unknowns import Unknowns

#: Relative error of a numerical derivative or integral that still says nothing.
NUMERICAL = 1e-4
#: Steps back in which the equation stands that a step transforms.
REACH = 2
#: Step off the real line for a derivative.
STEP = 1e-20


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Two neighbouring sides of a chain and what stands around them."""

    raw_left: Node
    left: Node
    right: Node
    relation: str
    #: The first side of the chain, where others stand before the left one.
    head: Node | None
    #: All sides of the chain that can be read.
    sides: tuple[Node, ...]
    step: int
    #: Whether the step is drawn from the one before it, or follows a relation in the same step.
    concludes: bool
    #: Whether the text names a condition, so that roots may be left out.
    conditional: bool
    #: Whether the text only supposes something, or gives an example: what stands before it does
    #: not bind it.
    supposed: bool
    left_text: str
    right_text: str


CONSISTENT = Finding(mark="consistent", reason="computed")


class RelationChecker:
    """Checks the relations of one answer in order."""

    def __init__(
        self,
        premises: Premises,
        evaluation: Evaluation,
        unknowns: Unknowns,
        scalars: frozenset[str],
    ) -> None:
        self._premises = premises
        self._evaluation = evaluation
        self._unknowns = unknowns
        self._scalars = scalars
        #: Decimals that stand for other numbers.
        self.rounded: frozenset[float] = frozenset()

    def check(self, link: Link) -> Finding | None:
        """Return what computation says of a relation; None where it says nothing."""
        if link.relation in ("<", "≤", ">", "≥"):
            return self._order(link)
        if link.relation not in ("=", "≈", "≡"):
            return None
        if not free_names(link.left) and not free_names(link.right):
            return self._numbers(link.left, link.right, link)
        alone = (self._identity, self._worked_out)
        bound = (
            self._derivative, self._put_in, self._formula, self._solution, self._transformed,
        )  # fmt: skip
        free = not link.supposed and not self._premises.ambiguous(link.left, link.right)
        for check in (*alone, *bound) if free else alone:
            finding = check(link)
            if finding is not None:
                return finding
        return None

    def _order(self, link: Link) -> Finding | None:
        if not is_arithmetic(link.left) or not is_arithmetic(link.right):
            return None
        a, b = self._constant(link.left), self._constant(link.right)
        if a is None or b is None or abs(a - b) <= 1e-6 * max(1.0, abs(a)):
            return None
        holds = (a < b) == (link.relation in ("<", "≤"))
        return CONSISTENT if holds else self._wrong(link, f"{a:.6g} and {b:.6g} stand otherwise")

    def _numbers(self, left: Node, right: Node, link: Link) -> Finding | None:
        """Compare two constants as displayed."""
        if isinstance(left, Constant) or isinstance(right, Constant) or _endless(left, right):
            return None
        lone = isinstance(left, Number) and isinstance(right, Number)
        if lone and link.relation != "≈" and left != right:
            return None  # a label, a table cell or a broken formula
        same = same_number(left, right, link.relation, self.rounded, self._evaluation)
        if same is None:
            return None
        if same:
            return CONSISTENT
        a, b = value_of(left, self._evaluation), value_of(right, self._evaluation)
        if a is None or b is None or _percent(left, right, a, b):
            return None
        exact = is_arithmetic(left) and is_arithmetic(right)
        if not exact and self._both_readings(left, right, link):
            return self._wrong(link, f"{_said(a)} is not {_said(b)}")
        bare = not names_of(left) and not names_of(right)
        if not exact and (bare or abs(a - b) <= NUMERICAL * max(1.0, abs(a), abs(b))):
            return None
        return self._wrong(link, f"{_said(a)} is not {_said(b)}")

    def _both_readings(self, left: Node, right: Node, link: Link) -> bool:
        """Return whether two numbers differ however quotients of functions are read."""
        other = [read_otherwise(node) for node in (left, right)]
        if other == [left, right] or not all(map(is_arithmetic, other)):
            return False
        same = same_number(other[0], other[1], link.relation, self.rounded, self._evaluation)
        return same is False

    def _identity(self, link: Link) -> Finding | None:
        a, b = self._evaluation.row(link.left), self._evaluation.row(link.right)
        if a is not None and b is not None and link.left != link.right and close(a, b):
            return CONSISTENT
        return None

    def _worked_out(self, link: Link) -> Finding | None:
        """Refute two sides that differ although a chain says that they are forms of one thing."""
        a, b = self._evaluation.row(link.left), self._evaluation.row(link.right)
        if a is None or b is None or len(a) != len(b):
            return None
        names = names_of(link.left) | names_of(link.right)
        differ = f"{link.left_text} is not {link.right_text}"
        if names <= self._scalars and self._apart(a, b):
            return self._wrong(link, differ)
        tolerance = 0.02 if link.relation == "≈" else 6e-3 if _has_decimals(link) else 1e-8
        if not self._form(link, a, b):
            return None
        if close(a, b, tolerance):
            return CONSISTENT
        put = [self._premises.put_in(node) for node in (link.left, link.right)]
        if not any(free_names(node) for node in put) and (
            self._numbers(put[0], put[1], link) == CONSISTENT
        ):
            return CONSISTENT
        return None if self._explained(link, names) else self._wrong(link, differ)

    def _explained(self, link: Link, names: frozenset[str]) -> bool:
        """Return whether an equation before makes up for what two sides differ by."""
        gap = self._evaluation.row(Binary("sub", link.left, link.right))
        if gap is None:
            return False
        for equation in self._premises.equations:
            if equation.assigns or not equation.names <= names:
                continue
            other = self._evaluation.row(Binary("sub", equation.left, equation.right))
            if other is None or len(other) != len(gap) or all(map(_zero, other)):
                continue
            if factor(gap, other) is not None:
                return True
        return False

    def _apart(self, a: Row, b: Row) -> bool:
        """Return whether two expressions differ by one number, other than zero, everywhere."""
        gaps = tuple(x - y for x, y in zip(a, b, strict=True))
        size = max(1.0, *map(abs, a), *map(abs, b))
        return constant(gaps) and abs(gaps[0]) > 1e-6 * size and not constant(a)

    def _form(self, link: Link, a: Row, b: Row) -> bool:
        """Return whether both sides claim to be forms of one expression, whatever the unknowns."""
        names = names_of(link.left)
        if not names or names != names_of(link.right) or _atoms(link.left) != _atoms(link.right):
            return False
        if any(item.name == "abs" for item in _functions(link.left, link.right)):
            return False  # without its bars it holds on one side of zero
        for side in link.sides:
            if side in (link.left, link.right) or names_of(side) != names:
                continue
            row = self._evaluation.row(side)
            if row is not None and (close(row, a) or close(row, b)):
                return True
        if link.head is None or not is_worked_out_form(link.head, link.left, link.right):
            return False
        return names <= self._scalars or len(names) == 1 or self._premises.unbound(names)

    def _derivative(self, link: Link) -> Finding | None:
        """Compare a derivative with that of the function it is named after."""
        match link.raw_left:
            case Call(name, primes, Variable(letter)) if primes:
                body = self._premises.body_of(name)
            case Variable(name) if name.endswith("'"):
                bare = name.rstrip("'")
                body, primes = self._premises.body_of(bare), len(name) - len(bare)
                letter = "" if body is None else body[0]
            case _:
                return None
        if body is None or body[0] != letter or primes > 2:
            return None
        if free_names(link.right) - {letter}:
            return None
        return self._derived(body[1], Variable(letter), primes, link)

    def _derived(self, body: Node, letter: Variable, primes: int, link: Link) -> Finding | None:
        stated = self._evaluation.row(link.right)
        made = self._slope(body, letter) if primes == 1 else self._curvature(body, letter)
        if stated is None or made is None or len(made) != len(stated):
            return None
        if close(made, stated, NUMERICAL * 10):
            return CONSISTENT
        if constant(stated) and not constant(made):
            return None  # a condition
        return self._wrong(link, f"{link.left_text} is not {link.right_text}")

    def _slope(self, body: Node, letter: Variable, at: float = 0.0) -> Row | None:
        """Return the derivative by a step off the real line, which loses no digits."""
        off = Binary("mul", Number(STEP), Constant("i"))
        where = Binary("add", Binary("add", letter, Number(at)), off)
        row = self._evaluation.row(substitute(body, {letter: where}))
        real = self._evaluation.row(body)
        if row is None or real is None or any(abs(value.imag) > 1e-12 for value in real):
            return None
        return tuple(complex(value.imag / STEP) for value in row)

    def _curvature(self, body: Node, letter: Variable) -> Row | None:
        before, after = (self._slope(body, letter, at) for at in (-1e-4, 1e-4))
        if before is None or after is None:
            return None
        return tuple((b - a) / 2e-4 for a, b in zip(before, after, strict=True))

    def _put_in(self, link: Link) -> Finding | None:
        """Compare both sides with functions applied and known values put in."""
        own = frozenset((link.left,)) if isinstance(link.left, (Variable, Index)) else frozenset()
        left = self._premises.put_in(link.left, but=own)
        right = self._premises.put_in(link.right, but=own)
        if (left, right) == (link.left, link.right):
            return None
        if not free_names(left) and not free_names(right):
            return self._numbers(left, right, link)
        a, b = self._evaluation.row(left), self._evaluation.row(right)
        if a is not None and b is not None and left != right and close(a, b):
            return CONSISTENT
        return None

    def _formula(self, link: Link) -> Finding | None:
        """Compare a value with what the formula of its name gives."""
        if free_names(link.right) or not isinstance(link.left, (Variable, Index)):
            return None
        findings = []
        for formula in self._premises.formulas.get(link.left, ()):
            made = self._premises.put_in(formula, but=frozenset((link.left,)))
            if not free_names(made):
                findings.append(self._numbers(made, link.right, link))
        if any(finding == CONSISTENT for finding in findings):
            return CONSISTENT
        # A name with several values has them in several cases.
        sure = len(findings) == 1 and link.left in self._premises.values
        return findings[0] if sure else None

    def _solution(self, link: Link) -> Finding | None:
        """Compare an equation in one unknown with the last one in it by their roots."""
        left, right = self._premises.put_in(link.left), self._premises.put_in(link.right)
        if isinstance(link.left, (Variable, Index)):
            left, right = link.left, self._premises.put_in(link.right, but=frozenset((link.left,)))
        names = free_names(left) | free_names(right)
        if len(names) != 1 or isinstance(left, Index):
            return None
        (name,) = names
        own = self._unknowns.roots(left, right, name)
        if own is None or not own.all:
            return None
        assigns = isinstance(left, Variable) and not free_names(right)
        written = free_names(link.left) | free_names(link.right) == names
        for number, equation in enumerate(self._before(link, names)):
            if all(self._solves(root, equation, name) for root in own.all):
                earlier = self._unknowns.roots(equation.left, equation.right, name)
                lost = [] if earlier is None else [r for r in earlier.real if not own.hold(r)]
                last = number == 0 and written and equation.written
                if lost and last and not assigns and not link.conditional:
                    return Finding(
                        mark="needs_premise",
                        reason=f"the root {name} = {lost[0]:.6g} is lost: say why",
                    )
                return CONSISTENT
        before = next(iter(self._before(link, names)), None)
        if before is None or not link.concludes or before.step < link.step - 1:
            return None
        if not (written and before.written):
            return None
        if any(isinstance(item, Index) for node in (left, right) for item in walk(node)):
            return None
        solved = [self._solves(root, before, name) for root in own.all]
        if any(one is None or one for one in solved):
            return None
        return self._wrong(
            link, f"{link.left_text} = {link.right_text} does not solve the equation before it"
        )

    def _solves(self, root: complex, equation: Equation, name: str) -> bool | None:
        known = self._unknowns.roots(equation.left, equation.right, name)
        if known is not None:
            return known.hold(root)
        left = self._unknowns.residual(equation.left, equation.right, name, root)
        return None if left is None else left < NUMERICAL

    def _before(self, link: Link, names: frozenset[str]) -> list[Equation]:
        """Return the equations before a link in exactly these unknowns, the last one first."""
        found = []
        for equation in reversed(self._premises.equations):
            if equation.step >= 0 and equation.step < link.step - REACH:
                continue
            left, right = equation.left, equation.right
            written = equation.names == names
            if not written:
                left, right = self._premises.put_in(left), self._premises.put_in(right)
                if free_names(left) | free_names(right) != names:
                    continue
            if equation.assigns or (left, right) == (link.left, link.right):
                continue
            a, b = self._evaluation.row(left), self._evaluation.row(right)
            if a is None or b is None or not close(a, b):
                found.append(replace(equation, left=left, right=right, written=written))
        return found

    def _transformed(self, link: Link) -> Finding | None:
        """Compare an equation in several unknowns with those before it in the same ones."""
        names = free_names(link.left) | free_names(link.right)
        if len(names) < 2:
            return None
        own = self._evaluation.row(Binary("sub", link.left, link.right))
        if own is None:
            return None
        for number, equation in enumerate(self._before(link, names)):
            other = self._evaluation.row(Binary("sub", equation.left, equation.right))
            if other is None or len(other) != len(own):
                continue
            if not all(map(_zero, other)) and factor(own, other) is not None:
                return CONSISTENT
            for name in sorted(names):
                a = self._evaluation.root(link.left, link.right, name)
                b = self._evaluation.root(equation.left, equation.right, name)
                if a is not None and b is not None and close(a, b, 1e-7):
                    return CONSISTENT
            near = number == 0 and link.concludes and equation.step >= link.step - 1
            if near and _parallel(own, other):
                return self._wrong(link, "it contradicts the equation before it")
        return None

    def _constant(self, node: Node) -> float | None:
        row = self._evaluation.row(node)
        if row is None or not constant(row) or abs(row[0].imag) > 1e-9 * max(1.0, abs(row[0])):
            return None
        return row[0].real

    def _wrong(self, _link: Link, reason: str) -> Finding:
        return Finding(mark="wrong", reason=reason)


def _percent(left: Node, right: Node, a: complex, b: complex) -> bool:
    """Return whether a number of per cent is written without its sign: 100 x 0.2 = 20 %."""
    for one, x, y in ((right, a, b), (left, b, a)):
        if isinstance(one, Binary) and one.operator == "div" and one.right == Number(100.0):
            return abs(x - 100 * y) <= 1e-6 * max(1.0, abs(x))
    return False


def _endless(*nodes: Node) -> bool:
    """Return whether a sum or an integral without end stands in one of the expressions."""
    return any(
        isinstance(item, BigOperator) and Constant("inf") in walk(item)
        for node in nodes
        for item in walk(node)
    )


def _functions(*nodes: Node) -> list[Function]:
    return [item for node in nodes for item in walk(node) if isinstance(item, Function)]


def _atoms(node: Node) -> frozenset[Node]:
    """Return the indexed names and unknown functions of an expression, with what they stand at."""
    return frozenset(item for item in walk(node) if isinstance(item, (Index, Call)))


def _said(value: complex) -> str:
    """Return a number as a reason shows it."""
    if abs(value.imag) <= 1e-9 * abs(value):
        return f"{value.real:.6g}"
    return f"{value.real:.6g}{value.imag:+.6g}i"


def _zero(value: complex) -> bool:
    return abs(value) < 1e-12


def _has_decimals(link: Link) -> bool:
    return "." in link.left_text or "." in link.right_text


def _parallel(own: tuple[complex, ...], other: tuple[complex, ...]) -> bool:
    """Return whether two equations differ by a factor and a constant, so that none solves both."""
    slope = other[1] - other[0]
    if abs(slope) < 1e-6:
        return False
    k = (own[1] - own[0]) / slope
    if abs(k) < 1e-6:
        return False
    gaps = [a - k * b for a, b in zip(own, other, strict=True)]
    size = max(1.0, *(abs(value) for value in own))
    spread = max(abs(gap - gaps[0]) for gap in gaps)
    return spread <= 1e-8 * size and abs(gaps[0]) > 1e-6 * size
