"""A TCP forwarder between a worker and a server: a wire that can be delayed, held up and cut."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65_536


class Forwarder:
    """Forward a loopback port to another; each connection has its own thread."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._closed = threading.Event()
        #: Seconds by which every chunk is late, each way.
        self.delay_s = 0.0
        #: Once a client has sent these bytes, its answers are swallowed and its connection is cut.
        self.cut_after: bytes | None = None
        #: Set when a connection was cut.
        self.cut = threading.Event()
        threading.Thread(target=self._accept, name="forwarder", daemon=True).start()

    @property
    def port(self) -> int:
        """The port to connect to."""
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Stop listening and cut what is connected."""
        self._closed.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(
                target=self._serve, args=(client,), name="forwarder", daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        with (
            client,
            suppress(OSError),
            socket.create_connection(("127.0.0.1", self._target_port)) as server,
        ):
            for wire in (client, server):
                wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sent, cut = b"", False
            while not self._closed.is_set():
                ready, _, _ = select.select([client, server], [], [], 0.5)
                for source in ready:
                    chunk = source.recv(_CHUNK)
                    if source is server and cut:
                        # The server has done what it was asked for; its answer is kept.
                        self.cut.set()
                        return
                    if not chunk:
                        return
                    if self.delay_s:
                        self._closed.wait(self.delay_s)
                    (server if source is client else client).sendall(chunk)
                    if source is client and (wanted := self.cut_after) is not None:
                        # A long statement comes in several pieces.
                        sent = sent[-len(wanted) :] + chunk
                        if wanted in sent:
                            self.cut_after, cut = None, True


@contextmanager
def forwarder(target_port: int) -> Iterator[Forwarder]:
    """Run a forwarder for the block."""
    opened = Forwarder(target_port)
    try:
        yield opened
    finally:
        opened.close()
