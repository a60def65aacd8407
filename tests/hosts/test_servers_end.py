"""The servers that the tests start themselves end with them, also where the tests are killed."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from services.waiting import wait_until
from tests.support.processes import ROOT

SERVE = """
import sys
from pathlib import Path
from tests.support.tls_servers import spawn
server = spawn(["sleep", "600"], Path(sys.argv[1]), user=int(sys.argv[2]))
print(server.pid, flush=True)
sys.stdin.read()
"""


def test_a_server_ends_with_the_tests_that_are_killed(tmp_path: Path) -> None:
    user = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
    command = [sys.executable, "-c", SERVE, str(tmp_path / "log"), str(user)]
    with subprocess.Popen(command, cwd=ROOT, stdin=-1, stdout=-1, text=True) as tests:
        assert tests.stdout is not None
        server = psutil.Process(int(tests.stdout.readline()))
        tests.kill()
    try:
        assert wait_until(lambda: not server.is_running(), 10)
    finally:
        with suppress(psutil.NoSuchProcess):
            server.kill()
