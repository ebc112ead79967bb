"""A day's playlist, a year's timeline and size: over HTTP, on a young archive and on an old one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from bench.archives import ABOUT_A_DAY, FIVE_YEARS, a_day, a_year, first_camera, house_of
from bench.client import Client
from bench.measure import Figure, Suite, Target, in_turn, ratios, timed_ms
from footage.house import open_house
from footage.settings import load
from footage.timeline import Span
from kit.server import Server, SignedLink, running_server

ROUNDS = 60
_HOW = f"""\
One keep-alive connection to a server with one worker. {ROUNDS} rounds in which each of the first \
requests is made once; then, for each method, {2 * ROUNDS} pairs, the old archive and the young one. \
The old archive keeps five years in 5,000 runs (26 million segments in 2.6 million \
blocks), the young one 26 hours in 3 runs; each shares its index with three other cameras that kept as \
much, and whose blocks were committed in turn with its own. Both are asked for the same span: 24 h of \
footage out of the middle of the five years, with two gaps and both ends inside a run. The rows are \
made without bytes of video, which none of these answers reads. `/healthz` is what any request costs."""


def run() -> Suite:
    """Measure."""
    old_data, young_data = house_of("five-years", FIVE_YEARS), house_of("day", ABOUT_A_DAY)
    with running_server(old_data) as old_server, running_server(young_data) as young_server:
        old, young = _Archive(old_server), _Archive(young_server)
        _check(old, young)
        day, year = a_day(), a_year()
        floor, playlist, packed, timeline, size = in_turn(
            ROUNDS,
            timed_ms(old.floor),
            timed_ms(old.ask("index.m3u8", day)),
            timed_ms(old.ask("index.m3u8", day, coding="gzip")),
            timed_ms(old.ask("timeline", year)),
            timed_ms(old.ask("size", year)),
            warm=3,
        )
        by_age = {
            method: in_turn(
                2 * ROUNDS, timed_ms(old.ask(method, day)), timed_ms(young.ask(method, day)), warm=3
            )
            for method in ("index.m3u8", "timeline", "size")
        }
        old.client.close()
        young.client.close()
    figures = (
        Figure("index.m3u8 of 24 h, 14,400 segments", "ms", playlist, Target(at_most=15)),
        Figure("the same, gzip", "ms", packed, Target(at_most=15)),
        Figure("timeline of a year, 1,000 runs", "ms", timeline, Target(at_most=10)),
        Figure("size of a year, 1,000 runs", "ms", size, Target(at_most=5)),
        *(
            Figure(
                f"{method} of a day, in 5 years / in a day",
                "x",
                ratios(old_ms, young_ms),
                Target(at_most=1.3),
            )
            for method, (old_ms, young_ms) in by_age.items()
        ),
        *(Figure(f"{method} of a day, in 5 years", "ms", old_ms) for method, (old_ms, _) in by_age.items()),
        Figure("/healthz", "ms", floor),
    )
    return Suite("Playlists, timelines, sizes", _HOW, figures)


class _Archive:
    """The first camera of a server, and a connection to it."""

    def __init__(self, server: Server) -> None:
        house = open_house(load(data_dir=server.data))
        self.link: SignedLink = server.link(str(first_camera(house).id))
        house.close()
        self.client = Client(server.url)
        self.floor: Callable[[], bytes] = partial(self.client.get, f"{server.url}/healthz")

    def ask(self, method: str, span: Span, *, coding: str | None = None) -> Callable[[], bytes]:
        url = self.link.of(method, start=span.start_ms, duration=span.duration_ms)
        return partial(self.client.get, url, coding=coding)


def _check(old: _Archive, young: _Archive) -> None:
    """Both archives answer with what the figures say."""
    for archive in (old, young):
        assert archive.ask("index.m3u8", a_day())().count(b"#EXTINF") == 14_400
        assert archive.ask("timeline", a_day())().count(b"time") == 3
    assert old.ask("timeline", a_year())().count(b"time") == 1000
    assert old.ask("size", a_day())() == young.ask("size", a_day())()
