"""A PostgreSQL and a Redis that speak TLS alone, with their certificates and accounts.

The embedded servers are built without TLS, so programs of the machine are used; a test that cannot
have them is skipped with the reason.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.files import free_port
from services.waiting import wait_until
from tests.support.debian_packages import install, program_or_skip
from tests.support.processes import run_program

_PR_SET_PDEATHSIG = 1
READY_WITHIN_S = 30.0
#: The examples that users start from; they are what is tested.
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """A certificate authority for tests and a server's certificate for ``localhost``."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Secured:
    """A server that runs: its port, its log, and the words of its administrator's account."""

    port: int
    log: Path
    password: str


def make_certificates(folder: Path) -> Certificates:
    """Make both with openssl; they are good for two days."""
    program_or_skip("openssl")
    extension = folder / "extension"
    extension.write_text("subjectAltName=DNS:localhost\n", encoding="ascii")
    files = {
        name: folder / name
        for name in ("ca.key", "ca.pem", "server.key", "server.csr", "server.pem")
    }
    new = ("openssl", "req", "-newkey", "rsa:2048", "-nodes")
    own = ("-x509", "-days", "2", "-subj", "/CN=test CA")
    _run(*new, *own, "-keyout", files["ca.key"], "-out", files["ca.pem"])
    named = ("-subj", "/CN=localhost")
    _run(*new, *named, "-keyout", files["server.key"], "-out", files["server.csr"])
    sign = ("openssl", "x509", "-req", "-days", "2", "-CAcreateserial", "-extfile", extension)
    authority = ("-CA", files["ca.pem"], "-CAkey", files["ca.key"])
    _run(*sign, *authority, "-in", files["server.csr"], "-out", files["server.pem"])
    return Certificates(
        authority=files["ca.pem"], certificate=files["server.pem"], key=files["server.key"]
    )


@contextmanager
def secured_redis(certificates: Certificates, accounts: Sequence[str]) -> Iterator[Secured]:
    """Run a Redis or Valkey with TLS alone; these ACL lines stand beside the account ``admin``."""
    binary = shutil.which("valkey-server") or program_or_skip("redis-server")
    with _folder() as folder:
        password, port = secrets.token_hex(16), free_port(None)
        acl, log = folder / "users.acl", folder / "server.log"
        # Accounts stand in a separate file: no password is in the server's command line.
        lines = ("user default off", f"user admin on >{password} ~* &* +@all", *accounts)
        acl.write_text("\n".join(lines) + "\n", encoding="utf-8")
        example = (DEPLOY / "redis" / "tls.conf").read_text(encoding="utf-8")
        places = {
            "server.pem": certificates.certificate,
            "server.key": certificates.key,
            "ca.pem": certificates.authority,
        }
        for name, path in (places | {"users.acl": acl}).items():
            example = example.replace(f"/etc/valkey/{name}", str(path))
        own = ("bind 127.0.0.1", 'save ""', f"dir {folder}", "maxmemory-policy noeviction")
        config = folder / "server.conf"
        text = "\n".join((example.replace("tls-port 6379", f"tls-port {port}"), *own))
        config.write_text(text, encoding="utf-8")
        process = spawn([binary, str(config)], log, user=None)
        url = f"rediss://admin:{password}@localhost:{port}/0?ssl_ca_certs={certificates.authority}"

        def answers() -> bool:
            try:
                with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
                    return bool(client.ping())
            except redis.RedisError:
                return False

        yield from _while_it_runs(process, answers, Secured(port=port, log=log, password=password))


@contextmanager
def secured_postgres(certificates: Certificates) -> Iterator[Secured]:
    """Run a PostgreSQL that takes TLS with a scram password alone; its superuser is ``admin``."""
    programs = _postgres_programs()
    with _folder() as folder:
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        password, port = secrets.token_hex(16), free_port(None)
        data, log = folder / "data", folder / "server.log"
        given = folder / "password"
        given.write_text(password, encoding="ascii")
        key, certificate = folder / "server.key", folder / "server.pem"
        key.write_bytes(certificates.key.read_bytes())
        certificate.write_bytes(certificates.certificate.read_bytes())
        key.chmod(0o600)
        if owner is not None:  # PostgreSQL refuses to run as root.
            for path in (folder, given, key, certificate):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        user = None if owner is None else owner.pw_uid
        account = ("-U", "admin", "--auth=scram-sha-256", f"--pwfile={given}")
        _run(programs / "initdb", "-D", data, *account, "-E", "UTF8", "--locale=C", user=user)
        example = (DEPLOY / "postgres" / "pg_hba.conf").read_text(encoding="utf-8")
        rules = f"{example}hostssl all admin 10.0.0.0/24 scram-sha-256\n"
        rules = rules.replace("10.0.0.0/24", "127.0.0.1/32")
        (data / "pg_hba.conf").write_text(rules, encoding="utf-8")
        files = (f"ssl_cert_file={certificate}", f"ssl_key_file={key}")
        settings = ("listen_addresses=127.0.0.1", "ssl=on", *files)
        words = [part for setting in settings for part in ("-c", setting)]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(port), "-k", "", *words]
        process = spawn(command, log, user=user)
        url = f"postgresql://admin:{password}@localhost:{port}/postgres?sslmode=require"

        def answers() -> bool:
            try:
                with psycopg.connect(url, connect_timeout=2):
                    return True
            except psycopg.OperationalError:
                return False

        yield from _while_it_runs(process, answers, Secured(port=port, log=log, password=password))


def _postgres_programs() -> Path:
    """Return the folder of the programs of a PostgreSQL with TLS, installed if need be."""
    if (found := _installed_postgres()) is None:
        reason = install("postgresql")
        if (found := _installed_postgres()) is None:
            pytest.skip(f"no PostgreSQL with TLS is installed (Debian: postgresql); {reason}")
    return found


def _installed_postgres() -> Path | None:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    for folder in sorted(versions, key=lambda path: int(path.parent.name), reverse=True):
        linked = run_program("ldd", folder / "postgres")
        if (folder / "initdb").exists() and "libssl" in linked.stdout:
            return folder
    return None


def _while_it_runs(
    process: subprocess.Popen[bytes], answers: object, server: Secured
) -> Iterator[Secured]:
    assert callable(answers)
    try:
        ready = wait_until(lambda: process.poll() is not None or answers(), READY_WITHIN_S)
        assert ready, server.log.read_text(errors="replace")
        assert process.poll() is None, server.log.read_text(errors="replace")
        yield server
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def _folder() -> Iterator[Path]:
    # Not pytest's folder: another user than root must get there.
    with tempfile.TemporaryDirectory(prefix="evalctl-secured-", dir="/tmp") as made:
        Path(made).chmod(0o711)
        yield Path(made)


def spawn(command: Sequence[str], log: Path, *, user: int | None) -> subprocess.Popen[bytes]:
    """Start a server that is stopped by the kernel, too, where the tests are killed."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            cwd="/",
            user=user,
            preexec_fn=_end_with_tests,  # noqa: PLW1509 - one prctl call, after the change of user
        )


def _end_with_tests() -> None:
    """Ask the kernel for SIGINT, a fast shutdown of both servers, when the tests' process ends."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _run(*command: object, user: int | None = None) -> None:
    done = run_program(*command, user=user, cwd="/")
    assert done.returncode == 0, done.stderr
