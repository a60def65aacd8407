"""Prompt styles as data: shipped ones, own files, wordings, versions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from problems.errors import ProblemError
from problems.loader import load_set
from problems.prompt_styles import (
    LANGUAGES,
    PromptTemplate,
    find_templates,
    read_style,
    shipped_styles,
    style_of,
    without_system,
)

PROBLEM = load_set("quickstart").problems[0]
SHIPPED = [one for style in shipped_styles().values() for one in style.wordings]


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(text: str, name: str = "terse") -> Path:
        path = tmp_path / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def test_the_three_styles_are_shipped_with_three_wordings_in_both_languages() -> None:
    styles = shipped_styles()
    assert sorted(styles) == ["plain", "stepwise", "three-step"]
    assert {len(style.wordings) for style in styles.values()} == {3}
    assert {style.languages for style in styles.values()} == {LANGUAGES}
    assert all(style.about for style in styles.values())


@pytest.mark.parametrize("template", SHIPPED, ids=[one.name for one in SHIPPED])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shipped_prompt_holds_the_statement_and_asks_for_an_answer_that_is_found(
    template: PromptTemplate, language: str
) -> None:
    turns = template.render(PROBLEM, language)
    assert [role for role, _ in turns] == ["system", "user"]
    user = turns[1][1]
    assert user.count(PROBLEM.statement[language].strip()) == 1
    assert {"en": "Answer:", "zh": "答案："}[language] in user
    assert "{statement}" not in user


def test_every_wording_differs_and_has_its_own_version() -> None:
    assert len({one.version for one in SHIPPED}) == len(SHIPPED)


def test_the_version_is_of_the_words_and_not_of_the_name() -> None:
    one = SHIPPED[0]
    assert replace(one, name="other").version == one.version
    assert replace(one, user={**one.user, "en": one.user["en"] + " "}).version != one.version
    assert PromptTemplate.from_dict(one.to_dict()) == one


def test_stepwise_demands_what_plain_does_not() -> None:
    plain, stepwise = (str(one.render(PROBLEM, "en")) for one in find_templates(_TWO))
    for demand in ("theorem", "Skip no step", "a line of its own"):
        assert demand in stepwise
        assert demand not in plain


_TWO = ("plain", "stepwise")


def test_prompt_shows_neither_answer_nor_evidence() -> None:
    text = str(find_templates(["stepwise"])[0].render(PROBLEM, "zh"))
    assert PROBLEM.answer.any_of[0] not in text
    assert all(
        block.text not in text for solution in PROBLEM.solutions for block in solution.blocks
    )


def test_wordings_are_asked_for_by_number_or_by_how_many() -> None:
    def names(*prompts: str, wordings: int = 1) -> list[str]:
        return [one.name for one in find_templates(prompts, wordings)]

    assert names("plain", "stepwise/3", "plain") == ["plain", "stepwise/3"]
    assert names("plain", "stepwise", wordings=2) == [
        "plain", "plain/2", "stepwise", "stepwise/2",
    ]  # fmt: skip
    assert names("stepwise/2", "stepwise", wordings=2) == ["stepwise/2", "stepwise"]
    assert [style_of(name) for name in ("stepwise/12", "a/b", "plain")] == [
        "stepwise", "a/b", "plain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("prompts", "wordings", "said"),
    [
        (["shouted"], 1, "unknown prompt style 'shouted'"),
        (["plain/4"], 1, "has 3 wordings, not 4"),
        (["plain"], 4, "has 3 wordings, not 4"),
        (["nowhere.toml"], 1, "cannot read the file"),
    ],
)
def test_unknown_prompts_are_refused(prompts: list[str], wordings: int, said: str) -> None:
    with pytest.raises(ProblemError, match=said):
        find_templates(prompts, wordings)


def test_a_language_that_is_lacking_is_refused() -> None:
    with pytest.raises(ProblemError, match="no statement in the language 'fr'"):
        SHIPPED[0].render(PROBLEM, "fr")
    only = replace(SHIPPED[0], user={"en": "{statement}"})
    with pytest.raises(ProblemError, match="no wording in the language 'zh'"):
        only.render(PROBLEM, "zh")


OWN = """
about = "Few words."
[[wordings]]
user.en = "{statement}\\nBe brief."
[[wordings]]
system.en = "You are brief."
user.en = "Q: {statement}"
"""


def test_an_own_file_is_a_style_by_its_name(write: Write) -> None:
    path = write(OWN)
    one, two = find_templates([str(path)], 2)
    assert (one.name, two.name) == ("terse", "terse/2")
    statement = PROBLEM.statement["en"].strip()
    assert one.render(PROBLEM, "en") == (("user", f"{statement}\nBe brief."),)
    assert two.render(PROBLEM, "en") == (("system", "You are brief."), ("user", f"Q: {statement}"))
    assert [named.name for named in find_templates([f"{path}/2"])] == ["terse/2"]


def test_a_statement_is_put_in_as_it_is(write: Write) -> None:
    odd = replace(PROBLEM, statement={"en": r"\frac{statement}{2} {statement} {0} %s \1"})
    (template,) = find_templates([str(write(OWN))])
    ((_, user),) = template.render(odd, "en")
    assert user == r"\frac{statement}{2} {statement} {0} %s \1" + "\nBe brief."


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("about = 3\n[[wordings]]\nuser.en = '{statement}'", "about must be a text"),
        ("about = ''", "wordings must be 1 to 20 tables"),
        ("wordings = []", "wordings must be 1 to 20 tables"),
        ("wordings = ['{statement}']", "keys system and user"),
        ("[[wordings]]\nuser.en = '{statement}'\nend = ''", "keys system and user"),
        ("[[wordings]]\nsystem.en = 'x'", "needs user.en, user.zh or both"),
        ("[[wordings]]\nuser.en = '{statement}'\nsystem.zh = 'x'", "system.zh has no user.zh"),
        ("[[wordings]]\nuser.fr = '{statement}'", "the languages are en and zh"),
        ("[[wordings]]\nuser = '{statement}'", "the languages are en and zh"),
        ("[[wordings]]\nuser.en = 7", "must be a text"),
        ("[[wordings]]\nuser.en = '  '", "must be a text"),
        ("[[wordings]]\nuser.en = 'no place'", "once, where the problem goes, not 0 times"),
        ("[[wordings]]\nuser.en = '{statement} {statement}'", "not 2 times"),
        ("extra = 1\n[[wordings]]\nuser.en = '{statement}'", "unknown keys extra"),
        ("about = ", "not valid TOML"),
        ("about = '" + "x" * 100_001 + "'", "larger than 100000 bytes"),
    ],
)
def test_an_unusable_file_is_refused_by_name(write: Write, text: str, said: str) -> None:
    path = write(text)
    with pytest.raises(ProblemError, match=said) as raised:
        read_style(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("name", ["plain", "judge", "Über", "a b", "x" * 41])
def test_a_file_may_not_take_a_name_that_means_something_else(write: Write, name: str) -> None:
    path = write(OWN, name)
    with pytest.raises(ProblemError, match=r"rename the file|cannot be a name"):
        read_style(path)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for folder, text in (("a", OWN), ("b", OWN.replace("brief", "short"))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "terse.toml").write_text(text)
    both = [str(tmp_path / folder / "terse.toml") for folder in ("a", "b")]
    with pytest.raises(ProblemError, match="two prompt styles are named 'terse'"):
        find_templates(both)


def test_what_the_system_turn_says_begins_the_users_where_there_is_none() -> None:
    turns = SHIPPED[0].render(PROBLEM, "en")
    ((role, content),) = without_system(turns)
    assert (role, content) == ("user", f"{turns[0][1]}\n\n{turns[1][1]}")
