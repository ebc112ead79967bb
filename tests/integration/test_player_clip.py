"""Clips of ``<footage-player>``: saved as MP4 whole or not at all, and passed on as a link."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, expect

from footage.media.pattern import write_clip
from kit.browser import read_clock
from kit.films import Film, import_film
from kit.player_page import Player, player_page
from kit.site import Site

SECONDS = 40
RATE = 10
IN_MS, OUT_MS = 10_000, 22_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    write_clip(path, seconds=SECONDS, rate=RATE)
    return path


@pytest.fixture(scope="module")
def film(site: Site, clip: Path) -> Film:
    return import_film(site, [clip])


@pytest.fixture
def player(browser: Browser, pages: str, film: Film) -> Iterator[Player]:
    with player_page(browser, pages, film, permissions=["clipboard-read", "clipboard-write"]) as opened:
        yield opened


def mark(player: Player, in_ms: int = IN_MS, out_ms: int = OUT_MS) -> Locator:
    """Mark a clip of the film by its keys; the part of the player that tells of it."""
    start_ms = player.film.starts_ms[0]
    player.open(start=str(start_ms), label="Gate")
    player.wait("playing")
    player.button("Pause").click()
    for into_ms, key in ((in_ms, "i"), (out_ms, "o")):
        player.seek(start_ms + into_ms)
        player.until("footage.player.timeMs === wanted", wanted=start_ms + into_ms)
        player.element.press(key)
    return player.element.locator("footage-clip")


def without_picker(player: Player) -> None:
    """A browser that can only save whole files."""
    player.page.evaluate("delete globalThis.showSaveFilePicker")


def with_picker(player: Player) -> None:
    """The dialog is a person's; what it gives is a real file on a disk of the page's own."""
    player.page.evaluate("""() => {
      footage.picked = [];
      globalThis.showSaveFilePicker = async ({ suggestedName }) => {
        footage.picked.push(suggestedName);
        const disk = await navigator.storage.getDirectory();
        return disk.getFileHandle('clip.mp4', { create: true });
      };
      footage.saved = async () => {
        const disk = await navigator.storage.getDirectory();
        const file = await (await disk.getFileHandle('clip.mp4')).getFile();
        return Array.from(new Uint8Array(await file.arrayBuffer()));
      };
    }""")


def assert_is_the_clip(path: Path) -> None:
    """Twelve seconds, from the one that was marked on."""
    with av.open(str(path)) as movie:
        pictures = [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in movie.decode(video=0)
        ]
    shown = [read_clock(picture) for picture in pictures[-(OUT_MS - IN_MS) // 1000 * RATE :]]
    assert shown[0] == "00:10"
    assert shown[-1] == "00:21"
    assert len(shown) == 12 * RATE


def test_a_clip_is_marked_weighed_and_saved(player: Player, film: Film, tmp_path: Path) -> None:
    without_picker(player)
    box = mark(player)
    clip = player.element.evaluate("player => player.clip")
    assert clip == {"startMs": film.starts_ms[0] + IN_MS, "endMs": film.starts_ms[0] + OUT_MS}
    expect(box).to_contain_text("Clip of 12 s, ")
    with player.page.expect_download() as download:
        box.get_by_role("button", name="Save MP4").click()
    assert download.value.suggested_filename.startswith("Gate 2026-09-21T")
    download.value.save_as(tmp_path / "clip.mp4")
    assert_is_the_clip(tmp_path / "clip.mp4")
    expect(box).to_contain_text("The clip is saved")
    player.element.press("Escape")
    assert player.element.evaluate("player => player.clip") is None


def test_it_goes_straight_to_a_file_that_is_picked(player: Player, film: Film, tmp_path: Path) -> None:
    with_picker(player)
    box = mark(player)
    player.element.press("d")
    expect(box).to_contain_text("The clip is saved")
    [name] = player.page.evaluate("footage.picked")
    assert name.startswith("Gate 2026-09-21T")
    assert name.endswith(".mp4")
    (tmp_path / "clip.mp4").write_bytes(bytes(player.page.evaluate("footage.saved()")))
    assert_is_the_clip(tmp_path / "clip.mp4")


def test_progress_is_shown_and_a_cancelled_clip_is_not_there(player: Player, film: Film) -> None:
    with_picker(player)
    box = mark(player)
    expect(box).to_contain_text("B")
    devtools = player.page.context.new_cdp_session(player.page)
    slow = {"offline": False, "latency": 0, "uploadThroughput": -1, "downloadThroughput": 8_000}
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", slow)
    box.get_by_role("button", name="Save MP4").click()
    bar = box.get_by_role("progressbar", name="Saving the clip")
    expect(bar).to_be_visible()
    player.until("(({ value, max }) => value > 0 && value < max)(footage.progress)", timeout=60_000)
    expect(box).to_contain_text("%")
    box.get_by_role("button", name="Cancel").click()
    expect(box).to_contain_text("Not saved.")
    expect(bar).to_have_count(0)
    assert player.page.evaluate("footage.saved()") == []


def test_a_clip_that_breaks_off_is_told_and_not_saved(
    browser: Browser, pages: str, site: Site, clip: Path
) -> None:
    """Damaged footage makes the server break the transfer off."""
    film = import_film(site, [clip])
    blocks = sorted((site.house.settings.data_dir).rglob(f"**/{film.shelf.archive.id}/**/*.ts"))
    with player_page(browser, pages, film) as player:
        with_picker(player)
        box = mark(player, 2000, 38_000)
        os.truncate(blocks[-1], blocks[-1].stat().st_size // 2)
        box.get_by_role("button", name="Save MP4").click()
        expect(box.get_by_role("alert")).to_contain_text("broke off before its end", timeout=60_000)
        assert player.heard("error")[-1]["kind"] == "broken"
        assert player.page.evaluate("footage.saved()") == []
        expect(box.get_by_role("button", name="Save MP4")).to_be_enabled()


def test_footage_that_does_not_fit_into_one_file_is_told_in_the_servers_words(
    browser: Browser, pages: str, site: Site, clip: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.mp4"
    write_clip(small, seconds=10, width=320, height=180, rate=RATE)
    film = import_film(site, [clip, small], hole_ms=1000)
    with player_page(browser, pages, film) as player:
        without_picker(player)
        box = mark(player, 30_000, 45_000)
        box.get_by_role("button", name="Save MP4").click()
        expect(box.get_by_role("alert")).to_contain_text("size")


def test_a_link_to_this_very_clip_is_copied_and_opens_it_alone(
    player: Player, site: Site, film: Film
) -> None:
    def link(span: dict[str, int]) -> str:
        return site.link(film.shelf, from_ms=span["startMs"], to_ms=span["endMs"]).of()

    player.page.expose_function("makeLink", link)
    box = mark(player)
    expect(box.get_by_role("button", name="Copy link")).to_have_count(0)
    player.element.evaluate("player => { player.clipLink = (span) => makeLink(span); }")
    box.get_by_role("button", name="Copy link").click()
    expect(box).to_contain_text("copied")
    copied = player.page.evaluate("navigator.clipboard.readText()")
    # A page that did not come over HTTPS has no clipboard: the link is shown.
    player.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    box.get_by_role("button", name="Copy link").click()
    shown = box.get_by_label("Copy this link")
    expect(shown).to_have_value(
        re.compile(f"from={film.starts_ms[0] + IN_MS}&to={film.starts_ms[0] + OUT_MS}$")
    )
    shown.focus()
    assert shown.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)") == (
        shown.input_value()
    )
    assert f"from={film.starts_ms[0] + IN_MS}&to={film.starts_ms[0] + OUT_MS}" in copied
    limits = dict(pair.split("=") for pair in copied.split("?")[1].split("&"))
    player.open(**limits, start=str(film.starts_ms[0] + IN_MS))
    player.shows(film.starts_ms[0] + IN_MS)
    assert player.agrees()
    # A token for the same part of the archive, handed in without its limits, stands for them too.
    player.element.evaluate(
        "(player, { signature, exp }) => player.renew({ signature, exp: Number(exp) })", limits
    )
    player.seek(film.starts_ms[0] + OUT_MS - 4000)
    player.shows(film.starts_ms[0] + OUT_MS - 4000)
    player.element.evaluate("(player, timeMs) => player.seek(timeMs)", film.starts_ms[0] + 35_000)
    expect(player.element.locator("#message")).to_contain_text("Nothing is kept at this time or after it")
    # It is not taken away by the next picture.
    player.page.wait_for_timeout(1000)
    expect(player.element.locator("#message")).to_be_visible()
