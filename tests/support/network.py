"""Hosts on one machine: a network namespace each, joined to the servers' by a cable.

Every host has its own wall clock and name. They need root and a C compiler; tests that cannot have
them are skipped with the reason.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import make_url

from services.postgres import EmbeddedPostgres
from services.privileges import Identity
from services.valkey import EmbeddedValkey
from tests.support.debian_packages import program_or_skip
from tests.support.processes import LoggingProcess, run_program, running
from tests.support.shared_library import compile_library

#: Addresses for benchmarks between networks (RFC 2544), which no real host here uses.
NETWORK = "198.18"
_CLOCK = Path(__file__).with_name("shifted_clock.c")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """One host: its namespace, its end of the cable, and the servers' address as it sees it."""

    name: str
    namespace: str
    cable: str
    gateway: str
    address: str
    #: What shifts the clock of its processes, and by how much.
    clock: Path
    shift_s: int

    def words(self, *command: str) -> list[str]:
        """Return the words that run a command on the host."""
        inside = f"ip netns exec {self.namespace} unshare --uts sh -c".split()
        clock = (f"LD_PRELOAD={self.clock}", f"SHIFT_S={self.shift_s}")
        return [*inside, 'hostname "$0" && exec "$@"', self.name, "env", *clock, *command]

    def worker(self, environment: dict[str, str]) -> AbstractContextManager[LoggingProcess]:
        """Run a worker on the host for the block."""
        command = self.words(sys.executable, "-m", "workers", "--cpu", "--queue", "synthetic")
        return running(command, environment)

    def cut(self) -> None:
        """Pull the cable."""
        _ip(f"-n {self.namespace} link set {self.cable} down")

    def heal(self) -> None:
        """Put the cable back."""
        _ip(f"-n {self.namespace} link set {self.cable} up")


@contextmanager
def hosts(shifts_s: Sequence[int], folder: Path) -> Iterator[list[Host]]:
    """Join a host for each error of a clock, in seconds, to this machine's own namespace."""
    _require()
    clock = compile_library(_CLOCK, folder / "shifted_clock.so")
    made: list[Host] = []
    mark = f"ev{os.getpid() % 100_000}"
    try:
        for number, shift_s in enumerate(shifts_s, start=1):
            host = Host(
                name=f"host{number}",
                namespace=f"{mark}n{number}",
                cable=f"{mark}c{number}",
                gateway=f"{NETWORK}.{number}.1",
                address=f"{NETWORK}.{number}.2",
                clock=clock,
                shift_s=shift_s,
            )
            _ip(f"netns add {host.namespace}")
            made.append(host)
            _join(host, server_end=f"{mark}s{number}")
        yield made
    finally:
        for host in made:
            _ip(f"netns del {host.namespace}")


class HostPostgres(EmbeddedPostgres):
    """The embedded PostgreSQL, reachable by the hosts too."""

    addresses: tuple[str, ...] = ()

    def _command(self, port: int) -> list[str]:
        command = super()._command(port)
        command[command.index("-h") + 1] = ",".join(("127.0.0.1", *self.addresses))
        return command

    def _prepare(self, keep: int) -> Identity:
        identity = super()._prepare(keep)
        rule = f"host all all {NETWORK}.0.0/16 scram-sha-256\n"
        rules = self.data / "pg_hba.conf"
        if rule not in rules.read_text(encoding="utf-8"):
            with rules.open("a", encoding="utf-8") as file:
                file.write(rule)
        return identity


class HostValkey(EmbeddedValkey):
    """The embedded Valkey, reachable by the hosts too."""

    addresses: tuple[str, ...] = ()

    def _configuration(self, password: str) -> str:
        bound = f"bind 127.0.0.1 {' '.join(self.addresses)}"
        return super()._configuration(password).replace("bind 127.0.0.1", bound)


@contextmanager
def servers_for(joined: Sequence[Host], folder: Path) -> Iterator[tuple[HostPostgres, HostValkey]]:
    """Run both servers on the servers' ends of all cables."""
    postgres, valkey = HostPostgres(folder / "postgres"), HostValkey(folder / "valkey")
    postgres.addresses = valkey.addresses = tuple(host.gateway for host in joined)
    try:
        postgres.start()
        valkey.start()
        yield postgres, valkey
    finally:
        valkey.stop()
        postgres.stop()


def seen_from(host: Host, url: str) -> str:
    """Return a server's URL as the host must write it."""
    return make_url(url).set(host=host.gateway).render_as_string(hide_password=False)


def _join(host: Host, *, server_end: str) -> None:
    _ip(f"link add {server_end} type veth peer name {host.cable} netns {host.namespace}")
    _ip(f"addr add {host.gateway}/30 dev {server_end}")
    _ip(f"link set {server_end} up")
    _ip(f"-n {host.namespace} addr add {host.address}/30 dev {host.cable}")
    for device in ("lo", host.cable):
        _ip(f"-n {host.namespace} link set {device} up")


def _require() -> None:
    for program in ("ip", "unshare"):
        program_or_skip(program)
    probe = f"ev{os.getpid() % 100_000}probe"
    tried = run_program("ip", "netns", "add", probe)
    if tried.returncode != 0:
        pytest.skip(f"no network namespace can be made here: {tried.stderr.strip()}")
    _ip(f"netns del {probe}")


def _ip(command: str) -> None:
    done = run_program("ip", *command.split())
    assert done.returncode == 0, f"ip {command}: {done.stderr}"
