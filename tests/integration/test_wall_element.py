"""``<footage-wall>`` in a browser, in a page of another origin, against a real server: four archives with
gaps of their own, whose pictures carry the moment that they were taken at for the tests to read."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from footage.media.pattern import LivePicture, read_strip
from kit.archive import START_MS
from kit.server import SignedLink
from kit.site import Site

ROOT = Path(__file__).parents[2]
AXE = ROOT / "web/node_modules/axe-core/axe.min.js"
GUIDE = ROOT / "docs/guide/wall.md"
WIDTH, HEIGHT, RATE = 320, 180, 10
FRAME_MS = 1000 // RATE
IN_STEP_MS = 200
LABELS = ("Gate", "Yard", "Hall", "Stairs")
RUNS_S = (
    ((0, 60), (90, 140)),
    ((0, 30), (45, 60), (90, 140)),
    ((0, 60), (90, 140)),
    ((0, 60), (100, 140)),
)
"""When each camera has footage, in seconds after START_MS: none has any from 60 to 90."""


def at(seconds: float) -> int:
    """That many seconds into the footage, as wall time."""
    return START_MS + round(seconds * 1000)


def write_run(path: Path, start_ms: int, end_ms: int) -> None:
    """A clip whose pictures carry their wall time, a keyframe every two seconds."""
    picture = LivePicture(WIDTH, HEIGHT)
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("libx264", rate=RATE, options={"preset": "ultrafast", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = 2 * RATE
        for number, moment_ms in enumerate(range(start_ms, end_ms, FRAME_MS)):
            frame = picture.at(moment_ms, number)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


@pytest.fixture(scope="module")
def links(site: Site, tmp_path_factory: pytest.TempPathFactory) -> list[SignedLink]:
    """A signed link to each camera's archive."""
    folder, made = tmp_path_factory.mktemp("wall"), []
    for label, runs in zip(LABELS, RUNS_S, strict=True):
        shelf = site.shelf(label)
        for start_s, end_s in runs:
            clip = folder / f"{start_s}-{end_s}.mp4"
            if not clip.exists():
                write_run(clip, at(start_s), at(end_s))
            assert shelf.import_file(clip, at(start_s)).broken is None
        made.append(site.link(shelf))
    return made


@dataclass(frozen=True)
class Look:
    """What all tiles show at one moment: null where a tile shows nothing."""

    time_ms: int
    shown: list[int | None]
    read: list[int | None]

    @property
    def apart_ms(self) -> int:
        """How far the pictures are from each other."""
        times = [time_ms for time_ms in self.read if time_ms is not None]
        return max(times) - min(times)


@dataclass(frozen=True)
class Wall:
    """A page with a wall on it."""

    page: Page
    links: list[SignedLink]

    def open(self, **attributes: str) -> None:
        """Put the tag into the page."""
        cameras = [
            {
                "src": link.url,
                "signature": link.token["signature"],
                "exp": int(link.token["exp"]),
                "label": label,
            }
            for link, label in zip(self.links, LABELS, strict=True)
        ]
        self.page.evaluate(
            "([cameras, given]) => footage.open(cameras, given)", [cameras, {"zone": "utc", **attributes}]
        )

    @property
    def element(self) -> Locator:
        return self.page.locator("footage-wall")

    def tile(self, label: str) -> Locator:
        return self.element.get_by_role("group", name=label, exact=True)

    @property
    def time_ms(self) -> int:
        time_ms: int = self.element.evaluate("wall => wall.timeMs")
        return time_ms

    def wait(self, state: str) -> None:
        self.page.wait_for_function("state => footage.wall.state === state", arg=state, timeout=60_000)

    def reach(self, time_ms: int, *, within_s: float = 30) -> None:
        """Wait until the wall's clock is there."""
        self.page.wait_for_function(
            "wanted => footage.wall.timeMs >= wanted", arg=time_ms, timeout=within_s * 1000
        )

    def all_show(self, *labels: str) -> None:
        """Wait until these tiles show the wall's moment."""
        self.page.wait_for_function(
            """([labels, near]) => labels.every(label => {
                 const { cameras, shown, timeMs } = footage.wall;
                 const showing = shown.get(cameras.find(camera => camera.label === label).src);
                 return showing !== null && Math.abs(showing - timeMs) <= near;
               })""",
            arg=[list(labels), IN_STEP_MS],
            timeout=60_000,
        )

    def seek(self, time_ms: int) -> None:
        self.element.evaluate("(wall, timeMs) => wall.seek(timeMs)", time_ms)

    def look(self) -> Look:
        told = self.page.evaluate("footage.look()")
        read = [None if picture is None else _moment(*picture) for picture in told["pictures"]]
        return Look(told["timeMs"], told["shown"], read)

    def heard(self, name: str) -> list[dict[str, Any]]:
        details: list[dict[str, Any]] = self.page.evaluate(
            "name => footage.heard.filter(one => one.name === name).map(one => one.detail)", name
        )
        return details

    def button(self, name: str) -> Locator:
        return self.element.get_by_role("button", name=name, exact=True)


def _moment(width: int, height: int, pixels: str) -> int:
    luma = np.frombuffer(base64.b64decode(pixels), np.uint8).reshape(height, width)
    return read_strip(luma)[0]


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": 1000, "height": 900}, timezone_id="UTC", locale="en-GB")
    yield opened
    opened.close()


@pytest.fixture
def wall(context: BrowserContext, pages: str, links: list[SignedLink]) -> Wall:
    page = context.new_page()
    page.goto(f"{pages}/footage-wall.html")
    page.wait_for_function("globalThis.footage")
    return Wall(page, links)


def in_step(wall: Wall, *, among: int = 4) -> list[Look]:
    """Look several times while it plays: so many tiles show something, and as a rule the same moment.

    The rule is the median: a machine that has much else to do draws a picture late now and then.
    """
    looks = []
    for _ in range(5):
        wall.page.wait_for_timeout(300)
        looks.append(wall.look())
    assert {sum(time_ms is not None for time_ms in look.read) for look in looks} == {among}
    assert median(look.apart_ms for look in looks) <= IN_STEP_MS
    return looks


@pytest.mark.parametrize("rate", [1, 4])
def test_four_archives_play_in_step(wall: Wall, rate: int) -> None:
    wall.open(start=str(at(101)), autoplay="")
    wall.element.evaluate("(wall, rate) => { wall.rate = rate; }", rate)
    wall.reach(at(101) + 1500 * rate)
    wall.all_show(*LABELS)
    looks = in_step(wall)
    late = [abs(look.time_ms - time_ms) for look in looks for time_ms in look.read if time_ms is not None]
    assert median(late) <= IN_STEP_MS * rate


def test_a_gap_of_one_is_shown_while_the_others_play_on(wall: Wall) -> None:
    wall.open(start=str(at(27)), autoplay="")
    wall.reach(at(28.5))
    wall.all_show(*LABELS)
    wall.reach(at(32))
    yard = wall.tile("Yard")
    expect(yard).to_contain_text("Nothing kept")
    expect(yard).to_contain_text("14:13:50 to 14:14:05")
    expect(yard.locator("video")).to_be_hidden()
    for look in in_step(wall, among=3):
        assert look.read[1] is None
    assert at(30) < wall.time_ms < at(45)
    # The clock did not wait for it, and goes on with it where its footage does.
    wall.seek(at(43))
    wall.reach(at(46.5))
    wall.all_show(*LABELS)
    expect(yard).not_to_contain_text("Nothing kept")
    in_step(wall)
    assert wall.heard("gap") == []


def test_what_no_camera_has_is_passed_over_and_told(wall: Wall) -> None:
    wall.open(start=str(at(57)), autoplay="")
    wall.reach(at(90.5))
    assert wall.heard("gap") == [{"fromMs": at(60), "toMs": at(90)}]
    expect(wall.element).to_contain_text("No camera has anything from 14:14:20")
    expect(wall.tile("Stairs")).to_contain_text("14:14:20 to 14:15:00")
    wall.all_show("Gate", "Yard", "Hall")
    in_step(wall, among=3)
    wall.seek(at(137))
    wall.wait("ended")
    assert wall.time_ms == pytest.approx(at(140), abs=IN_STEP_MS)


def test_paused_stepped_and_sought_all_show_the_same_moment(wall: Wall) -> None:
    wall.open(start=str(at(10)), autoplay="")
    wall.reach(at(11))
    wall.button("Pause").click()
    wall.wait("paused")
    assert wall.look().apart_ms == 0
    wall.seek(at(50) + 40)
    wall.wait("paused")
    assert wall.look().read == [at(50)] * 4
    for key, read_ms in ((".", at(50) + FRAME_MS), (".", at(50) + 2 * FRAME_MS), (",", at(50) + FRAME_MS)):
        wall.element.press(key)
        wall.page.wait_for_function(
            "wanted => [...footage.wall.shown.values()].every(shown => shown === wanted)", arg=read_ms
        )
        assert wall.look().read == [read_ms] * 4
    wall.element.press("j")
    wall.page.wait_for_function("wanted => footage.wall.timeMs === wanted", arg=at(40) + FRAME_MS)
    expect(wall.tile("Yard")).to_contain_text("Nothing kept")
    wall.wait("paused")
    assert wall.look().read == [at(40) + FRAME_MS, None, at(40) + FRAME_MS, at(40) + FRAME_MS]


def test_a_click_on_the_timeline_seeks_all(wall: Wall) -> None:
    wall.open(start=str(at(10)))
    wall.wait("paused")
    track = wall.element.locator("footage-timeline #track")
    box = track.bounding_box()
    view = wall.element.locator("footage-timeline").evaluate("timeline => timeline.view")
    assert box is not None
    wanted_ms = at(55)
    share = (wanted_ms - view["startMs"]) / (view["endMs"] - view["startMs"])
    track.click(position={"x": share * box["width"], "y": 70})
    near_ms = (view["endMs"] - view["startMs"]) / box["width"]
    wall.page.wait_for_function(
        "([wanted, near]) => Math.abs(footage.wall.timeMs - wanted) <= near", arg=[wanted_ms, near_ms]
    )
    wall.wait("paused")
    assert wall.look().apart_ms == 0
    assert wall.look().read[0] == pytest.approx(wanted_ms, abs=near_ms + FRAME_MS)


def test_one_that_is_held_back_does_not_hold_the_others_and_catches_up(
    wall: Wall, context: BrowserContext
) -> None:
    held: dict[str, Any] = {"is": True, "routes": []}

    def carry(route: Route) -> None:
        if held["is"]:
            held["routes"].append(route)
        else:
            route.continue_()

    hall = wall.links[LABELS.index("Hall")].url.rpartition("/")[2]
    context.route(f"**/archives/{hall}/*.ts**", carry)
    wall.open(start=str(at(5)), autoplay="")
    wall.reach(at(8))
    expect(wall.tile("Hall")).to_contain_text("Loading")
    for look in in_step(wall, among=3):
        assert look.read[LABELS.index("Hall")] is None
    held["is"] = False
    for route in held["routes"]:
        route.continue_()
    wall.all_show(*LABELS)
    in_step(wall)
    assert wall.time_ms < at(60)


def test_a_network_that_is_away_for_one(wall: Wall, context: BrowserContext) -> None:
    away = {"is": True}

    def carry(route: Route) -> None:
        if away["is"]:
            route.abort("internetdisconnected")
        else:
            route.continue_()

    gate = wall.links[0].url.rpartition("/")[2]
    context.route(f"**/archives/{gate}**", carry)
    wall.open(start=str(at(5)), autoplay="")
    expect(wall.tile("Gate")).to_contain_text("The network is away", timeout=60_000)
    wall.reach(at(7))
    in_step(wall, among=3)
    away["is"] = False
    wall.all_show(*LABELS)
    in_step(wall)


def test_a_token_that_is_refused_stops_one_and_is_renewed_while_the_others_play(
    wall: Wall, links: list[SignedLink]
) -> None:
    stairs = links[3]
    bad = SignedLink(stairs.url, {**stairs.token, "signature": "nobody-signed-this"})
    refused = Wall(wall.page, [*links[:3], bad])
    refused.open(start=str(at(5)), autoplay="")
    expect(refused.tile("Stairs").get_by_role("alert")).to_contain_text("not valid any more")
    refused.reach(at(7))
    in_step(refused, among=3)
    assert refused.heard("error")[0] == {
        "src": stairs.url,
        "kind": "refused",
        "message": "This link is not valid any more, or never was: ask for a new one.",
    }
    exp = int(stairs.token["exp"])
    assert {"src": stairs.url, "exp": exp} in refused.heard("token-expiring")
    # All are renewed, also those that play.
    for link in links:
        refused.element.evaluate(
            "(wall, [src, signature, exp]) => wall.renew(src, { signature, exp })",
            [link.url, link.token["signature"], exp],
        )
    refused.all_show(*LABELS)
    in_step(refused)


def test_one_is_shown_large_and_one_is_heard(wall: Wall) -> None:
    wall.open(start=str(at(10)))
    wall.wait("paused")
    small = wall.tile("Hall").bounding_box()
    wall.tile("Hall").get_by_role("button", name="Hall: show large").press("Enter")
    large = wall.tile("Hall").bounding_box()
    assert small is not None
    assert large is not None
    assert large["width"] > 1.8 * small["width"]
    wall.element.press("Escape")
    assert wall.tile("Hall").bounding_box() == small
    silent = "wall => [...wall.shadowRoot.querySelectorAll('video')].map(video => video.muted)"
    assert wall.element.evaluate(silent) == [True] * 4
    wall.tile("Yard").get_by_role("button", name="Yard: sound on").click()
    wall.page.wait_for_function(f"() => ({silent})(footage.wall)[1] === false")
    assert wall.element.evaluate(silent) == [True, False, True, True]
    wall.tile("Gate").get_by_role("button", name="Gate: sound on").click()
    wall.page.wait_for_function(f"() => ({silent})(footage.wall)[0] === false")
    assert wall.element.evaluate(silent) == [False, True, True, True]
    wall.element.press("m")
    wall.page.wait_for_function(f"() => ({silent})(footage.wall)[0]")


def test_nothing_stands_in_the_way_of_those_who_hear_it_or_use_keys(wall: Wall) -> None:
    wall.open(start=str(at(40)))
    wall.wait("paused")
    wall.button("Go to …").click()
    wall.page.add_script_tag(path=AXE)
    for scheme in ("light", "dark"):
        wall.page.emulate_media(color_scheme=scheme)
        wall.page.wait_for_timeout(200)
        found = wall.page.evaluate("axe.run('footage-wall')")
        told = [
            (fault["id"], [node["failureSummary"] for node in fault["nodes"]])
            for fault in found["violations"]
        ]
        assert told == []
        assert found["passes"]


def test_the_example_of_the_guide(context: BrowserContext, site: Site, wall: Wall) -> None:
    """It runs as it stands there, but for the address; one token that its backend hands out is no good."""
    [example] = re.findall(r"```html\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    answers: list[str] = []

    def backend(route: Route) -> None:
        tokens = [{**link.token, "exp": int(link.token["exp"])} for link in wall.links]
        if not answers:
            tokens[2]["signature"] = "not-good-any-more"
        answers.append(route.request.url)
        told = zip(LABELS, wall.links, tokens, strict=True)
        route.fulfill(
            json=[
                {"title": title, "archiveApiUrl": link.url, "archiveApiToken": token}
                for title, link, token in told
            ]
        )

    context.route("**/my-backend/cameras", backend)
    wall.page.set_content(example.replace("https://video.example", site.server.url))
    wall.page.wait_for_function(
        """() => { const { cameras, shown } = document.querySelector("footage-wall");
                   return cameras.length === 4 && [...shown.values()].every(shown => shown !== null); }""",
        timeout=60_000,
    )
    assert len(answers) >= 2


def test_without_a_moment_it_opens_at_the_newest_that_all_have(wall: Wall) -> None:
    wall.open()
    wall.wait("paused")
    look = wall.look()
    assert look.apart_ms == 0
    assert look.time_ms == pytest.approx(at(131), abs=FRAME_MS)
    wall.seek(at(10))
    wall.button("Live").click()
    wall.page.wait_for_function(
        "opened => footage.wall.isLive && footage.wall.timeMs > opened", arg=at(131.5)
    )
    wall.all_show(*LABELS)
    in_step(wall)


def test_refused_at_first_it_opens_once_it_may(wall: Wall, links: list[SignedLink]) -> None:
    bad = [SignedLink(link.url, {**link.token, "signature": "nobody-signed-this"}) for link in links]
    Wall(wall.page, bad).open()
    wall.wait("error")
    for link in links:
        wall.element.evaluate(
            "(wall, [src, signature, exp]) => wall.renew(src, { signature, exp })",
            [link.url, link.token["signature"], int(link.token["exp"])],
        )
    wall.all_show(*LABELS)
    assert wall.time_ms == pytest.approx(at(131), abs=FRAME_MS)
