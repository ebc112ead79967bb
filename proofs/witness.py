"""What a camera says it sent: from when to when each of its players got everything."""

from __future__ import annotations

from dataclasses import dataclass

from footage.demo.login import Login
from footage.demo.relay import Connection
from footage.demo.wire import Chunk
from footage.media.film import wall_clock
from kit.rtsp import FaultyCamera, Studio

_SILENT_MS = 1500
"""A player that got nothing for so long may have missed something."""


@dataclass(slots=True)
class Stretch:
    """Wall time over which one player was sent something all the time."""

    from_ms: int
    to_ms: int


class WitnessedCamera(FaultyCamera):
    """A camera that remembers what it sent; ``stretches`` ascend by their begin."""

    stretches: list[Stretch]
    _open: dict[Connection, Stretch]

    def send(self, chunk: Chunk, players: set[Connection]) -> None:
        """Send, and remember when."""
        super().send(chunk, players)
        now_ms = wall_clock()
        for player in players:
            if player.transport is None or player.transport.is_closing():
                continue
            stretch = self._open.get(player)
            if stretch is None or now_ms - stretch.to_ms > _SILENT_MS:
                stretch = self._open[player] = Stretch(now_ms, now_ms)
                self.stretches.append(stretch)
            stretch.to_ms = now_ms


def witnessed(at: Studio, name: str, *, source: str, login: Login | None = None) -> WitnessedCamera:
    """A camera that plays what is published at ``source``."""
    camera = WitnessedCamera(at.relay, name, source=source, login=login)
    camera.stretches, camera._open = [], {}  # noqa: SLF001 its own, before anybody plays
    at.relay.add(camera)
    at.relay.run(camera.listen())
    return camera
