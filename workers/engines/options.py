"""Engine options of a model: which there are, and what of them decides what is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.engine_options import unknown_option
from core.model_spec import ModelSpec
from workers.errors import OPTION_REFUSED, ModelUnavailable

#: Options of a server that change when and how fast requests are sent, not what is asked.
_NOT_DECIDING = frozenset(
    {"ca_file", "concurrency", "connect_timeout_s", "max_num_seqs", "requests_per_minute",
     "tokens_per_minute"}
)  # fmt: skip


def checked_options(spec: ModelSpec) -> dict[str, Any]:
    """Return the model's options; raise ModelUnavailable with an unknown one's nearest name.

    So a typo never changes a measurement.
    """
    if (sentence := unknown_option(spec)) is not None:
        raise ModelUnavailable(sentence, error_class=OPTION_REFUSED)
    return dict(spec.options)


def request_settings(
    spec: ModelSpec, *, server_options: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what decides the model's requests: part of a start's configuration.

    So no median mixes two samplings of one model. ``request_settings`` is what the registry says,
    absent where it says nothing, as before there was a choice; ``options`` those of a server, where
    one answers, that decide what it is asked.
    """
    names = ("sampling", "system_prompt", "chat_template_kwargs")
    settings = {name: value for name, value in spec.to_dict().items() if name in names}
    found: dict[str, Any] = {"request_settings": settings} if settings else {}
    if server_options is not None:
        found["options"] = {
            name: value for name, value in server_options.items() if name not in _NOT_DECIDING
        }
    return found
