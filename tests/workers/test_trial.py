"""Which engine failures are a finding."""

from __future__ import annotations

from workers import errors
from workers.probes.trial import is_finding


def test_what_the_search_did_not_cause_is_no_finding() -> None:
    assert is_finding(errors.EngineOutOfMemory("full", error_class=errors.INIT_FREE_MEM))
    assert is_finding(errors.EngineDied("dead"))
    assert is_finding(errors.GenerationTimedOut("silent"))
    assert not is_finding(
        errors.EngineStartFailed("others are on the GPU", error_class=errors.INIT_FREE_MEM)
    )
    assert not is_finding(errors.EngineStartFailed("kernel", error_class=errors.BACKEND_REFUSED))
    assert not is_finding(errors.ModelUnavailable("no such model"))
    assert not is_finding(errors.PromptRejected("too long"))
