"""Debian's Chromium, driven headless, and players in it that nobody here wrote.

The pages come from a server of their own on another port, so that all they ask of Footage is asked
across origins.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

from footage import api
from footage.media.pattern import draw_number

CHROMIUM = "/usr/bin/chromium-headless-shell"
"""Without the windows and menus of a browser, which cost as much as the pages do."""
PAGES = Path(__file__).parent / "pages"
HLS_JS = Path(__file__).parents[2] / "web/node_modules/hls.js/dist/hls.min.js"
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
BUILT = Path(api.__file__).parent / "static"

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def page_server() -> Iterator[str]:
    """Serves the test pages, hls.js and what was built of the front end; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(PAGES)))
    thread = threading.Thread(target=server.serve_forever, name="pages")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Pages(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        if path == "/hls.min.js":
            return str(HLS_JS)
        # The front end as it was built for the package, on an origin that is not the server's.
        if path.startswith("/built/"):
            return str(BUILT / path.removeprefix("/built/"))
        return super().translate_path(path)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class's name
        pass


@dataclass(frozen=True)
class Sample:
    """Where the player was at ``at_ms`` of the browser's clock."""

    at_ms: float
    position_s: float
    date_ms: float | None


@dataclass(frozen=True)
class Played:
    """How a stretch of playing went."""

    samples: Sequence[Sample]

    @property
    def stall_s(self) -> float:
        """The longest while in which the position stood still."""
        longest, since = 0.0, self.samples[0]
        for sample in self.samples:
            if sample.position_s > since.position_s:
                since = sample
            longest = max(longest, sample.at_ms - since.at_ms)
        return longest / 1000

    @property
    def leap_s(self) -> float:
        """The longest step forward between two samples."""
        pairs = zip(self.samples, self.samples[1:], strict=False)
        return max(after.position_s - before.position_s for before, after in pairs)


class Screen:
    """One video element that plays a playlist, in hls.js or by the browser's own means."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def play_until(self, position_s: float, *, rate: float = 1, within_s: float = 25) -> Played:
        """Play on until the position is reached, or the end, or an error, or time is up."""
        self._page.evaluate("rate => player.play(rate)", rate)
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            state = self.state()
            if state["currentTime"] >= position_s or state["ended"] or self.fatal_errors():
                break
            self._page.wait_for_timeout(50)
        return Played([Sample(*values) for values in self._page.evaluate("player.sample()")])

    def state(self) -> dict[str, Any]:
        """What the element says of itself."""
        state: dict[str, Any] = self._page.evaluate("player.state()")
        return state

    def fatal_errors(self) -> list[str]:
        """What ended the playing."""
        return [error for error in self.state()["errors"] if error.startswith("fatal")]

    def seek(self, position_s: float) -> None:
        """Set the position, whether it plays or not."""
        self._page.evaluate("seconds => player.seek(seconds)", position_s)

    def show(self, position_s: float) -> None:
        """Pause at a position, once its picture is drawn."""
        self._page.evaluate("seconds => player.show(seconds)", position_s)

    def tone_hz(self) -> float:
        """Play for a second; the loudest frequency heard at its end, 0 where it is silent."""
        heard: float = self._page.evaluate("player.tone()")
        return heard

    def clock_at(self, position_s: float) -> str:
        """Seek, and read the clock in the picture that is then shown."""
        self.show(position_s)
        return read_clock(self.picture())

    def picture(self) -> NDArray[np.uint8]:
        """The picture shown: rows, columns, RGB."""
        width, height, pixels = self._page.evaluate("player.picture()")
        flat = np.frombuffer(base64.b64decode(pixels), np.uint8)
        return flat.reshape(height, width, 4)[:, :, :3]


@contextmanager
def screen(
    browser: Browser, pages: str, playlist: str, *, hls_js: bool, **settings: Any
) -> Iterator[Screen]:
    """A page that has a playlist open."""
    page = browser.new_page()
    try:
        page.goto(f"{pages}/player.html")
        page.evaluate(
            "([url, hlsJs, settings]) => player.open(url, hlsJs, settings)", [playlist, hls_js, settings]
        )
        yield Screen(page)
    finally:
        page.close()


def read_clock(picture: NDArray[np.uint8]) -> str:
    """The ``MM:SS`` that ``footage.media.pattern`` drew, or ``?`` where a digit is none."""
    luma = picture.mean(axis=2)
    height, width = luma.shape
    unit = max(height // 30, 1)
    top, left = height // 3, (width - 18 * unit) // 2
    digits = [
        _digit(luma[top : top + 5 * unit, left + at * unit :][:, : 3 * unit], unit) for at in (0, 4, 10, 14)
    ]
    return f"{digits[0]}{digits[1]}:{digits[2]}{digits[3]}"


def _digit(cell: NDArray[Any], unit: int) -> str:
    for digit in "0123456789":
        drawn = np.zeros((5 * unit, 3 * unit), np.uint8)
        draw_number(drawn, digit, 0, 0, unit)
        if np.mean((drawn > 127) != (cell > 127)) < 0.05:
            return digit
    return "?"
