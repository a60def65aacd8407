"""Problems with a reference answer alone, as the importers make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from problems.importers.making import plain_number, read_answer
from problems.schema import SCHEMA, Problem

_EVIDENCE = [{"id": "a", "describe": {"en": "x"}, "evidence": {"value": "1"}}]


def problem(answer: Mapping[str, Any], statement: str = "Solve.") -> Problem:
    """Return a problem that has this statement and this reference answer."""
    language = "zh" if re.search("[一-鿿]", statement) else "en"
    return Problem.from_dict(
        {
            "schema": SCHEMA,
            "level": "secondary",
            "id": "pair",
            "problem": {language: statement},
            "answer": dict(answer),
            "paths": [{"id": "answer", "steps": _EVIDENCE}],
        }
    )


def value(
    reference: str, statement: str = "Solve.", *, kind: str = "value", unit: str = ""
) -> Problem:
    """Return a problem with one reference answer."""
    return problem({"kind": kind, "any_of": [reference], "unit": unit or None}, statement)


def imported(pair: Mapping[str, Any]) -> Problem:
    """Return the problem that an importer makes of a reference; raises where it refuses it."""
    name, reference = pair["importer"], pair["reference"]
    if name in ("gsm8k", "mgsm_zh", "cmath"):
        number = reference.replace("####", "").strip()
        plain = number if "/" in number else plain_number(number)
        answer: Mapping[str, Any] = {"kind": "value", "any_of": [plain]}
    elif name == "yaml":
        answer = {"kind": pair["kind"] or "value", "any_of": [reference], "unit": pair["unit"]}
    elif name == "gaokao" and re.fullmatch(r"[A-H、,，\s]{1,12}", reference):
        answer = {"kind": "choice", "any_of": [reference]}
    else:
        answer = read_answer(reference)
    return problem(answer, pair["statement"])
