"""Options of the commands that send steps to a verifier."""

from __future__ import annotations

import click
from click import option

from orchestrator.verification.verifier import DEADLINE_MS, PARALLEL

deadline_option = option(
    "--deadline-ms",
    type=click.FloatRange(min=1),
    default=DEADLINE_MS,
    show_default=True,
    help="Time for a model's verdict on a step; then it stays unverified.",
)
parallel_option = option(
    "--parallel",
    type=click.IntRange(1, 64),
    default=PARALLEL,
    show_default=True,
    help="Steps that a model is sent at once.",
)
