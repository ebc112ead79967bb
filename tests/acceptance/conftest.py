"""A server of its own for each file of acceptance tests, and the house behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from footage.server import open_house
from footage.settings import load
from kit.server import running_server
from kit.site import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server without footage; every test brings its own camera."""
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data) as server:
        yield Site(server, house)
    house.close()
