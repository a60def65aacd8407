"""The faults, by id: how each is staged, what must hold, and how long the recovery took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.support.deployment import Deployment


class CannotStage(Exception):  # noqa: N818 - named for what happened
    """Say why a fault cannot be staged on this machine, e.g. which command was refused and how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """How long a fault was felt."""

    #: Seconds on the monotonic clock of the runner.
    seconds: float
    #: From what to what, e.g. ``kill -> job committed``.
    span: str
    #: What else was counted or measured.
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault that can be staged."""

    #: ``F1a``: the number names the kind of fault, the letter its variant.
    fault_id: str
    title: str
    #: How it is staged, as one would type it.
    staged: str
    #: What must hold beside the oracle's promises.
    holds: str
    run: Callable[[Deployment], Recovery]
    #: Takes seconds and needs no special rights, so that it is part of `make test`.
    short: bool


_FAULTS: dict[str, Fault] = {}
FAULTS: Mapping[str, Fault] = MappingProxyType(_FAULTS)


def fault(
    fault_id: str, title: str, *, staged: str, holds: str, short: bool = False
) -> Callable[[Callable[[Deployment], Recovery]], Callable[[Deployment], Recovery]]:
    """Register a function that stages a fault, waits until all is well and returns the recovery.

    It raises ``AssertionError`` if a promise is broken and ``CannotStage`` if this machine does not
    allow it. When it returns, every process that it started has ended.
    """

    def register(run: Callable[[Deployment], Recovery]) -> Callable[[Deployment], Recovery]:
        assert fault_id not in _FAULTS, fault_id
        _FAULTS[fault_id] = Fault(
            fault_id=fault_id, title=title, staged=staged, holds=holds, run=run, short=short
        )
        return run

    return register
