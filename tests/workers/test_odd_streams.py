"""Every odd stream, refusal and list of `make odd-servers`, in one run against one server."""

from __future__ import annotations

import pytest

from tests.odd_servers.streams import EXPECTED, see_streams
from tests.odd_servers.trial import trial

pytestmark = pytest.mark.lane("engines")


def test_each_odd_stream_ends_as_it_should() -> None:
    with trial() as made:
        assert see_streams(made) == EXPECTED
