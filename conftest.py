"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from hypothesis import settings
from playwright.sync_api import Browser, expect

from footage.archive.index import Index, open_index
from footage.house import open_house
from footage.settings import load
from kit.archive import Shelf, open_shelf
from kit.browser import chromium, page_server
from kit.clips import Clip, make_clip
from kit.damaged import Ward, filled_folder, ward_of
from kit.databases import DATABASES
from kit.server import running_server
from kit.site import Site

# A busy machine is slow, not wrong.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session", autouse=True)
def one_tls_context() -> Iterator[None]:
    """httpx reads the certificates of all authorities anew for each request without a client: 50 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "httpx._transports.default.create_ssl_context", functools.cache(httpx.create_ssl_context)
        )
        yield


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty archive of one camera."""
    opened = open_shelf(tmp_path / "data")
    yield opened
    opened.house.close()


@pytest.fixture(params=sorted(DATABASES))
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new database, of each kind in turn."""
    return DATABASES[request.param](tmp_path)


@pytest.fixture
def index(url: str) -> Iterator[Index]:
    """A new index over it."""
    with closing(open_index(url)) as opened:
        yield opened


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Clip], Path]:
    """Makes a clip once a session: ``clips("name.mp4", Clip(...))``."""
    made: list[tuple[Clip, Path]] = []

    def make(name: str, clip: Clip) -> Path:
        for known, path in made:
            if known == clip and path.name == name:
                return path
        path = make_clip(tmp_path_factory.mktemp("clip") / name, clip)
        made.append((clip, path))
        return path

    return make


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, clips: Callable[[str, Clip], Path]) -> Path:
    """A data folder with real footage, to be copied."""
    return filled_folder(tmp_path_factory.mktemp("filled") / "data", clips)


@pytest.fixture
def ward(filled: Path, tmp_path: Path) -> Iterator[Ward]:
    """A copy of it, open, to damage."""
    opened = ward_of(filled, tmp_path / "data")
    yield opened
    opened.house.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server to which every test brings a camera of its own."""
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def pages() -> Iterator[str]:
    """Where the test pages are: another origin than the server's."""
    with page_server() as address:
        yield address
