"""Check a problem by its own worked solutions: altered in known ways, they must score so.

Five checks: a worked solution gets full marks; the answer alone shows at most one step and is
flagged as a guess; leaving out the block of a step loses exactly that step; a wrong number turns
the step it stands in from done; the statement itself shows nothing. `expression_errors` checks the
formulas that the evidence is written in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from problems.evidence import EqEvidence, ValueEvidence
from problems.schema import Problem, Solution
from problems.validator import leaves
from scoring.compiled_problem import compile_problem
from scoring.formulas.lexer import tokenise
from scoring.numeric.evaluation import Evaluation
from scoring.score import Score, StepVerdict, score_text
from scoring.steps.patterns import PatternCompiler
from scoring.text.normalise import normalise

KINDS = ("full", "answer_only", "deletion", "wrong_number", "statement")
#: A step may be shown in several places; at most this many are altered.
MAX_PLACES = 6
_NUMBER = re.compile(r"(?<![\w.\\])\d+(?:\.\d+)?(?![\w.]*\})|(?<=[-+*/=({ ])\d+")


@dataclass(frozen=True, slots=True)
class MutationCheck:
    """One altered text: ``held`` where it scored as it should, ``detail`` what it did instead."""

    kind: str
    solution_id: str
    step_id: str | None
    held: bool
    detail: str = ""

    @property
    def sentence(self) -> str:
        """The check in words."""
        where = " ".join(
            part
            for part in (self.kind.replace("_", " "), self.solution_id, self.step_id or "")
            if part
        )
        return f"{where}: {self.detail or 'holds'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationReport:
    """All checks of one problem."""

    problem_id: str
    checks: tuple[MutationCheck, ...]

    @property
    def failures(self) -> tuple[MutationCheck, ...]:
        """The checks that did not hold."""
        return tuple(check for check in self.checks if not check.held)

    def count(self, kind: str) -> tuple[int, int]:
        """Return how many checks of a kind there were and how many held."""
        chosen = [check for check in self.checks if check.kind == kind]
        return len(chosen), sum(check.held for check in chosen)


def mutation_report(problem: Problem) -> MutationReport:
    """Run every check on every worked solution of a problem."""
    checks: list[MutationCheck] = []
    for solution in problem.solutions:
        checks.append(_full(problem, solution))
        checks.extend(_answer_only(problem, solution))
        checks.extend(_deletions(problem, solution))
        checks.extend(_wrong_numbers(problem, solution))
    checks.extend(_statements(problem))
    return MutationReport(problem_id=problem.id, checks=tuple(checks))


def expression_errors(problem: Problem) -> tuple[str, ...]:
    """Return a sentence for each formula of the evidence or the answer that cannot be read.

    An equation between two purely numerical sides must also be true.
    """
    symbols = compile_problem(problem).symbols
    compiler = PatternCompiler(problem, symbols, Evaluation(symbols.points, free=True))
    errors: list[str] = []
    for path in problem.paths:
        for step in path.steps:
            where = f"path {path.id}, step {step.id}"
            for leaf in leaves(step.evidence):
                if isinstance(leaf, EqEvidence) and leaf.form != "text":
                    errors.extend(f"{where}: {fault}" for fault in _eq_faults(compiler, leaf))
                elif isinstance(leaf, ValueEvidence) and symbols.read(leaf.value) is None:
                    errors.append(f"{where}: the value {leaf.value!r} cannot be read")
    return tuple(errors)


def _eq_faults(compiler: PatternCompiler, leaf: EqEvidence) -> list[str]:
    symbols, links = compiler.symbols, compiler.eq(leaf).links
    chains = symbols.chains(leaf.eq)
    written = sum(
        token.kind != "nl"
        for token in tokenise(normalise(leaf.eq).text, symbols.arrays, maths=True)
    )
    read = sum(len(side.tokens) for chain in chains for side in chain.sides) + sum(
        len(c.relations) for c in chains
    )
    if (
        not links
        or len(chains) != 1
        or (read != written and "∈" not in leaf.eq and "\\in" not in leaf.eq)
    ):
        return [
            f"the relation {leaf.eq!r} cannot be read; write it otherwise or give it form: text"
        ]
    tolerance = leaf.tol or 1e-6
    return [
        f"the numerical relation {leaf.eq!r} is false"
        for link in links
        if link.relation == "=" and not link.names and link.gap is not None and not link.empty
        and abs(link.gap[0]) > tolerance * max(1.0, abs((link.right.row or (1.0,))[0]))
    ]  # fmt: skip


def _done(score: Score) -> list[str]:
    return [step.step_id for step in score.steps if step.verdict == "done"]


def _full(problem: Problem, solution: Solution) -> MutationCheck:
    score = score_text(problem, solution.text)
    faults = []
    if score.steps_done < score.steps_total:
        lost = [f"{s.step_id} ({s.verdict})" for s in score.steps if s.verdict != "done"]
        faults.append(
            f"{score.steps_done} of {score.steps_total} steps on path {score.path_id}, "
            f"not {', '.join(lost)}"
        )
    if score.answer_correct is False:
        faults.append(f"the answer {score.answer_text!r} counts as wrong")
    return MutationCheck("full", solution.id, None, held=not faults, detail="; ".join(faults))


def _answer_only(problem: Problem, solution: Solution) -> list[MutationCheck]:
    last = solution.blocks[-1]
    if last.step is not None:
        return []
    score = score_text(problem, last.text)
    faults = []
    if score.steps_done > 1:
        faults.append(f"the answer alone shows {', '.join(_done(score))}")
    if score.answer_correct and not score.guess_suspected:
        faults.append("the answer alone is not flagged as a guess")
    if score.answer_correct is False:
        faults.append(f"the answer {score.answer_text!r} counts as wrong")
    return [
        MutationCheck("answer_only", solution.id, None, held=not faults, detail="; ".join(faults))
    ]


def _deletions(problem: Problem, solution: Solution) -> list[MutationCheck]:
    checks = []
    full = _done(score_text(problem, solution.text, path_id=solution.path))
    for step in [step.id for step in problem.path(solution.path).steps]:
        if not any(block.step == step for block in solution.blocks):
            continue
        score = score_text(problem, solution.without(step), path_id=solution.path)
        left = _done(score)
        lost = [name for name in full if name not in left]
        detail = ""
        if step in left:
            shown = next(verdict for verdict in score.steps if verdict.step_id == step)
            detail = f"still done by {shown.evidence_text[:60]!r} ({shown.reason})"
        elif lost != [step]:
            detail = f"loses {', '.join(lost)}"
        checks.append(
            MutationCheck("deletion", solution.id, step, held=lost == [step], detail=detail)
        )
    return checks


def _wrong_numbers(problem: Problem, solution: Solution) -> list[MutationCheck]:
    """Make the last number wrong wherever the text shows a step; see whether it is still done."""
    checks = []
    for step in [step.id for step in problem.path(solution.path).steps]:
        text, now = solution.text, _verdict_on(problem, solution, step, solution.text)
        altered = 0
        while (
            now.verdict == "done"
            and altered < MAX_PLACES
            and (last := _last_number(text, now)) is not None
        ):
            text = text[: last.start()] + _other_number(last.group()) + text[last.end() :]
            now, altered = _verdict_on(problem, solution, step, text), altered + 1
        if altered:
            held = now.verdict != "done"
            detail = "" if held else f"still done by {now.evidence_text[:60]!r} ({now.reason})"
            checks.append(
                MutationCheck("wrong_number", solution.id, step, held=held, detail=detail)
            )
    return checks


def _verdict_on(problem: Problem, solution: Solution, step: str, text: str) -> StepVerdict:
    verdicts = score_text(problem, text, path_id=solution.path).steps
    return next(v for v in verdicts if v.step_id == step)


def _last_number(text: str, verdict: StepVerdict) -> re.Match[str] | None:
    assert verdict.start is not None
    assert verdict.end is not None
    found = list(_NUMBER.finditer(text, verdict.start, verdict.end))
    return found[-1] if found else None


def _other_number(written: str) -> str:
    """Return a nearby wrong number in the same style."""
    digit = int(written[-1])
    return written[:-1] + str(digit + 1 if digit < 9 else 4)


def _statements(problem: Problem) -> list[MutationCheck]:
    checks = []
    for lang, statement in problem.statement.items():
        done = _done(score_text(problem, statement))
        checks.append(
            MutationCheck(
                "statement",
                lang,
                None,
                held=not done,
                detail=f"the statement alone shows {', '.join(done)}" if done else "",
            )
        )
    return checks
