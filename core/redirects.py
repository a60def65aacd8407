"""Which redirects of a model's server are followed: those that send the same request to it again.

A redirect to another host would hand it prompts, keys and headers; one by 301, 302 or 303 would
make a request without its body of it. Both say that ``base_url`` is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urljoin, urlsplit

from core.settings import masked

if TYPE_CHECKING:
    import httpx2

#: Statuses that keep a request as it is.
_KEEP = frozenset({307, 308})
_PORTS = {"http": 80, "https": 443}
AT_MOST = 5
_REDIRECTS = "it redirects to"


async def follow_no_other(response: httpx2.Response) -> None:
    """Raise TooManyRedirects for one that is not followed; an event hook of the client."""
    if response.has_redirect_location and (why := _why_not(response)):
        import httpx2  # noqa: PLC0415 - loaded with the client

        raise httpx2.TooManyRedirects(why, request=response.request)


def said_of(error: BaseException) -> str | None:
    """Say why the client followed no redirect; None for any other error."""
    if type(error).__name__ != "TooManyRedirects":
        return None
    circle = f"it redirects more than {AT_MOST} times: correct base_url"
    return str(error) if str(error).startswith(_REDIRECTS) else circle


def _why_not(response: httpx2.Response) -> str | None:
    request = response.request
    asked = urlsplit(str(request.url))
    target = urlsplit(urljoin(asked.geturl(), response.headers["location"]))
    shown = f"{_REDIRECTS} {masked(target._replace(query='', fragment='').geturl())}"
    if not _same_server(asked, target):
        return f"{shown}, another server, which is not followed: correct base_url"
    if request.method != "GET" and response.status_code not in _KEEP:
        return f"{shown} with {response.status_code}, which drops the request: correct base_url"
    return None


def _same_server(asked: SplitResult, target: SplitResult) -> bool:
    """Return whether a target is the host that was asked, by the same port or from HTTP to TLS."""
    if asked.hostname != target.hostname:
        return False
    upgraded = (asked.scheme, target.scheme) == ("http", "https")
    return _port(asked) == _port(target) or (upgraded and _port(target) == _PORTS["https"])


def _port(address: SplitResult) -> int | None:
    return address.port or _PORTS.get(address.scheme)
