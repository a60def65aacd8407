"""One HTML file of a document: everything inline, nothing from a network, a strict policy."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any
from uuid import UUID

_ROOM = files("reports.page")
_FONT = re.compile(r"url\((fonts/[\w-]+\.woff2)\)")
#: The scripts of the report page in the order in which they run; those of ours share one scope.
REPORT_SCRIPTS = (
    *("elements.js", "formulas.js", "text_tables.js", "texts.js", "words.js"),
    *("charts.js", "answers.js", "report.js"),
)
INDEX_SCRIPTS = ("elements.js", "index.js")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Everything of a page but its document: styles and scripts, and whether a policy holds."""

    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    #: Without the policy only the escaping keeps foreign text from running; for tests.
    policy: bool = True
    #: Without it only the policy does; for tests.
    escaped: bool = True

    def content_policy(self) -> str:
        """Return the Content-Security-Policy: these scripts by their hashes, no address at all."""
        hashes = " ".join(
            f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
            for script in self.scripts
        )
        return (
            "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:; "
            f"script-src {hashes}; base-uri 'none'; form-action 'none'"
        )


@cache
def report_shell() -> Shell:
    """Return the shell of the report page, with formulas and charts."""
    vendor = _ROOM / "vendor"
    style = _FONT.sub(lambda found: _data_url(vendor / found[1]), _text(vendor / "katex.css"))
    return Shell(
        styles=(style, _text(_ROOM / "style.css")),
        scripts=(
            _text(vendor / "katex.js"),
            _text(vendor / "plot.js"),
            _joined(REPORT_SCRIPTS),
        ),
    )


@cache
def index_shell() -> Shell:
    """Return the shell of the page that lists runs."""
    return Shell(styles=(_text(_ROOM / "style.css"),), scripts=(_joined(INDEX_SCRIPTS),))


def render(document: Mapping[str, Any], shell: Shell, *, title: str, run: str = "") -> bytes:
    """Return the page as UTF-8; halves of surrogate pairs become question marks.

    ``run`` is the id of the run that the page is about, for the index to find it by.
    """
    data = embedded(document) if shell.escaped else to_json(document)
    policy = html.escape(shell.content_policy())
    head = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        *(
            [f'<meta http-equiv="Content-Security-Policy" content="{policy}">']
            if shell.policy
            else []
        ),
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        '<meta name="referrer" content="no-referrer">',
        f'<meta name="evalctl-run" content="{html.escape(run)}">',
        f"<title>{html.escape(title)}</title>",
        *(f"<style>{style}</style>" for style in shell.styles),
        "</head><body>",
        "<noscript><p>This page needs JavaScript, which runs from this file alone.</p></noscript>",
        f'<script type="application/json" id="document">{data}</script>',
        *(f"<script>{script}</script>" for script in shell.scripts),
        "</body></html>\n",
    ]
    return "\n".join(head).encode("utf-8", "replace")


def embedded(document: Mapping[str, Any]) -> str:
    """Return JSON that stands in a script element: no text in it can end the element."""
    return to_json(document).replace("<", "\\u003c")


def to_json(document: Mapping[str, Any]) -> str:
    """Return a document as JSON; times as ISO 8601, ids as text, other numbers as floats."""
    return json.dumps(
        document, ensure_ascii=False, separators=(",", ":"), default=_plain, allow_nan=False
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return float(value)


def _joined(names: tuple[str, ...]) -> str:
    """Return scripts as one function, whose names nothing outside can reach."""
    parts = "\n".join(_text(_ROOM / name) for name in names)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


def _text(file: Traversable) -> str:
    return file.read_text(encoding="utf-8")


def _data_url(file: Traversable) -> str:
    return f"url(data:font/woff2;base64,{base64.b64encode(file.read_bytes()).decode()})"
