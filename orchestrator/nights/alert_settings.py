"""Where alerts about nights go: the table ``[alerts]`` of evalctl.toml and the environment.

Secrets are read when they are used and stored nowhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from core.secrets import KNOWN
from core.server_address import LOCAL
from core.settings import Settings
from core.states import AlertChannel
from orchestrator.errors import UsageFault
from orchestrator.models.registry import read_toml

#: Every variable that is read here, with its meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "EVALCTL_ALERT_WEBHOOK_URL": (
            "http(s):// URL that gets a POST for each alert about a night; replaces "
            "`webhook_url` of evalctl.toml"
        ),
        "EVALCTL_ALERT_PING_URL": (
            "http(s):// URL that gets a GET when a night is done; replaces `ping_url` of "
            "evalctl.toml"
        ),
        "EVALCTL_SMTP_PASSWORD": "password of the mail server's `user`; never read from a file",
    }
)
SECURITIES = ("starttls", "tls", "none")
#: Shorter parts of a URL are words, such as a path's.
_TOKEN_CHARACTERS = 12
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server, and from whom to whom."""

    host: str
    port: int
    #: starttls, tls or none.
    security: str
    sender: str
    recipients: tuple[str, ...]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSettings:
    """The channels; None where one is not set up. URLs may hold secrets and are not printed."""

    webhook_url: str | None = field(default=None, repr=False)
    ping_url: str | None = field(default=None, repr=False)
    mail: MailSettings | None = None

    @property
    def channels(self) -> tuple[AlertChannel, ...]:
        """The channels that messages leave by; a ping is not a message."""
        pairs = ((AlertChannel.WEBHOOK, self.webhook_url), (AlertChannel.MAIL, self.mail))
        return tuple(channel for channel, given in pairs if given)


def load_alert_settings(
    settings: Settings, environ: Mapping[str, str] | None = None
) -> AlertSettings:
    """Read the channels; raise ``UsageFault`` with what to change."""
    values = os.environ if environ is None else environ
    path = settings.config or (LOCAL if LOCAL.is_file() else None)
    table = read_toml(path).get("alerts", {}) if path is not None else {}
    where = f"{path}: [alerts]"
    _only(table, {"webhook_url", "ping_url", "mail"}, where)
    mail = table.get("mail")
    return AlertSettings(
        webhook_url=_url(table, "webhook_url", values.get("EVALCTL_ALERT_WEBHOOK_URL"), where),
        ping_url=_url(table, "ping_url", values.get("EVALCTL_ALERT_PING_URL"), where),
        mail=None if mail is None else _mail(mail, values, f"{path}: [alerts.mail]"),
    )


def _mail(table: Any, environ: Mapping[str, str], where: str) -> MailSettings:
    _only(table, {"host", "port", "security", "user", "from", "to"}, where)
    security = table.get("security", "starttls")
    if security not in SECURITIES:
        raise UsageFault(f"{where}: security must be one of {', '.join(SECURITIES)}")
    port = table.get("port", _PORTS[security])
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise UsageFault(f"{where}: port must be a number from 1 to 65535")
    for key in ("host", "from"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise UsageFault(f'{where} needs {key} = "..."')
    to = table.get("to")
    if not (isinstance(to, list) and to and all(isinstance(one, str) and one for one in to)):
        raise UsageFault(f'{where} needs to = ["name@example.org"]')
    if any("\n" in one or "\r" in one for one in (table["from"], *to)):
        raise UsageFault(f"{where}: an address must not hold a line break")
    user = table.get("user")
    if user is not None and not isinstance(user, str):
        raise UsageFault(f"{where}: user must be a name")
    password = environ.get("EVALCTL_SMTP_PASSWORD") or None
    KNOWN.learn(password)
    if user is not None and password is None:
        raise UsageFault(f"{where} names a user; set EVALCTL_SMTP_PASSWORD to the password")
    if user is not None and security == "none":
        raise UsageFault(f'{where}: a password needs security = "starttls" or "tls"')
    return MailSettings(
        host=table["host"],
        port=port,
        security=security,
        sender=table["from"],
        recipients=tuple(to),
        user=user,
        password=password if user is not None else None,
    )


def _url(table: Mapping[str, Any], key: str, override: str | None, where: str) -> str | None:
    url = override or table.get(key)
    if not url:
        return None
    source = "the environment" if override else where
    if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
        raise UsageFault(f"{source}: {key} must be a URL that begins with http:// or https://")
    KNOWN.learn_url(url)
    KNOWN.learn(*_tokens(url))
    return url


def _tokens(url: str) -> list[str]:
    """Return the parts of a URL that may be its secret, as in hooks.example/T0/B0/4f1c..."""
    parts = urlsplit(url)
    values = [value for _, value in parse_qsl(parts.query)]
    return [part for part in (*parts.path.split("/"), *values) if len(part) >= _TOKEN_CHARACTERS]


def _only(table: Any, keys: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise UsageFault(f"{where} must be a table")
    if unknown := sorted(set(table) - keys):
        known = ", ".join(sorted(keys))
        raise UsageFault(f"{where} has unknown keys {', '.join(unknown)}; the keys are {known}")
