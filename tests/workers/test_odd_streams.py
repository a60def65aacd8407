"""Every odd stream, refusal and list of `make odd-servers`, in one run against one server."""

from __future__ import annotations

import pytest

from tests.odd_servers import deliveries, endings, refusals, streams  # noqa: F401 - they register
from tests.odd_servers.seen import EXPECTED, see_streams
from tests.odd_servers.trial import trial

#: About 150 models are loaded one after another.
pytestmark = pytest.mark.timeout(900)


def test_each_odd_stream_ends_as_it_should() -> None:
    with trial() as made:
        assert see_streams(made) == EXPECTED
