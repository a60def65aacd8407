"""The page on paper: nothing runs over the edge or stays folded, and dark is light."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.support.browser import chromium
from tests.support.compared import graded, store_run
from tests.support.processes import evalctl
from tests.support.seeded_run import seed_run

#: A4 and Letter within their margins, in CSS pixels.
PAPER = (700, 1000)
TO_UNFOLD = (
    "[...document.querySelectorAll('section:not(#answers) details:not([open])')]"
    ".filter(one => !one.closest('figure')).length"
)
#: Elements that end beyond the edge of the paper.
CUT = (
    "[...document.querySelectorAll('main *')].filter(one => !one.closest('svg')"
    " && one.getClientRects().length && one.getBoundingClientRect().right > innerWidth + 1)"
    ".map(one => one.tagName + ' ' + one.textContent.slice(0, 40))"
)


@pytest.fixture
def report(engine: Engine, environment: dict[str, str], tmp_path: Path) -> Path:
    """Give the report of two models with prompts, comparison, flips, times and memory."""
    seed_run(engine, problems=12, repetitions=3, language="en", name="seeded")
    file = tmp_path / "report.html"
    made = evalctl(environment, f"report seeded --synthetic -o {file}")
    assert made.returncode == 0, made.stderr
    return file


def test_on_paper_nothing_is_cut_or_folded_or_dark(report: Path) -> None:
    with chromium() as page:
        page.size(*PAPER)
        page.media(scheme="dark")
        page.open(report)
        page.settle()
        folded = page.evaluate(TO_UNFOLD)
        assert folded >= 3, "meanings twice, and final answers that flipped"
        assert page.evaluate("document.querySelectorAll('.wide table').length") >= 4

        page.media(scheme="dark", kind="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.evaluate(TO_UNFOLD) == 0
        flipped = "[...document.querySelectorAll('caption')].map(one => one.textContent)"
        assert "Final answers that flipped" in page.evaluate(flipped)
        assert page.evaluate(CUT) == []
        ground = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        note = "getComputedStyle(document.querySelector('#answer-list'), '::before').content"
        assert "No answer is open" in page.evaluate(note)

        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.evaluate(TO_UNFOLD) == folded

        page.evaluate("document.querySelector('.answer summary').click()")
        page.until("document.querySelector('.answer[open]')")
        assert page.evaluate(note) == "none"


def test_long_names_and_hashes_fit_phone_and_paper(
    engine: Engine, environment: dict[str, str], tmp_path: Path
) -> None:
    for model, letter, drop in (("example:complete", "a", 0.0), ("example:hasty", "b", 2.0)):
        scores = graded(12, drop=drop)
        store_run(engine, "r", scores, model=model, config={"kept_hash": letter * 64})
    file = tmp_path / "report.html"
    assert evalctl(environment, f"report r -o {file}").returncode == 0
    with chromium() as page:
        page.size(390, 900)
        page.open(file)
        page.settle()
        assert "a" * 64 in page.evaluate("document.querySelector('ul.warning').textContent")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

        page.size(*PAPER)
        page.media(kind="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.settle()
        assert page.evaluate(CUT) == []
