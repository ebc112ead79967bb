"""An hour of footage played sixteen times as fast, in Chromium: ``make hour``, some five minutes.

The hour has a camera that reconnects every ten minutes, a gap of two minutes and midnight in it. What the
player says it shows is compared with the clock in the very picture, all along; in the middle the token ends
and another is handed in.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

from footage.house import open_house
from footage.media.pattern import write_clip
from footage.settings import load
from kit.browser import chromium, page_server
from kit.films import Film, import_pieces
from kit.player_page import Player, player_page
from kit.server import running_server
from kit.site import Site

CLIP_S = 600
CLIPS = 6
RATE = 10
SPEED = 16
RECONNECT_MS = 400
GAP_MS = 120_000
MIDNIGHT_MS = 1_790_035_200_000
"""2026-09-22T00:00Z."""
TOKEN_S = 120
EVERY_S = 1.0
NEAR_END_MS = 60_000
LATE_S = 2
"""An eighth of a second at that speed: so long a busy browser can take to look at its picture."""


@dataclass(frozen=True)
class Hour:
    """How it went."""

    footage_s: float
    took_s: float
    pictures: int
    longest_wait_ms: float
    usual_wait_ms: float
    least_ahead_s: float
    """Footage at hand, at its least: above 0, play never waited for the server."""
    told_right: int
    told_wrong: int
    gaps: int
    renewed: int
    errors: int

    @property
    def is_good(self) -> bool:
        """Nothing was told wrong, and play never wanted for footage."""
        is_told = self.told_right > 0 and self.told_wrong == 0 and self.gaps == 1
        return is_told and self.errors == 0 and self.renewed == 1 and self.least_ahead_s > 1


def run() -> Hour:
    """The whole of it."""
    with tempfile.TemporaryDirectory(prefix="footage-hour-") as folder:
        clip = Path(folder, "clip.mp4")
        write_clip(clip, seconds=CLIP_S, width=320, height=180, rate=RATE)
        house = open_house(load(data_dir=Path(folder, "data")))
        try:
            with (
                running_server(house.settings.data_dir) as server,
                page_server() as pages,
                chromium() as browser,
            ):
                site = Site(server, house)
                holes = [RECONNECT_MS] * (CLIPS - 1)
                holes[3] = GAP_MS
                start_ms = MIDNIGHT_MS - CLIPS * CLIP_S * 1000 // 2
                film = import_pieces(site, [clip] * CLIPS, holes, start_ms=start_ms, ttl_s=TOKEN_S)
                with player_page(browser, pages, film) as player:
                    return _watch(player, site, film)
        finally:
            house.close()


def _watch(player: Player, site: Site, film: Film) -> Hour:
    fresh = site.link(film.shelf).token
    player.page.evaluate("fresh => footage.watch(fresh)", {**fresh, "exp": int(fresh["exp"])})
    player.open(start=str(film.starts_ms[0]))
    player.wait("playing")
    player.element.get_by_label("Speed").select_option(str(SPEED))
    player.forget()
    started, looked = time.monotonic(), Counter[bool]()
    while player.state not in ("ended", "error") and time.monotonic() - started < 2 * 3600 / SPEED:
        looked[player.agrees(LATE_S)] += 1
        time.sleep(EVERY_S)
    took_s = time.monotonic() - started
    shown = player.page.evaluate("footage.shown")
    waits = [after[0] - before[0] for before, after in pairwise(shown)]
    return Hour(
        footage_s=(player.time_ms - film.starts_ms[0]) / 1000,
        took_s=took_s,
        pictures=len(shown),
        longest_wait_ms=max(waits),
        usual_wait_ms=median(waits),
        least_ahead_s=min(ahead for _, time_ms, ahead in shown[1:] if time_ms < film.end_ms - NEAR_END_MS),
        told_right=looked[True],
        told_wrong=looked[False],
        gaps=len(player.heard("gap")),
        renewed=player.page.evaluate("footage.renewed"),
        errors=len(player.heard("error")),
    )


def main() -> int:
    """Say what was seen; 1 where something is wrong."""
    hour = run()
    print(hour)
    return 0 if hour.is_good else 1


if __name__ == "__main__":
    sys.exit(main())
