"""Servers on loopback that receive alerts: HTTP for webhooks and pings, SMTP for e-mails."""

from __future__ import annotations

import base64
import email
import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(kw_only=True)
class HttpReceiver:
    """What a web server was sent, in order."""

    port: int = 0
    #: Status codes of the next requests; 200 when they are used up.
    answers: list[int] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(kw_only=True)
class MailReceiver:
    """What a mail server was sent, in order."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    #: User and password that it insists on.
    account: tuple[str, str] | None = None
    mails: list[Message] = field(default_factory=list)
    #: Whether each mail came over TLS, and to whom.
    secured: list[bool] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """Run a web server for the block."""
    seen = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, body: bytes) -> None:
            code = seen.answers.pop(0) if seen.answers else 200
            if code == 200:
                seen.paths.append(self.path)
                if body:
                    seen.documents.append(json.loads(body))
                    seen.keys.append(self.headers["Idempotency-Key"])
            self.send_response(code)
            if code in {301, 302}:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def do_GET(self) -> None:
            self._answer(b"")

        def log_message(self, *_given: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        seen.port = server.server_address[1]
        with _serving(server):
            yield seen


@contextmanager
def mail_receiver(
    tls: ssl.SSLContext | None = None, account: tuple[str, str] | None = None
) -> Iterator[MailReceiver]:
    """Run a mail server for the block, with STARTTLS and an account where they are given."""
    seen = MailReceiver(tls=tls, account=account)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            # A client that refuses the certificate hangs up.
            with suppress(ssl.SSLError, ConnectionError):
                _Session(self, seen).run()
            self.connection.close()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        seen.port = server.server_address[1]
        with _serving(server):
            yield seen


class _Session:
    """One connection of a mail client (RFC 5321, 3207, 4954), as far as clients here go."""

    def __init__(self, handler: socketserver.StreamRequestHandler, seen: MailReceiver) -> None:
        self._handler = handler
        self._seen = seen
        self._secured = False
        self._known = seen.account is None
        self._to: list[str] = []

    def run(self) -> None:
        """Answer until the client quits."""
        self._say("220 test ESMTP")
        while line := self._handler.rfile.readline():
            word, _, rest = line.decode().strip().partition(" ")
            if word.upper() == "QUIT":
                self._say("221 bye")
                return
            self._answer(word.upper(), rest)

    def _answer(self, word: str, rest: str) -> None:
        if word == "EHLO":
            can = ["test"]
            can += ["STARTTLS"] if self._seen.tls and not self._secured else []
            can += ["AUTH PLAIN"] if self._seen.account else []
            for one in can[:-1]:
                self._say(f"250-{one}")
            self._say(f"250 {can[-1]}")
        elif word == "STARTTLS" and self._seen.tls:
            self._say("220 go on")
            plain = self._handler.connection
            wrapped = self._seen.tls.wrap_socket(
                plain, server_side=True, do_handshake_on_connect=False
            )
            self._handler.connection = self._handler.request = wrapped
            self._handler.rfile, self._handler.wfile = (
                wrapped.makefile("rb"),
                wrapped.makefile("wb", buffering=0),  # type: ignore[assignment]
            )
            wrapped.do_handshake()
            self._secured = True
        elif word == "AUTH":
            given = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")[1:]
            self._known = tuple(given) == self._seen.account
            self._say("235 welcome" if self._known else "535 wrong password")
        elif word in {"MAIL", "RSET", "NOOP"}:
            self._say("250 ok" if self._known else "530 log in first")
        elif word == "RCPT":
            self._to.append(rest.partition("<")[2].partition(">")[0])
            self._say("250 ok")
        elif word == "DATA":
            self._say("354 go on")
            self._receive()
        else:
            self._say("502 unknown")

    def _receive(self) -> None:
        lines = []
        while (line := self._handler.rfile.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self._seen.mails.append(email.message_from_bytes(b"".join(lines).replace(b"\r\n", b"\n")))
        self._seen.secured.append(self._secured)
        self._seen.recipients.append(self._to)
        self._to = []
        self._say("250 taken")

    def _say(self, line: str) -> None:
        self._handler.wfile.write(f"{line}\r\n".encode())
        self._handler.wfile.flush()


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
