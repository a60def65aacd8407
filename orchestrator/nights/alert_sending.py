"""Send the alerts that wait: each until its channel takes it, with growing waits in between.

An alert is taken from the database before it is sent and marked afterwards. A sender that dies in
between sends it again later, under the same key and Message-ID: a receiver sees one message.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sqlalchemy import Engine

from core.states import AlertChannel
from db.nights.alerts import Alert, mark_not_sent, mark_sent, take_alert
from orchestrator.nights.alert_settings import AlertSettings, MailSettings

#: How long a server may take to answer.
TIMEOUT_S = 10.0
#: Alerts that one round sends.
AT_MOST = 20

log = logging.getLogger("evalctl.alerts")


class NotTaken(Exception):  # noqa: N818 - named for what happened
    """Say why a channel did not take an alert, without its address or secrets."""


class _NoRedirects(HTTPRedirectHandler):
    """Refuse redirects: a message must not leave for a place that was not named."""

    def redirect_request(self, *_given: object) -> None:
        """Follow nothing."""


_OPENER = build_opener(_NoRedirects)


def send_alerts(engine: Engine, settings: AlertSettings) -> int:
    """Send the alerts that are due and return how many were taken."""
    taken = 0
    for _ in range(AT_MOST):
        alert = take_alert(engine)
        if alert is None:
            break
        try:
            send(alert, settings)
        except NotTaken as error:
            given_up = mark_not_sent(engine, alert, str(error))
            said = "is given up" if given_up else "will be tried again"
            facts = (alert.channel, alert.schedule, alert.tries, said, error)
            log.warning("%s about schedule %s, try %s, %s: %s", *facts)
        else:
            mark_sent(engine, alert)
            taken += 1
    return taken


def send(alert: Alert, settings: AlertSettings) -> None:
    """Send one alert; raise ``NotTaken``."""
    if alert.channel is AlertChannel.MAIL:
        _mail(alert, settings.mail)
    elif alert.channel is AlertChannel.WEBHOOK:
        document = {**alert.document, "key": str(alert.key), "text": alert.subject}
        body = json.dumps(document, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(alert.key)}
        _request(settings.webhook_url, headers, body)
    else:
        url = settings.ping_url
        _request(url and url.replace("{schedule}", quote(alert.schedule, safe="")), {}, None)


def _request(url: str | None, headers: dict[str, str], body: bytes | None) -> None:
    if url is None:
        raise NotTaken("its URL is no longer set")
    request = Request(url, data=body, headers={"User-Agent": "evalctl", **headers})  # noqa: S310 - the settings allow http and https alone
    try:
        with _OPENER.open(request, timeout=TIMEOUT_S):
            return
    except HTTPError as error:
        error.close()
        raise NotTaken(f"the server answered {error.code}") from None
    except URLError as error:
        raise NotTaken(_plain(error.reason)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise NotTaken(_plain(error)) from None


def mail_of(alert: Alert, settings: MailSettings) -> EmailMessage:
    """Return an alert as an e-mail; the same one at every try."""
    message = EmailMessage()
    message["Subject"] = " ".join(alert.subject.split())
    message["From"] = settings.sender
    message["To"] = ", ".join(settings.recipients)
    message["Date"] = format_datetime(alert.created_at)
    domain = parseaddr(settings.sender)[1].rpartition("@")[2] or "localhost"
    message["Message-ID"] = f"<{alert.key}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(alert.body)
    return message


def _mail(alert: Alert, settings: MailSettings | None) -> None:
    if settings is None:
        raise NotTaken("its mail server is no longer set")
    try:
        with _connected(settings) as server:
            if settings.user is not None:
                server.login(settings.user, settings.password or "")
            server.send_message(mail_of(alert, settings))
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({str(code) for code, _ in error.recipients.values()})
        raise NotTaken(f"the mail server refused every recipient ({', '.join(codes)})") from None
    except smtplib.SMTPResponseException as error:
        raise NotTaken(f"the mail server answered {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise NotTaken(_plain(error)) from None


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=TIMEOUT_S, context=context)
    server = smtplib.SMTP(settings.host, settings.port, timeout=TIMEOUT_S)
    if settings.security == "starttls":
        try:
            server.starttls(context=ssl.create_default_context())
        except BaseException:
            server.close()
            raise
    return server


def _plain(error: object) -> str:
    """Name an error without what it was about: that may be an address or a secret."""
    number = getattr(error, "errno", None)
    if isinstance(error, TimeoutError):
        return f"no answer in {TIMEOUT_S:g} s"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is refused: {error.verify_message}"
    strerror = getattr(error, "strerror", None)
    return f"{type(error).__name__}: {strerror}" if number and strerror else type(error).__name__
