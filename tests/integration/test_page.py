"""The page at ``/`` in a browser, opened as ``footage token`` prints it, and the API's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from footage.media.pattern import write_clip
from kit.films import Film, import_film
from kit.site import Site

SECONDS = 60
HOLE_MS = 120_000


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Two minutes of footage with two of nothing between."""
    folder = tmp_path_factory.mktemp("page")
    for name, hue in (("red", -30), ("blue", 30)):
        write_clip(folder / f"{name}.mp4", seconds=SECONDS, hue=hue)
    return import_film(site, [folder / "red.mp4", folder / "blue.mp4"], hole_ms=HOLE_MS)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page on which nothing may go wrong: a violated content policy is an error in the console too."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900}, timezone_id="UTC", locale="en-GB")
    faults: list[str] = []
    opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: faults.append(str(error)))
    yield opened
    opened.close()
    assert faults == []


@pytest.fixture
def player(page: Page, site: Site, film: Film) -> Locator:
    """The page with the film's link in its fragment, once it plays."""
    page.goto(f"{site.server.url}/#title=Front%20door&link={quote(film.link.of(), safe='')}")
    player = page.locator("#player")
    expect(player).to_have_attribute("data-state", "playing", timeout=20_000)
    return player


def test_footage_plays(page: Page, player: Locator, film: Film) -> None:
    started = position_s(page)
    page.wait_for_function("s => document.querySelector('video').currentTime > s + 1", arg=started)
    expect(player).to_have_attribute("data-state", "playing")
    expect(page.get_by_role("button", name="Front door")).to_have_attribute("aria-current", "true")
    assert page.title() == "Front door · Footage"
    expect(page.locator("#clock")).to_contain_text("14:1")
    expect(page.locator("#summary")).to_contain_text("in 2 runs")
    size = film.link.get("size").json()["size"]
    expect(player).to_have_attribute("data-size-bytes", str(size))


def test_a_click_on_the_timeline_seeks(page: Page, player: Locator, film: Film) -> None:
    click(page, film.starts_ms[1] + 30_000)
    expect_at(page, SECONDS + 30)
    click(page, film.starts_ms[0] + 20_000)
    expect_at(page, 20)
    expect(page.locator("#notice")).to_be_empty()
    expect(player).to_have_attribute("data-state", "playing")


@pytest.mark.parametrize("tagged", [True, False])
def test_a_click_in_a_gap_goes_to_the_next_footage_and_says_so(
    page: Page, player: Locator, film: Film, tagged: bool
) -> None:
    page.locator("#discontinuity").set_checked(tagged)
    expect(player).to_have_attribute("data-state", "playing", timeout=20_000)
    click(page, film.starts_ms[0] + 20_000)
    expect_at(page, 20)
    click(page, film.starts_ms[1] - HOLE_MS // 2)
    expect_at(page, SECONDS)
    expect(page.locator("#notice")).to_contain_text("Nothing is kept at")
    expect(page.locator("#notice")).to_contain_text("next footage, from 14:16:20")
    expect(player).to_have_attribute("data-state", "playing")


def test_a_picture_of_the_moment_under_the_pointer_is_shown(
    page: Page, player: Locator, film: Film
) -> None:
    timeline = page.locator("#timeline")
    timeline.hover(position={"x": x_of(page, film.starts_ms[0] + 45_000), "y": 20})
    picture = page.locator(".tip img")
    expect(picture).to_be_visible()
    assert picture.evaluate("img => img.naturalWidth") == 320
    expect(page.locator(".tip")).to_contain_text("14:14:0")
    timeline.hover(position={"x": x_of(page, film.starts_ms[1] - HOLE_MS // 2), "y": 20})
    expect(picture).to_be_hidden()
    expect(page.locator(".tip")).to_contain_text("nothing kept")


def test_no_signature_is_to_be_seen_on_the_page(page: Page, player: Locator, film: Film) -> None:
    page.locator("#timeline").hover(position={"x": x_of(page, film.starts_ms[0] + 45_000), "y": 20})
    expect(page.locator(".tip img")).to_be_visible()
    signature = film.link.token["signature"]
    text = page.locator("body").inner_text()
    assert "Kept from" in text
    assert signature not in text
    assert signature not in page.locator("body").aria_snapshot()


def test_a_link_that_is_refused_is_told_in_words(browser: Browser, site: Site, film: Film) -> None:
    refused = film.link.of().replace("signature=", "signature=A")
    # A page of its own: the browser writes every refused request into the console.
    page = browser.new_page()
    page.goto(f"{site.server.url}/#link={quote(refused, safe='')}")
    expect(page.locator("#player")).to_have_attribute("data-state", "error")
    expect(page.locator("#problem")).to_be_visible()
    assert "signature" not in page.locator("body").inner_text()
    page.close()


def test_without_a_link_the_page_asks_for_one(page: Page, site: Site, film: Film) -> None:
    page.goto(f"{site.server.url}/")
    page.get_by_label("Signed archive link").fill(film.link.of())
    page.get_by_role("button", name="Watch").click()
    expect(page.locator("#player")).to_have_attribute("data-state", "playing", timeout=20_000)


def test_the_api_is_described_on_a_page(page: Page, site: Site) -> None:
    page.goto(f"{site.server.url}/docs")
    expect(page.locator("#docs .info .title")).to_contain_text("Footage")
    for path in ("index.m3u8", "timeline", "size", "preview"):
        expect(
            page.locator(".opblock-summary-path").filter(has_text=re.compile(path)).first
        ).to_be_visible()


def position_s(page: Page) -> float:
    """Where the video is."""
    at: float = page.locator("video").evaluate("video => video.currentTime")
    return at


def expect_at(page: Page, position: float) -> None:
    """The video comes to a position, to what a pixel of the timeline can tell, and plays on from it."""
    for after_s in (0, 0.5):
        page.wait_for_function(
            "([from, to]) => { const v = document.querySelector('video');"
            " return !v.seeking && v.currentTime > from && v.currentTime < to; }",
            arg=[position + after_s - 1, position + after_s + 4],
        )


def x_of(page: Page, time_ms: int) -> float:
    """The pixel of a moment on the timeline, read off what it says of itself."""
    timeline = page.locator("#timeline")
    first, last = (int(timeline.get_attribute(f"aria-value{end}") or 0) for end in ("min", "max"))
    width: float = timeline.evaluate("element => element.clientWidth")
    return (time_ms - first) / (last - first) * width


def click(page: Page, time_ms: int) -> None:
    """Click a moment on the timeline."""
    page.locator("#timeline").click(position={"x": x_of(page, time_ms), "y": 20})
