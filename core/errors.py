"""What goes wrong in the settings, services and database; each message says how to fix it."""

from __future__ import annotations

from pathlib import Path


class DbError(Exception):
    """Is the root of the errors of settings, services and database."""


class SettingsError(DbError):
    """Say that an environment variable holds something unusable, and what it should hold."""

    def __init__(self, variable: str, problem: str) -> None:
        super().__init__(f"{variable} {problem}")
        self.variable = variable


class ServiceUnreachable(DbError):  # noqa: N818 - named for what happened; the command line maps it to exit code 3
    """Say that the database or the broker does not answer, and what to do about it."""

    def __init__(self, service: str, problem: str, *, mend: str) -> None:
        super().__init__(f"{service}: {problem}. {mend}")
        self.service = service
        self.problem = problem
        self.mend = mend


class ServiceBusy(ServiceUnreachable):
    """Say that a server cannot do it now and did nothing: a lock, a deadlock, a full disk."""


class ServiceStartError(ServiceUnreachable):
    """Say why an embedded server could not be started, with its ``log`` where one was written."""

    def __init__(self, service: str, problem: str, *, mend: str, log: Path | None = None) -> None:
        super().__init__(service, problem, mend=mend)
        self.log = log


class ServicesInUse(ServiceUnreachable):
    """Say that the embedded services were not stopped: the processes ``users`` still use them."""

    def __init__(self, users: tuple[int, ...]) -> None:
        who = f"processes {', '.join(map(str, users))}" if users else "other processes"
        super().__init__(
            "embedded services", f"{who} still use them", mend="Stop those first, or use --force"
        )
        self.users = users
