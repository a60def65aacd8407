"""Alerts leave once, are tried again until they are taken, and hold and leave no secret."""

from __future__ import annotations

import datetime as dt
import ssl
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.settings import Settings
from core.states import AlertChannel, NightState
from db.engine import transaction
from db.nights.alerts import AlertText, add_alert, mark_sent, take_alert
from orchestrator.errors import UsageFault
from orchestrator.nights.alert_sending import send_alerts
from orchestrator.nights.alert_settings import AlertSettings, MailSettings, load_alert_settings
from tests.support.database import query
from tests.support.receivers import http_receiver, mail_receiver
from tests.support.tls_servers import make_certificates

SLOT = dt.datetime(2026, 11, 24, 18, 0, tzinfo=dt.UTC)
SECRET = "s3cret-word"


def store(engine: Engine, *channels: AlertChannel, subject: str = "nightly: regressed") -> None:
    text = AlertText(
        schedule="nightly",
        slot=SLOT,
        state=NightState.REGRESSED,
        subject=subject,
        body="score7 5.20 -> 4.40\n",
        document={"schedule": "nightly", "state": "regressed"},
    )
    with transaction(engine) as connection:
        add_alert(connection, text, channels)


def make_due(engine: Engine) -> None:
    """Let the wait before the next try pass."""
    query(engine, "UPDATE eval.alert SET next_try_at = now()")


def mail_settings(port: int, **changes: object) -> AlertSettings:
    given: dict[str, object] = {
        "host": "localhost",
        "port": port,
        "security": "none",
        "sender": "evalctl@example.org",
        "recipients": ("a@example.org", "b@example.org"),
    }
    return AlertSettings(mail=MailSettings(**given | changes))  # type: ignore[arg-type]


def error_of(engine: Engine) -> str:
    return str(query(engine, "SELECT last_error FROM eval.alert")[0]["last_error"])


def test_a_webhook_is_tried_again_with_growing_waits_and_then_sent_once(engine: Engine) -> None:
    store(engine, AlertChannel.WEBHOOK)
    waits = "SELECT round(extract(epoch FROM next_try_at - now()))::int AS wait_s FROM eval.alert"
    with http_receiver() as web:
        settings = AlertSettings(webhook_url=f"{web.url}/hook?token={SECRET}")
        web.answers = [500, 301, 404]
        found = []
        for _ in range(3):
            assert send_alerts(engine, settings) == 0
            assert send_alerts(engine, settings) == 0, "not before its time"
            found.append((error_of(engine), query(engine, waits)[0]["wait_s"]))
            make_due(engine)
        assert send_alerts(engine, settings) == 1
        make_due(engine)
        assert send_alerts(engine, settings) == 0
    assert [(said, round(wait_s, -1)) for said, wait_s in found] == [
        ("the server answered 500", 30),
        ("the server answered 301", 60),
        ("the server answered 404", 120),
    ]
    assert web.paths == [f"/hook?token={SECRET}"], "a redirect is not followed"
    (key,) = query(engine, "SELECT key::text FROM eval.alert WHERE sent_at IS NOT NULL")
    assert (web.keys, web.documents[0]["key"]) == ([key["key"]], key["key"])
    assert web.documents[0]["text"] == "nightly: regressed"


def test_a_server_that_is_down_delays_no_other_channel(engine: Engine) -> None:
    store(engine, AlertChannel.WEBHOOK, AlertChannel.PING)
    with http_receiver() as web:
        settings = AlertSettings(
            webhook_url=f"http://127.0.0.1:1/{SECRET}", ping_url=f"{web.url}/ping/{{schedule}}"
        )
        assert send_alerts(engine, settings) == 1
    assert web.paths == ["/ping/nightly"]
    assert query(engine, "SELECT last_error FROM eval.alert WHERE sent_at IS NULL") == [
        {"last_error": "ConnectionRefusedError: Connection refused"}
    ]


def test_a_sender_that_died_on_the_way_sends_again_under_the_same_key(engine: Engine) -> None:
    store(engine, AlertChannel.WEBHOOK)
    died = take_alert(engine)
    assert died is not None
    assert take_alert(engine) is None, "another sender finds nothing meanwhile"
    make_due(engine)
    again = take_alert(engine)
    assert again is not None
    assert (again.key, again.tries) == (died.key, 2)
    mark_sent(engine, again)
    make_due(engine)
    assert take_alert(engine) is None


def test_after_three_days_an_alert_is_given_up(engine: Engine) -> None:
    store(engine, AlertChannel.MAIL)
    query(engine, "UPDATE eval.alert SET created_at = now() - interval '73 hours'")
    assert send_alerts(engine, AlertSettings()) == 0
    make_due(engine)
    assert take_alert(engine) is None
    assert error_of(engine) == "its mail server is no longer set"


def test_mail_leaves_over_starttls_with_a_password(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = make_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    store(engine, AlertChannel.MAIL, subject="nightly: regressed\r\nBcc: x@example.org")
    with mail_receiver(context, account=("evalctl", SECRET)) as post:
        settings = mail_settings(post.port, security="starttls", user="evalctl", password=SECRET)
        assert send_alerts(engine, settings) == 0, "the certificate is not trusted yet"
        assert error_of(engine).startswith("the certificate is refused: ")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority))
        make_due(engine)
        wrong = mail_settings(post.port, security="starttls", user="evalctl", password="other")
        assert send_alerts(engine, wrong) == 0
        assert error_of(engine) == "the mail server answered 535"
        make_due(engine)
        assert send_alerts(engine, settings) == 1
    (mail,) = post.mails
    assert post.secured == [True]
    assert post.recipients == [["a@example.org", "b@example.org"]]
    assert mail["Subject"] == "nightly: regressed Bcc: x@example.org"
    assert (mail["Bcc"], mail.get_payload()) == (None, "score7 5.20 -> 4.40\n")
    (row,) = query(engine, "SELECT key::text, alert::text AS everything FROM eval.alert")
    assert mail["Message-ID"] == f"<{row['key']}@example.org>"
    assert SECRET not in row["everything"]


def test_a_server_without_starttls_gets_no_mail(engine: Engine) -> None:
    store(engine, AlertChannel.MAIL)
    with mail_receiver() as post:
        assert send_alerts(engine, mail_settings(post.port, security="starttls")) == 0
        assert post.mails == []
        make_due(engine)
        assert send_alerts(engine, mail_settings(post.port)) == 1


def load(tmp_path: Path, text: str, **environ: str) -> AlertSettings:
    path = tmp_path / "evalctl.toml"
    path.write_text(text, encoding="utf-8")
    return load_alert_settings(Settings(home=tmp_path, config=path), environ)


MAIL = '[alerts.mail]\nhost = "m"\nfrom = "a@b"\nto = ["c@d"]\n'


def test_settings_come_from_the_file_and_secrets_from_the_environment(tmp_path: Path) -> None:
    found = load(
        tmp_path,
        f'[alerts]\nwebhook_url = "https://a"\n{MAIL}user = "u"\n',
        EVALCTL_ALERT_WEBHOOK_URL=f"https://b/{SECRET}",
        EVALCTL_ALERT_PING_URL="https://c",
        EVALCTL_SMTP_PASSWORD=SECRET,
    )
    assert found.webhook_url == f"https://b/{SECRET}"
    assert found.mail is not None
    assert (found.mail.port, found.mail.security, found.mail.password) == (587, "starttls", SECRET)
    assert found.channels == (AlertChannel.WEBHOOK, AlertChannel.MAIL)
    assert SECRET not in repr(found)
    assert load(tmp_path, "").channels == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[alerts]\nwebhok = "x"', "unknown keys webhok"),
        ('[alerts]\nwebhook_url = "file:///etc/passwd"', "begins with http:// or https://"),
        ("[alerts]\nwebhook_url = 7", "begins with http:// or https://"),
        ('[alerts]\nmail = "x"', "must be a table"),
        (MAIL + 'security = "ssl"', "security must be one of starttls, tls, none"),
        (MAIL + "port = 0", "port must be a number"),
        (MAIL + 'user = "u"', "set EVALCTL_SMTP_PASSWORD"),
        ('[alerts.mail]\nhost = "m"\nfrom = "a@b"\nto = []', "needs to ="),
        ('[alerts.mail]\nhost = "m"\nfrom = "a\\nb"\nto = ["c"]', "line break"),
    ],
)
def test_unusable_settings_say_what_to_change(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageFault, match=said):
        load(tmp_path, text)


def test_a_password_is_never_sent_in_the_clear(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="a password needs"):
        load(tmp_path, MAIL + 'user = "u"\nsecurity = "none"', EVALCTL_SMTP_PASSWORD=SECRET)
