"""The page at ``/`` as those use it who hold a key: signing in, all cameras, one of them, a wall."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from footage.media.pattern import write_clip
from footage.timeline import Location, Place
from kit.archive import START_MS, Shelf
from kit.desk import PLAYER, Desk, add_key, open_context, open_desk
from kit.server import footage_json, running_server
from kit.site import Site

MINUTE_MS = 60_000
WALL = PLAYER.replace("footage-player", "footage-wall")
MARKUP = "<img src=x onerror=globalThis.broken=1>"


@dataclass(frozen=True)
class House:
    """The cameras of a house: some with footage, some that nothing records."""

    site: Site
    gate: Shelf
    yard: Shelf
    key: str


@pytest.fixture(scope="module")
def house(site: Site, tmp_path_factory: pytest.TempPathFactory) -> House:
    clip = tmp_path_factory.mktemp("page") / "clip.mp4"
    write_clip(clip, seconds=60)
    gate, yard = site.shelf("Gate"), site.shelf("Yard")
    gate.import_file(clip, START_MS)
    gate.import_file(clip, START_MS + 2 * MINUTE_MS)
    yard.import_file(clip, START_MS)
    cameras = site.house.cameras
    place = Location("site-1", "Head office", Place("room-1", "Lobby"))
    cameras.change(gate.camera.id, {"archive_days": 30, "location": place, "camera_model": "Q1656"})
    unreached = site.shelf("Roof")
    cameras.change(unreached.camera.id, {"source_url": "rtsp://user:secret@127.0.0.1:9/x"})
    off = site.shelf("Cellar")
    cameras.change(off.camera.id, {"source_url": "rtsp://127.0.0.1:9/x", "is_recorded": False})
    site.shelf(MARKUP)
    return House(site, gate, yard, add_key(site.house, "Control room"))


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with open_context(browser) as opened:
        yield opened


@pytest.fixture
def desk(context: BrowserContext, house: House) -> Iterator[Desk]:
    with open_desk(context, house.site.server.url) as opened:
        yield opened


@pytest.fixture
def page(desk: Desk, house: House) -> Page:
    """The overview, signed in."""
    page = desk.open()
    desk.sign_in(house.key)
    expect(tile(page, "Gate")).to_be_visible()
    return page


def tile(page: Page, title: str) -> Locator:
    """The tile of a camera."""
    return page.locator("page-tile").filter(has=page.get_by_role("heading", name=title, exact=True))


def titles(page: Page) -> list[str]:
    return page.locator("page-tile h2").all_inner_texts()


def test_signing_in_and_out(desk: Desk, house: House, context: BrowserContext) -> None:
    # What is asked for at the moment of signing out can be refused.
    desk.refusals |= {(403, "/session"), (401, "/v1/status"), (401, "/v1/cameras")}
    page = desk.open()
    field = page.get_by_label("Integration key")
    expect(field).to_be_focused()
    assert field.get_attribute("type") == "password"
    field.fill("footage_wrong")
    field.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="The integration key is not known")).to_be_visible()
    expect(field).to_be_focused()
    desk.look()
    desk.sign_in(house.key)
    expect(page.get_by_text("Control room")).to_be_visible()
    expect(page.get_by_role("heading", name="Cameras", level=1)).to_be_focused()
    # Nothing that a script can read holds the key, or stands for it.
    kept = page.evaluate("[document.cookie, localStorage.length, sessionStorage.length]")
    assert kept == ["", 0, 0]
    [cookie] = context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.get_by_role("button", name="Sign out").click()
    expect(field).to_be_focused()
    assert context.cookies() == []
    page.go_back()
    expect(field).to_be_visible()


def test_a_session_that_ends_leads_back_to_where_one_was(desk: Desk, house: House) -> None:
    desk.refusals |= {(401, "/v1/status"), (401, "/v1/cameras")}
    key = add_key(house.site.house, "For an hour")
    page = desk.open(f"#/camera/{house.yard.camera.id}")
    desk.sign_in(key)
    desk.plays()
    house.site.house.keys.revoke("For an hour")
    expect(page.get_by_text("Your session has ended")).to_be_visible(timeout=60_000)
    expect(page.get_by_label("Integration key")).to_be_focused()
    expect(page.locator("footage-player")).to_have_count(0)
    desk.sign_in(house.key)
    expect(page.get_by_role("heading", name="Yard")).to_be_visible()
    desk.plays()


def test_tiles_tell_what_is_known(desk: Desk, page: Page) -> None:
    gate = tile(page, "Gate")
    picture = gate.locator("img")
    expect(picture).to_be_visible(timeout=60_000)
    assert picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 400
    expect(gate).to_contain_text("3 min of 30 days")
    expect(gate).to_contain_text("KB")
    expect(gate).to_contain_text("Head office · Lobby")
    expect(gate.locator("time")).to_contain_text("21 Sept 2026")
    expect(gate).to_contain_text("No source")
    expect(tile(page, "Roof")).to_contain_text("No recorder is running")
    expect(tile(page, "Roof")).to_contain_text("No footage yet")
    expect(tile(page, "Cellar")).to_contain_text("Switched off")
    storage = page.locator("page-storage")
    for words in ("Footage", "Free", "Disk", "In 24 hours", "Full in"):
        expect(storage.locator("dt").get_by_text(words, exact=True)).to_be_visible()
    expect(storage.get_by_role("img")).to_have_attribute("aria-label", re.compile("free of"))
    assert "secret" not in page.locator("body").aria_snapshot()
    desk.look()


def test_titles_are_text(page: Page, desk: Desk, house: House) -> None:
    strange = tile(page, MARKUP)
    expect(strange).to_be_visible()
    strange.get_by_role("checkbox").check()
    strange.get_by_role("link").click()
    expect(page.get_by_role("heading", name=MARKUP)).to_be_visible()
    for button in ("Change …", "Remove …"):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_contain_text(MARKUP)
        page.keyboard.press("Escape")
    assert page.title() == f"{MARKUP} · Footage"
    assert page.evaluate("globalThis.broken") is None
    assert page.locator("img[src=x]").count() == 0


def test_search_sort_and_filter_stay_in_the_address(page: Page, house: House) -> None:
    search = page.get_by_role("searchbox")
    for words, found in {
        "gat": ["Gate"],
        "LOBBY head": ["Gate"],
        "q1656": ["Gate"],
        "o": ["Cellar", "Roof"],
    }.items():
        search.fill(words)
        if words == "o":
            assert "Roof" in titles(page)
        else:
            expect(page.locator("page-tile h2")).to_have_text(found)
    search.fill("nowhere")
    expect(page.get_by_text("No camera with “nowhere” is known here.")).to_be_visible()
    page.get_by_role("button", name="Show all").click()
    page.get_by_role("button", name=re.compile("^Trouble")).click()
    expect(page.locator("page-tile h2")).to_have_text(["Roof"])
    page.get_by_role("button", name=re.compile("^All")).click()
    page.get_by_label("Sort").select_option("Most bytes first")
    assert titles(page)[:2] == ["Gate", "Yard"]
    search.fill("a")
    page.reload()
    expect(search).to_have_value("a")
    expect(page.locator("page-tile h2").first).to_have_text("Gate")
    assert titles(page)[1] == "Yard"
    # Back from a camera everything is as it was, the focus too.
    tile(page, "Yard").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Yard", level=1)).to_be_focused()
    page.go_back()
    expect(search).to_have_value("a")
    expect(tile(page, "Yard").get_by_role("link")).to_be_focused()


def test_a_camera_is_added_changed_switched_off_and_removed(page: Page, desk: Desk, house: House) -> None:
    desk.refusals.add((400, "/v1/cameras"))
    page.get_by_role("button", name="Add a camera …").click()
    dialog = page.get_by_role("dialog", name="Add a camera")
    expect(dialog.get_by_label("Title")).to_be_focused()
    desk.look()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Add a camera …")).to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("page-camera-dialog")).to_have_count(0)
    page.keyboard.press("Enter")
    dialog.get_by_label("Title").fill("Back\u0007door")
    dialog.get_by_label("Address of its stream").fill("ftp://user:geheim@127.0.0.1/x")
    dialog.get_by_role("button", name="Add").click()
    for name in ("Title", "Address of its stream"):
        field = dialog.get_by_label(name)
        expect(field).to_have_attribute("aria-invalid", "true")
        described = (field.get_attribute("aria-describedby") or "").split()[-1]
        expect(dialog.locator(f"#{described}")).not_to_be_empty()
    expect(dialog.get_by_label("Title")).to_be_focused()
    dialog.get_by_label("Title").fill("Back door")
    dialog.get_by_label("Address of its stream").fill("rtsp://user:geheim@127.0.0.1:9/x")
    dialog.get_by_label("Days to keep").fill("14")
    dialog.get_by_label("Transport").select_option("UDP")
    dialog.get_by_label("Record its sound").uncheck()
    dialog.get_by_label("Location").fill("Head office")
    dialog.get_by_label("Room").fill("Store")
    dialog.get_by_text("The device").click()
    dialog.get_by_label("Model").fill("M3106")
    dialog.get_by_role("button", name="Add").click()
    expect(page.get_by_role("heading", name="Back door")).to_be_visible()
    [camera] = [one for one in house.site.house.cameras.every() if one.title == "Back door"]
    place = Location("site-1", "Head office", Place("Store", "Store"))
    wanted = (14, "udp", False, True, "M3106", place, True)
    assert (
        camera.archive_days,
        camera.transport,
        camera.is_audio_recorded,
        camera.is_recorded,
        camera.camera_model,
        camera.location,
        camera.has_source,
    ) == wanted

    page.get_by_role("button", name="Change …").click()
    dialog = page.get_by_role("dialog", name="Change “Back door”")
    expect(dialog.get_by_label("Address of its stream")).to_have_value("")
    expect(dialog.get_by_label("Model")).to_have_value("M3106")
    dialog.get_by_label("Title").fill("Side door")
    dialog.get_by_label("Days to keep").fill("")
    dialog.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Side door")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="“Side door” is changed.")).to_be_visible()
    changed = house.site.house.cameras.get(camera.id)
    assert changed == replace(camera, title="Side door", archive_days=None)

    page.get_by_role("button", name="Switch recording off").click()
    expect(page.get_by_text("Switched off").first).to_be_visible()
    assert not house.site.house.cameras.get(camera.id).is_recorded
    page.get_by_role("button", name="Switch recording on").click()
    expect(page.get_by_role("button", name="Switch recording off")).to_be_visible()
    assert house.site.house.cameras.get(camera.id).is_recorded
    assert "geheim" not in page.locator("body").aria_snapshot()

    page.get_by_role("button", name="Remove …").click()
    dialog = page.get_by_role("dialog")
    remove = dialog.get_by_role("button", name="Remove")
    dialog.get_by_label("Type its title").fill("side door")
    expect(remove).to_be_disabled()
    desk.look()
    dialog.get_by_label("Type its title").fill("Side door")
    remove.click()
    expect(page.get_by_role("heading", name="Cameras", level=1)).to_be_visible()
    expect(tile(page, "Gate")).to_be_visible()
    expect(tile(page, "Side door")).to_have_count(0)
    assert camera.id not in {one.id for one in house.site.house.cameras.every()}


def test_a_camera_plays_and_a_moment_survives_a_reload(page: Page, desk: Desk, house: House) -> None:
    tile(page, "Gate").get_by_role("link").click()
    desk.plays()
    expect(page.get_by_label("About this camera")).to_contain_text("Q1656")
    desk.look()
    page.evaluate(f"timeMs => {PLAYER}.seek(timeMs)", START_MS + 20_000)
    page.wait_for_function("() => /at=17900000[2-5]/.test(location.hash)", timeout=60_000)
    page.reload()
    desk.plays()
    assert START_MS + 15_000 < desk.time_ms < START_MS + 60_000
    page.goto(f"{desk.url}/#/camera/00000000-0000-0000-0000-000000000000")
    expect(page.get_by_role("heading", name="There is no such camera")).to_be_visible()


def test_a_token_that_is_refused_is_renewed_while_it_plays(page: Page, desk: Desk, house: House) -> None:
    desk.refusals.add((403, ""))
    camera, later_ms = house.gate.camera, START_MS + 2 * MINUTE_MS + 20_000
    page.goto(f"{desk.url}/#/camera/{camera.id}?at={START_MS}")
    desk.plays()
    with page.expect_response(lambda answer: answer.url.endswith(f"/v1/cameras/{camera.id}")):
        # What the player asks for between the two is refused as well.
        house.site.house.cameras.revoke_links(camera.id)
        page.evaluate(f"timeMs => void {PLAYER}.seek(timeMs)", later_ms)
    page.wait_for_function(f"() => {PLAYER}.state !== 'error'")
    page.evaluate(f"timeMs => {{ {PLAYER}.play(); void {PLAYER}.seek(timeMs); }}", later_ms)
    page.wait_for_function(
        f"at => {PLAYER}.state === 'playing' && {PLAYER}.timeMs > at", arg=later_ms + 1000, timeout=60_000
    )


def test_a_link_to_a_clip_opens_the_clip_alone(
    page: Page, desk: Desk, house: House, browser: Browser
) -> None:
    """Made on the page of whoever is signed in, it plays for whoever is not."""
    tile(page, "Gate").get_by_role("link").click()
    desk.plays()
    span = {"startMs": START_MS + 10_000, "endMs": START_MS + 25_000}
    made: str = page.evaluate(f"span => {PLAYER}.clipLink(span)", span)
    query = parse_qs(urlsplit(made).fragment)
    assert (query["title"], query["start"]) == (["Gate"], [str(span["startMs"])])
    assert query["link"][0].endswith(f"&from={span['startMs']}&to={span['endMs']}")
    with open_context(browser) as other, open_desk(other, made.split("/#", maxsplit=1)[0]) as guest:
        guest.refusals.clear()
        guest.open(f"#{made.split('#')[1]}")
        guest.plays()
        assert span["startMs"] <= guest.time_ms < span["endMs"]


def test_chosen_cameras_are_watched_together(page: Page, desk: Desk, house: House) -> None:
    for title in ("Gate", "Yard"):
        tile(page, title).get_by_role("checkbox").check()
    expect(page.get_by_text("2 chosen")).to_be_visible()
    desk.look()
    page.get_by_role("link", name="Watch together").click()
    expect(page.get_by_role("heading", name="Wall of 2 cameras")).to_be_focused()
    given = page.locator("footage-wall").evaluate("wall => wall.cameras")
    assert [camera["label"] for camera in given] == ["Gate", "Yard"]
    assert [camera["src"].rsplit("/", 1)[1] for camera in given] == [
        str(house.gate.archive.id),
        str(house.yard.archive.id),
    ]
    page.reload()
    wall_plays = f"() => {WALL}?.state === 'playing' && {WALL}.timeMs !== null"
    page.wait_for_function(wall_plays, timeout=60_000)
    desk.look()
    page.evaluate(f"timeMs => {WALL}.seek(timeMs)", START_MS + 20_000)
    page.wait_for_function("() => /at=17900000[2-5]/.test(location.hash)", timeout=60_000)
    page.reload()
    page.wait_for_function(wall_plays, timeout=60_000)
    assert START_MS + 15_000 < page.evaluate(f"() => {WALL}.timeMs") < START_MS + 60_000
    page.get_by_role("link", name="← Cameras").click()
    expect(tile(page, "Yard").get_by_role("checkbox")).to_be_checked()
    page.get_by_role("button", name="Clear").click()
    expect(tile(page, "Yard").get_by_role("checkbox")).not_to_be_checked()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_page_of_another_origin_does_nothing_with_the_session(
    page: Page, house: House, pages: str, context: BrowserContext, host: str
) -> None:
    """It neither shows the page in a frame, to have its buttons pressed, nor sends what they send."""
    other = context.new_page()
    other.goto(f"{pages.replace('127.0.0.1', host)}/player.html")
    url = house.site.server.url
    other.evaluate(
        "url => new Promise(done => { const frame = document.createElement('iframe');"
        " frame.onload = done; frame.src = url; document.body.append(frame); })",
        f"{url}/",
    )
    other.frames[1].wait_for_url("chrome-error://chromewebdata/")
    tried = other.evaluate(
        "url => Promise.all([['DELETE'], ['PATCH', '{\"title\": \"Forged\"}'], ['POST', '{}', '/tokens']]"
        ".flatMap(([method, body, more = '']) => [{}, {'X-Footage-Page': '1'}].map(headers =>"
        " fetch(url + more, {method, body, headers, credentials: 'include'})"
        ".then(answer => answer.status, error => error.name))))",
        f"{url}/v1/cameras/{house.gate.camera.id}",
    )
    assert set(tried) == {"TypeError"}
    other.close()
    page.reload()
    expect(tile(page, "Gate")).to_be_visible()
    assert house.site.house.cameras.get(house.gate.camera.id).title == "Gate"


def test_keys_alone_do(page: Page, desk: Desk) -> None:
    """From the first Tab to a dialog and back."""
    page.get_by_role("link", name="Footage", exact=True).focus()
    seen: list[str] = []
    while "Choose Gate" not in seen and len(seen) < 30:
        seen.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    wanted = ["Footage", "API", "Sign out", "Add a camera …", "Search cameras"]
    wanted += [
        "All",
        "Recording",
        "Trouble",
        "Off",
        "Title",
        "Cellar",
        "Choose Cellar",
        "Gate",
        "Choose Gate",
    ]
    assert [name for name in seen if name in wanted] == wanted, json.dumps(seen)
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(tile(page, "Gate").get_by_role("checkbox")).to_be_checked()


FOCUSED = """() => {
  let at = document.activeElement;
  while (at.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return (at.ariaLabel ?? at.innerText).split('\\n')[0].replace(/ \\d+$/, '').trim();
}"""


def test_an_empty_house_says_how_to_begin(browser: Browser, empty: tuple[str, str]) -> None:
    url, key = empty
    with open_context(browser) as context, open_desk(context, url) as desk:
        desk.open()
        desk.sign_in(key)
        expect(desk.page.get_by_role("heading", name="No camera yet")).to_be_visible()
        desk.look()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A server without any camera, and a key to it."""
    key = footage_json("key", "add", "k", data=tmp_path)["key"]
    with running_server(tmp_path) as server:
        yield server.url, key
