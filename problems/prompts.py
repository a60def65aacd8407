"""Prompt styles: the same statement asked plainly or with the demand to derive every step."""

from __future__ import annotations

import hashlib

from problems.errors import ProblemError
from problems.schema import Problem

PROMPT_STYLES = ("plain", "stepwise")

_SYSTEM = {
    "plain": {
        "zh": "你是一名数学助手。",
        "en": "You are a mathematics assistant.",
    },
    "stepwise": {
        "zh": (
            "你是一名严谨的数学老师。请逐步推导：每一步先写出所用的定理、公式或定义，再写出由它得到的式子。"
            "不得跳步，不得只写结论；推导完成后，另起一行写出最终答案。"
        ),
        "en": (
            "You are a careful mathematics teacher. Derive the result step by step: in each step "
            "name the theorem, formula or definition you use and then write what follows from it. "
            "Skip no step and never state a bare "
            "conclusion; after the derivation, write the final answer on a line of its own."
        ),
    },
}
_REQUEST = {
    "plain": {
        "zh": "请给出最终答案，写成“答案：……”。",
        "en": 'Give the final answer in the form "Answer: ...".',
    },
    "stepwise": {
        "zh": "请按步骤编号作答，每一步注明依据，最后一行写“答案：……”。",
        "en": 'Number the steps, give the reason for each one, and end with a line "Answer: ...".',
    },
}


def render_prompt(problem: Problem, style: str, language: str) -> tuple[tuple[str, str], ...]:
    """Return the messages as (role, content) pairs for a style and a language (zh or en).

    The styles are `PROMPT_STYLES`.

    Raises `ProblemError` where the style is unknown or the problem has no statement in that
    language.
    """
    if style not in PROMPT_STYLES:
        raise ProblemError(
            f"unknown prompt style {style!r}; the styles are {', '.join(PROMPT_STYLES)}"
        )
    if language not in problem.statement or language not in _REQUEST[style]:
        raise ProblemError(
            f"the problem {problem.id} has no statement in the language {language!r}"
        )
    statement = problem.statement[language].strip()
    return (
        ("system", _SYSTEM[style][language]),
        ("user", f"{statement}\n\n{_REQUEST[style][language]}"),
    )


def prompt_version(style: str, language: str) -> str:
    """Return a hash of what a style adds to every statement: 12 hexadecimal digits."""
    said = "\n\n".join((_SYSTEM[style][language], _REQUEST[style][language]))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def without_system(turns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the turns for a model without a system turn: what it says begins the user's."""
    said = [content for role, content in turns if role == "system"]
    rest = [(role, content) for role, content in turns if role != "system"]
    if not said or not rest:
        return turns
    (role, content), *others = rest
    return ((role, "\n\n".join([*said, content])), *others)
