"""``<footage-player>`` for everybody: screen readers, keys, fingers, small screens, a closer look, and
video that this browser has no decoder for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import simplejpeg
from numpy.typing import NDArray
from playwright.sync_api import Browser, expect

from footage.media.pattern import write_clip
from kit.browser import AXE
from kit.clips import Clip, make_clip
from kit.films import Film, import_film
from kit.player_page import Player, player_page
from kit.site import Site

SECONDS = 30
HOLE_MS = 60_000
H265 = Clip(codec="libx265", seconds=12, size=(640, 360), gop=50, options={"x265-params": "log-level=none"})


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("people") / "clip.mp4"
    write_clip(path, seconds=SECONDS)
    return path


@pytest.fixture(scope="module")
def film(site: Site, clip: Path) -> Film:
    return import_film(site, [clip, clip], hole_ms=HOLE_MS)


@pytest.fixture(scope="module")
def mixed(site: Site, clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A camera that was set to H.265, and back."""
    h265 = make_clip(tmp_path_factory.mktemp("h265") / "clip.mp4", H265)
    return import_film(site, [clip, h265, clip], hole_ms=4000)


@pytest.fixture
def player(browser: Browser, pages: str, film: Film) -> Iterator[Player]:
    with player_page(browser, pages, film) as opened:
        yield opened


def opened_paused(player: Player, into_ms: int = 10_000, **attributes: str) -> None:
    """Opened at a moment of the film, and stopped there."""
    start_ms = player.film.starts_ms[0] + into_ms
    player.open(start=str(start_ms), label="Gate", **attributes)
    player.wait("playing")
    player.button("Pause").click()
    player.seek(start_ms)
    player.until("footage.player.timeMs === wanted", wanted=start_ms)


def assert_accessible(player: Player) -> None:
    """axe finds nothing wrong with the player, all its shadow roots included."""
    if not player.page.evaluate("'axe' in globalThis"):
        player.page.add_script_tag(path=AXE)
    found: list[dict[str, Any]] = player.page.evaluate(
        "async () => (await axe.run('footage-player')).violations"
    )
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(browser: Browser, pages: str, film: Film, scheme: str) -> None:
    with player_page(browser, pages, film, color_scheme=scheme) as player:
        opened_paused(player)
        expect(player.element.get_by_role("slider", name="Timeline")).to_be_visible()
        assert_accessible(player)
        player.element.press("i")
        player.seek(film.starts_ms[0] + 20_000)
        player.element.press("o")
        expect(player.element.locator("footage-clip")).to_contain_text("Clip of")
        player.element.press("g")
        expect(player.element.locator("footage-calendar td.kept")).to_have_count(1)
        player.element.press("+")
        assert_accessible(player)
        player.element.press("Escape")
        player.element.press("?")
        expect(player.element.get_by_role("dialog")).to_be_visible()
        assert_accessible(player)
        player.page.keyboard.press("Escape")
        expect(player.element.get_by_role("dialog")).to_have_count(0)
        assert player.element.evaluate("player => player.clip") is not None
        player.open(signature="nobody-signed-this")
        expect(player.element.get_by_role("alert")).to_be_visible()
        assert_accessible(player)


def test_every_control_is_reached_and_pressed_by_keys(player: Player, film: Film) -> None:
    opened_paused(player)
    player.page.locator("footage-player #screen").focus()
    names: list[str] = []
    for _ in range(30):
        player.page.keyboard.press("Tab")
        name = player.page.evaluate("footage.focused()")
        if name is None:
            break
        names.append(name)
        # What has the focus shows it.
        assert player.page.evaluate("footage.outline()") != "none", name
    assert names == [
        *("Previous run", "\u22121m: Back a minute", "\u221210: Back 10 seconds", "A picture back", "Play"),
        *("A picture on", "+10: On 10 seconds", "+1m: On a minute", "Next run", "Speed", "Live"),
        *("Sound on", "Volume", "Save the picture", "Full screen", "Timeline"),
        *("In: Mark where the clip begins", "Out: Mark where the clip ends", "Go to …", "UTC", "?: Keys"),
    ]
    player.button("Play").focus()
    player.page.keyboard.press("Space")
    player.wait("playing")
    player.page.keyboard.press("k")
    player.wait("paused")
    player.page.keyboard.press(">")
    assert player.element.evaluate("player => player.rate") == 2
    player.page.keyboard.press("f")
    player.until("document.fullscreenElement === footage.player")
    player.page.keyboard.press("f")
    player.until("document.fullscreenElement === null")


def test_the_zone_is_switched_everywhere(browser: Browser, pages: str, film: Film) -> None:
    with player_page(browser, pages, film, timezone_id="Europe/Berlin") as player:
        opened_paused(player)
        expect(player.element.locator("time")).to_have_text("21 Sept 16:13:30.000")
        player.button("UTC").click()
        expect(player.element.locator("time")).to_have_text("21 Sept 14:13:30.000")
        assert player.page.evaluate("footage.timeline.zone") == "utc"


@pytest.mark.parametrize("width", [320, 390])
def test_nothing_is_wider_than_a_small_screen(browser: Browser, pages: str, film: Film, width: int) -> None:
    with player_page(browser, pages, film, viewport={"width": width, "height": 800}) as player:
        opened_paused(player)
        player.element.evaluate("player => { player.clipLink = async () => ''; }")
        player.element.press("i")
        player.seek(film.starts_ms[0] + 20_000)
        player.element.press("o")
        player.element.press("g")
        player.element.press("+")
        expect(player.element.locator("footage-clip")).to_contain_text("Clip of 10 s, ")
        assert player.page.evaluate("document.documentElement.scrollWidth") == width
        player.open(signature="nobody-signed-this")
        expect(player.element.get_by_role("alert")).to_be_visible()
        assert player.page.evaluate("document.documentElement.scrollWidth") == width


def seen(player: Player) -> NDArray[np.float64]:
    """The screen, as it is drawn."""
    picture = player.page.locator("footage-player #screen").screenshot(type="jpeg", quality=95)
    return np.asarray(simplejpeg.decode_jpeg(picture), np.float64)


def closer(picture: NDArray[np.float64], scale: float, x: float, y: float) -> NDArray[np.float64]:
    """What a picture must look like when it is larger, and the point stays where it is."""
    height, width, _ = picture.shape
    rows = (y + (np.arange(height) - y) / scale).astype(int).clip(0, height - 1)
    columns = (x + (np.arange(width) - x) / scale).astype(int).clip(0, width - 1)
    return np.take(np.take(picture, rows, axis=0), columns, axis=1)


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """The middles show the same; edges of things lie a pixel beside each other."""
    height, width, _ = one.shape
    box = np.s_[height // 4 : -height // 4, width // 4 : -width // 4]
    away = np.abs(one[box] - other[box])
    return bool(np.median(away) < 4 and np.mean(away > 60) < 0.1)


def test_a_closer_look_at_the_picture(player: Player) -> None:
    opened_paused(player)
    screen = player.page.locator("footage-player #screen")
    box = screen.bounding_box()
    assert box is not None
    x, y = box["width"] * 0.4, box["height"] * 0.4
    whole = seen(player)
    player.page.mouse.move(box["x"] + x, box["y"] + y)
    player.page.keyboard.down("Control")
    for _ in range(3):
        player.page.mouse.wheel(0, -30)
    player.page.keyboard.up("Control")
    chip = player.element.get_by_title("The whole picture")
    expect(chip).to_contain_text("2.5")
    near = seen(player)
    assert alike(near, closer(whole, np.exp(0.9), x, y))
    assert not alike(near, whole)
    # Dragged to the right, what is on its left comes into view.
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + x + 60, box["y"] + y + 30, steps=4)
    player.page.mouse.up()
    assert alike(np.roll(near, (30, 60), axis=(0, 1)), seen(player))
    assert player.state == "paused"
    screen.press("ArrowLeft")
    assert not alike(np.roll(near, (30, 60), axis=(0, 1)), seen(player))
    chip.click()
    assert alike(seen(player), whole)
    screen.dblclick(position={"x": x, "y": y})
    expect(chip).to_contain_text("3.0")
    assert alike(seen(player), closer(whole, 3, x, y))
    player.element.press("0")
    expect(chip).to_have_count(0)
    player.element.press("+")
    expect(chip).to_contain_text("1.5")


def test_two_fingers_look_closer_and_one_moves(browser: Browser, pages: str, film: Film) -> None:
    with player_page(
        browser, pages, film, has_touch=True, viewport={"width": 390, "height": 800}
    ) as player:
        opened_paused(player)
        box = player.page.locator("footage-player #screen").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        devtools = player.page.context.new_cdp_session(player.page)

        def touch(kind: str, *points: tuple[float, float]) -> None:
            touches = [{"x": px, "y": py, "id": at} for at, (px, py) in enumerate(points)]
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

        touch("touchStart", (x - 20, y), (x + 20, y))
        for spread in (30, 40, 50, 60):
            touch("touchMove", (x - spread, y), (x + spread, y))
        touch("touchEnd")
        chip = player.element.get_by_title("The whole picture")
        expect(chip).to_contain_text("3.0")
        near = seen(player)
        touch("touchStart", (x, y))
        for by in (10, 20, 30):
            touch("touchMove", (x + by, y + by / 2))
        touch("touchEnd")
        assert alike(np.roll(near, (15, 30), axis=(0, 1)), seen(player))
        assert player.state == "paused"
        assert player.page.evaluate("scrollY") == 0


def test_video_that_this_browser_cannot_play_is_named_and_its_pictures_shown(
    browser: Browser, pages: str, mixed: Film, tmp_path: Path
) -> None:
    with player_page(browser, pages, mixed) as player:
        player.page.evaluate("delete globalThis.showSaveFilePicker")
        player.open(start=str(mixed.starts_ms[1] + 3000))
        alert = player.element.get_by_role("alert")
        expect(alert).to_contain_text("H.265 (HEVC)")
        still = player.element.locator("#still")
        expect(still).to_be_visible()
        first = player.page.evaluate("footage.picture(footage.still)")
        assert first[:2] == [640, 360]
        # From picture to picture, and told once.
        player.element.press("l")
        player.until("footage.player.timeMs === at", at=mixed.starts_ms[2])
        player.wait("paused")
        expect(still).to_be_hidden()
        assert player.clock() == "00:00"
        player.element.evaluate("(player, timeMs) => player.seek(timeMs)", mixed.starts_ms[1] + 8000)
        expect(still).to_be_visible()
        assert player.page.evaluate("footage.picture(footage.still)") != first
        with player.page.expect_download() as download:
            alert.get_by_role("button", name="Save a minute").click()
        download.value.save_as(tmp_path / "clip.mp4")
        assert b"hvc1" in (tmp_path / "clip.mp4").read_bytes()


@pytest.mark.parametrize("late_ms", [0, 2000])
def test_footage_before_what_cannot_be_played_is_played_to_its_end(
    browser: Browser, pages: str, mixed: Film, late_ms: int
) -> None:
    """Also by a browser so busy that it meets what it cannot play before it tells of its first picture."""
    with player_page(browser, pages, mixed) as player:
        if late_ms:
            player.pictures_come_late(late_ms)
        player.page.evaluate("footage.watch()")
        player.open(start=str(mixed.starts_ms[0] + (SECONDS - 5) * 1000))
        expect(player.element.locator("#still")).to_be_visible(timeout=60_000)
        assert player.time_ms == mixed.starts_ms[1]
        assert [fault["kind"] for fault in player.heard("error")] == ["codec"]
        before = [at for _, at, _ in player.page.evaluate("footage.shown") if at < mixed.starts_ms[1]]
        # The last that was told, for the next is asked for when one was.
        assert before[-1] >= mixed.starts_ms[0] + SECONDS * 1000 - 1000 - 2 * late_ms


def test_nothing_kept_is_told_and_tried_again(
    browser: Browser, pages: str, site: Site, film: Film, clip: Path
) -> None:
    shelf = site.shelf()
    with player_page(browser, pages, film) as player:
        link = site.link(shelf)
        player.open(src=link.url, **link.token)
        alert = player.element.get_by_role("alert")
        expect(alert).to_contain_text("Nothing is kept of this camera yet")
        shelf.import_file(clip, film.starts_ms[0])
        alert.get_by_role("button", name="Try again").click()
        player.wait("playing")
        expect(alert).to_have_count(0)
