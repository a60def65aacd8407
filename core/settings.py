"""Where evalctl keeps its data and which servers it talks to, read from the environment once."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

from platformdirs import user_data_path

from core.errors import SettingsError

#: Every variable that these settings read, with its meaning.
VARIABLES: Mapping[str, str] = MappingProxyType(
    {
        "EVALCTL_HOME": (
            "folder of the embedded services' data (default: the platform's user data folder)"
        ),
        "EVALCTL_DATABASE_URL": (
            "postgresql:// URL of a real PostgreSQL, used instead of the embedded one"
        ),
        "EVALCTL_BROKER_URL": (
            "redis:// or rediss:// (TLS) URL of a real Redis or Valkey, "
            "used instead of the embedded one"
        ),
        "EVALCTL_CONFIG": "path of the evalctl.toml that registers the models",
    }
)

#: Valkey speaks Redis's protocol; redis-py and Celery know it by Redis's scheme.
_BROKER_SCHEMES = {"redis": "redis", "rediss": "rediss", "valkey": "redis", "valkeys": "rediss"}
#: Schemes of brokers that Celery knows and evalctl does not.
_OTHER_BROKERS = re.compile(r"\A[a-z+-]*(?:sentinel|cluster|socket|unix)\Z")
#: What a broker's URL may hold after its question mark.
_BROKER_OPTIONS = ("ssl_cert_reqs", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
_CERTIFICATES = ("required", "optional", "none")
#: What to do about a URL that cannot be read.
ESCAPE = "escape / ? # [ ] @ : and % in its password, e.g. / as %2F"
#: Parameters of libpq that are whole numbers.
_WHOLE = (
    "connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count",
    "tcp_user_timeout",
)  # fmt: skip
#: user:password@ after the scheme. A password may hold @; one with an unescaped / is not a valid
#: URL but must be hidden too, while host:5432/path@x holds no password.
USERINFO = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*://)(?P<user>[^\s:/?#@]*):"
    r"(?P<password>[^\s/?#]*|(?!\d+[/?#])\S*)@",
    re.IGNORECASE,
)
QUERY_SECRET = re.compile(
    r"(?P<key>[?&;](?:password|ssl_?password|passwd|pwd|(?:\w*[_-])?(?:key|token|secret|sig)"
    r"|apikey|signature)=)(?P<secret>[^&;#\s]*)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Settings:
    """The four settings; a URL that is None means the embedded server of that kind."""

    home: Path
    database_url: str | None = None
    broker_url: str | None = None
    config: Path | None = None

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read ``VARIABLES``; empty counts as unset, a wrong URL raises ``SettingsError``."""
        values = os.environ if environ is None else environ
        home = values.get("EVALCTL_HOME")
        database_url = values.get("EVALCTL_DATABASE_URL")
        broker_url = values.get("EVALCTL_BROKER_URL")
        config = values.get("EVALCTL_CONFIG")
        return cls(
            home=_absolute("EVALCTL_HOME", home) if home else _usual_home(),
            database_url=normalised_database_url(database_url) if database_url else None,
            broker_url=_broker_url(broker_url) if broker_url else None,
            config=_absolute("EVALCTL_CONFIG", config) if config else None,
        )

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process these same settings."""
        urls = {"EVALCTL_DATABASE_URL": self.database_url, "EVALCTL_BROKER_URL": self.broker_url}
        config = None if self.config is None else str(self.config)
        pairs = {"EVALCTL_HOME": str(self.home), **urls, "EVALCTL_CONFIG": config}
        return {name: value for name, value in pairs.items() if value is not None}

    def __repr__(self) -> str:
        database_url = None if self.database_url is None else masked(self.database_url)
        broker_url = None if self.broker_url is None else masked(self.broker_url)
        config = None if self.config is None else str(self.config)
        places = f"home={str(self.home)!r}, {database_url=}, {broker_url=}"
        return f"Settings({places}, {config=})"


def normalised_database_url(url: str) -> str:
    """Return a URL with ``postgresql://``; raise ``SettingsError`` for another database's."""
    scheme, separator, rest = url.strip().partition("://")
    family = scheme.lower().partition("+")[0]
    if not separator or family not in {"postgresql", "postgres"}:
        raise SettingsError("EVALCTL_DATABASE_URL", "must start with postgresql://")
    normalised = f"postgresql://{rest}"
    libpq_parameters(normalised)
    return normalised


def libpq_parameters(url: str) -> dict[str, str]:
    """Return the connection parameters of a URL, read as libpq reads it.

    Several hosts, ``options``, service files, IPv6 and percent signs included. Raise
    ``SettingsError``, which does not show the value: it may hold a password in an unusual place.
    """
    import psycopg  # noqa: PLC0415 - most settings are read without a database
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        found = conninfo_to_dict(url)
    except (psycopg.Error, ValueError) as error:
        problem = f"cannot be read; {ESCAPE}"
        raise SettingsError("EVALCTL_DATABASE_URL", problem) from error
    parameters = {key: str(value) for key, value in found.items() if value is not None}
    ports = [port for port in parameters.get("port", "").split(",") if port]
    if any(not re.fullmatch(r"\d{1,5}", port, re.ASCII) or int(port) > 65535 for port in ports):
        problem = f"has a port that is not a number up to 65535; {ESCAPE}"
        raise SettingsError("EVALCTL_DATABASE_URL", problem)
    # A host may be the path of a socket, or begin with @ as a socket without one.
    hosts = parameters.get("host", "").split(",")
    if any("@" in host[1:] and not host.startswith("/") for host in hosts):
        raise SettingsError("EVALCTL_DATABASE_URL", f"has more than one @; {ESCAPE}")
    for name in _WHOLE:
        if not re.fullmatch(r"-?\d{1,9}", parameters.get(name, "0").strip(), re.ASCII):
            raise SettingsError("EVALCTL_DATABASE_URL", f"needs a whole number for {name}")
    return parameters


def masked(url: str) -> str:
    """Return ``url``, or any text with URLs in it, with every password replaced by ``***``."""
    hidden = USERINFO.sub(r"\g<scheme>\g<user>:***@", url)
    return QUERY_SECRET.sub(r"\g<key>***", hidden)


def _absolute(variable: str, path: str) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError as error:
        raise SettingsError(variable, "begins with ~ and a name that no user here has") from error
    except FileNotFoundError as error:
        problem = "is relative to the working folder, which is deleted; give a whole path"
        raise SettingsError(variable, problem) from error


def _usual_home() -> Path:
    try:
        return user_data_path("evalctl")
    except RuntimeError as error:
        problem = "must be set: this user has no home folder"
        raise SettingsError("EVALCTL_HOME", problem) from error


def _broker_url(url: str) -> str:
    scheme, separator, rest = url.strip().partition("://")
    known = _BROKER_SCHEMES.get(scheme.lower())
    if not separator or known is None:
        other = separator and _OTHER_BROKERS.search(scheme.lower())
        why = "; sockets, Sentinel and clusters are not supported" if other else ""
        raise SettingsError("EVALCTL_BROKER_URL", f"must start with redis:// or rediss://{why}")
    normalised = f"{known}://{rest}"
    _check_broker(normalised)
    if known == "rediss" and "ssl_cert_reqs=" not in rest:
        # Celery checks no certificate by default: anyone on the path could read the password.
        normalised += ("&" if "?" in rest else "?") + "ssl_cert_reqs=required"
    return normalised


def _check_broker(url: str) -> None:
    """Raise ``SettingsError``, without the value, for what Celery would end on."""
    try:
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        problem = f"cannot be read; {ESCAPE}"
        raise SettingsError("EVALCTL_BROKER_URL", problem) from error
    if not host:
        raise SettingsError("EVALCTL_BROKER_URL", "names no host")
    if not re.fullmatch(r"/?\d*", parts.path):
        raise SettingsError("EVALCTL_BROKER_URL", "must end in the number of a database, e.g. /0")
    if unknown := sorted(set(options) - set(_BROKER_OPTIONS)):
        known = ", ".join(_BROKER_OPTIONS)
        raise SettingsError(
            "EVALCTL_BROKER_URL", f"has unknown options {', '.join(unknown)}; it may have {known}"
        )
    required = options.get("ssl_cert_reqs", "required")
    if required not in _CERTIFICATES:
        allowed = ", ".join(_CERTIFICATES)
        raise SettingsError("EVALCTL_BROKER_URL", f"needs ssl_cert_reqs to be one of {allowed}")
