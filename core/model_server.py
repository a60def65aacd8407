"""A model's server as a client sees it: key, certificates, proxy, served names, why it failed."""

from __future__ import annotations

import importlib.util
import ipaddress
import json
import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlsplit
from urllib.request import (  # type: ignore[attr-defined]
    getproxies_environment,
    proxy_bypass_environment,
)

from core import redirects
from core.model_spec import ModelSpec
from core.secrets import KNOWN, MASK, without_secrets
from core.server_address import ServerMisnamed, full_address, request_headers
from core.settings import masked

if TYPE_CHECKING:
    import openai

#: Most characters of a server's own words that a sentence holds.
QUOTED_AT_MOST = 400
#: Statuses that refuse more than the list: the key, or every request for now.
_HELD_BACK = frozenset(
    {401, 402, 408, 409, 420, 421, 423, 424, 425, 429, 499, 502, 503, 504, 529}
)  # fmt: skip
_PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")


def api_key(spec: ModelSpec) -> str | None:
    """Return the key without the white space around it, or None for a server without keys.

    Raise ServerMisnamed where the variable is unset, or holds what no header can.
    """
    name = spec.api_key_env
    if name is None:
        return None
    key = os.environ.get(name, "").strip()
    variable = f"the environment variable {name}"
    if not key:
        raise ServerMisnamed(f"model {spec.name!r} takes its key from {variable}, which is not set")
    strange = next((at for at, char in enumerate(key, 1) if not "!" <= char <= "~"), None)
    if strange is not None:
        raise ServerMisnamed(
            f"model {spec.name!r}: the key in {variable} cannot be sent: its character {strange} "
            "is not printable ASCII; set the variable to the key alone"
        )
    KNOWN.learn(key)
    return key


def open_client(spec: ModelSpec, *, connect_timeout_s: float) -> openai.AsyncOpenAI:
    """Return a client that retries nothing; silence after the connection is the caller's matter.

    The proxy is the environment's for this host, ``NO_PROXY`` obeyed. Certificates are those of
    ``options.ca_file``, ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the usual ones. Raise
    ServerMisnamed.
    """
    import openai  # noqa: PLC0415

    key = api_key(spec)
    timeout = openai.Timeout(None, connect=connect_timeout_s)
    http = openai.DefaultAsyncHttpxClient(
        proxy=_usable_proxy(spec),
        verify=_certificates(spec),
        trust_env=False,
        timeout=timeout,
        max_redirects=redirects.AT_MOST,
        event_hooks={"response": [redirects.follow_no_other]},
    )
    address = urlsplit(full_address(spec))
    return openai.AsyncOpenAI(
        api_key=key or "none",  # the client insists on one; a server without keys ignores it
        base_url=address._replace(query="", fragment="").geturl(),
        # What a base_url asks of every request, such as an api-version.
        default_query=dict(parse_qsl(address.query, keep_blank_values=True)),
        default_headers=request_headers(spec),
        max_retries=0,
        timeout=timeout,
        http_client=http,
    )


async def served_models(
    client: openai.AsyncOpenAI, *, timeout_s: float
) -> dict[str, Mapping[str, Any]]:
    """Return what the server lists, by id; nothing where it lists nothing, whatever it says then.

    Raise openai.APIError for a refused key, a server that is busy or limits its rate, and a failed
    connection.
    """
    import openai  # noqa: PLC0415

    try:
        answer = await client.models.with_raw_response.list(timeout=timeout_s)
        listed = json.loads(answer.http_response.content)
    except openai.APIStatusError as error:
        if error.status_code in _HELD_BACK:
            raise
        return {}
    except ValueError:  # no JSON
        return {}
    entries = listed.get("data") if isinstance(listed, dict) else listed
    if not isinstance(entries, list):
        return {}
    models = [one for one in entries if isinstance(one, dict) and isinstance(one.get("id"), str)]
    return {one["id"]: one for one in models}


def served_name(source: str, served: Mapping[str, Any]) -> str | None:
    """Return the id under which a server lists a model, or None.

    The name itself, with ``:latest``, or the one that ends in it after a slash (or the reverse).
    """
    for name in (source, f"{source}:latest", source.removesuffix(":latest")):
        if name in served:
            return name
    last = _last_part(source)
    alike = [name for name in served if _last_part(name) == last and "/" in name + source]
    return alike[0] if len(alike) == 1 else None


def hint(spec: ModelSpec) -> str:
    """Return a sentence about an address without ``/v1``, or nothing."""
    parts = urlsplit(spec.base_url or "")
    if any(part[:1] == "v" and part[1:2].isdigit() for part in parts.path.split("/")):
        return ""
    address = masked(parts._replace(path=f"{parts.path.rstrip('/')}/v1").geturl())
    return f"; base_url has no /v1, below which most servers are: try {address}"


def why_not_connected(spec: ModelSpec, error: BaseException) -> str:
    """Say what kept a client from a server: the innermost cause, not what was raised for it."""
    if redirected := redirect_of(error):
        return redirected
    cause = _innermost(error)
    parts = urlsplit(spec.base_url or "")
    proxy = proxy_for(spec.base_url or "")
    through = f" through the proxy {masked(proxy)} that the environment names" if proxy else ""
    if isinstance(cause, ssl.SSLCertVerificationError):
        own = "name your authority's file in options.ca_file or SSL_CERT_FILE"
        return f"its certificate is not trusted{through}: {cause.verify_message}; {own}"
    if isinstance(cause, ssl.SSLError):
        plain = "; does the address want http:// instead of https://?"
        return f"no TLS connection{through}: {_words(cause)}{plain}"
    if isinstance(cause, socket.gaierror):
        name = urlsplit(proxy).hostname if proxy else parts.hostname
        return f"the name {name} is unknown{through}: {cause.strerror}"
    if isinstance(cause, ConnectionRefusedError):
        return f"the connection was refused{through}"
    if "Timeout" in type(cause).__name__ and not str(cause):
        return f"no connection in time{through}"
    return f"{_words(cause)}{through}"


def redirect_of(error: BaseException) -> str | None:
    """Say where a server redirected a request that was not followed; None: it did not."""
    said = (redirects.said_of(cause) for cause in _causes(error))
    return next((one for one in said if one), None)


def said_by(error: Exception) -> str:
    """Return what a server said: its message, else the first characters of what it sent."""
    body = getattr(error, "body", None)
    message = body.get("message") if isinstance(body, Mapping) else None
    if isinstance(message, (Mapping, list)):
        message = json.dumps(message, ensure_ascii=False)
    if not isinstance(message, str) or not message.strip():
        message = _sent(error) or str(error)
    status = getattr(error, "status_code", None)
    return f"{'' if status is None else f'{status}: '}{' '.join(message.split())[:QUOTED_AT_MOST]}"


def without_key(text: str, spec: ModelSpec) -> str:
    """Return a text without the model's key, however a server has quoted it."""
    key = os.environ.get(spec.api_key_env or "", "").strip()
    for secret in {key, quote(key, safe=""), json.dumps(key)[1:-1]} if len(key) >= 4 else ():
        text = text.replace(secret, MASK)
    return without_secrets(text)


def proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names for an address, ``NO_PROXY`` obeyed."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or not parts.hostname:
        return None
    beside = parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"
    past = any(proxy_bypass_environment(name, proxies) for name in (parts.hostname, beside))
    if past or _in_networks(parts.hostname, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _usable_proxy(spec: ModelSpec) -> str | None:
    proxy = proxy_for(spec.base_url or "")
    if proxy is None:
        return None
    scheme, shown = proxy.partition("://")[0].lower(), masked(proxy)
    about = f"model {spec.name!r}: the environment names the proxy {shown}"
    if scheme not in _PROXY_SCHEMES:
        raise ServerMisnamed(f"{about}, whose scheme is not one of {', '.join(_PROXY_SCHEMES)}")
    if scheme.startswith("socks") and importlib.util.find_spec("socksio") is None:
        install = "install the package socksio, or list the server's host in NO_PROXY"
        raise ServerMisnamed(f"{about}, and SOCKS needs a package that is missing: {install}")
    return proxy


def _certificates(spec: ModelSpec) -> ssl.SSLContext | bool:
    """Return whom to trust; raise ServerMisnamed naming the setting whose file is unusable."""
    own = spec.options.get("ca_file")
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if not (own or file or folder):
        return True
    trusted: ssl.SSLContext | None = None
    setting, path = "SSL_CERT_FILE", file or ""
    try:
        trusted = ssl.create_default_context(cafile=file or None)
        setting, path = "SSL_CERT_DIR", folder or ""
        if folder:
            trusted.load_verify_locations(capath=folder)
        setting, path = "options.ca_file", str(own)
        if own:
            trusted.load_verify_locations(cafile=Path(path).expanduser())
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it holds no certificate in PEM form"
        raise ServerMisnamed(
            f"model {spec.name!r}: {setting} names {path!r}, which cannot be used: {reason}"
        ) from error
    return trusted


def _in_networks(host: str, exceptions: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    for part in exceptions.split(","):
        try:
            if address in ipaddress.ip_network(part.strip(), strict=False):
                return True
        except ValueError:
            continue
    return False


def _innermost(error: BaseException) -> BaseException:
    """Return the cause that says most: what TLS, the name or the port says, else the last."""
    chain = list(_causes(error))
    known = (ssl.SSLError, socket.gaierror, ConnectionRefusedError)
    return next((one for one in chain if isinstance(one, known)), chain[-1])


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        yield at
        inner = at.exceptions[0] if isinstance(at, BaseExceptionGroup) else None
        at = inner or at.__cause__ or at.__context__


def _words(error: BaseException) -> str:
    name = type(error).__name__
    said = " ".join(str(error).split())[:QUOTED_AT_MOST]
    return f"{name}: {said}" if said else name


def _sent(error: Exception) -> str:
    """Return the body of a refusal as text; empty where there is none."""
    try:
        return str(error.response.text).strip()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - no response, or one that was not read
        return ""


def _last_part(name: str) -> str:
    return name.rstrip("/").rpartition("/")[2].removesuffix(":latest")
