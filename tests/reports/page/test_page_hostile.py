"""Hostile answers on the page, in Chromium: nothing runs, nothing hangs, nothing hides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reports.page.shell import Shell, render, report_shell
from tests.reports.hostile_answers import HOSTILE, MARKUP, NAVIGATION
from tests.support.browser import Page, chromium
from tests.support.pages import answer_row, document_of, verdict_row

RAN = "document.documentElement.dataset.ran"
#: Milliseconds after which the page must answer again whatever it was given to show.
ANSWERS_AGAIN_MS = 3000.0


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """Give a browser for all tests of this file."""
    with chromium() as opened:
        yield opened


def document(texts: tuple[str, ...], *, named: bool = False) -> dict[str, Any]:
    """Return a page of these answers, a passage in each; ``named``: in every other text too."""
    rows = [answer_row(job, text) for job, text in enumerate(texts)]
    if named:
        rows = [
            row | {"model": text, "problem": text, "prompt": text, "flags": [text], "path": text}
            for row, text in zip(rows, texts, strict=True)
        ]
    verdicts = [
        verdict_row(job, at=(0, len(text)), reason=text if named else "found")
        for job, text in enumerate(texts)
        if text
    ]
    return document_of(rows, verdicts, said=" ".join(texts) if named else "a sentence")


def unescaped(shell: Shell, *, where: str) -> Shell:
    """Return a shell whose escaping is taken out: of the ``json``, or of the ``text`` put in."""
    if where == "json":
        return replace(shell, escaped=False)
    scripts = tuple(script.replace(".textContent = ", ".innerHTML = ") for script in shell.scripts)
    assert scripts != shell.scripts
    return replace(shell, scripts=scripts)


def show(page: Page, folder: Path, found: dict[str, Any], shell: Shell, **how: Any) -> None:
    """Open the page and every answer on it."""
    file = folder / "report.html"
    file.write_bytes(render(found, shell, title=str(found["run"]["name"])))
    page.open(file, **how)
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.settle()
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.evaluate("new Promise(done => setTimeout(done, 300))")


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "no policy"])
@pytest.mark.parametrize("named", [False, True], ids=["answers", "everywhere"])
def test_escaping_holds_with_and_without_the_policy(
    page: Page, tmp_path: Path, *, policy: bool, named: bool
) -> None:
    texts = (*MARKUP, *NAVIGATION)
    show(page, tmp_path, document(texts, named=named), replace(report_shell(), policy=policy))
    assert page.evaluate(RAN) is None
    assert page.complaints == []
    assert page.requests == []
    shown = page.evaluate("document.body.textContent")
    assert f"</script><script>{RAN}=1</script>" in shown.replace("⟨", "")


@pytest.mark.parametrize("where", ["json", "text"])
def test_the_policy_holds_where_the_escaping_is_taken_out(
    page: Page, tmp_path: Path, where: str
) -> None:
    shell = unescaped(report_shell(), where=where)
    show(page, tmp_path, document(MARKUP), shell, ready=where == "text")
    assert page.evaluate(RAN) is None
    assert any("Content Security Policy" in said for said in page.complaints)
    assert page.requests == []


@pytest.mark.parametrize("where", ["json", "text"])
def test_without_both_the_answers_do_run(page: Page, tmp_path: Path, where: str) -> None:
    shell = replace(unescaped(report_shell(), where=where), policy=False)
    show(page, tmp_path, document(MARKUP), shell, ready=where == "text")
    assert page.evaluate(RAN) == "1", "the corpus must be able to run, or it proves nothing"


def test_no_hostile_answer_stops_the_page(page: Page, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_bytes(render(document(HOSTILE), report_shell(), title="hostile"))
    page.open(file)
    slow = {}
    for job, text in enumerate(HOSTILE):
        took = page.evaluate(
            "new Promise(done => { const from = performance.now();"
            f" document.getElementById('job-{job}').open = true;"
            " requestAnimationFrame(() => setTimeout(() => done(performance.now() - from))); })"
        )
        if took > ANSWERS_AGAIN_MS:
            slow[text[:40]] = took
        page.evaluate(f"document.getElementById('job-{job}').remove()")
    assert slow == {}
    assert page.evaluate(RAN) is None
    assert page.complaints == []
    assert page.requests == []


def notes(page: Page, tmp_path: Path, text: str) -> str:
    """Return what the page says under an answer."""
    show(page, tmp_path, document((text,)), report_shell())
    page.until("!document.querySelector('.formula.source:not(.refused)')")
    said = page.evaluate(
        "[...document.querySelectorAll('article .note')].filter(note => !note.hidden)"
        ".map(note => note.textContent).join(' | ')"
    )
    return str(said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("$" + "x+" * 10_000 + "x$", "1 formula (longer than 2,000 characters)"),
        ("$\\unknowncommand{x}$ and $\\left($", "2 formulas (KaTeX cannot read it)"),
        ("$" + "{" * 900 + "x" + "}" * 900 + "$", "1 formula"),
        ("$\\def\\a{x}\\a$", "1 formula (it defines commands)"),
        ("$" + "\\sqrt{" * 250 + "x" + "}" * 250 + "$", "1 formula (it is nested too deeply)"),
        ("$\\href{javascript:alert(1)}{x}$", ""),
        ("a\u202eb\u202c", "2 characters that hide, turn or cover text written out"),
        ("e" + "\u0301" * 500, "484 characters that hide, turn or cover text"),
        ("x" * 60_500, "500 characters more are left out of this page"),
        ("$x$ " * 2_000, "all formulas of the last 4,801 characters (too many for one text)"),
        ("|a" * 50 + "\n" + "|-" * 50, "1 table shown as written: more than 40 columns"),
        ("|a|b|\n|-|-|\n" + "|c|d|\n" * 5_000, "1 table shown as written: more than 40 columns or"),
        ("", "The answer is empty."),
    ],
)  # fmt: skip
def test_the_page_says_what_it_left_out(page: Page, tmp_path: Path, text: str, said: str) -> None:
    assert said in notes(page, tmp_path, text)


def test_a_refused_formula_is_shown_as_its_source(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, document(("before $\\unknown{<b>x</b>}$ after",)), report_shell())
    shown = page.evaluate("document.querySelector('.answer-text').textContent")
    assert "before $\\unknown{<b>x</b>}$ after" in shown.replace("s1", "")


def test_no_link_and_no_address_comes_from_an_answer(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, document(HOSTILE), report_shell())
    links = page.evaluate("[...document.links].map(one => one.getAttribute('href'))")
    assert [link for link in links if not link.startswith("#")] == []
    assert page.evaluate("document.querySelectorAll('img, iframe, object, embed').length") == 0


def test_letters_that_turn_or_hide_are_written_out(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, document(("the answer is \u202e7\u202c\u0007\ufeff!",)), report_shell())
    shown = page.evaluate("document.querySelector('.answer-text .text').textContent")
    assert "⟨U+202E⟩7⟨U+202C⟩⟨U+0007⟩⟨U+FEFF⟩!" in shown
