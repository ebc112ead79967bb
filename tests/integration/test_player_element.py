"""``<footage-player>`` in a browser, in a page of another origin, against a real server: what it says it
shows is compared with the clock in the very pixels that it shows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from footage.media.pattern import write_clip
from kit.browser import read_clock
from kit.films import Film, import_film
from kit.site import Site

SECONDS = 90
HOLE_MS = 120_000
RATE = 25
FRAME_MS = 1000 // RATE


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Two runs with two minutes of nothing between; the clock in the picture begins anew in each."""
    clip = tmp_path_factory.mktemp("player") / "clip.mp4"
    write_clip(clip, seconds=SECONDS, rate=RATE)
    return import_film(site, [clip, clip], hole_ms=HOLE_MS)


@dataclass(frozen=True)
class Player:
    """A page with a player on it."""

    page: Page
    film: Film

    def open(self, **attributes: str) -> None:
        """Put the tag into the page, and wait for its first picture unless it cannot come."""
        link = self.film.link
        given = {"src": link.url, "muted": "", "autoplay": "", **link.token, **attributes}
        self.page.evaluate("given => footage.open(given)", given)

    @property
    def element(self) -> Locator:
        return self.page.locator("footage-player")

    @property
    def time_ms(self) -> int:
        """The wall time that it says it shows."""
        time_ms: int = self.element.evaluate("player => player.timeMs")
        return time_ms

    def wait(self, state: str) -> None:
        self.page.wait_for_function("state => footage.player.state === state", arg=state, timeout=15_000)

    def seek(self, time_ms: int) -> None:
        """Seek, and wait until the moment is shown."""
        self.element.evaluate("(player, timeMs) => player.seek(timeMs)", time_ms)
        self.page.wait_for_function(
            "() => !footage.player.shadowRoot.querySelector('video').seeking", timeout=15_000
        )

    def shows(self, time_ms: int) -> None:
        """Wait until a picture of about that moment is shown."""
        self.page.wait_for_function(
            "wanted => Math.abs(footage.player.timeMs - wanted) < 3000"
            " && footage.player.state === 'playing'",
            arg=time_ms,
            timeout=15_000,
        )

    def clock(self) -> str:
        """The clock in the picture."""
        width, height, pixels = self.page.evaluate("footage.picture()")
        flat = np.frombuffer(base64.b64decode(pixels), np.uint8)
        return read_clock(flat.reshape(height, width, 4)[:, :, :3])

    def clock_due(self) -> str:
        """What that clock must be at the wall time that the player tells."""
        time_ms = self.time_ms
        start_ms = max(start for start in self.film.starts_ms if start <= time_ms)
        minutes, seconds = divmod((time_ms - start_ms) // 1000, 60)
        return f"{minutes:02}:{seconds:02}"

    def heard(self, name: str) -> list[dict[str, Any]]:
        details: list[dict[str, Any]] = self.page.evaluate(
            "name => footage.heard.filter(one => one.name === name).map(one => one.detail)", name
        )
        return details

    def button(self, name: str) -> Locator:
        return self.element.get_by_role("button", name=name, exact=True)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1000, "height": 900}, timezone_id="UTC", locale="en-GB")
    yield opened
    opened.close()


@pytest.fixture
def player(context: BrowserContext, pages: str, film: Film) -> Player:
    page = context.new_page()
    page.goto(f"{pages}/footage-player.html")
    page.wait_for_function("globalThis.footage")
    return Player(page, film)


def test_it_opens_at_a_moment_and_plays(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.shows(film.starts_ms[0] + 30_000)
    before_ms = player.time_ms
    player.page.wait_for_function("before => footage.player.timeMs > before + 1000", arg=before_ms)
    player.button("Pause").click()
    player.wait("paused")
    assert player.clock() == player.clock_due()


def test_without_a_moment_it_shows_the_newest_footage(player: Player, film: Film) -> None:
    player.open()
    player.page.wait_for_function(
        "end => footage.player.timeMs > end - 10000", arg=film.end_ms, timeout=15_000
    )
    player.wait("ended")
    assert player.time_ms >= film.end_ms - 1000


@pytest.mark.parametrize("into_s", [0, 0.04, 7.52, 45, 89])
def test_the_time_it_tells_is_that_of_the_picture_to_the_frame(
    player: Player, film: Film, into_s: float
) -> None:
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.button("Pause").click()
    for start_ms in reversed(film.starts_ms):
        wanted_ms = start_ms + round(into_s * 1000)
        player.seek(wanted_ms)
        player.page.wait_for_function("wanted => footage.player.timeMs === wanted", arg=wanted_ms)
        assert player.clock() == player.clock_due()


def test_frames_forward_and_back(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.button("Pause").click()
    player.wait("paused")
    player.seek(film.starts_ms[0] + 30_000)
    at_ms = film.starts_ms[0] + 30_000
    player.page.wait_for_function("wanted => footage.player.timeMs === wanted", arg=at_ms)
    for key, frames in ((".", 1), (".", 2), (".", 3), (",", 2), (",", 1), (",", 0), (",", -1)):
        player.element.press(key)
        player.page.wait_for_function(
            "wanted => footage.player.timeMs === wanted", arg=at_ms + frames * FRAME_MS, timeout=5000
        )


def test_play_goes_on_over_a_gap_and_says_so(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[1] - HOLE_MS - 3000))
    player.shows(film.starts_ms[1] - HOLE_MS - 3000)
    player.page.wait_for_function(
        "start => footage.player.timeMs > start + 500", arg=film.starts_ms[1], timeout=15_000
    )
    assert player.clock() == player.clock_due()
    [gap] = player.heard("gap")
    assert gap["fromMs"] == film.starts_ms[1] - HOLE_MS
    assert gap["toMs"] == pytest.approx(film.starts_ms[1], abs=2 * FRAME_MS)
    expect(player.element).to_contain_text("Nothing is kept from")


def test_a_seek_into_a_gap_goes_to_the_next_footage(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.seek(film.starts_ms[1] - HOLE_MS // 2)
    player.shows(film.starts_ms[1])
    assert player.heard("gap") == [{"fromMs": film.starts_ms[1] - HOLE_MS // 2, "toMs": film.starts_ms[1]}]


def test_runs_and_steps_by_key(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.shows(film.starts_ms[0] + 30_000)
    player.element.press("]")
    player.shows(film.starts_ms[1])
    player.element.press("[")
    player.shows(film.starts_ms[0])
    player.element.press("p")
    player.shows(film.starts_ms[0] + 60_000)
    player.element.press("j")
    player.shows(film.starts_ms[0] + 50_000)


def test_sixteen_times_as_fast(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 5000))
    player.shows(film.starts_ms[0] + 5000)
    player.element.get_by_label("Speed").select_option("16")
    player.page.wait_for_function(
        "start => footage.player.timeMs > start + 30000", arg=film.starts_ms[1], timeout=30_000
    )
    player.button("Pause").click()
    player.wait("paused")
    player.element.press(",")
    assert player.clock() == player.clock_due()


def test_a_clip_is_marked_and_weighed(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 10_000))
    player.shows(film.starts_ms[0] + 10_000)
    player.button("Pause").click()
    player.seek(film.starts_ms[0] + 10_000)
    player.element.press("i")
    player.seek(film.starts_ms[0] + 22_000)
    player.element.press("o")
    clip = player.element.evaluate("player => player.clip")
    assert clip == {"startMs": film.starts_ms[0] + 10_000, "endMs": film.starts_ms[0] + 22_000}
    expect(player.element).to_contain_text("Clip of 12 s, ")
    player.element.press("Escape")
    assert player.element.evaluate("player => player.clip") is None


def test_a_snapshot_is_the_picture_and_its_time(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.shows(film.starts_ms[0] + 30_000)
    player.button("Pause").click()
    with player.page.expect_download() as download:
        player.button("Save the picture").click()
    assert download.value.suggested_filename.endswith(".jpg")
    assert download.value.path().read_bytes().startswith(b"\xff\xd8")


def test_a_token_that_is_refused_is_asked_for_anew_and_play_goes_on(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    assert player.heard("token-expiring") == []
    player.element.evaluate(
        "(player, exp) => player.renew({ signature: 'not-a-good-one', exp })", int(film.link.token["exp"])
    )
    # Refused, it asks for another, and goes on with that from where it was.
    player.element.evaluate("(player, timeMs) => void player.seek(timeMs)", film.starts_ms[1] + 60_000)
    player.page.wait_for_function(
        "footage.heard.some(one => one.name === 'token-expiring')", timeout=15_000
    )
    player.element.evaluate(
        "(player, token) => player.renew(token)",
        {"signature": film.link.token["signature"], "exp": int(film.link.token["exp"])},
    )
    player.page.wait_for_function(
        "at => footage.player.timeMs >= at", arg=film.starts_ms[1] + 60_000, timeout=15_000
    )


def test_a_network_that_goes_away_and_comes_back(
    player: Player, context: BrowserContext, film: Film
) -> None:
    away = {"is": False}

    def carry(route: Route) -> None:
        if away["is"]:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    context.route("**/archives/**", carry)
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    away["is"] = True
    player.element.evaluate("(player, timeMs) => void player.seek(timeMs)", film.starts_ms[0] + 80_000)
    expect(player.element.locator("#busy")).to_contain_text("network is away", timeout=60_000)
    away["is"] = False
    player.shows(film.starts_ms[0] + 80_000)
    expect(player.element.locator("#busy")).to_be_hidden()


def test_a_link_that_is_refused_is_told_in_words(player: Player, film: Film) -> None:
    player.open(signature="nobody-signed-this")
    expect(player.element.get_by_role("alert")).to_contain_text("not valid any more")
    assert player.heard("error")[0]["kind"] == "refused"
    assert player.heard("token-expiring")


def test_no_signature_is_to_be_read_off_it(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    assert film.link.token["signature"] not in player.element.aria_snapshot()
