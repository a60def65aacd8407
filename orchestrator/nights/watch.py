"""The reconciler's care for nights and alerts, in a thread beside its loop.

Comparing a night reads thousands of rows, and a mail server may take its time: neither may delay a
lease. What fails here is logged and tried again, and never ends the reconciler.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable

from sqlalchemy import Engine

from core.errors import ServiceUnreachable
from core.settings import Settings
from db.nights.nightly import nightly_due, watches
from orchestrator.nights.alert_sending import send_alerts
from orchestrator.nights.alert_settings import AlertSettings, load_alert_settings
from orchestrator.nights.nightly import bring_up_to_date

ROUND_S = 5.0
#: A schedule whose nights could not be compared is left alone for so long.
AFTER_ERROR_S = 60.0

log = logging.getLogger("evalctl.nightly")


def configured_alerts() -> AlertSettings:
    """Read where alerts go, as the environment says."""
    return load_alert_settings(Settings.from_environment())


def database_clock() -> None:
    """Leave the time to the database."""


class NightWatch:
    """Look after the nights of all schedules and send alerts, one round at a time."""

    def __init__(
        self,
        engine: Engine,
        *,
        round_s: float = ROUND_S,
        clock: Callable[[], dt.datetime | None] = database_clock,
        alerts: Callable[[], AlertSettings] = configured_alerts,
    ) -> None:
        self._engine = engine
        self._round_s = round_s
        self._clock = clock
        self._alerts = alerts
        self._thread: threading.Thread | None = None
        self._next_s = 0.0
        #: Schedule: when it may be tried again, on the monotonic clock.
        self._held_until_s: dict[str, float] = {}

    def poke(self) -> None:
        """Start a round in the background, unless one runs or there is nothing to do."""
        if time.monotonic() < self._next_s or (self._thread and self._thread.is_alive()):
            return
        self._next_s = time.monotonic() + self._round_s
        if nightly_due(self._engine):
            self._thread = threading.Thread(target=self.round, name="nights", daemon=True)
            self._thread.start()

    def finish(self, within_s: float) -> None:
        """Wait for the round that runs."""
        if self._thread is not None:
            self._thread.join(within_s)

    def round(self) -> None:
        """Bring all nights up to date, then send what is due; log what fails."""
        try:
            settings = self._alerts()
            for one in watches(self._engine):
                name = one.schedule.name
                if time.monotonic() >= self._held_until_s.get(name, 0.0):
                    try:
                        bring_up_to_date(self._engine, one, settings, self._clock())
                    except ServiceUnreachable:
                        raise
                    except Exception:
                        self._held_until_s[name] = time.monotonic() + AFTER_ERROR_S
                        log.exception("the nights of schedule %s could not be compared", name)
            send_alerts(self._engine, settings)
        except ServiceUnreachable as error:
            log.warning("nights wait: %s", error)
        except Exception:
            log.exception("nights and alerts could not be looked after")
