"""The options of ``evalctl schedule add`` that compare each night with a baseline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
from click import option
from sqlalchemy import Engine

from core.settings import Settings
from db.nights.nightly import watch
from db.nights.schedules import Schedule
from orchestrator.cli.numbers import finite
from orchestrator.errors import UsageFault
from orchestrator.models.registry import read_toml
from orchestrator.nights.alert_settings import load_alert_settings
from orchestrator.nights.metrics import watched_metrics

DUE_WITHIN_H = 6.0

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class NightlyOptions:
    """What the options say; ``baseline`` is None where nights are not compared."""

    baseline: str | None
    policy: Path | None
    due_within_h: float

    def checked_policy(self) -> Mapping[str, Any]:
        """Return the policy as its file says it; raise ``UsageFault`` for an unusable one."""
        if self.policy is None:
            return {}
        if self.baseline is None:
            raise UsageFault("--policy needs --compare-with BASELINE")
        document = read_toml(self.policy)
        watched_metrics(document)
        return document

    def store(self, engine: Engine, schedule: Schedule, policy: Mapping[str, Any]) -> bool:
        """Store how the nights of a schedule are compared; return whether that is a change."""
        return self.baseline is not None and watch(
            engine,
            schedule,
            baseline=self.baseline,
            policy=policy,
            due_within_s=3600 * self.due_within_h,
        )

    def warnings(self, settings: Settings) -> list[str]:
        """Return what keeps alerts from being sent."""
        if self.baseline is None:
            return []
        try:
            if load_alert_settings(settings).channels:
                return []
        except UsageFault as error:
            return [str(error)]
        return ["no channel for alerts is set up here: add [alerts] to evalctl.toml"]


def nightly_options(command: Command) -> Command:
    """Add the options and hand them over as ``nightly``."""

    @wraps(command)
    def wrapped(
        *args: Any,
        compare_with: str | None,
        policy: Path | None,
        due_within: float,
        **rest: Any,
    ) -> Any:
        nightly = NightlyOptions(baseline=compare_with, policy=policy, due_within_h=due_within)
        return command(*args, nightly=nightly, **rest)

    for one in (
        option(
            "--due-within",
            type=finite(0, 24 * 31, above=True),
            default=DUE_WITHIN_H,
            show_default=True,
            metavar="HOURS",
            help="Hours after its slot at which a night must be done; a later one is an alarm.",
        ),
        option(
            "--policy",
            type=click.Path(path_type=Path),
            help="Policy in TOML: which metrics are watched, and what an alarm of each does.",
        ),
        option(
            "--compare-with",
            metavar="BASELINE",
            help="Compare each night with this baseline; see `evalctl baseline`.",
        ),
    ):
        one(wrapped)
    return wrapped  # type: ignore[return-value]
