"""The timeline and the calendar of the player's package in a browser, against a real server, from a
page of another origin: what is drawn is read off the canvas, what is meant off the events."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, CDPSession, Locator, Page, Route, expect

from footage.media.pattern import write_clip
from kit.archive import START_MS, Shelf
from kit.browser import read_clock
from kit.films import Film, import_film
from kit.many_runs import add_rows
from kit.site import Site

SECONDS = 60
HOLE_MS = 60_000
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
CHANGE_MS = 1_774_746_000_000
"""2026-03-29T01:00Z: in Berlin 2 o'clock becomes 3."""
LANE_Y = 60
RULER_Y = 20


@pytest.fixture(scope="module")
def film(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Film:
    """A minute of footage, one of nothing, a minute of footage; the clock starts at 00:00 in both."""
    clip = tmp_path_factory.mktemp("timeline") / "clip.mp4"
    write_clip(clip, seconds=SECONDS)
    return import_film(site, [clip, clip], hole_ms=HOLE_MS)


@dataclass(frozen=True)
class Timeline:
    """A page with a timeline on it."""

    page: Page

    def open(self, link: str, view: tuple[float, float] | None = None, **options: Any) -> None:
        """Set it on an archive; returns when all in view is loaded and drawn."""
        shown = None if view is None else {"startMs": view[0], "endMs": view[1]}
        self.page.evaluate(
            "([link, options]) => timeline.open(link, options)", [link, {"view": shown, **options}]
        )

    def lane(self, *times: float) -> list[str]:
        """The colours that the lane has at moments, by their names."""
        colours: list[str] = self.page.evaluate("times => timeline.lane(times)", list(times))
        return colours

    @property
    def view(self) -> tuple[float, float]:
        """What is shown, once it moves no more."""
        self.page.evaluate("timeline.settled()")
        view = self.page.evaluate("timeline.element.view")
        return view["startMs"], view["endMs"]

    @property
    def length_ms(self) -> float:
        start_ms, end_ms = self.view
        return end_ms - start_ms

    def heard(self, name: str) -> list[dict[str, Any]]:
        """The details of the events of a name so far."""
        details: list[dict[str, Any]] = self.page.evaluate(
            "name => timeline.heard.filter(one => one.name === name).map(one => one.detail)", name
        )
        return details

    def sought(self) -> float:
        """Where the last seek was to."""
        self.page.wait_for_function("timeline.heard.some(one => one.name === 'footage-seek')")
        time_ms: float = self.heard("footage-seek")[-1]["timeMs"]
        return time_ms

    def set(self, **properties: Any) -> None:
        """Set properties, and let it draw."""
        self.page.evaluate(
            "async all => { Object.assign(timeline.element, all); await timeline.settled(); }", properties
        )

    def at(self, time_ms: float, y: float = LANE_Y) -> tuple[float, float]:
        """Where a moment is on the page."""
        box = self.track.bounding_box()
        assert box is not None
        return box["x"] + self.page.evaluate("t => timeline.xOf(t)", time_ms), box["y"] + y

    def point(self, time_ms: float, y: float = LANE_Y) -> None:
        """Move the mouse to a moment."""
        self.page.mouse.move(*self.at(time_ms, y))

    def drag(self, from_ms: float, to_ms: float, y: float = LANE_Y) -> None:
        """Press at a moment and move to another; the button stays down."""
        start, end = self.at(from_ms, y), self.at(to_ms, y)
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=6)

    @property
    def track(self) -> Locator:
        return self.page.locator("footage-timeline #track")

    @property
    def tip(self) -> dict[str, Any]:
        tip: dict[str, Any] = self.page.evaluate("timeline.tip()")
        return tip

    def picture(self, seconds: int) -> str:
        """The clock in the tip's picture, once its frame is this far into the film."""
        frame_ms = START_MS + seconds * 1000
        self.page.wait_for_function(
            "ms => timeline.tip().hasPicture && timeline.tip().frameMs === ms", arg=frame_ms
        )
        width, height, pixels = self.page.evaluate("timeline.picture()")
        flat = np.frombuffer(base64.b64decode(pixels), np.uint8)
        return read_clock(flat.reshape(height, width, 4)[:, :, :3])


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser whose clocks change as Berlin's do."""
    opened = browser.new_context(
        viewport={"width": 1024, "height": 900}, timezone_id="Europe/Berlin", locale="en-GB"
    )
    yield opened
    opened.close()


@pytest.fixture
def timeline(context: BrowserContext, pages: str) -> Iterator[Timeline]:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{pages}/timeline.html")
    page.wait_for_function("globalThis.timeline")
    yield Timeline(page)
    assert faults == []


@pytest.fixture
def shown(timeline: Timeline, film: Film) -> Timeline:
    """The film from a minute before it to a minute after it."""
    timeline.open(film.link.of(), (START_MS - 60_000, film.end_ms + 60_000))
    return timeline


def test_what_is_kept_is_drawn_where_it_is_kept(shown: Timeline, film: Film) -> None:
    first, second = film.starts_ms
    kept = [first + 2000, first + 30_000, first + 58_000, second + 2000, film.end_ms - 2000]
    gaps = [first - 2000, first + 62_000, second - 2000, film.end_ms + 2000]
    assert shown.lane(*kept) == ["kept"] * len(kept)
    assert shown.lane(*gaps) == ["lane"] * len(gaps)
    assert shown.page.evaluate("timeline.errors") == []


def test_what_is_not_loaded_yet_is_hatched(timeline: Timeline, film: Film) -> None:
    held: list[Route] = []
    timeline.page.route("**/timeline?*", lambda route: held.append(route))  # noqa: PLW0108 playwright marks what it calls
    view = {"startMs": START_MS - 60_000, "endMs": film.end_ms + 60_000}
    timeline.page.evaluate(
        "([link, view]) => { timeline.opened = timeline.open(link, { view }); }", [film.link.of(), view]
    )
    timeline.page.wait_for_function("timeline.kept?.isLoaded")
    timeline.page.evaluate("timeline.settled()")
    seen = timeline.page.evaluate(
        "([from, to]) => timeline.colours(from, to)", [START_MS + 5000, START_MS + 25_000]
    )
    assert set(seen) >= {"lane", "unknown"}
    assert "kept" not in seen
    timeline.point(START_MS + 20_000)
    assert "Loading" in timeline.tip["text"]
    while not held:
        timeline.page.wait_for_timeout(20)
    for route in held:
        route.continue_()
    timeline.page.unroute("**/timeline?*")
    timeline.page.evaluate("timeline.opened")
    assert timeline.lane(START_MS + 20_000) == ["kept"]


def test_without_a_view_all_that_is_kept_is_shown(timeline: Timeline, film: Film) -> None:
    timeline.open(film.link.of())
    start_ms, end_ms = timeline.view
    assert start_ms <= film.starts_ms[0]
    assert end_ms > film.end_ms
    assert timeline.length_ms < 1.2 * film.length_ms


def test_the_picture_under_the_pointer_is_the_moments(shown: Timeline, film: Film) -> None:
    shown.point(START_MS + 41_500)
    assert shown.picture(40) == "00:40"
    assert "14:14:0" in shown.tip["text"]
    shown.point(START_MS + 12_300)
    assert shown.picture(12) == "00:12"
    shown.point(START_MS + SECONDS * 1000 + HOLE_MS / 2)
    assert not shown.tip["hasPicture"]
    assert "Nothing kept" in shown.tip["text"]
    shown.page.mouse.move(5, 5)
    assert not shown.tip["isShown"]
    assert shown.heard("footage-seek") == []


def test_a_sweep_asks_for_little_at_a_time_and_ends_at_its_end(shown: Timeline) -> None:
    in_flight, most = set[str](), 0
    page = shown.page

    def began(url: str) -> None:
        nonlocal most
        in_flight.add(url)
        most = max(most, len(in_flight))

    page.on("request", lambda one: began(one.url) if "/preview" in one.url else None)
    page.on("requestfinished", lambda one: in_flight.discard(one.url))
    page.on("requestfailed", lambda one: in_flight.discard(one.url))
    for step in range(60):
        shown.point(START_MS + 500 + step * 800)
    assert shown.picture(46) == "00:46"
    # Three, and one that was dropped for the newest: the browser tells of its end after the other's start.
    assert most <= 4


def test_a_click_seeks(shown: Timeline) -> None:
    page = shown.page
    page.mouse.click(*shown.at(START_MS + 30_000))
    assert shown.sought() == pytest.approx(START_MS + 30_000, abs=400)
    page.mouse.click(*shown.at(START_MS + 90_000, RULER_Y))
    assert shown.sought() == pytest.approx(START_MS + 90_000, abs=400)
    assert shown.heard("footage-view") == []


def test_a_drag_on_the_lane_pans(shown: Timeline) -> None:
    start_ms, _ = shown.view
    shown.drag(START_MS + 60_000, START_MS + 20_000)
    shown.page.mouse.up()
    assert shown.view[0] == pytest.approx(start_ms + 40_000, abs=800)
    assert shown.heard("footage-seek") == []
    assert shown.heard("footage-view")[-1]["view"]["startMs"] == shown.view[0]
    assert shown.lane(START_MS + 30_000, START_MS + 90_000) == ["kept", "lane"]


def test_a_drag_on_the_ruler_scrubs_and_seeks_at_its_end(shown: Timeline) -> None:
    shown.drag(START_MS + 10_000, START_MS + 33_000, RULER_Y)
    assert shown.picture(32) == "00:32"
    assert shown.heard("footage-seek") == []
    shown.page.mouse.up()
    assert shown.sought() == pytest.approx(START_MS + 33_000, abs=400)
    scrubbed = [detail["timeMs"] for detail in shown.heard("footage-scrub")]
    assert scrubbed[-1] is None
    assert len(scrubbed) > 3


def test_the_playhead_is_drawn_and_can_be_dragged(shown: Timeline) -> None:
    now_ms = START_MS + 20_000
    assert shown.lane(now_ms) == ["kept"]
    shown.set(nowMs=now_ms)
    assert shown.lane(now_ms) == ["playhead"]
    shown.drag(now_ms, START_MS + 50_000)
    shown.page.mouse.up()
    assert shown.sought() == pytest.approx(START_MS + 50_000, abs=400)
    shown.set(nowMs=None)
    assert shown.lane(now_ms) == ["kept"]


def test_escape_gives_a_scrub_up(shown: Timeline) -> None:
    shown.track.focus()
    shown.drag(START_MS + 10_000, START_MS + 33_000, RULER_Y)
    shown.page.keyboard.press("Escape")
    shown.page.mouse.up()
    assert shown.heard("footage-seek") == []
    assert shown.heard("footage-scrub")[-1]["timeMs"] is None


def test_the_wheel_zooms_about_the_pointer(shown: Timeline) -> None:
    anchor_ms = START_MS + 30_000
    length_ms = shown.length_ms
    shown.point(anchor_ms)
    x = shown.at(anchor_ms)[0]
    for _ in range(6):
        shown.page.mouse.wheel(0, -120)
    shown.page.wait_for_timeout(600)
    assert shown.length_ms < length_ms / 3
    assert shown.at(anchor_ms)[0] == pytest.approx(x, abs=2)
    assert shown.lane(anchor_ms) == ["kept"]
    for _ in range(40):
        shown.page.mouse.wheel(0, -240)
    shown.page.wait_for_timeout(600)
    assert shown.length_ms == pytest.approx(10_000, rel=0.01)
    for _ in range(60):
        shown.page.mouse.wheel(0, 240)
    shown.page.wait_for_timeout(1000)
    assert shown.length_ms > 365 * DAY_MS


def test_the_wheel_with_shift_and_to_the_side_pans(shown: Timeline) -> None:
    start_ms, _ = shown.view
    length_ms = shown.length_ms
    shown.point(START_MS + 30_000)
    shown.page.mouse.wheel(100, 0)
    assert shown.view[0] > start_ms
    shown.page.keyboard.down("Shift")
    shown.page.mouse.wheel(0, -100)
    shown.page.keyboard.up("Shift")
    assert shown.view[0] == pytest.approx(start_ms, abs=50)
    assert shown.length_ms == pytest.approx(length_ms)


def test_keys_move_the_playhead(shown: Timeline, film: Film) -> None:
    shown.set(nowMs=START_MS + 30_000)
    shown.track.focus()
    tenth_ms = shown.length_ms / 10
    for key, expected in (
        ("ArrowRight", START_MS + 35_000),
        ("ArrowLeft", START_MS + 25_000),
        ("PageUp", START_MS + 30_000 + tenth_ms),
        ("PageDown", START_MS + 30_000 - tenth_ms),
        ("Home", START_MS),
        ("End", film.end_ms - 1),
    ):
        shown.page.keyboard.press(key)
        assert shown.sought() == pytest.approx(expected, abs=1)


def test_a_step_back_crosses_a_gap(shown: Timeline, film: Film) -> None:
    shown.set(nowMs=film.starts_ms[1] + 1000)
    shown.track.focus()
    shown.page.keyboard.press("ArrowLeft")
    assert shown.sought() == START_MS + SECONDS * 1000 - 1000


def test_keys_zoom_and_pan(shown: Timeline) -> None:
    shown.track.focus()
    length_ms = shown.length_ms
    shown.page.keyboard.press("+")
    shown.page.wait_for_timeout(500)
    assert shown.length_ms == pytest.approx(length_ms / 1.6, rel=0.01)
    shown.page.keyboard.press("-")
    shown.page.wait_for_timeout(500)
    assert shown.length_ms == pytest.approx(length_ms, rel=0.01)
    start_ms, _ = shown.view
    shown.page.keyboard.press("Shift+ArrowRight")
    shown.page.wait_for_timeout(500)
    assert shown.view[0] == pytest.approx(start_ms + length_ms / 8, rel=0.01)


def test_screen_readers_meet_a_slider(shown: Timeline, film: Film) -> None:
    shown.set(nowMs=START_MS + 30_000)
    slider = shown.page.get_by_role("slider", name="Timeline")
    expect(slider).to_have_attribute("aria-valuenow", str(START_MS + 30_000))
    expect(slider).to_have_attribute("aria-valuemin", str(START_MS))
    expect(slider).to_have_attribute("aria-valuetext", "Mon, 21 Sept 2026, 14:13:50")
    shown.set(nowMs=START_MS + SECONDS * 1000 + 5000)
    expect(slider).to_have_attribute("aria-valuetext", "Mon, 21 Sept 2026, 14:14:25, nothing kept")


def test_marks_are_drawn_and_dragged(shown: Timeline) -> None:
    in_ms, out_ms = START_MS + 70_000, START_MS + 100_000
    shown.set(marks={"inMs": in_ms, "outMs": out_ms})
    # Each end has its tab outside the clip.
    tab_ms = 4 * shown.length_ms / 1000
    assert shown.lane(in_ms - tab_ms, out_ms + tab_ms) == ["mark", "mark"]
    shown.drag(in_ms - tab_ms, START_MS + 80_000 - tab_ms)
    shown.page.mouse.up()
    marks = shown.heard("footage-marks")[-1]
    assert marks["inMs"] == pytest.approx(START_MS + 80_000, abs=1500)
    assert marks["outMs"] == out_ms
    shown.drag(out_ms + tab_ms, START_MS + 20_000)
    shown.page.mouse.up()
    marks = shown.heard("footage-marks")[-1]
    assert marks["outMs"] == marks["inMs"] + 1
    assert shown.heard("footage-seek") == []


def test_the_view_follows_the_playhead_but_not_against_the_hand(shown: Timeline) -> None:
    start_ms, end_ms = shown.view
    shown.set(nowMs=end_ms - 1000)
    shown.set(nowMs=end_ms + 1000)
    assert shown.view == (start_ms, end_ms)
    shown.set(follow=True, nowMs=end_ms + 2000)
    shown.page.wait_for_timeout(700)
    assert shown.view[0] > start_ms + 10_000
    start_ms, end_ms = shown.view
    shown.drag(start_ms + 200_000, start_ms + 100_000)
    shown.page.mouse.up()
    start_ms, end_ms = shown.view
    shown.set(nowMs=end_ms + 3000)
    shown.page.wait_for_timeout(300)
    assert shown.view == (start_ms, end_ms)


def test_less_motion_where_it_is_wished(shown: Timeline) -> None:
    shown.page.emulate_media(reduced_motion="reduce")
    shown.track.focus()
    length_ms = shown.length_ms
    shown.page.keyboard.press("+")
    assert shown.length_ms == pytest.approx(length_ms / 1.6, rel=0.001)


def test_colours_follow_the_scheme(shown: Timeline) -> None:
    moment = START_MS + 30_000
    seen = []
    for scheme in ("light", "dark", "light"):
        shown.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        shown.page.wait_for_timeout(150)
        assert shown.lane(moment, START_MS + 90_000) == ["kept", "lane"]
        canvas = shown.track.locator("canvas")
        seen.append(canvas.evaluate("c => [...c.getContext('2d').getImageData(5, 60, 1, 1).data]"))
    assert seen[0] == seen[2] != seen[1]


def test_a_page_may_give_it_other_colours(shown: Timeline) -> None:
    shown.page.evaluate("timeline.element.style.setProperty('--footage-kept', 'rgb(200, 30, 60)')")
    shown.page.wait_for_timeout(150)
    x = shown.page.evaluate("t => timeline.xOf(t)", START_MS + 30_000)
    pixel = shown.track.locator("canvas").evaluate(
        "(c, x) => [...c.getContext('2d').getImageData(x, 60, 1, 1).data]", round(x)
    )
    assert pixel == [200, 30, 60, 255]


class Fingers:
    """Touches, as the screen reports them."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    def put(self, *points: tuple[float, float]) -> None:
        self._send("touchStart", points)

    def move(self, *points: tuple[float, float]) -> None:
        self._send("touchMove", points)

    def lift(self) -> None:
        self._send("touchEnd", ())

    def _send(self, kind: str, points: Sequence[tuple[float, float]]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


@pytest.fixture
def touched(browser: Browser, pages: str, film: Film) -> Iterator[tuple[Timeline, Fingers]]:
    """The film on a narrow touch screen."""
    context = browser.new_context(
        viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True, device_scale_factor=2
    )
    page = context.new_page()
    page.goto(f"{pages}/timeline.html")
    page.wait_for_function("globalThis.timeline")
    timeline = Timeline(page)
    timeline.open(film.link.of(), (START_MS - 60_000, film.end_ms + 60_000))
    yield timeline, Fingers(context.new_cdp_session(page))
    context.close()


def test_fingers_pan_and_tap(touched: tuple[Timeline, Fingers]) -> None:
    timeline, fingers = touched
    start_ms, _ = timeline.view
    x, y = timeline.at(START_MS + 60_000)
    fingers.put((x, y))
    for step in range(1, 9):
        fingers.move((x - 10 * step, y))
    fingers.lift()
    moved_ms = timeline.view[0] - start_ms
    assert moved_ms == pytest.approx(80 * timeline.length_ms / 296, rel=0.15)
    assert timeline.heard("footage-seek") == []
    fingers.put(timeline.at(START_MS + 40_000))
    fingers.lift()
    assert timeline.sought() == pytest.approx(START_MS + 40_000, abs=1000)
    assert not timeline.tip["isShown"]


def test_two_fingers_zoom(touched: tuple[Timeline, Fingers]) -> None:
    timeline, fingers = touched
    length_ms = timeline.length_ms
    x, y = timeline.at(START_MS + 30_000)
    fingers.put((x - 20, y), (x + 20, y))
    for spread in range(22, 62, 2):
        fingers.move((x - spread, y), (x + spread, y))
    fingers.lift()
    assert timeline.length_ms == pytest.approx(length_ms / 3, rel=0.15)
    assert timeline.at(START_MS + 30_000)[0] == pytest.approx(x, abs=6)
    assert timeline.lane(START_MS + 30_000) == ["kept"]
    assert timeline.heard("footage-seek") == []


def test_a_finger_held_scrubs(touched: tuple[Timeline, Fingers]) -> None:
    timeline, fingers = touched
    x, y = timeline.at(START_MS + 10_000)
    fingers.put((x, y))
    timeline.page.wait_for_function("timeline.tip().isShown")
    end = timeline.at(START_MS + 45_000)
    for part in range(1, 11):
        fingers.move((x + (end[0] - x) * part / 10, y))
    timeline.page.wait_for_function("timeline.tip().hasPicture")
    fingers.lift()
    assert timeline.sought() == pytest.approx(START_MS + 45_000, abs=1200)
    assert timeline.heard("footage-scrub")[-1]["timeMs"] is None


@pytest.fixture(scope="module")
def old(site: Site) -> Shelf:
    """Runs around a change of the clocks, and ten thousand over a year before it."""
    shelf = site.shelf()
    pitch_ms = 300 * DAY_MS // 10_000
    first_ms = CHANGE_MS - 310 * DAY_MS
    rows = [(first_ms + n * pitch_ms, first_ms + n * pitch_ms + pitch_ms * 2 // 3) for n in range(10_000)]
    # From a quarter past one to a quarter to four by the clock: an hour and a half.
    rows.append((CHANGE_MS - 45 * 60_000, CHANGE_MS + 45 * 60_000))
    add_rows(shelf, rows)
    return shelf


def test_the_hour_that_the_clocks_skip_is_none(timeline: Timeline, site: Site, old: Shelf) -> None:
    view = (CHANGE_MS - HOUR_MS, CHANGE_MS + 5 * HOUR_MS)
    timeline.open(site.link(old).of(), view, zone="local")
    for moment, words in (
        (CHANGE_MS - 60_000, "01:59:00"),
        (CHANGE_MS + 60_000, "03:01:00"),
    ):
        timeline.point(moment + 1)
        text = timeline.tip["text"]
        # Near the change it names the zone.
        assert words[:4] in text
        assert "CE" in text or "GMT" in text
    timeline.page.evaluate("timeline.element.zone = 'utc'")
    timeline.page.evaluate("timeline.settled()")
    timeline.point(CHANGE_MS + 61_000)
    assert "01:0" in timeline.tip["text"]
    beside_ms = 50 * 60_000
    lane = timeline.lane(CHANGE_MS - beside_ms, CHANGE_MS, CHANGE_MS + beside_ms)
    assert lane == ["lane", "kept", "lane"]


def test_ten_thousand_runs_are_drawn_right_at_every_zoom(
    timeline: Timeline, site: Site, old: Shelf
) -> None:
    timeline.open(site.link(old).of())
    bounds = timeline.page.evaluate("timeline.kept.bounds")
    whole = {"view": {"startMs": bounds["startMs"], "endMs": bounds["endMs"]}}
    timeline.set(**whole)
    timeline.page.wait_for_function("timeline.kept.isKnown(timeline.kept.bounds)")
    assert timeline.page.evaluate("timeline.kept.edges.starts.length") == 10_001
    took = timeline.page.evaluate("timeline.animate(240)")
    frames = np.array(took["took"])
    print(  # noqa: T201 a figure for whoever runs it with -s
        f"10,000 runs: a frame each {np.median(frames):.1f} ms (95%: {np.percentile(frames, 95):.1f} ms),"
        f" of which the timeline takes {np.median(took['drawn']):.2f} ms"
    )
    pitch_ms = 300 * DAY_MS // 10_000
    for number in (0, 4321, 9999):
        start_ms = bounds["startMs"] + number * pitch_ms
        timeline.set(view={"startMs": start_ms - pitch_ms, "endMs": start_ms + 3 * pitch_ms})
        timeline.page.wait_for_timeout(50)
        inside, after = start_ms + pitch_ms / 3, start_ms + pitch_ms * 5 / 6
        assert timeline.lane(inside, after) == ["kept", "lane"]


def test_the_calendar_marks_the_days_with_footage(timeline: Timeline, film: Film) -> None:
    timeline.open(film.link.of(), calendarMs=START_MS + 5000)
    calendar = timeline.page.locator("footage-calendar")
    expect(calendar.locator("h2")).to_have_text("September 2026")
    expect(calendar.locator("td.kept")).to_have_count(1)
    day = calendar.locator("td[aria-selected=true]")
    expect(day).to_have_text("21")
    expect(day).to_have_accessible_name("Monday, 21 September 2026, with footage")
    expect(calendar.locator("th").first).to_have_text("Mon")
    expect(calendar.get_by_role("button", name="Month after")).to_be_disabled()
    expect(calendar.get_by_label("Time")).to_have_value("14:13:25")
    calendar.get_by_label("Time").fill("14:14:01")
    calendar.get_by_role("button", name="Go").click()
    assert timeline.heard("footage-choose") == [{"timeMs": START_MS + 41_000}]


def test_the_calendar_by_keys_in_the_local_zone(timeline: Timeline, site: Site, old: Shelf) -> None:
    timeline.open(site.link(old).of(), zone="local", calendarMs=CHANGE_MS)
    calendar = timeline.page.locator("footage-calendar")
    expect(calendar.locator("td[aria-selected=true]")).to_have_text("29")
    expect(calendar.locator("td.kept[data-day='2026-03-29']")).to_have_count(1)
    expect(calendar.locator("td.kept[data-day='2026-03-27']")).to_have_count(0)
    calendar.locator("td[tabindex='0']").focus()
    for key, day in (
        ("ArrowUp", "2026-03-22"),
        ("Home", "2026-03-16"),
        ("End", "2026-03-22"),
        ("PageUp", "2026-02-22"),
        ("ArrowLeft", "2026-02-21"),
    ):
        timeline.page.keyboard.press(key)
        expect(calendar.locator("td:focus")).to_have_attribute("data-day", day)
    expect(calendar.locator("h2")).to_have_text("February 2026")
    calendar.get_by_label("Time").fill("12:00:00")
    calendar.locator("td[tabindex='0']").focus()
    timeline.page.keyboard.press("Enter")
    # 12 o'clock in Berlin's winter.
    assert timeline.heard("footage-choose")[-1]["timeMs"] == 1_771_671_600_000
    for _ in range(30):
        timeline.page.keyboard.press("PageUp")
    first = calendar.locator("td:focus").get_attribute("data-day")
    assert first == "2025-05-23"
