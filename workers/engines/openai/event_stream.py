"""Server-sent events out of bytes, however they were cut on the way; or one document instead."""

from __future__ import annotations

import codecs
import json
import re

#: The three line ends of the standard; a carriage return at the end may be half of one.
_LINE_END = re.compile(r"\r\n|\r(?!\Z)|\n")


class EventDecoder:
    """Decode one stream: a byte-order mark, comments and ids carry nothing here.

    Bytes that are no UTF-8 become replacement characters: one bad byte costs no answer. Whether a
    document comes in place of a stream is seen by how it begins: servers mix up the content types.
    """

    def __init__(self) -> None:
        self._bytes = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = False
        self._rest = ""
        self._data: list[str] = []
        self._name = ""
        #: The parts of a document in place of events; None while events come.
        self._document: list[str] | None = None

    @property
    def document(self) -> str | None:
        """What came so far in place of events; None where events came."""
        return None if self._document is None else "".join(self._document)

    def feed(self, data: bytes) -> list[str]:
        """Return the data of the events that these bytes complete, in order."""
        text = self._bytes.decode(data)
        if self._document is not None:
            self._document.append(text)
            return []
        self._rest += text
        if not self._begun:
            self._rest = self._rest.removeprefix("\ufeff")
            self._begun = bool(self._rest.strip())
            if self._rest.lstrip()[:1] in {"{", "[", "<"}:
                self._document, self._rest = [self._rest], ""
                return []
        *lines, self._rest = _LINE_END.split(self._rest)
        return [event for line in lines if (event := self._line(line)) is not None]

    def end(self) -> list[str]:
        """Return what an ended stream has completed without a last blank line.

        Half a line that names data counts as a whole one: JSON does not read it. A document is one
        event.
        """
        if self._document is not None:
            return ["".join(self._document)]
        lines = [*self._rest.rstrip("\r").split("\r"), ""]
        self._rest = ""
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> str | None:
        """Read one line; return the event's data at its end."""
        if not line:
            data, self._data = self._data, []
            name, self._name = self._name, ""
            if not data:
                return None
            return _as_error("\n".join(data)) if name == "error" else "\n".join(data)
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        elif name == "event":
            self._name = value.strip()
        return None


def _as_error(data: str) -> str:
    """Return the data of an event named error as a document with that field."""
    try:
        found = json.loads(data)
    except ValueError:
        found = data
    has = isinstance(found, dict) and found.get("error")
    return data if has else json.dumps({"error": found})
