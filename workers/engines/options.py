"""Engine options of a model: unknown names are refused, so a typo never changes a measurement."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from core.model_spec import ModelSpec
from workers.errors import OPTION_REFUSED, ModelUnavailable


def checked_options(spec: ModelSpec, known: Collection[str]) -> dict[str, Any]:
    """Return the model's options; raise ModelUnavailable with an unknown one's nearest name."""
    for name in spec.options:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = (
                f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}."
            )
            option = f"has the option {name!r}, which the {spec.engine} engine does not have"
            sentence = f"model {spec.name!r} {option}: {hint}"
            raise ModelUnavailable(sentence, error_class=OPTION_REFUSED)
    return dict(spec.options)


def request_settings(spec: ModelSpec) -> dict[str, Any]:
    """Return what the registry says of the model's requests: part of a start's configuration.

    So no median mixes two samplings of one model. Nothing where nothing is said, as before there
    was a choice.
    """
    names = ("sampling", "system_prompt", "chat_template_kwargs")
    settings = {name: value for name, value in spec.to_dict().items() if name in names}
    return {"request_settings": settings} if settings else {}
