"""Keep withdrawn words out of code, commands and pages; docs/glossary.md has their successors."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

#: Withdrawn in names and in prose alike.
WORDS = {
    "card": "GPU",
    "cards": "GPUs",
    "company": "batch",
    "seat": "slot",
    "seats": "slots",
    "seated": "in a slot",
    "boot": "start",
    "boots": "starts",
    "tell": "report, say, know from",
    "tells": "reports, says",
    "telling": "reporting, saying",
    "told": "reported, known",
    "untold": "unknown",
    "nobody": "name the agent; unowned",
    "somebody": "name the agent",
    "whoever": "name the agent",
    "anybody": "name the agent",
    "lookout": "stall watchdog",
    "admission": "message check",
    "presence": "heartbeat",
    "guardian": "orphan reaper",
    "household": "process owner",
    "doubts": "assessment",
    "pace": "rate, clock",
    "sheet": "parsed answer",
    "whence": "where from",
    "thereof": "of it",
    "gone": "exited, lost",
}
#: Withdrawn in names alone: in prose they are ordinary words.
NAMES = {
    "ask": "query, request",
    "asking": "requesting",
    "look": "poll, sample, check",
    "looks": "samples",
    "scope": "symbols",
}
#: Withdrawn in prose alone: a name never holds them.
PHRASES = {
    r"so many(?! words)": "N, a number, at most N",
    r"made[- ]up(?! for| of)": "fake, simulated",
    r"(?P<fine>there )?(?:is|are|was|were) no (?!longer|more|other|fewer|less|\w+er\b)\w+": (
        "is not a"
    ),
    r"(?:an?|the|each|every|first|last|next|one|two|such|both|these|this|another|of) looks?": (
        "poll, sample, check"
    ),
    r"ask(?:s|ed|ing)? (?:the )?(?:database|broker|Postgres|PostgreSQL|driver|NVML)": "query",
    r"of (?:its|their) own": "own, separate",
    r"(?:is|are|was|were|be|been|comes?|came|still) up(?! to)": "runs, starts",
    r"gates? of (?:a|the) worker|worker's gate": "claim gate",
}
#: Public data names, which no change of words may touch, and names that others own.
DATA_NAMES = frozenset(
    {
        "presence_penalty",  # a parameter of every engine
        "Boot",  # the table eval.boot
        "boot",
        "boot_group",
        "boot_id",
        "boot_ids",
        "boots",  # the view, the option of a model and the JSON key
        "card_looks",  # a view of analytics_v1
        "ix_boot_profile",
        "look_at_s",  # columns of eval.memory_trace, as are the next four
        "look_power_w",
        "look_reasons",
        "look_sm_clock_mhz",
        "look_temperature_c",
        "profile_boot_id",
        "ENGINE_GONE",  # an error class in stored attempts
        "LoadScopeScheduling",  # pytest-xdist's, as is the next
        "_split_scope",
    }
)
#: Contexts in which a withdrawn word is the right one.
CONTEXTS = (
    r"\bcompany\.\S+\.seated\b",  # the name of a stored figure of `make bench`
    r"\bpresence[_ ]penalty\b|--presence-penalty",  # a parameter of every engine
    r"\bmodel cards?\b",  # a document of the makers of a model
    r"\bjudge card\b|[\"']card[\"']",  # a command: a judge's figures, as a model card has a model's
    r"\bfixture\(.*scope=",  # pytest's own word
    r"\ba line of its own\b",  # the wording of a prompt, whose hash stands beside stored results
    r"\buser `?nobody\b|[\"'`]nobody[\"'`]",  # the account of that name
)
#: Whole files that may hold withdrawn words, and why.
FILES = {
    "CHANGELOG.md": "history",
    "docs/adr/0009-rooms-and-words.md": "lists what was withdrawn",
    "docs/adr/0010-sentences.md": "lists what was withdrawn",
    "docs/glossary.md": "lists what was withdrawn",
    "docs/reference/analytics.md": "written from migrations, which stay as they were applied",
    "tests/test_words.py": "lists what was withdrawn",
}
#: Folders without prose of ours: applied migrations, problems and answers, raw rows.
FOLDERS = (
    "migrations/versions/",
    "problems/math62/",
    "problems/labelled/answers/",
    "problems/labelled/development/answers/",
    "problems/labelled/guesses/answers/",
    "problems/labelled/guesses_2/answers/",
    "problems/labelled/guesses_3/answers/",
    "problems/labelled/guesses_4/answers/",
    "problems/labelled/guesses_5/answers/",
    "problems/labelled/guesses_6/answers/",
    "problems/labelled/guesses_test_2/answers/",
    "problems/labelled/guesses_test_3/answers/",
    "problems/labelled/guesses_test_4/answers/",
    "problems/labelled/guesses_test_5/answers/",
    "problems/labelled/test/answers/",
)
PROSE = (
    ".md",
    ".sql",
    ".toml",
    ".yml",
    ".service",
    ".sbatch",
    ".env",
    ".gpu",
    ".cpu",
    ".mako",
    "Makefile",
)

_PROSE_RULES = [
    (re.compile(rf"(?<![\w-])(?:{pattern})(?![\w-])".replace(" ", r"\s+"), re.IGNORECASE), standard)
    for pattern, standard in [*WORDS.items(), *PHRASES.items()]
]
_CONTEXTS = re.compile("|".join(CONTEXTS))
_DATA = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(DATA_NAMES - {'boot', 'boots'}))})(?!\w)")
#: Data names that are also words count only as code: in backticks, quotes, or behind a schema.
_QUOTED_DATA = re.compile(r"[`\"'.]boots?\b|\bboots?[`\"'{\[.]|\bboots? = ")
_CAMEL = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Offence:
    """A withdrawn word at its place."""

    line: int
    word: str
    standard: str


def in_prose(text: str, first_line: int = 1) -> Iterator[Offence]:
    """Yield the withdrawn words and phrases of a text; a phrase may run over a line's end."""
    hidden = text
    for pattern in (_CONTEXTS, _DATA, _QUOTED_DATA):
        hidden = pattern.sub(lambda found: re.sub(r"\S", "#", found[0]), hidden)
    flat = re.sub(r"\n[ #*>|-]*", lambda found: " " * len(found[0]), hidden)
    for pattern, standard in _PROSE_RULES:
        for found in pattern.finditer(flat):
            if not found.groupdict().get("fine"):
                line = first_line + text.count("\n", 0, found.start())
                yield Offence(line=line, word=found[0], standard=standard)


def in_name(name: str, line: int) -> Iterator[Offence]:
    """Yield the withdrawn parts of an identifier, split at underscores and capitals."""
    if name not in DATA_NAMES:
        for part in _CAMEL.findall(name.replace("looks_like", "")):
            if standard := (WORDS | NAMES).get(part.lower()):
                yield Offence(line=line, word=name, standard=standard)


def in_code(source: str) -> Iterator[Offence]:
    """Yield the withdrawn words of Python source: its names, strings and comments."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            if not (token.string == "scope" and _CONTEXTS.search(token.line)):
                yield from in_name(token.string, line)
        elif token.type == tokenize.COMMENT or "STRING" in tokenize.tok_name[token.type]:
            yield from in_prose(token.string, line)


def offences(path: Path) -> list[Offence]:
    """Return the withdrawn words of a file, its own name among them."""
    text = path.read_text(encoding="utf-8")
    found = in_code(text) if path.suffix == ".py" else in_prose(text)
    return sorted({*in_name(path.stem, 0), *found})


def _tracked() -> Iterator[str]:
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines():
        if name not in FILES and not name.startswith(FOLDERS) and (ROOT / name).is_file():
            yield name


def _report(names: Iterable[str]) -> str:
    lines = []
    for name in names:
        if found := offences(ROOT / name):
            lines.append(f"{name}: {len(found)}")
            lines += [
                f"  {one.line}: {' '.join(one.word.split())} -> {one.standard}" for one in found
            ]
    return "\n".join(lines)


@pytest.mark.parametrize("room", sorted({name.split("/")[0] for name in _tracked()}))
def test_withdrawn_words_stay_out(room: str) -> None:
    names = [
        name for name in _tracked() if name.split("/")[0] == room and name.endswith((".py", *PROSE))
    ]

    report = _report(names)

    assert not report, f"docs/glossary.md has the words to use\n{report}"


@pytest.mark.parametrize(
    "prose",
    [
        "The card is full.",
        "Cards and\ncompany.",
        "It takes so\n    many at most.",
        "This is no GPU.",
        "The engine is up.",
        "At the last look it ran.",
        "It has a thread of its own.",
        "A boot of the engine.",
        "Then it asks the database.",
    ],
)
def test_prose_with_a_withdrawn_word_is_found(prose: str) -> None:
    assert list(in_prose(prose))


@pytest.mark.parametrize(
    "prose",
    [
        "There is no GPU; it is no longer there.",
        "Wherever there\n    are no rows, it looks for others.",
        "Read the model card, the view `boots` and `card_looks`.",
        "The worker looks for it up to 3 times, discards it, and is up to date.",
        "Without AVX-512 it runs as `nobody`.",
    ],
)
def test_ordinary_prose_passes(prose: str) -> None:
    assert list(in_prose(prose)) == []


def test_names_strings_and_comments_of_code_are_read() -> None:
    source = """class CardLock:
    seat_no = 'the GPU of nobody'  # whence
    boot_id = scorecard = 1
"""

    assert [(one.line, one.word) for one in in_code(source)] == [
        (1, "CardLock"),
        (2, "seat_no"),
        (2, "nobody"),
        (2, "whence"),
    ]
