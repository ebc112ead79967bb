"""``<footage-player>`` in a browser, in a page of another origin, against a real server: what it says it
shows is compared with the clock in the very pixels that it shows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pytest
import simplejpeg
from playwright.sync_api import Browser, Route, expect

from footage.media.pattern import write_clip
from kit.browser import read_clock
from kit.films import Film, import_film, import_pieces
from kit.player_page import Player, player_page
from kit.site import Site

SECONDS = 60
HOLE_MS = 120_000
RATE = 25
FRAME_MS = 1000 // RATE
RECONNECT_MS = 400
MIDNIGHT_MS = 1_790_035_200_000
"""2026-09-22T00:00Z."""
HOUR_MS = 3_600_000
FORGETS = """() => {
  const { play, pause } = HTMLMediaElement.prototype;
  HTMLMediaElement.prototype.play = function () {
    HTMLMediaElement.prototype.play = play;
    const started = play.call(this);
    pause.call(this);
    return started;
  };
}"""

TELLS_DURING_SEEKS = """() => {
  const { prototype } = HTMLVideoElement;
  const plain = prototype.requestVideoFrameCallback;
  prototype.requestVideoFrameCallback = function (tell) {
    const again = () => this.told && tell(...this.told);
    this.addEventListener('seeking', again, { once: true });
    return plain.call(this, (...told) => {
      this.told = told;
      this.removeEventListener('seeking', again);
      tell(...told);
    });
  };
}"""
"""The picture before is told once more while a seek is on its way, as one is that was late."""


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Two runs with two minutes of nothing between; the clock in the picture begins anew in each."""
    clip = tmp_path_factory.mktemp("player") / "clip.mp4"
    write_clip(clip, seconds=SECONDS, rate=RATE)
    return import_film(site, [clip, clip], hole_ms=HOLE_MS)


@pytest.fixture(scope="module")
def long_film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """Eight minutes in four runs, each connected anew after the one before."""
    clip = tmp_path_factory.mktemp("long") / "clip.mp4"
    write_clip(clip, seconds=120, width=320, height=180, rate=10)
    return import_pieces(site, [clip] * 4, [RECONNECT_MS] * 3, start_ms=MIDNIGHT_MS + HOUR_MS)


@pytest.fixture
def player(browser: Browser, pages: str, film: Film) -> Iterator[Player]:
    with player_page(browser, pages, film) as opened:
        yield opened


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
        "end => footage.player.timeMs > end - 10000", arg=film.end_ms, timeout=60_000
    )
    player.wait("ended")
    assert player.time_ms >= film.end_ms - 1000


def test_the_time_it_tells_is_that_of_the_picture_to_the_frame(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.button("Pause").click()
    for wanted_ms in (
        start_ms + round(into_s * 1000)
        for into_s in (0, 0.04, 7.52, 45, SECONDS - 1)
        for start_ms in reversed(film.starts_ms)
    ):
        player.seek(wanted_ms)
        player.page.wait_for_function("wanted => footage.player.timeMs === wanted", arg=wanted_ms)
        assert player.clock() == player.clock_due()


def test_a_picture_that_comes_late_does_not_bring_the_old_moment_back(player: Player, film: Film) -> None:
    """A busy browser tells of a seek's picture after the seek has ended."""
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.pause()
    player.pictures_come_late(300)
    for wanted_ms in (film.starts_ms[0] + 30_000, film.starts_ms[0] + 22_000):
        told = player.element.evaluate(
            """async (player, wantedMs) => {
              const told = [];
              void player.seek(wantedMs);
              for (const until = performance.now() + 1500; performance.now() < until; ) {
                told.push(player.timeMs);
                await new Promise(requestAnimationFrame);
              }
              return told;
            }""",
            wanted_ms,
        )
        assert set(told) == {wanted_ms}


def test_a_picture_from_before_a_seek_that_is_told_during_it_is_not_its_own(
    player: Player, film: Film
) -> None:
    player.page.evaluate(TELLS_DURING_SEEKS)
    player.page.evaluate("footage.watch(null)")
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.pause()
    for wanted_ms in (film.starts_ms[0] + 30_000, film.starts_ms[0] + 22_000):
        player.page.evaluate("footage.shown.length = 0")
        player.element.evaluate("(player, wantedMs) => void player.seek(wantedMs)", wanted_ms)
        player.page.wait_for_function("footage.shown.length > 0")
        player.page.wait_for_timeout(500)
        assert set(player.page.evaluate("footage.shown.map(([, timeMs]) => timeMs)")) == {wanted_ms}


@pytest.mark.parametrize("late_ms", [0, 300])
def test_frames_forward_and_back(player: Player, film: Film, late_ms: int) -> None:
    """Also in a browser so busy that it tells late of each picture."""
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.button("Pause").click()
    player.wait("paused")
    if late_ms:
        player.pictures_come_late(late_ms)
    player.seek(film.starts_ms[0] + 30_000)
    at_ms = film.starts_ms[0] + 30_000
    player.page.wait_for_function("wanted => footage.player.timeMs === wanted", arg=at_ms)
    for key, frames in ((".", 1), (".", 2), (".", 3), (",", 2), (",", 1), (",", 0), (",", -1)):
        player.element.press(key)
        player.page.wait_for_function(
            "wanted => footage.player.timeMs === wanted", arg=at_ms + frames * FRAME_MS, timeout=15_000
        )


def test_play_goes_on_over_a_gap_and_says_so(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[1] - HOLE_MS - 3000))
    player.shows(film.starts_ms[1] - HOLE_MS - 3000)
    player.page.wait_for_function(
        "start => footage.player.timeMs > start + 500", arg=film.starts_ms[1], timeout=60_000
    )
    assert player.agrees()
    assert player.heard("gap") == [{"fromMs": film.starts_ms[1] - HOLE_MS, "toMs": film.starts_ms[1]}]
    expect(player.element).to_contain_text("Nothing is kept from")


@pytest.mark.parametrize("before_ms", [HOLE_MS // 2, 5000])
def test_a_seek_into_a_gap_goes_to_the_next_footage(player: Player, film: Film, before_ms: int) -> None:
    """Also where what lies before the gap is too far away to be threaded along."""
    player.open(start=str(film.starts_ms[0] + 20_000))
    player.shows(film.starts_ms[0] + 20_000)
    player.seek(film.starts_ms[1] - before_ms)
    player.shows(film.starts_ms[1])
    assert player.heard("gap") == [{"fromMs": film.starts_ms[1] - before_ms, "toMs": film.starts_ms[1]}]


def test_a_start_before_the_first_footage_begins_with_it(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] - 5000))
    player.shows(film.starts_ms[0])


def test_runs_and_steps_by_key(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.shows(film.starts_ms[0] + 30_000)
    player.element.press("]")
    player.shows(film.starts_ms[1])
    player.element.press("[")
    player.shows(film.starts_ms[0])
    player.element.press("l")
    player.shows(film.starts_ms[0] + 10_000)
    player.element.press("p")
    player.shows(film.starts_ms[1])
    player.element.press("u")
    player.shows(film.starts_ms[0] + SECONDS * 1000 - 1000)
    player.element.press("j")
    player.shows(film.starts_ms[0] + SECONDS * 1000 - 11_000)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_play_goes_on_over_midnight_and_a_camera_that_connects_anew(
    browser: Browser, pages: str, site: Site, film: Film, zone: str
) -> None:
    """Midnight is eight seconds into the first run; the second begins right after it."""
    midnight_ms = MIDNIGHT_MS if zone == "UTC" else MIDNIGHT_MS - 2 * HOUR_MS
    crossing = import_pieces(site, film.clips, [RECONNECT_MS], start_ms=midnight_ms - (SECONDS - 4) * 1000)
    with player_page(browser, pages, crossing, timezone_id=zone) as player:
        player.page.evaluate("footage.watch()")
        player.open(start=str(midnight_ms - 3000))
        player.wait("playing")
        expect(player.element.locator("time")).to_contain_text("23:59:5")
        expect(player.element.locator("time")).to_contain_text("22 Sept 00:00:0", timeout=60_000)
        player.until("footage.player.timeMs > start + 2000", start=crossing.starts_ms[1])
        assert player.agrees()
        assert player.heard("gap") == []
        _at, times, ahead = np.array(player.page.evaluate("footage.shown")).T
        assert np.all(np.diff(times) >= 0)
        # Nothing was left out but the time in which nothing was recorded, and nothing was waited for.
        assert np.diff(times).max() < RECONNECT_MS + 1000
        assert ahead[times > midnight_ms].min() > 1


def test_sixteen_times_as_fast_through_every_run_of_eight_minutes(
    browser: Browser, pages: str, long_film: Film
) -> None:
    with player_page(browser, pages, long_film) as player:
        player.page.evaluate("footage.watch()")
        player.open(start=str(long_film.starts_ms[0]))
        player.wait("playing")
        player.element.get_by_label("Speed").select_option("16")
        for start_ms in long_film.starts_ms:
            player.until("footage.player.timeMs > at", at=start_ms + 60_000, timeout=60_000)
            assert player.agrees()
        player.until("footage.player.state === 'ended'", timeout=60_000)
        # A screen shows sixty pictures a second, so at this speed it passes over 267 ms of footage.
        assert player.time_ms >= long_film.end_ms - 400
        _at, times, ahead = np.array(player.page.evaluate("footage.shown")).T
        assert np.all(np.diff(times) >= 0)
        assert ahead[1:][times[1:] < long_film.end_ms - 30_000].min() > 1
        assert player.heard("error") == []


def test_a_snapshot_is_the_picture_and_its_time(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.shows(film.starts_ms[0] + 30_000)
    player.button("Pause").click()
    with player.page.expect_download() as download:
        player.button("Save the picture").click()
    assert download.value.suggested_filename.startswith("Footage 2026-09-21T14-")
    assert download.value.suggested_filename.endswith("Z.jpg")
    picture = simplejpeg.decode_jpeg(download.value.path().read_bytes())
    assert read_clock(picture) == player.clock_due()


def test_a_token_that_is_refused_is_asked_for_anew_and_play_goes_on(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    assert player.heard("token-expiring") == []
    player.element.evaluate(
        "(player, exp) => player.renew({ signature: 'not-a-good-one', exp })", int(film.link.token["exp"])
    )
    # Refused, it asks for another, and goes on with that from where it was.
    player.element.evaluate("(player, timeMs) => void player.seek(timeMs)", film.starts_ms[1] + 40_000)
    player.page.wait_for_function(
        "footage.heard.some(one => one.name === 'token-expiring')", timeout=60_000
    )
    player.element.evaluate(
        "(player, token) => player.renew(token)",
        {"signature": film.link.token["signature"], "exp": int(film.link.token["exp"])},
    )
    player.page.wait_for_function(
        "at => footage.player.timeMs >= at", arg=film.starts_ms[1] + 40_000, timeout=60_000
    )


def test_a_token_is_renewed_in_mid_play_and_the_picture_goes_on(
    browser: Browser, pages: str, site: Site, long_film: Film
) -> None:
    """Quickly, so that footage is asked for all the time, and the old token soon refused."""
    short = site.link(long_film.shelf, ttl_s=9)
    fresh = site.link(long_film.shelf).token
    ends_s = int(short.token["exp"])
    with player_page(browser, pages, long_film) as player:
        asked: list[tuple[float, str, int]] = []
        player.page.on(
            "response",
            lambda response: asked.append((time.time(), response.url, response.status)),
        )
        player.page.evaluate("fresh => footage.watch(fresh)", {**fresh, "exp": int(fresh["exp"])})
        player.open(**short.token, start=str(long_film.starts_ms[0]))
        player.wait("playing")
        player.element.get_by_label("Speed").select_option("8")
        player.until("footage.renewed > 0")
        player.forget()
        shown = player.page.evaluate("footage.shown.length")
        player.page.wait_for_timeout((ends_s + 6 - time.time()) * 1000)
        # Only after the old token had ended: pieces, all by the new one, and all of them given.
        late = [(url, status) for at, url, status in asked if at > ends_s and ".ts?" in url]
        assert late
        assert all(status == 200 and fresh["signature"] in url for url, status in late)
        _at, times, ahead = np.array(player.page.evaluate("footage.shown")).T[:, shown:]
        assert len(times) > 30
        assert times[-1] > times[0] + 20_000
        assert ahead.min() > 1
        assert player.heard("error") == []
        assert player.agrees()
        assert player.page.evaluate("footage.renewed") == 1


def test_a_network_that_goes_away_and_comes_back(player: Player, film: Film) -> None:
    away = {"is": False}

    def carry(route: Route) -> None:
        if away["is"]:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    player.page.context.route("**/archives/**", carry)
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    away["is"] = True
    player.element.evaluate("(player, timeMs) => void player.seek(timeMs)", film.starts_ms[0] + 50_000)
    expect(player.element.locator("#busy")).to_contain_text("network is away", timeout=60_000)
    away["is"] = False
    player.shows(film.starts_ms[0] + 50_000)
    expect(player.element.locator("#busy")).to_be_hidden()


def test_a_network_that_is_away_from_the_start_and_breaks_off_in_mid_play(
    player: Player, film: Film
) -> None:
    """It opens once there is a network, plays on from what it has, and goes on when it is back."""
    away = {"is": True}

    def carry(route: Route) -> None:
        if away["is"]:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    player.page.context.route("**/archives/**", carry)
    player.open(start=str(film.starts_ms[0]))
    expect(player.element.locator("#busy")).to_contain_text("network is away")
    away["is"] = False
    player.shows(film.starts_ms[0])
    player.element.get_by_label("Speed").select_option("4")
    away["is"] = True
    player.until("footage.player.state === 'loading'", timeout=60_000)
    expect(player.element.locator("#busy")).to_contain_text("network is away", timeout=60_000)
    before_ms = player.time_ms
    away["is"] = False
    player.until("footage.player.timeMs > before + 2000", before=before_ms, timeout=60_000)
    assert player.agrees()


def test_a_link_that_is_refused_is_told_in_words(player: Player, film: Film) -> None:
    player.open(signature="nobody-signed-this")
    expect(player.element.get_by_role("alert")).to_contain_text("not valid any more")
    assert player.heard("error")[0]["kind"] == "refused"
    assert player.heard("token-expiring")


def test_no_signature_is_to_be_read_off_it(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0]))
    player.shows(film.starts_ms[0])
    assert film.link.token["signature"] not in player.element.aria_snapshot()


def test_hovering_shows_the_moment_and_a_click_plays_from_it(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 5000))
    player.shows(film.starts_ms[0] + 5000)
    player.point(film.starts_ms[1] + 31_000)
    tip = player.element.locator("footage-timeline #tip")
    expect(tip.locator("canvas")).to_be_visible()
    player.until(
        "Math.abs(Number(footage.tip.dataset.frameMs) - at) <= 2000", at=film.starts_ms[1] + 31_000
    )
    frame_ms = int(player.page.evaluate("footage.tip.dataset.frameMs"))
    assert player.clock_of("footage.tip") == player.due(frame_ms)
    player.page.mouse.down()
    player.page.mouse.up()
    player.shows(film.starts_ms[1] + 31_000)
    assert player.agrees()


def test_a_click_into_a_gap_goes_to_the_next_footage_and_says_so(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 5000))
    player.shows(film.starts_ms[0] + 5000)
    player.point(film.starts_ms[1] - HOLE_MS // 2)
    expect(player.element.locator("footage-timeline #tip")).to_contain_text("Nothing kept")
    player.page.mouse.down()
    player.page.mouse.up()
    player.shows(film.starts_ms[1])
    expect(player.element.locator("#message")).to_contain_text("Nothing is kept from")


def test_live_with_one_click_and_back(browser: Browser, pages: str, site: Site, film: Film) -> None:
    """Footage that ends now is as good as a camera's that records."""
    start_ms = int(time.time() * 1000) - (SECONDS + 2) * 1000
    fresh = import_pieces(site, film.clips[:1], [], start_ms=start_ms)
    with player_page(browser, pages, fresh) as player:
        player.open(start=str(start_ms + 3000))
        player.shows(start_ms + 3000)
        live = player.button("Live")
        expect(live).to_have_attribute("aria-pressed", "false")
        live.click()
        player.shows(start_ms + SECONDS * 1000 - 9000)
        expect(live).to_have_attribute("aria-pressed", "true")
        assert player.agrees()
        live.click()
        player.until("Math.abs(footage.player.timeMs - at) < 4000", at=start_ms + 3000)
        expect(live).to_have_attribute("aria-pressed", "false")


def test_the_calendar_leads_to_a_moment(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0] + 5000))
    player.shows(film.starts_ms[0] + 5000)
    player.element.press("g")
    calendar = player.element.locator("footage-calendar")
    expect(calendar.locator("td[aria-selected=true]")).to_be_focused()
    expect(calendar.locator("td.kept")).to_have_count(1)
    hours = time.strftime("%H:%M:%S", time.gmtime((film.starts_ms[1] + 20_000) / 1000))
    calendar.get_by_label("Time").fill(hours)
    calendar.get_by_role("button", name="Go", exact=True).click()
    player.shows(film.starts_ms[1] + 20_000)
    expect(calendar).to_have_count(0)
    expect(player.button("Go to …")).to_be_focused()


def test_an_element_that_forgets_to_play_when_it_gets_a_source_is_told_again(
    player: Player, film: Film
) -> None:
    """It pauses at once what was played without a source, as loading one does in a moment's race."""
    player.page.evaluate(FORGETS)
    player.open(start=str(film.starts_ms[0] + 30_000))
    player.wait("playing")
    player.page.wait_for_function("at => footage.player.timeMs > at", arg=film.starts_ms[0] + 31_000)
