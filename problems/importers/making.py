"""Build problem documents from what data sets have: answers in LaTeX, prose, no steps."""

from __future__ import annotations

import re
from typing import Any

from problems.errors import ProblemError
from problems.evidence import MAX_PATTERN
from problems.schema import SCHEMA, Problem

NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)?(?:\.\d+)?")
_GROUPED = re.compile(r"(?<![\d.(\[{,])\d{1,3}(?:,\s*(?:\\!\s*)+\d{3}|,\d{3})+(?![\d,])")
_CHOICE = re.compile(r"\\(?:text|mathrm|textbf)\{\s*\(?([A-H])\)?\s*\}|\(([A-H])\)")
_RELATION = re.compile(r"=|<|>|\\(?:le|ge|leq|geq|leqslant|geqslant|lt|gt|neq|ne|in)(?![A-Za-z])")
_INTERVAL = re.compile(r"[\[(].*,.*[\])]", re.DOTALL)
ANSWER_STEP = {
    "zh": "给出正确的最终答案（该数据集没有步骤）",
    "en": "state the right final answer (this set has no steps)",
}
_TEXT = re.compile(r"\\(?:text|mathrm|mbox|textbf)\{([^{}]*)\}")
#: Between two boxes of one answer.
_JOINED = re.compile(
    r"[\s$,;\\()\[\]]*(?:(?:\\text\{\s*)?(?:and|or)(?:\s*\})?)?[\s$,;\\()\[\]]*(?:[A-Za-z]\s*=\s*)?"
)
_SIZE = re.compile(r"\\(?:left|right)(?![A-Za-z])")
MAX_STEPS = 20


def make_problem(document: dict[str, Any]) -> Problem:
    """Return the problem of a document, with the schema's name filled in. Raise `ProblemError`."""
    return Problem.from_dict({"schema": SCHEMA, "level": "secondary", **document})


def plain_number(written: str) -> str:
    """Return a number without currency, a plus and grouping commas; it keeps its percent sign.

    Raise `ProblemError` for anything else.
    """
    bare = written.strip().strip("$¥").strip()
    bare = bare[1:] if re.match(r"\+[\d.]", bare) else bare
    sign = "%" if bare.endswith("%") else ""
    bare = bare.removesuffix("%").strip()
    if not bare or bare == "-" or NUMBER.fullmatch(bare) is None:
        raise ProblemError(f"the answer {written.strip()!r} is not a number")
    return bare.replace(",", "") + sign


def last_box(solution: str) -> str | None:
    r"""Return what stands in the last ``\boxed{...}`` or ``\fbox{...}``, or None.

    Boxes that only joining words part are one answer, its parts joined by commas.
    """
    found: list[tuple[int, int, str]] = []
    for box in re.finditer(r"\\(?:boxed|fbox)\s*\{", solution):
        depth, at = 1, box.end()
        while at < len(solution) and depth:
            if solution[at] == "\\":
                at += 2
                continue
            depth += {"{": 1, "}": -1}.get(solution[at], 0)
            at += 1
        if not depth:
            found.append((box.start(), at, solution[box.end() : at - 1].strip()))
    if not found:
        return None
    first = len(found) - 1
    while first and _JOINED.fullmatch(solution, found[first - 1][1], found[first][0]):
        first -= 1
    return ", ".join(inside for _, _, inside in found[first:])


def read_answer(written: str) -> dict[str, Any]:
    """Return the answer part of a document for an answer in LaTeX: its form shows its kind."""
    bare = _GROUPED.sub(
        lambda found: re.sub(r",|\\!|\s", "", found.group()),
        (last_box(written) or written).strip().strip("$"),
    )
    bare = bare.replace("\\!", "").replace("\\dfrac", "\\frac").replace("\\$", "").strip()
    if not bare:
        raise ProblemError("the answer is empty")
    choice = _CHOICE.fullmatch(bare)
    if choice is not None:
        return {"kind": "choice", "any_of": [choice[1] or choice[2]]}
    percent = re.fullmatch(r"(.*?)\s*\\?%", bare)
    if percent is not None and NUMBER.fullmatch(percent[1]):
        return {"kind": "value", "any_of": [f"{percent[1]}%"]}
    if NUMBER.fullmatch(bare):
        return {"kind": "value", "any_of": [bare]}
    if "\\cup" in bare or (
        _INTERVAL.fullmatch(bare) and (bare[0] == "[" or bare[-1] == "]" or "infty" in bare)
    ):
        return {"kind": "interval", "any_of": [bare]}
    if _RELATION.search(bare):
        return {"kind": "relation", "any_of": [bare]}
    return {"kind": "set" if len(split_list(bare)) > 1 else "expr", "any_of": [bare]}


def split_list(written: str) -> list[str]:
    """Split at the commas outside of all brackets."""
    parts, depth = [""], 0
    for character in written:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def answer_only_path(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the path of a problem whose source has no steps: its one step is to state the answer.

    So ``score7`` of such a set is seven times its answer accuracy; it is silent on derivations.
    """
    written = str(answer["any_of"][0])
    evidence: dict[str, Any]
    if answer["kind"] == "choice":
        evidence = {"regex": rf"(?<![A-Za-z]){written}(?![A-Za-z])"}
    elif answer["kind"] == "relation":
        evidence = {
            "any_of": [
                {"eq": written, "form": "text"},
                {"value": written.rpartition("=")[2].strip() or written},
            ]
        }
    elif answer["kind"] == "set":
        evidence = {"all_of": [{"value": part} for part in split_list(written)]}
    elif NUMBER.fullmatch(written.removesuffix("%")):
        number = written.removesuffix("%")
        evidence = {"any_of": [{"value": number}, {"value": f"{number}%"}]}
    else:
        evidence = {"any_of": [{"value": written}, *_as_written(written)]}
    return {
        "id": "answer",
        "steps": [{"id": "answer", "describe": ANSWER_STEP, "evidence": evidence}],
    }


def _as_written(answer: str) -> list[dict[str, Any]]:
    """Return the pattern of an answer as written, spaces and sizes aside, unless it is too long."""
    bare = _SIZE.sub("", _TEXT.sub(r"\1", answer))
    pattern = " ?".join(re.escape(part) for part in re.findall(r"\\[A-Za-z]+|\S", bare))
    return [{"regex": pattern}] if 0 < len(pattern) <= MAX_PATTERN else []


def prose_solution(solution: str, language: str, path: str, step: str) -> dict[str, Any]:
    """Return a worked solution of a single block."""
    return {
        "id": "source",
        "lang": language,
        "path": path,
        "blocks": [{"step": step, "text": solution}],
    }
