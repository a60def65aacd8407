"""Where a model's server is and what it is sent beside a request, without what is secret in it.

A registry may write ``${NAME}`` in ``base_url`` and ``options.headers`` for a variable of the
workers. A password written out in a ``base_url`` is stored nowhere: the worker reads it from its
own evalctl.toml.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from core.model_spec import ModelSpec
from core.secrets import KNOWN, MASK
from core.settings import Settings, masked

#: The registry of the working folder, used where no other is named.
LOCAL = Path("evalctl.toml")
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
#: Headers whose values are secrets.
_SECRET_HEADER = re.compile(r"authorization|cookie|key|token|secret|password", re.IGNORECASE)
#: Headers that say how a request is cut and delivered, which the client decides.
_FRAMING = frozenset(
    {"connection", "content-encoding", "content-length", "content-type", "expect", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class ServerMisnamed(Exception):  # noqa: N818 - says what happened
    """What the client needs is wrong on this side: address, key, certificate file or proxy."""


def stored_address(url: str) -> str:
    """Return a ``base_url`` as it is stored and shown: passwords and keys in it are ``***``."""
    return url if _REFERENCE.search(url) else masked(url)


def full_address(spec: ModelSpec) -> str:
    """Return a model's ``base_url`` with what was not stored. Raise ServerMisnamed."""
    url = spec.base_url or ""
    if MASK in url:
        url = _registered(spec) or ""
        if not url:
            raise ServerMisnamed(
                f"model {spec.name!r}: the password in base_url is stored nowhere; register the "
                "model in this host's evalctl.toml too, or write ${NAME} in the password's place "
                "and set that variable"
            )
    url = _filled(url, spec, "base_url")
    KNOWN.learn_url(url)
    return url


def request_headers(spec: ModelSpec) -> dict[str, str]:
    """Return the headers that a model's requests carry. Raise ServerMisnamed."""
    given = spec.options.get("headers") or {}
    return {name: _filled(value, spec, f"options.headers.{name}") for name, value in given.items()}


def refused_headers(headers: object) -> str | None:
    """Say what is wrong with ``options.headers``; None: nothing."""
    if not isinstance(headers, Mapping):
        return 'must be a table of texts, { "name" = "value" }'
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(str(name)) or not isinstance(value, str):
            return f"has {name!r}, which is no header with a text as its value"
        if not value.isascii() or not value.isprintable():
            return f"has {name!r}, whose value is not printable ASCII"
        if str(name).lower() == "authorization":
            return "has Authorization, which api_key_env sets"
        if str(name).lower() in _FRAMING:
            return f"has {name!r}, which the client sets"
        if _SECRET_HEADER.search(str(name)) and not _REFERENCE.search(value):
            return f'has {name!r}, a secret: write "${{NAME}}" and set that variable'
    return None


def _filled(text: str, spec: ModelSpec, setting: str) -> str:
    def value(found: re.Match[str]) -> str:
        given = os.environ.get(found[1], "").strip()
        if not given:
            variable = f"the environment variable {found[1]}, which is not set"
            raise ServerMisnamed(f"model {spec.name!r}: {setting} takes a part from {variable}")
        if not given.isascii() or not given.isprintable():
            variable = f"the environment variable {found[1]}"
            raise ServerMisnamed(f"model {spec.name!r}: {variable} is not printable ASCII")
        KNOWN.learn(given)
        return given

    return _REFERENCE.sub(value, text)


def _registered(spec: ModelSpec) -> str | None:
    """Return the address that this host's registry has for the model, if it is the same one."""
    path = Settings.from_environment().config or LOCAL
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        url = document["models"][spec.name]["base_url"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return url if isinstance(url, str) and stored_address(url) == spec.base_url else None
