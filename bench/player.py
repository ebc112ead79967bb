"""The player in Chromium: from a click to the picture, pictures while the pointer moves, and its weight."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from bench.clips import long_clip
from bench.measure import Figure, Suite, Target
from footage.house import open_house
from footage.media.pattern import write_clip
from footage.settings import load
from kit.browser import chromium, page_server
from kit.films import Film, import_film
from kit.player_page import Player, player_page
from kit.server import running_server
from kit.site import Site

CLICKS = 20
HOVERS = 40
_SECONDS = 100
_HOLE_MS = 400
_MEGABITS = 6
_CLICK_MS = Target(at_most=300)
_HOVER_MS = Target(at_most=60)
_BUNDLE_KB = Target(at_most=250)
_HOW = f"""\
Debian's Chromium, headless and without a graphics card, on a page of another origin. {CLICKS} clicks \
at places of the timeline that were not loaded before, while it plays: from the release of the button \
to the first picture of the moment (`requestVideoFrameCallback`), of 640x360 footage at 25 pictures a \
second, and of 1080p at {_MEGABITS} Mbit/s, which this browser decodes on the processor. {HOVERS} places \
where the pointer comes to rest, each with a keyframe that nobody asked for before: from the pointer's \
event to the picture drawn beside it, 320 px wide, of that 1080p footage. `/player.js` is weighed as it \
is served, hls.js in it."""


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="footage-bench-") as folder, _site(Path(folder)) as (site, pages):
        small = Path(folder, "small.mp4")
        write_clip(small, seconds=_SECONDS, rate=25)
        large = long_clip(_MEGABITS, 250_000_000)
        films = {
            "640x360": import_film(site, [small] * 12, hole_ms=_HOLE_MS),
            "1080p": import_film(site, [large] * 4, hole_ms=_HOLE_MS),
        }
        with chromium() as browser:
            figures = []
            for name, film in films.items():
                with player_page(browser, pages, film) as player:
                    target = _CLICK_MS if name == "640x360" else None
                    values = tuple(_clicks(player))
                    figures.append(Figure(f"click to the first picture, {name}", "ms", values, target))
            with player_page(browser, pages, films["1080p"]) as player:
                values = tuple(_hovers(player))
                figures.append(Figure("pointer to the picture beside it, 1080p", "ms", values, _HOVER_MS))
        figures.append(Figure("player.js, compressed", "kB", (_bundle_kb(site),), _BUNDLE_KB))
    return Suite("The player", _HOW, tuple(figures))


@contextmanager
def _site(folder: Path) -> Iterator[tuple[Site, str]]:
    house = open_house(load(data_dir=folder / "data"))
    try:
        with running_server(house.settings.data_dir) as server, page_server() as pages:
            yield Site(server, house), pages
    finally:
        house.close()


def _clicks(player: Player) -> Iterator[float]:
    film = player.film
    _open(player, film)
    step_ms = film.length_ms // (CLICKS + 3)
    # Back and forth, so that none lies in what was loaded ahead for the one before.
    for number in range(CLICKS):
        place = (number * 7) % CLICKS + 2
        wanted_ms = film.starts_ms[0] + place * step_ms + 2700
        player.point(wanted_ms)
        player.page.evaluate("wanted => footage.stopwatchOfClick(wanted)", wanted_ms)
        player.page.mouse.down()
        player.page.mouse.up()
        yield player.page.evaluate("footage.took")
        player.page.wait_for_timeout(500)


def _hovers(player: Player) -> Iterator[float]:
    film = player.film
    _open(player, film)
    player.pause()
    step_ms = film.length_ms // (HOVERS + 2)
    for number in range(HOVERS):
        player.page.evaluate("footage.stopwatchOfTip()")
        # None of them is in a hole.
        player.point(film.starts_ms[0] + ((number * 7) % HOVERS + 1) * step_ms + 3000)
        yield player.page.evaluate("footage.took")
        # Neighbours that are fetched ahead are not to be met.
        player.page.wait_for_timeout(300)


def _open(player: Player, film: Film) -> None:
    player.open(start=str(film.starts_ms[0]))
    player.wait("playing")
    whole = {"startMs": film.starts_ms[0], "endMs": film.end_ms}
    player.page.evaluate("view => { footage.timeline.view = view; }", whole)
    player.until("footage.timeline.kept.isKnown(footage.timeline.view)")


def _bundle_kb(site: Site) -> float:
    served = httpx.get(f"{site.server.url}/player.js", headers={"Accept-Encoding": "gzip"})
    assert served.headers["Content-Encoding"] == "gzip"
    size = int(served.headers.get("Content-Length") or len(gzip.compress(served.content)))
    return size / 1000
