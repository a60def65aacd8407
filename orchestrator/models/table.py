"""One ``[models.NAME]`` table: every key and value is checked as it is read, and named if wrong."""

from __future__ import annotations

import difflib
import math
import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any
from urllib.parse import urlsplit

from core.chat_options import refusal_of
from core.model_spec import LIMITS, MOST_GPUS, PARALLEL_SIZES, ModelSpec, default_queue
from core.sampling_params import OWN
from core.secrets import KNOWN, MASK
from core.server_address import refused_headers, stored_address
from core.settings import masked
from orchestrator.errors import UsageFault

ENGINES = ("vllm", "openai", "replay", "synthetic")
KEYS = frozenset(field.name for field in fields(ModelSpec)) - {"name"}
#: What an integer may be wherever it stands: PostgreSQL and JSON readers hold it exactly.
LARGEST = 2**53
QUEUE_AT_MOST = 100
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Says what is wrong with a value, or nothing.
Check = Callable[[Any], str | None]


def read_model(where: str, name: str, table: Any) -> ModelSpec:
    """Return the model of a table; raise ``UsageFault`` naming file, model, key and what is wrong.

    ``where`` is the file.
    """
    place = f"{where}: [models.{_quoted(name)}]"
    if not name.strip():
        raise UsageFault(f"{where}: a model needs a name: [models.NAME]")
    if not _one_line(name):
        raise UsageFault(f"{place}: the name must be one line, without control characters")
    if not isinstance(table, dict):
        raise UsageFault(f"{place} must be a table")
    if unknown := sorted(set(table) - KEYS):
        raise UsageFault(f"{place} {_unknown(name, unknown, table)}")
    for key in ("engine", "source"):
        if key not in table:
            raise UsageFault(f'{place} needs {key} = "..."')
    for key, value in table.items():
        if wrong := CHECKS[key](value):
            shown = MASK if key == "api_key_env" else masked(_shown(value))
            raise UsageFault(f"{place}: {key} = {shown} {wrong}")
    for option, value in table.get("options", {}).items():
        if wrong := _wrong_option(option, value):
            shown = MASK if option == "headers" else _shown(value)
            raise UsageFault(f"{place}: options.{option} = {shown} {wrong}")
    if table["engine"] == "openai" and not table.get("base_url"):
        raise UsageFault(f'{place}: engine "openai" needs base_url = "http://host:port/v1"')
    if table["engine"] == "openai" and (refused := refusal_of(table.get("options", {}))):
        raise UsageFault(f"{place}: {refused}")
    if address := table.get("base_url"):
        KNOWN.learn_url(address)
        table = {**table, "base_url": stored_address(address)}
    if variable := table.get("api_key_env"):
        KNOWN.learn(os.environ.get(variable))
    spec = ModelSpec(name=name, **_with_limits(place, table))
    return spec if "queue" in table else replace(spec, queue=default_queue(spec.engine, spec.gpus))


def _with_limits(place: str, table: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the table with its server's limits as keys, wherever they were written."""
    options = dict(table.get("options", {}))
    if table["engine"] != "openai":
        if found := [key for key in LIMITS if key in table]:
            raise UsageFault(
                f'{place}: {found[0]} is a server\'s limit; it needs engine = "openai"'
            )
        return table
    limits = {key: options.pop(key) for key in LIMITS if key in options}
    # Older files give the requests at once by vLLM's word.
    if "max_num_seqs" in options:
        limits.setdefault("concurrency", options["max_num_seqs"])
    limits |= {key: table[key] for key in LIMITS if key in table}
    return {**table, "options": options, **limits}


def text(value: Any) -> str | None:
    """Want text that is not empty, without control characters."""
    if not isinstance(value, str):
        return 'must be text in quotes, "..."'
    if not value.strip():
        return "must not be empty"
    return None if _one_line(value) else "must be one line, without control characters"


def _one_line(value: str) -> bool:
    return not any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in value)


def truth(value: Any) -> str | None:
    """Want true or false."""
    return None if isinstance(value, bool) else "must be true or false, without quotes"


def number(least: float, most: float, *, whole: bool = False, above: bool = False) -> Check:
    """Want a finite number from ``least`` (or above it) to ``most``."""
    kind = "a whole number" if whole else "a number"
    ends = f"{'above' if above else 'from'} {least:,} {'and at most' if above else 'to'} {most:,}"
    wanted = f"must be {kind} {ends}"

    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            return wanted
        inside = least < value <= most if above else least <= value <= most
        return None if inside else wanted  # A nan is never inside.

    return check


def table(value: Any) -> str | None:
    """Want a table of values that JSON can hold."""
    if not isinstance(value, Mapping):
        return "must be a table, { key = value }"
    return _not_json(value)


def names(value: Any) -> str | None:
    """Want a list of texts."""
    listed = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return None if listed else 'must be a list of names, ["...", "..."]'


def stops(value: Any) -> str | None:
    """Want a text that ends an answer, or up to four."""
    some = [value] if isinstance(value, str) else value
    listed = isinstance(some, (list, tuple)) and len(some) <= 4
    if listed and all(isinstance(one, str) and one for one in some):
        return None
    return 'must be a text or a list of at most four, none empty, ["...", "..."]'


#: The end of an address that is one call, not the address below which all calls are.
_ENDPOINT = re.compile(r"/(?:(?:chat/)?completions|models|responses)/?$")


def _url(value: Any) -> str | None:
    if wrong := text(value):
        return wrong
    example = "e.g. http://127.0.0.1:8000/v1"
    if re.search(r"\s", value):
        return f"holds a blank, {example}"
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - refuses what is no number
    except ValueError as error:
        return f"is not a URL ({error}), {example}"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return f"must be a URL that begins with http:// or https://, {example}"
    if found := _ENDPOINT.search(parts.path):
        return f"ends in {found[0]}, which evalctl appends: leave it away, {example}"
    return None


def _variable(value: Any) -> str | None:
    if wrong := text(value):
        return wrong
    named = "must be the name of an environment variable, not the key itself"
    return None if _VARIABLE.fullmatch(value) else named


def _queue(value: Any) -> str | None:
    """Want a name that a worker's ``--queue`` and a broker's key can hold."""
    if wrong := text(value):
        return wrong
    named = len(value) <= QUEUE_AT_MOST and not re.search(r"[\s,]", value)
    return None if named else f"must be a name of at most {QUEUE_AT_MOST} characters, no blanks"


def _engine(value: Any) -> str | None:
    known = f"is unknown; the engines are {', '.join(ENGINES)}"
    return text(value) or (None if value in ENGINES else known)


def _not_json(value: Any) -> str | None:
    """Say why JSON cannot hold a value of TOML: dates, and numbers that are none."""
    if isinstance(value, Mapping):
        inside = ((f"{key}: ", part) for key, part in value.items())
    elif isinstance(value, list):
        inside = (("", part) for part in value)
    elif isinstance(value, float) and not math.isfinite(value):
        return f"holds {value}, which is not a number"
    elif isinstance(value, int) and abs(value) > LARGEST:
        return f"holds {value}, which is too large"
    elif value is None or isinstance(value, (str, int, float)):
        return None
    else:
        return f"holds the {type(value).__name__} {value}; put it in quotes"
    return next((wrong for _, part in inside if (wrong := _not_json(part))), None)


#: What numbers of sampling may be: beyond these every engine refuses them.
SAMPLING: dict[str, Check] = {
    "temperature": number(0, 100),
    "top_p": number(0, 1, above=True),
    "top_k": number(-1, 1_000_000, whole=True),
    "min_p": number(0, 1),
    "max_tokens": number(1, 10_000_000, whole=True),
    "stop": stops,
    "presence_penalty": number(-2, 2),
}


def _sampling(value: Any) -> str | None:
    keys = f"from, {', '.join(SAMPLING)}"
    if isinstance(value, str):
        own = 'is neither "model" (its generation_config) nor a table of'
        return None if value == OWN else f"{own} {keys}"
    if not isinstance(value, Mapping):
        return f'must be "model" or a table of {keys}'
    for key, one in value.items():
        if key == "from":
            if one != OWN:
                return f'has from = {_shown(one)}; only "model" is one'
        elif key not in SAMPLING:
            return f"has the unknown key {key}; the keys are {keys}"
        elif wrong := SAMPLING[key](one):
            return f"has {key} = {_shown(one)}, which {wrong}"
    return None


#: What each key's value must be.
CHECKS: dict[str, Check] = {
    "engine": _engine,
    "source": text,
    "revision": text,
    "quantisation": text,
    "queue": _queue,
    "options": table,
    "trust_remote_code": truth,
    "base_url": _url,
    "api_key_env": _variable,
    "price_per_gpu_hour": number(0, 1_000_000),
    "price_per_million_input_tokens": number(0, 1_000_000),
    "price_per_million_output_tokens": number(0, 1_000_000),
    "sampling": _sampling,
    "system_prompt": truth,
    "chat_template_kwargs": table,
    "reasoning": truth,
    "requests_per_minute": number(0.001, 1_000_000),
    "tokens_per_minute": number(1, 1_000_000_000),
    "concurrency": number(1, 1_000_000, whole=True),
}

#: Options that mean the same in every engine that has them; the engine checks which it has.
OPTIONS: dict[str, Check] = {
    "ca_file": text,
    "chat_template_kwargs": table,
    "connect_timeout_s": number(0, 3600, above=True),
    "extra_body": table,
    "headers": refused_headers,
    "gpu_memory_utilization": number(0, 1, above=True),
    "leave_out": names,
    "max_num_batched_tokens": number(1, 100_000_000, whole=True),
    "max_num_seqs": number(1, 1_000_000, whole=True),
    "max_tokens_field": text,
    "no_cache": truth,
    **dict.fromkeys(PARALLEL_SIZES, number(1, MOST_GPUS, whole=True)),
    "send_seed": truth,
    "warm_up_requests": number(0, 1_000_000, whole=True),
}


def _wrong_option(option: str, value: Any) -> str | None:
    check = CHECKS.get(option) if option in LIMITS else OPTIONS.get(option)
    return None if check is None else check(value)


def _unknown(name: str, unknown: list[str], values: Mapping[str, Any]) -> str:
    """Say which keys are unknown, and how to write a name with a dot if that is what they are."""
    dotted, inner = name, values
    while not set(inner) & KEYS and len(inner) == 1:
        ((part, inside),) = inner.items()
        if not isinstance(inside, Mapping):
            break
        dotted, inner = f"{dotted}.{part}", inside
    if dotted != name:
        return f'holds a table: put a name with a dot in quotes, [models."{dotted}"]'
    if len(unknown) == 1 and (near := difflib.get_close_matches(unknown[0], KEYS, n=1)):
        return f"has the unknown key {unknown[0]}; did you mean {near[0]}?"
    return f"has unknown keys {', '.join(unknown)}; the keys are {', '.join(sorted(KEYS))}"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else f'"{name}"'


def _shown(value: Any) -> str:
    shown = value.isoformat() if hasattr(value, "isoformat") else repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}..."
