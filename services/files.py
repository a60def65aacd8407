"""Private folders and files, ports that stay, and logs that do not grow for ever."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import ServiceStartError
from services.waiting import wait_until

_LOG_LIMIT_BYTES = 8 * 1024 * 1024
#: Below the ports of outgoing connections: from 32768 on Linux, from 49152 by RFC 6335.
_LISTENING_PORTS = range(20_000, 32_768)
_PORT_TRIES = 64
_MENDS = {
    errno.ENOSPC: "Free some disk space, or point EVALCTL_HOME at another disk",
    errno.EDQUOT: "Free some of your disk quota, or point EVALCTL_HOME at another disk",
    errno.EROFS: "Point EVALCTL_HOME at a writable folder",
    errno.EACCES: (
        "Make your user the owner of this folder, or point EVALCTL_HOME at another folder"
    ),
    errno.EPERM: "Make your user the owner of this folder, or point EVALCTL_HOME at another folder",
    errno.ENOTDIR: "Point EVALCTL_HOME at a folder",
    errno.EEXIST: "Point EVALCTL_HOME at a folder",
}


@contextmanager
def explained(service: str, folder: Path) -> Iterator[None]:
    """Turn an ``OSError`` of the body into a ``ServiceStartError`` with file and fix."""
    try:
        yield
    except TimeoutError as error:
        raise ServiceStartError(
            service, str(error), mend="Wait for that process, or stop it, and try again"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        mend = _MENDS.get(error.errno or 0, "Fix that, or point EVALCTL_HOME at another folder")
        where = error.filename or folder
        raise ServiceStartError(service, f"{reason}: {where}", mend=mend) from error


def make_private_folder(folder: Path) -> None:
    """Create ``folder`` and missing parents with mode 0700; tighten it where it was open."""
    make_folder(folder)
    if folder.stat().st_mode & 0o077:
        folder.chmod(0o700)


def make_folder(folder: Path) -> None:
    """Create ``folder`` and missing parents with mode 0700; leave an existing one as it is."""
    if folder.is_dir():
        return
    parents = [parent for parent in reversed(folder.parents) if not parent.exists()]
    for missing in [*parents, folder]:
        missing.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(missing, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            _give_to_owner_of(missing.parent, descriptor)
        finally:
            os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write ``text`` with mode 0600, all or nothing, for the folder's owner."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            _give_to_owner_of(path.parent, stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def open_private(path: Path, flags: int) -> int:
    """Open ``path`` with mode 0600, created where it is missing.

    Return the descriptor, closed on exec. A link in its place is refused: the folder may belong to
    a less trusted user than the one who opens.
    """
    descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        _give_to_owner_of(path.parent, descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_or_create_password(path: Path) -> str:
    """Return the password kept in ``path``, making a random one of 256 bits the first time."""
    try:
        kept = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        kept = ""
    if kept:
        return kept
    password = secrets.token_urlsafe(32)
    write_private(path, password + "\n")
    return password


def read_number(path: Path) -> int | None:
    """Return the number on the first line of ``path``, or None where there is none."""
    try:
        first = path.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip()
    except OSError:
        return None
    return int(first) if first.isascii() and first.isdigit() else None


def free_port(preferred: int | None, *, patience_s: float = 0.0) -> int:
    """Return ``preferred`` where it is free on the loopback address, else a random port.

    A server that was killed holds its port until the system has cleared it up: ``patience_s`` is
    how long to wait for that.

    The random port lies below those that systems give to outgoing connections: one of these, even
    a closed one, would keep a server that is started again from the port that its clients know.
    """
    if preferred is not None and wait_until(lambda: _bound(preferred) is not None, patience_s):
        return preferred
    drawn = (secrets.choice(_LISTENING_PORTS) for _ in range(_PORT_TRIES))
    for port in itertools.chain(drawn, [0]):
        if (found := _bound(port)) is not None:
            return found
    raise OSError(errno.EADDRINUSE, "No loopback port is free")


def _bound(port: int) -> int | None:
    """Return the port where a listener may have it (0: any that the system has), else None."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Connections of the last server may linger in TIME_WAIT; a listener still makes bind fail.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return None
        return int(probe.getsockname()[1])


def open_log(path: Path) -> int:
    """Return the descriptor of a log to append to (0600); one over 8 MiB is moved aside first."""
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.old"))
    return open_private(path, os.O_WRONLY | os.O_APPEND)


def tail(path: Path, *, start: int = 0, limit: int = 4000) -> str:
    """Return ``path``'s last ``limit`` bytes after ``start`` as text, empty where it is missing."""
    try:
        with path.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(min(start, end), end - limit))
            return stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""


def _give_to_owner_of(folder: Path, descriptor: int) -> None:
    """Let root leave nothing unusable to the folder's owner; by descriptor, so no link misleads."""
    if os.geteuid() != 0:
        return
    owner = folder.stat()
    if owner.st_uid != 0:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)
