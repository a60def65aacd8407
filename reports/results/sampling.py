"""How a model's answers were drawn, in a few words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: In the order of their weight, with the words that stand for them.
_WORDS = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "min_p": "min_p",
    "presence_penalty": "presence_penalty", "stop": "stop",
    "chat_template_kwargs": "chat template",
}  # fmt: skip


def sampling_text(sampling: Mapping[str, Any]) -> str:
    """Return one setting as words, e.g. ``temperature 0.6, top_p 0.95, 32768 tokens``."""
    parts = []
    if sampling.get("fixed_output_tokens") is not None:
        parts.append("fixed length")
    if sampling.get("own"):
        parts.append("the model's own generation_config")
    elif sampling.get("temperature") == 0:
        parts.append("greedy")
    for name, word in _WORDS.items():
        value = sampling.get(name)
        silent = name == "top_p" and value == 1
        if value is not None and not silent and (name, value) != ("temperature", 0):
            parts.append(f"{word} {value:g}" if isinstance(value, float) else f"{word} {value}")
    if sampling.get("imported"):
        parts += [f"{sampling['max_tokens']} tokens"] if "max_tokens" in sampling else []
        return ", ".join([*parts, "the rest not known" if parts else "not known"])
    parts.append(f"{sampling.get('max_tokens', 2048)} tokens")
    if sampling.get("system_prompt") is False:
        parts.append("no system prompt")
    return ", ".join(parts)


def sampling_lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a line per model, or one where all models share a setting."""
    said = {row["model"]: "" for row in rows}
    for row in rows:
        said[row["model"]] += ("; also " if said[row["model"]] else "") + sampling_text(
            row["sampling"]
        )
    if len(said) > 1 and len(set(said.values())) == 1:
        return [f"sampling of all models: {next(iter(said.values()))}"]
    return [f"sampling of {model}: {text}" for model, text in said.items()]
