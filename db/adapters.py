"""The one door of texts into the database: what it cannot hold is replaced on the way.

So are values known to be secret, wherever they come from: a server's words, a path, an answer.
"""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
from psycopg.types.json import set_json_dumps
from psycopg.types.string import StrDumper, StrDumperUnknown

from core.secrets import without_known
from core.texts import storable

#: JSON escapes of what a database cannot hold: NUL, and halves of surrogate pairs.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")


class _Str(StrDumper):
    def dump(self, obj: str) -> Any:
        return super().dump(without_known(storable(obj)))


class _StrUnknown(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        return super().dump(without_known(storable(obj)))


def register_adapters(connection: psycopg.Connection[Any]) -> None:
    """Make a connection store every text and JSON document that it is given."""
    connection.adapters.register_dumper(str, _Str)
    connection.adapters.register_dumper(str, _StrUnknown)
    set_json_dumps(dumps, connection)


def dumps(document: Any) -> str:
    """Return a document as JSON that a database can hold."""
    text = json.dumps(document)
    if _ESCAPED.search(text):
        text = json.dumps(_storable(document))
    return without_known(text)


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _storable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(one) for one in value]
    return value
