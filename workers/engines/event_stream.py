"""Server-sent events out of bytes, however they were cut on the way."""

from __future__ import annotations

import codecs
import re

#: The three line ends of the standard; a carriage return at the end may be half of one.
_LINE_END = re.compile(r"\r\n|\r(?!\Z)|\n")


class EventDecoder:
    """Decode one stream: a byte-order mark, comments, names and ids carry nothing here.

    Bytes that are no UTF-8 become replacement characters: one bad byte costs no answer.
    """

    def __init__(self) -> None:
        self._bytes = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._begun = False
        self._rest = ""
        self._data: list[str] = []

    def feed(self, data: bytes) -> list[str]:
        """Return the data of the events that these bytes complete, in order."""
        self._rest += self._bytes.decode(data)
        if self._rest and not self._begun:
            self._begun = True
            self._rest = self._rest.removeprefix("\ufeff")
        *lines, self._rest = _LINE_END.split(self._rest)
        return [event for line in lines if (event := self._line(line)) is not None]

    def end(self) -> list[str]:
        """Return what an ended stream has completed without a last blank line.

        Half a line that names data counts as a whole one: JSON does not read it.
        """
        lines = [*self._rest.rstrip("\r").split("\r"), ""]
        self._rest = ""
        return [event for line in lines if (event := self._line(line)) is not None]

    def _line(self, line: str) -> str | None:
        """Read one line; return the event's data at its end."""
        if not line:
            data, self._data = self._data, []
            return "\n".join(data) if data else None
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
        return None
