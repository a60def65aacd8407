"""One folder for what an engine leaves in the temporary folder: sockets, rendezvous files.

vLLM removes none of them. The folder goes with the engine; one whose worker was killed goes when
the next engine of the same user starts.
"""

from __future__ import annotations

import fcntl
import getpass
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.locks import try_lock

PREFIX = "evalctl-engine-"
_LOCK = "lock"
#: Of a Unix socket's path on Linux, and what vLLM appends for one: a slash and a UUID.
_LONGEST_PATH = 107
_SOCKET_NAME = 37


class TemporaryFolder:
    """A folder that is locked for as long as its owner lives."""

    def __init__(self, path: Path, lock: int) -> None:
        self._path = path
        self._lock = lock

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment that has an engine use the folder; its compiled code stays where it was."""
        compiled = Path(tempfile.gettempdir()) / f"torchinductor_{_user()}"
        kept = os.environ.get("TORCHINDUCTOR_CACHE_DIR", str(compiled))
        folder = str(self._path)
        # A long path would be refused as a socket's; then sockets stay where vLLM puts them.
        short = len(folder) + _SOCKET_NAME <= _LONGEST_PATH
        sockets = {"VLLM_RPC_BASE_PATH": folder} if short else {}
        return {"TMPDIR": folder, "TORCHINDUCTOR_CACHE_DIR": kept, **sockets}

    def remove(self) -> None:
        """Remove the folder and what is in it; harmless when called again."""
        if self._lock >= 0:
            shutil.rmtree(self._path, ignore_errors=True)
            os.close(self._lock)
            self._lock = -1


def make_temporary_folder() -> TemporaryFolder:
    """Make the folder of an engine, and remove those whose owner has died."""
    for path in left_behind():
        shutil.rmtree(path, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="evalctl-new-"))
    lock = os.open(made / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try_lock(lock, fcntl.LOCK_EX)
    # Others look at it under this name alone, and by then it is locked.
    path = made.rename(made.with_name(made.name.replace("evalctl-new-", PREFIX)))
    return TemporaryFolder(path, lock)


def left_behind() -> Iterator[Path]:
    """Yield this user's folders that no living process has locked."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if path.lstat().st_uid != os.geteuid():
                continue
            lock = os.open(path / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            # Not one of ours, or removed meanwhile.
            continue
        try:
            free = try_lock(lock, fcntl.LOCK_EX)
        finally:
            os.close(lock)
        if free:
            yield path


def _user() -> str:
    """Return the name that torch puts into its folder's."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid_{os.getuid()}"
