"""``<footage-player>`` on a page of another origin, as tests and benchmarks hold it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from kit.browser import read_clock
from kit.films import Film

WITHIN_MS = 15_000


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
        self.page.wait_for_function("state => footage.player.state === state", arg=state, timeout=WITHIN_MS)

    def seek(self, time_ms: int) -> None:
        """Seek, and wait until the moment is shown."""
        self.element.evaluate("(player, timeMs) => player.seek(timeMs)", time_ms)
        self.page.wait_for_function(
            "() => !footage.player.shadowRoot.querySelector('video').seeking", timeout=WITHIN_MS
        )

    def pause(self) -> None:
        self.button("Pause").click()
        self.wait("paused")

    def shows(self, time_ms: int) -> None:
        """Wait until a picture of about that moment is shown."""
        self.page.wait_for_function(
            "wanted => Math.abs(footage.player.timeMs - wanted) < 3000"
            " && footage.player.state === 'playing'",
            arg=time_ms,
            timeout=WITHIN_MS,
        )

    @property
    def state(self) -> str:
        state: str = self.element.evaluate("player => player.state")
        return state

    def clock(self) -> str:
        """The clock in the picture; one that stands still, or it has gone on when it is looked at."""
        return self.clock_of("undefined")

    def clock_due(self) -> str:
        """What that clock must be at the wall time that the player tells."""
        return self.due(self.time_ms)

    def agrees(self, within_s: int = 1) -> bool:
        """Whether the time told of a picture is that in it, while it plays: by the time that the picture
        is looked at, it can be a later one by so many seconds of footage."""
        time_ms, picture = self.page.evaluate("footage.sample()")
        return _clock_in(picture) in {self.due(time_ms + 1000 * late_s) for late_s in range(within_s + 1)}

    def clock_of(self, image: str) -> str:
        """The clock in a picture of the page."""
        return _clock_in(self.page.evaluate(f"footage.picture({image})"))

    def point(self, time_ms: int) -> None:
        """Move the mouse to a moment of the timeline."""
        self.until("footage.timeline.view !== null")
        view = self.page.evaluate("footage.timeline.view")
        box = self.element.locator("footage-timeline #track").bounding_box()
        assert box is not None
        part = (time_ms - view["startMs"]) / (view["endMs"] - view["startMs"])
        self.page.mouse.move(box["x"] + part * box["width"], box["y"] + 60)

    def due(self, time_ms: int) -> str:
        """What the clock in the picture is at a moment."""
        start_ms = max(start for start in self.film.starts_ms if start <= time_ms)
        minutes, seconds = divmod((time_ms - start_ms) // 1000, 60)
        return f"{minutes:02}:{seconds:02}"

    def pictures_come_late(self, late_ms: int) -> None:
        """From now on the browser tells of each picture so long after it is shown, as a busy one does."""
        self.page.evaluate(
            """lateMs => {
              const { prototype } = HTMLVideoElement;
              const plain = prototype.requestVideoFrameCallback;
              prototype.requestVideoFrameCallback = function (tell) {
                return plain.call(this, (...given) => setTimeout(() => tell(...given), lateMs));
              };
            }""",
            late_ms,
        )

    def heard(self, name: str) -> list[dict[str, Any]]:
        details: list[dict[str, Any]] = self.page.evaluate(
            "name => footage.heard.filter(one => one.name === name).map(one => one.detail)", name
        )
        return details

    def forget(self) -> None:
        """Hear anew."""
        self.page.evaluate("footage.heard.length = 0")

    def until(self, condition: str, *, timeout: float = WITHIN_MS, **given: Any) -> None:
        """Wait for a condition in the page, over the names that are given."""
        names = ", ".join(given)
        self.page.wait_for_function(f"({{{names}}}) => {condition}", arg=given, timeout=timeout)

    def button(self, name: str) -> Locator:
        return self.element.get_by_role("button", name=name, exact=True)


def _clock_in(picture: tuple[int, int, str]) -> str:
    width, height, pixels = picture
    flat = np.frombuffer(base64.b64decode(pixels), np.uint8)
    return read_clock(flat.reshape(height, width, 4)[:, :, :3])


@contextmanager
def player_page(
    browser: Browser, pages: str, film: Film, *, path: str = "footage-player.html", **options: Any
) -> Iterator[Player]:
    """A page that the tag can be put into, in a browser context of its own; no script of it may fail."""
    given = {"viewport": {"width": 1000, "height": 900}, "timezone_id": "UTC", "locale": "en-GB"}
    context: BrowserContext = browser.new_context(**{**given, **options})
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{pages}/{path}")
    page.wait_for_function("globalThis.footage")
    try:
        yield Player(page, film)
        assert faults == []
    finally:
        context.close()
