"""Errors of the problem files: what is wrong, in which file, on which line, and how to mend it."""

from __future__ import annotations

from pathlib import Path

#: Where a fault lies inside a problem document, e.g. ``("paths", 0, "steps", 2, "evidence")``.
Place = tuple[str | int, ...]


class ProblemError(ValueError):
    """A problem file or a row of an imported file cannot be used.

    ``sentence`` says what is wrong and what to do; ``file`` and ``line`` (1-based) say where, as
    far as known.
    """

    def __init__(
        self,
        sentence: str,
        *,
        place: Place = (),
        file: Path | str | None = None,
        line: int | None = None,
    ) -> None:
        self.sentence = sentence
        self.place = place
        self.file = None if file is None else str(file)
        self.line = line
        super().__init__(self._message())

    def _message(self) -> str:
        where = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        inside = dotted(self.place)
        head = " ".join(part for part in (where, f"at {inside}" if inside else "") if part)
        return f"{head}: {self.sentence}" if head else self.sentence

    def located(self, file: Path | str, line: int | None) -> ProblemError:
        """Return the same error with the file and the line filled in."""
        return ProblemError(self.sentence, place=self.place, file=file, line=line)


def dotted(place: Place) -> str:
    """Write a place as people read it: ``paths[0].steps[2].evidence``."""
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
