"""Signed links on the page at ``/``, which need nobody to be signed in, and the API's page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from footage.media.pattern import write_clip
from kit.desk import PLAYER, Desk, open_context, open_desk
from kit.films import Film, import_film
from kit.server import SignedLink
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
def context(browser: Browser) -> Iterator[BrowserContext]:
    with open_context(browser) as opened:
        yield opened


@pytest.fixture
def desk(context: BrowserContext, site: Site) -> Iterator[Desk]:
    with open_desk(context, site.server.url) as opened:
        opened.refusals.clear()
        yield opened


def fragment(*pairs: tuple[str, SignedLink]) -> str:
    return "#" + "&".join(f"title={quote(title)}&link={quote(link.of(), safe='')}" for title, link in pairs)


def test_a_link_plays_and_nobody_is_asked_to_sign_in(desk: Desk, film: Film) -> None:
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    page = desk.open(fragment(("Front door", film.link)))
    desk.plays()
    expect(page.get_by_role("heading", name="Front door")).to_be_visible()
    assert page.title() == "Front door · Footage"
    assert not [url for url in asked if url.endswith("/session")]
    assert desk.time_ms > film.starts_ms[1]
    desk.look()
    shown = page.locator("body").aria_snapshot()
    assert "Front door" in shown
    assert film.link.token["signature"] not in shown


def test_several_links_are_several_cameras(desk: Desk, film: Film, site: Site) -> None:
    page = desk.open(fragment(("Front door", film.link), ("Yard", film.link)))
    desk.plays()
    yard = page.get_by_role("button", name="Yard")
    yard.click()
    expect(yard).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name="Yard")).to_be_visible()
    desk.plays()


def test_the_link_of_a_clip_opens_the_clip_alone(desk: Desk, film: Film, site: Site) -> None:
    """It begins where the clip begins, and play ends where it ends."""
    start_ms, end_ms = film.starts_ms[0] + 20_000, film.starts_ms[0] + 26_000
    made = site.server.link(camera_of(site, film), "--from", str(start_ms), "--to", str(end_ms))
    desk.open(f"{fragment(('Clip', made))}&start={start_ms}")
    desk.plays()
    assert start_ms <= desk.time_ms < end_ms
    desk.page.wait_for_function(f"() => {PLAYER}.state === 'ended'", timeout=60_000)
    # Whole segments are what is served: the last one may show a little more.
    assert end_ms - 1000 < desk.time_ms < end_ms + 6000


def test_a_link_that_is_refused_is_told_in_words(desk: Desk, film: Film) -> None:
    refused = film.link.of().replace("signature=", "signature=A")
    desk.refusals.add((403, film.link.url.rsplit("/", 1)[1]))
    page = desk.open(f"#link={quote(refused, safe='')}")
    expect(page.get_by_role("alert").filter(has_text="not valid any more")).to_be_visible()
    assert "signature" not in page.locator("body").aria_snapshot()


def test_a_link_can_be_pasted(desk: Desk, film: Film) -> None:
    desk.refusals.add((401, "/session"))
    page = desk.open()
    field = page.get_by_label("Signed archive link")
    field.fill("https://video.example/elsewhere")
    page.get_by_role("button", name="Watch").click()
    expect(page.get_by_role("alert").filter(has_text="not the link of an archive")).to_be_visible()
    expect(field).to_be_focused()
    field.fill(film.link.of())
    page.get_by_role("button", name="Watch").click()
    desk.plays()


def test_a_link_that_is_none_can_be_corrected(desk: Desk, film: Film) -> None:
    page = desk.open("#link=nonsense")
    expect(page.get_by_role("alert").filter(has_text="not a web address")).to_be_visible()
    desk.look()
    page.get_by_label("Signed archive link").fill(film.link.of())
    page.get_by_role("button", name="Watch").click()
    desk.plays()


def test_another_servers_link_leads_to_that_server(desk: Desk, film: Film) -> None:
    """The page speaks to its own server alone."""
    link = film.link.of().replace(desk.url, "https://video.example/cctv")
    asked: list[str] = []
    desk.page.on("request", lambda request: asked.append(request.url))
    page = desk.open(f"#title=Gate&link={quote(link, safe='')}")
    way = page.get_by_role("link", name="watch it at video.example")
    target = way.get_attribute("href") or ""
    assert target.startswith("https://video.example/cctv/#title=Gate&link=https%3A%2F%2Fvideo.example")
    assert all(url.startswith(desk.url) or url == "about:blank" for url in asked)


def test_the_api_is_described_on_a_page(desk: Desk) -> None:
    page: Page = desk.open("docs")
    expect(page.locator("#docs .info .title")).to_contain_text("Footage")
    for path in ("index.m3u8", "timeline", "size", "preview"):
        expect(
            page.locator(".opblock-summary-path").filter(has_text=re.compile(path)).first
        ).to_be_visible()


def camera_of(site: Site, film: Film) -> str:
    """The id of the camera that a film's archive belongs to."""
    archive_id = film.link.url.rsplit("/", 1)[1]
    return next(
        str(camera.id) for camera in site.house.cameras.every() if str(camera.archive_id) == archive_id
    )
