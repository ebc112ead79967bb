"""The page of a house with a thousand cameras: all are there, and only what is seen costs anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from footage.house import open_house
from footage.media.pattern import write_clip
from footage.settings import load
from kit.archive import START_MS, add_shelf
from kit.desk import Desk, add_key, open_context, open_desk
from kit.server import running_server

CAMERAS = 1010
"""More than one page of the list holds."""
WITH_FOOTAGE = 80


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server's URL, and a key to it."""
    data: Path = tmp_path_factory.mktemp("many")
    clip = data / "clip.mp4"
    write_clip(clip, seconds=2)
    house = open_house(load(data_dir=data))
    for number in range(CAMERAS):
        shelf = add_shelf(house, f"Camera {number:04}")
        if number < WITH_FOOTAGE:
            shelf.import_file(clip, START_MS)
    key = add_key(house, "Control room")
    house.close()
    with running_server(data) as server:
        yield server.url, key


@pytest.fixture
def desk(browser: Browser, house: tuple[str, str]) -> Iterator[Desk]:
    url, _ = house
    with open_context(browser) as context, open_desk(context, url) as opened:
        yield opened


def test_all_are_there_and_only_what_is_seen_is_fetched(desk: Desk, house: tuple[str, str]) -> None:
    page = desk.open()
    pictures: list[str] = []
    page.on("request", lambda request: pictures.append(request.url) if "/preview" in request.url else None)
    desk.sign_in(house[1])
    tiles = page.locator("page-tile")
    expect(tiles).to_have_count(CAMERAS)
    expect(page.get_by_role("button", name=f"All {CAMERAS}")).to_be_visible()
    seen = page.evaluate(
        "[...document.querySelector('footage-app').shadowRoot.querySelector('page-cameras')"
        ".shadowRoot.querySelectorAll('page-tile')]"
        ".filter(tile => tile.getBoundingClientRect().top < innerHeight + 130).length"
    )
    assert 8 <= seen < WITH_FOOTAGE // 2
    expect(page.locator("page-tile img")).to_have_count(seen, timeout=60_000)
    # Two rounds of looking for something new: nothing is, so nothing is fetched again.
    for _ in range(2):
        with page.expect_response(lambda answer: answer.url.endswith("/v1/status")):
            pass
    assert len(pictures) == seen
    page.get_by_role("searchbox").fill("0077")
    expect(page.locator("page-tile h2")).to_have_text(["Camera 0077"])
    expect(page.locator("page-tile img")).to_be_visible(timeout=60_000)
    assert len(pictures) == seen + 1
