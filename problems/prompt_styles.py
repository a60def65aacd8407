"""Prompt styles: one demand on the answer, in one wording or several, read from TOML files.

A style is named by its file. Its first wording has the style's name, e.g. ``stepwise``; the others
have their number behind it, e.g. ``stepwise/2``.
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from problems.errors import ProblemError
from problems.schema import Problem

SHIPPED = Path(__file__).parent / "prompts"
LANGUAGES = ("en", "zh")
#: Where a template takes the statement of the problem, exactly once in the user's turn.
STATEMENT = "{statement}"
MAX_FILE_BYTES = 100_000
MAX_WORDINGS = 20
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_NUMBERED = re.compile(r"(?P<style>.+)/(?P<number>[1-9][0-9]?)")
_KEYS = {"about", "wordings"}
#: Names that jobs without a prompt style have in its place.
_TAKEN = ("context", "instances", "judge", "pipeline", "sequences", "verify")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTemplate:
    """One wording of a style: the turns by language, with a place for the statement."""

    name: str
    #: By language; empty for a model that is sent the user's turn alone.
    system: Mapping[str, str]
    #: By language; each holds ``STATEMENT`` once.
    user: Mapping[str, str]

    @property
    def style(self) -> str:
        """The style that this is a wording of."""
        return style_of(self.name)

    @property
    def version(self) -> str:
        """SHA-256 of the words, in hexadecimal; the name plays no part."""
        words = {"system": dict(self.system), "user": dict(self.user)}
        written = json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready document."""
        return {"name": self.name, "system": dict(self.system), "user": dict(self.user)}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> PromptTemplate:
        """Read what `to_dict` wrote."""
        return cls(name=document["name"], system=document["system"], user=document["user"])

    def render(self, problem: Problem, language: str) -> tuple[tuple[str, str], ...]:
        """Return the turns as (role, content) pairs.

        Raises `ProblemError` where the template or the problem lacks the language.
        """
        if language not in problem.statement:
            raise ProblemError(
                f"the problem {problem.id} has no statement in the language {language!r}"
            )
        if language not in self.user:
            raise ProblemError(
                f"the prompt {self.name} has no wording in the language {language!r}"
            )
        before, _, after = self.user[language].partition(STATEMENT)
        turns = [("user", before + problem.statement[language].strip() + after)]
        if system := self.system.get(language):
            turns.insert(0, ("system", system))
        return tuple(turns)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptStyle:
    """A style with its wordings, at least one, in the order of the file."""

    name: str
    about: str
    wordings: tuple[PromptTemplate, ...]
    #: Whether it comes with evalctl.
    shipped: bool

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that every wording has."""
        return tuple(
            language for language in LANGUAGES if all(language in one.user for one in self.wordings)
        )


def style_of(prompt: str) -> str:
    """Return the style of a prompt's name: ``stepwise`` of ``stepwise/2``."""
    numbered = _NUMBERED.fullmatch(prompt)
    return numbered["style"] if numbered else prompt


@cache
def shipped_styles() -> dict[str, PromptStyle]:
    """Return the styles that come with evalctl, by name."""
    styles = (read_style(path, shipped=True) for path in sorted(SHIPPED.glob("*.toml")))
    return {style.name: style for style in styles}


def find_style(name: str) -> PromptStyle:
    """Return a shipped style by its name, or the style of an own file by the path to it.

    Raises `ProblemError` for an unknown name or an unusable file.
    """
    if name.endswith(".toml"):
        return read_style(Path(name))
    styles = shipped_styles()
    if name not in styles:
        raise ProblemError(
            f"unknown prompt style {name!r}; the styles are {', '.join(styles)}, or a path to "
            "an own .toml file"
        )
    return styles[name]


def find_templates(prompts: Iterable[str], wordings: int = 1) -> tuple[PromptTemplate, ...]:
    """Return the templates that prompts name, each once, in their order.

    A style's name or file stands for its first ``wordings``; ``stepwise/2`` for its second alone.
    Raises `ProblemError` for what is unknown, a style with fewer wordings, or two files of one
    name.
    """
    found: dict[str, PromptTemplate] = {}
    for prompt in prompts:
        for template in _templates_of(prompt, wordings):
            if found.setdefault(template.name, template).version != template.version:
                raise ProblemError(
                    f"two prompt styles are named {template.style!r}; rename one of the files"
                )
    return tuple(found.values())


def _templates_of(prompt: str, wordings: int) -> Sequence[PromptTemplate]:
    numbered = _NUMBERED.fullmatch(prompt)
    style = find_style(numbered["style"] if numbered else prompt)
    number = int(numbered["number"]) if numbered else wordings
    if number > len(style.wordings):
        raise ProblemError(
            f"the prompt style {style.name!r} has {len(style.wordings)} "
            f"{'wording' if len(style.wordings) == 1 else 'wordings'}, not {number}"
        )
    return style.wordings[number - 1 : number] if numbered else style.wordings[:number]


def read_style(path: Path, *, shipped: bool = False) -> PromptStyle:
    """Read a style from a TOML file; a `ProblemError` names the file and what is wrong in it."""
    try:
        return _style(path.stem, _read(path), shipped=shipped)
    except ProblemError as error:
        raise error.located(path, None) from None
    except OSError as error:
        raise ProblemError(f"cannot read the file: {error.strerror or error}", file=path) from None
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, nested too deep
        raise ProblemError(f"not valid TOML: {error}", file=path) from None


def _read(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise ProblemError(f"the file is larger than {MAX_FILE_BYTES} bytes")
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def _style(name: str, document: Mapping[str, Any], *, shipped: bool) -> PromptStyle:
    _require(
        _NAME.fullmatch(name) is not None and name not in _TAKEN,
        f"a style is named by its file, and {name!r} cannot be a name: use small letters, digits, "
        f"'.', '_' and '-', and none of {', '.join(_TAKEN)}",
    )
    _require(
        shipped or not (SHIPPED / f"{name}.toml").exists(),
        f"evalctl comes with a style named {name!r}; rename the file",
    )
    unknown = sorted(set(document) - _KEYS)
    _require(not unknown, f"unknown keys {', '.join(unknown)}; the keys are about, wordings")
    about, wordings = document.get("about", ""), document.get("wordings")
    _require(isinstance(about, str), "about must be a text")
    _require(
        isinstance(wordings, list) and 1 <= len(wordings) <= MAX_WORDINGS,
        f"wordings must be 1 to {MAX_WORDINGS} tables, each with user.en or user.zh",
    )
    assert isinstance(wordings, list)
    templates = [_template(name, number, one) for number, one in enumerate(wordings, start=1)]
    return PromptStyle(name=name, about=about, wordings=tuple(templates), shipped=shipped)


def _template(style: str, number: int, table: object) -> PromptTemplate:
    place = ("wordings", number - 1)
    if not isinstance(table, dict) or not set(table) <= {"system", "user"}:
        raise ProblemError("a wording has the keys system and user, no others", place=place)
    system, user = (_by_language(table.get(key, {}), (*place, key)) for key in ("system", "user"))
    if not user:
        raise ProblemError("a wording needs user.en, user.zh or both", place=place)
    if spare := sorted(set(system) - set(user)):
        raise ProblemError(f"system.{spare[0]} has no user.{spare[0]} beside it", place=place)
    for language, words in user.items():
        if words.count(STATEMENT) != 1:
            raise ProblemError(
                f"must hold {STATEMENT} once, where the problem goes, not {words.count(STATEMENT)} "
                "times",
                place=(*place, "user", language),
            )
    name = style if number == 1 else f"{style}/{number}"
    return PromptTemplate(name=name, system=system, user=user)


def _by_language(table: object, place: tuple[str | int, ...]) -> dict[str, str]:
    if not isinstance(table, dict) or not set(table) <= set(LANGUAGES):
        raise ProblemError(f"the languages are {' and '.join(LANGUAGES)}", place=place)
    for language, words in table.items():
        if not isinstance(words, str) or not words.strip() or "\0" in words:
            raise ProblemError("must be a text that is not empty", place=(*place, language))
    return {language: words.strip() for language, words in table.items()}


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ProblemError(sentence)


def without_system(turns: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """Return the turns for a model without a system turn: what it says begins the user's."""
    said = [content for role, content in turns if role == "system"]
    rest = [(role, content) for role, content in turns if role != "system"]
    if not said or not rest:
        return turns
    (role, content), *others = rest
    return ((role, "\n\n".join([*said, content])), *others)
