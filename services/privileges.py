"""Under which user a server runs: PostgreSQL refuses root, so root has to choose another user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from core.errors import ServiceStartError

_UNPRIVILEGED_ID = 65534


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """How to start a program: a command prefix, and the user and group (None: unchanged)."""

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


def identity_for(
    service: str, folder: Path, binary: Path, *, refuses_root: bool, namespaces: bool
) -> Identity:
    """Choose who runs ``binary`` on ``folder``.

    An ordinary user runs it directly; one without a name, as is common in containers, gets the name
    ``nobody`` in a user namespace, because initdb insists on a name.

    A folder of another user is served by its owner. Root's own folder is served inside a user
    namespace that maps root to ``nobody``, which needs no change of owner and works below closed
    folders such as root's home. Where namespaces are refused (``namespaces`` false, or a container
    forbids them), the folder is given to ``nobody`` and its parent, evalctl's own folder, gets mode
    0711. Raise ``ServiceStartError`` where that cannot work either.
    """
    if os.geteuid() != 0:
        nameless = refuses_root and namespaces and not _has_name(os.geteuid())
        return Identity(prefix=_namespace_prefix() if nameless else ())
    owner = folder.stat()
    if owner.st_uid != 0:
        return _as_user(service, folder, binary, owner.st_uid, owner.st_gid)
    if not refuses_root:
        return Identity()
    if namespaces:
        prefix = _namespace_prefix()
        if prefix:
            return Identity(prefix=prefix)
    user, group = _unprivileged()
    # Only evalctl's own folder is opened, for passing through and not for listing; what it holds
    # stays closed.
    folder.parent.chmod(folder.parent.stat().st_mode & 0o7777 | 0o011)
    _reachable(service, folder.parent, binary, user, group)
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user, group, follow_symlinks=False)
    return Identity(user=user, group=group)


def _as_user(service: str, folder: Path, binary: Path, user: int, group: int) -> Identity:
    _reachable(service, folder, binary, user, group)
    return Identity(user=user, group=group)


def _namespace_prefix() -> tuple[str, ...]:
    """Return the command that maps this user to ``nobody``; empty where the system refuses it."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return ()
    identity = (f"--map-user={_UNPRIVILEGED_ID}", f"--map-group={_UNPRIVILEGED_ID}")
    prefix = (unshare, "--user", *identity)
    probe = [*prefix, "true"]
    tried = subprocess.run(probe, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return prefix if tried.returncode == 0 else ()


def _has_name(user: int) -> bool:
    try:
        pwd.getpwuid(user)
    except KeyError:
        return False
    return True


def _unprivileged() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return _UNPRIVILEGED_ID, _UNPRIVILEGED_ID
    return entry.pw_uid, entry.pw_gid


def _reachable(service: str, folder: Path, binary: Path, user: int, group: int) -> None:
    """Check as that user that the binary can be run and the folder be entered."""
    script = 'test -x "$1" && test -x "$2"'
    tried = subprocess.run(
        ["/bin/sh", "-c", script, "sh", str(binary), str(folder)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        user=user,
        group=group,
        extra_groups=[],
        cwd="/",
    )
    if tried.returncode != 0:
        raise ServiceStartError(
            service,
            f"it refuses to run as root, and user {user} cannot access {binary} or {folder}",
            mend=(
                "Run evalctl as an ordinary user, or point EVALCTL_HOME at a folder such as "
                "/var/lib/evalctl"
            ),
        )
