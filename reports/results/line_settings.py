"""Which settings distinguish the lines of one model in the table of resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
#: More settings, or longer ones, fill the table: it names the hash then.
_MOST = 3
_WIDEST = 40


def line_settings(resources: Sequence[Row], starts: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the resources with ``settings``: what is not the same in all lines of the model.

    ``starts`` have configuration and environment by their hashes. The lines of a model are those
    of one prompt and mode; empty where it has one, or where their starts report no difference.
    """
    known = {
        (row["config_hash"], row["environment_hash"]): dict(_leaves(row["config"]))
        | dict(_leaves(row["environment"]))
        for row in starts
    }
    found = []
    for row in resources:
        others = [known.get(_hashes(one), {}) for one in resources if _same_line(one, row)]
        mine = known.get(_hashes(row), {})
        unlike = sorted(
            name for name in {name for each in others for name in each}
            if any(each.get(name) != others[0].get(name) for each in others)
        )  # fmt: skip
        found.append({**row, "settings": {name: mine.get(name) for name in unlike}})
    return found


def setting_lines(settings: Mapping[str, Any]) -> list[str] | None:
    """Return a line for each setting, by its shortest name; None where they are too many."""
    lines = [f"{name.rpartition('.')[2]} {_shown(value)}" for name, value in settings.items()]
    short = 0 < len(lines) <= _MOST and all(len(line) <= _WIDEST for line in lines)
    return lines if short else None


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)


def _hashes(row: Row) -> tuple[str, str]:
    return row["config_hash"], row["environment_hash"]


def _same_line(one: Row, other: Row) -> bool:
    return all(one[key] == other[key] for key in ("model", "prompt", "mode"))


def _leaves(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value
