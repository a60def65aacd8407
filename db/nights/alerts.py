"""Alerts about nights: rows written with the decision, sent later, each until it is taken."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine

from core.states import AlertChannel, NightState
from db.engine import rows, transaction
from db.statements import statement

#: Wait before the second try of an alert; doubled for each further one.
FIRST_WAIT_S = 30.0
LONGEST_WAIT_S = 3600.0
#: An alert that could not be sent for so long is given up.
GIVE_UP_S = 3 * 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertText:
    """What a message about a night says."""

    schedule: str
    slot: dt.datetime
    state: NightState
    subject: str
    body: str
    #: The same for programs.
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One message through one channel."""

    alert_id: int
    #: The same at every try.
    key: uuid.UUID
    channel: AlertChannel
    schedule: str
    slot: dt.datetime
    subject: str
    body: str
    document: Mapping[str, Any]
    #: This try included.
    tries: int
    created_at: dt.datetime


def add_alert(connection: Connection, text: AlertText, channels: Iterable[AlertChannel]) -> None:
    """Write one row per channel, in the transaction of the decision."""
    for channel in channels:
        given = {
            "channel": channel.value,
            "schedule": text.schedule,
            "slot": text.slot,
            "state": text.state.value,
            "subject": text.subject,
            "body": text.body,
            "document": Jsonb(dict(text.document)),
        }
        rows(connection, statement("add_alert", "alerts"), given)


def take_alert(engine: Engine) -> Alert | None:
    """Take the next alert that is due; its next try is already set. None: there is none."""
    given = {"first_s": FIRST_WAIT_S, "longest_s": LONGEST_WAIT_S}
    with transaction(engine) as connection:
        found = rows(connection, statement("take_alert", "alerts"), given)
    if not found:
        return None
    row = found[0]
    keys = set(Alert.__dataclass_fields__) - {"alert_id", "channel"}
    return Alert(
        alert_id=row["id"],
        channel=AlertChannel(row["channel"]),
        **{key: row[key] for key in keys},
    )


def mark_sent(engine: Engine, alert: Alert) -> None:
    """Record that an alert was taken; it is never sent again."""
    with transaction(engine) as connection:
        rows(connection, statement("sent", "alerts"), {"alert": alert.alert_id})


def mark_not_sent(engine: Engine, alert: Alert, error: str) -> bool:
    """Record why an alert was not sent; return whether it is given up."""
    given = {"alert": alert.alert_id, "error": error, "give_up_s": GIVE_UP_S}
    with transaction(engine) as connection:
        found = rows(connection, statement("not_sent", "alerts"), given)
    return bool(found and found[0]["abandoned"])


def unsent_alerts(engine: Engine, schedule: str) -> list[dict[str, Any]]:
    """Return, per channel, how many alerts of a schedule wait for another try or were given up."""
    with transaction(engine) as connection:
        return rows(connection, statement("unsent", "alerts"), {"schedule": schedule})
