"""Drive an installed Chromium over its devtools pipe: open a file, press keys, take pictures."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.debian_packages import program_or_skip

#: Seconds that a page has for anything it is asked.
LIMIT_S = 60.0
_OPTIONS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--disable-component-update", "--disable-extensions",
)  # fmt: skip
#: Puts the ends of two pipes at the descriptors that Chromium reads and writes.
_LAUNCHER = (
    "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); "
    "os.execvp(sys.argv[3], sys.argv[3:])"
)
KEYS = {"Tab": 9, "Enter": 13, "Escape": 27, " ": 32}


class BrowserError(Exception):
    """Say what Chromium refused or did not answer in time."""


class Page:
    """One tab. What its scripts log, throw or want to load is kept."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to, self._from = to_browser, from_browser
        self._held = b""
        self._number = 0
        self._session: str | None = None
        #: Dialogs, exceptions and errors of the console, in words.
        self.complaints: list[str] = []
        self._sent: dict[str, str] = {}

    def attach(self) -> None:
        """Open the tab and have it report everything."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Inspector", "Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.size(1280, 900)

    @property
    def requests(self) -> list[str]:
        """Addresses that were requested, other than the page itself and what a policy blocked."""
        return list(self._sent.values())

    def open(self, path: Path, *, hash_: str = "", ready: bool = True) -> float:
        """Open a file and return after how many milliseconds its list stood, by its own clock."""
        self.complaints.clear()
        self._sent.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=f"{path.resolve().as_uri()}{hash_}")
        if ready:
            self.until("document.body && document.body.dataset.ready === 'yes'")
        return float(self.evaluate("performance.now()"))

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; a promise is awaited. Raise ``BrowserError``."""
        given = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        found = self.call("Runtime.evaluate", **given)
        if "exceptionDetails" in found:
            raise BrowserError(f"{expression}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def until(self, condition: str, *, within_s: float = LIMIT_S) -> None:
        """Wait until a condition holds. Raise ``BrowserError``."""
        deadline = time.monotonic() + within_s
        while not self.evaluate(f"Boolean({condition})"):
            if time.monotonic() > deadline:
                raise BrowserError(f"not in {within_s} s: {condition}; {self.complaints}")
            time.sleep(0.02)

    def settle(self) -> None:
        """Wait until two frames have been drawn."""
        self.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def press(self, key: str, times: int = 1) -> None:
        """Press a key as a keyboard does."""
        for _ in range(times):
            given = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
            text = {"Enter": {"text": "\r"}, " ": {"text": " "}}.get(key, {})
            self.call("Input.dispatchKeyEvent", type="keyDown", **given, **text)
            self.call("Input.dispatchKeyEvent", type="keyUp", **given)

    def move(self, x: float, y: float) -> None:
        """Move the pointer to a place of the window."""
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def size(self, width: int, height: int) -> None:
        """Set the size of the window in pixels."""
        given = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.call("Emulation.setDeviceMetricsOverride", **given)

    def media(self, *, scheme: str = "light", kind: str = "") -> None:
        """Prefer light or dark; ``kind`` print shows what a printer gets."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=kind, features=features)

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Write a picture of the window, or of the whole page, as PNG."""
        self.settle()
        found = self.call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=whole,
            **({"clip": self._whole()} if whole else {}),
        )  # fmt: skip
        path.write_bytes(base64.b64decode(found["data"]))

    def printed(self, path: Path) -> None:
        """Write what a printer gets as PDF."""
        found = self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def _whole(self) -> dict[str, float]:
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        return {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}

    def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Return what a method of the devtools protocol answers. Raise ``BrowserError``."""
        self._number += 1
        number = self._number
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            said = self._next()
            if said.get("id") == number:
                if "error" in said:
                    raise BrowserError(f"{method}: {said['error']}")
                found: dict[str, Any] = said["result"]
                return found
            self._hear(said.get("method", ""), said.get("params", {}))

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._held:
            read = os.read(self._from, 1 << 20)
            if not read:
                raise BrowserError("Chromium has exited")
            self._held += read
        first, self._held = self._held.split(b"\0", 1)
        said: dict[str, Any] = json.loads(first)
        return said

    def _hear(self, event: str, facts: dict[str, Any]) -> None:
        if event == "Inspector.targetCrashed":
            raise BrowserError("the page has crashed")
        if event == "Page.javascriptDialogOpening":
            self.complaints.append(f"dialog {facts['message']}")
            # Answered without waiting: the reply comes among the events.
            self._number += 1
            message = {
                "id": self._number,
                "sessionId": self._session,
                "method": "Page.handleJavaScriptDialog",
                "params": {"accept": False},
            }
            os.write(self._to, json.dumps(message).encode() + b"\0")
        elif event == "Runtime.exceptionThrown":
            thrown = facts["exceptionDetails"]
            described = thrown.get("exception", {}).get("description", "")
            self.complaints.append(f"exception {thrown['text']} {described}")
        elif event == "Log.entryAdded" and facts["entry"]["level"] == "error":
            self.complaints.append(f"error {facts['entry']['text']}")
        elif event == "Network.requestWillBeSent":
            url = facts["request"]["url"]
            if not url.startswith(("file:", "data:", "about:")):
                self._sent[facts["requestId"]] = url
        elif event == "Network.loadingFailed" and facts.get("blockedReason") == "csp":
            self._sent.pop(facts["requestId"], None)


@contextmanager
def chromium(options: Sequence[str] = ()) -> Iterator[Page]:
    """Run a headless Chromium without a network for the block; skip where it cannot be had."""
    program = program_or_skip("chromium")
    ours, theirs = os.pipe(), os.pipe()
    # Above the two descriptors that Chromium expects its pipes at.
    ends = tuple(fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (ours[0], theirs[1]))
    rooted = ("--no-sandbox",) if os.geteuid() == 0 else ()
    with TemporaryDirectory(prefix="evalctl-chromium-", ignore_cleanup_errors=True) as profile:
        command = [program, *_OPTIONS, *rooted, *options, f"--user-data-dir={profile}"]
        process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(ends[0]), str(ends[1]), *command],
            pass_fds=ends,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for end in (ours[0], theirs[1], *ends):
            os.close(end)
        try:
            page = Page(ours[1], theirs[0])
            page.attach()
            yield page
        finally:
            process.kill()
            process.wait()
            os.close(ours[1])
            os.close(theirs[0])
