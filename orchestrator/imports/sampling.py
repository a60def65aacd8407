"""Sampling parameters by the names of other programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.imports.foreign_answer import count_of, number_of

#: Our name of a parameter by theirs.
NUMBERS = {"temperature": "temperature", "top_p": "top_p", "min_p": "min_p"}
COUNTS = {
    "max_tokens": "max_tokens", "max_gen_toks": "max_tokens", "max_new_tokens": "max_tokens",
    "top_k": "top_k",
}  # fmt: skip


def sampling_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters that a table of another program sets, by our names."""
    found: dict[str, Any] = {}
    for name, ours in COUNTS.items():
        if (count := count_of(given.get(name))) is not None:
            found[ours] = count
    for name, ours in NUMBERS.items():
        if (number := number_of(given.get(name))) is not None:
            found[ours] = number
    if given.get("do_sample") is False:
        found["temperature"] = 0.0
    stops = given.get("until", given.get("stop_seqs", given.get("stop")))
    stops = [stops] if isinstance(stops, str) else stops
    if isinstance(stops, list) and (texts := [one for one in stops if isinstance(one, str)]):
        found["stop"] = texts
    return found
