"""The whole way: a file goes in by the command line, video comes out by a signed link."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av

from kit.clips import Clip, Sound, frames_in
from kit.server import footage, footage_json, running_server


def test_a_file_goes_in_and_plays_through_a_link(
    tmp_path: Path, clips: Callable[[str, Clip], Path]
) -> None:
    clip = clips("first.mp4", Clip(seconds=20, sound=Sound(seconds=20)))
    camera = footage_json("camera", "add", "Entrance", data=tmp_path)
    footage("import", str(clip), "--camera", camera["id"], "--start", "2026-09-21T12:00:00Z", data=tmp_path)
    with running_server(tmp_path) as server:
        link = server.link(camera["id"])
        [entry] = link.get("timeline").json()
        assert (entry["duration"], entry["offset"]) == (20_000, 0)
        with av.open(link.of("index.m3u8")) as player:
            assert sum(1 for _ in player.decode(video=0)) == frames_in(clip)
        assert server.stop() == 0
