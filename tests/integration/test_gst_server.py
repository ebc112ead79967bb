"""GStreamer's RTSP server, as a camera that nobody here wrote, over TCP and over UDP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from footage.demo.login import Login
from kit.clips import Clip, Sound
from kit.gst_server import GstServer, gst_server

PATIENCE_S = 10
SECONDS = 2
QUICK = {"preset": "ultrafast", "tune": "zerolatency"}
QUIET = {**QUICK, "x265-params": "log-level=none:pools=none:frame-threads=1"}
TINY = (160, 120)
MOUNTS = {
    "h264-aac": ("h264", "aac"),
    "h264-mulaw": ("h264", "pcm_mulaw"),
    "h264-alaw": ("h264", "pcm_alaw"),
    "h265-aac": ("hevc", "aac"),
    "h265-silent": ("hevc", None),
}


@pytest.fixture(scope="module")
def films(clips: Callable[[str, Clip], Path]) -> dict[str, Path]:
    """One clip a mount."""
    made = {}
    for name, (video, audio) in MOUNTS.items():
        codec, options = ("libx264", QUICK) if video == "h264" else ("libx265", QUIET)
        sound = None
        if audio is not None:
            sound = Sound(codec=audio, rate=48_000 if audio == "aac" else 8000, seconds=SECONDS)
        clip = Clip(seconds=SECONDS, size=TINY, gop=25, codec=codec, options=options, sound=sound)
        made[name] = clips(f"{name}.mov", clip)
    return made


@pytest.fixture(scope="module")
def server(films: dict[str, Path]) -> Iterator[GstServer]:
    with gst_server(films) as started:
        yield started


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", MOUNTS)
def test_a_clip_is_served_from_its_first_picture(server: GstServer, name: str, transport: str) -> None:
    options = {"rtsp_transport": transport, "analyzeduration": "100000", "fpsprobesize": "0"}
    times: dict[str, list[float]] = {}
    with av.open(server.url(name), options=options, timeout=PATIENCE_S) as player:
        codecs = [stream.codec_context.name for stream in player.streams]
        for packet in player.demux():
            if packet.pts is not None:
                times.setdefault(packet.stream.type, []).append(float(packet.pts * packet.time_base))
            # Not the whole clip: there are many mounts.
            if len(times.get("video", ())) == 10:
                break
    assert codecs == [codec for codec in MOUNTS[name] if codec is not None]
    assert set(times) == ({"video"} if MOUNTS[name][1] is None else {"video", "audio"})
    assert all(0 < later - earlier < 0.5 for earlier, later in pairwise(times["video"]))


def test_the_connection_ends_with_the_clip(server: GstServer) -> None:
    options = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "0"}
    with av.open(server.url("h265-silent"), options=options, timeout=PATIENCE_S) as player:
        pictures = sum(packet.size > 0 for packet in player.demux(video=0))
    assert pictures == SECONDS * 25


def test_a_password_is_asked_for(films: dict[str, Path]) -> None:
    login = Login("p@ss/w:rd", "viewer")
    with gst_server({"locked": films["h264-aac"]}, login=login) as server:
        with av.open(server.url("locked"), timeout=PATIENCE_S) as player:
            assert player.streams.video
        with pytest.raises(av.error.HTTPUnauthorizedError):
            av.open(server.url("locked", login=Login("other", "viewer")), timeout=PATIENCE_S)
