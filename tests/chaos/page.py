"""Write what was measured between the markers of docs/explanation/faults.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from importlib.metadata import version

from services.postgres import postgres_binary
from services.valkey import valkey_binary
from tests.chaos.registry import Fault
from tests.chaos.report import Staged
from tests.support.deployment import LEASE_S
from tests.support.processes import ROOT

PAGE = ROOT / "docs" / "explanation" / "faults.md"
BEGIN, END = "<!-- make chaos: begin -->", "<!-- make chaos: end -->"
#: What no option of ours can stage: fault -> why, as it was found.
NOT_STAGED = {
    "packet loss and reordering (`tc qdisc add ... netem loss 10%`)": "needs the kernel's "
    "netem queue, which the machine measured here lacks "
    "(`Error: Specified qdisc kind is unknown`); F10c delays messages instead",
    "loss of power: writes that the disk had confirmed are lost": "needs a disk that lies; "
    "`kill -9` keeps the page cache",
    "XID errors, a GPU that falls off the bus": "needs a GPU that breaks on demand",
    "broken memory that changes rows": "needs hardware that breaks on demand",
}


def described(fault: Fault) -> str:
    """Return the part of a fault's row that does not depend on a measurement."""
    cells = (fault.fault_id, fault.title, fault.staged, fault.holds)
    return "".join(f"| {_cell(text)} " for text in cells) + "|"


def write_page(staged: Sequence[Staged]) -> None:
    """Replace what stands between the markers; the prose around stays."""
    text = PAGE.read_text(encoding="utf-8")
    made = f"{BEGIN}\n\n{render(staged)}\n{END}"
    PAGE.write_text(
        re.sub(f"{BEGIN}.*{END}", lambda _: made, text, flags=re.DOTALL), encoding="utf-8"
    )


def render(staged: Sequence[Staged]) -> str:
    """Return the table of faults, what they were measured with, and what was not staged."""
    kernel = platform.release().partition("-")[0]
    machine = f"{os.cpu_count()} cores, Linux {kernel}, Python {platform.python_version()}"
    servers = (
        f"{_server(postgres_binary())}, {_server(valkey_binary())}, Celery {version('celery')}"
    )
    lines = [
        f"Measured on {machine}, {servers}; lease {LEASE_S:g} s in place of 60 s.",
        "",
        "| id | fault | how it is staged | what must hold | recovery | from -> to |",
        "|---|---|---|---|---|---|",
        *(_row(result) for result in staged),
        "",
        "Not staged:",
        "",
        *(
            f"- {result.fault.fault_id}, {result.fault.title}: {result.reason}"
            for result in staged
            if result.reason
        ),
        *(f"- {what}: {why}" for what, why in NOT_STAGED.items()),
    ]
    return "\n".join(lines) + "\n"


def _row(result: Staged) -> str:
    if result.recovery is None:
        felt, span = (
            ("not staged", "") if result.reason else ("**broken**", "; ".join(result.broken))
        )
    else:
        felt, span = f"{result.recovery.seconds:.1f} s", result.recovery.span
        span += f" ({result.recovery.note})" if result.recovery.note else ""
        if result.broken:
            felt, span = "**broken**", "; ".join(result.broken)
    return f"{described(result.fault)} {felt} | {_cell(span)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _server(binary: os.PathLike[str]) -> str:
    said = subprocess.run(
        [binary, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    found = re.search(r"(?:v=|\) )([\d.]+)", said)
    name = "Valkey" if "v=" in said else "PostgreSQL"
    return f"{name} {found[1] if found else said}"
