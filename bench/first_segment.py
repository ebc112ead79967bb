"""From adding a camera to a running server until its first segment can be played."""

from __future__ import annotations

import shutil
import time

import httpx

from bench import WORK
from bench.measure import Figure, Suite, Target
from bench.recording import camera_clip
from footage.demo.relay import Relay
from footage.media.film import clip_publisher
from kit.server import Server, footage_json, running_server

ROUNDS = 7
_GOP_S, _SEGMENT_S, _ALLOWED_S = 2, 6, 3
_EVERY_S = 0.05
_HOW = f"""\
A camera of 1080p at 25 pictures a second, a keyframe every {_GOP_S} s, is added by `POST /v1/cameras` \
to a running `footage serve` with segments of {_SEGMENT_S} s; from the answer until `index.m3u8` lists a \
segment whose bytes come, asked every {1000 * _EVERY_S:.0f} ms. {ROUNDS} rounds, a camera each. To reach: \
a GOP, a segment and {_ALLOWED_S} s."""


def run() -> Suite:
    """Measure."""
    folder = WORK / "first-segment"
    shutil.rmtree(folder, ignore_errors=True)
    with (
        Relay() as relay,
        clip_publisher(relay.url("film"), camera_clip()),
        running_server(folder, record=True) as server,
    ):
        key = footage_json("key", "add", "bench", data=folder)["key"]
        taken = [
            _measure(server, key, relay.camera(f"camera-{n}", source="film").url) for n in range(ROUNDS)
        ]
    shutil.rmtree(folder)
    figure = Figure(
        "from adding to the first segment", "s", tuple(taken), Target(_GOP_S + _SEGMENT_S + _ALLOWED_S)
    )
    return Suite("A new camera", _HOW, (figure,))


def _measure(server: Server, key: str, source: str) -> float:
    answer = httpx.post(
        f"{server.url}/v1/cameras",
        headers={"X-Integration-Key": key},
        json={"title": "Camera", "sourceUrl": source},
    )
    began, camera = time.monotonic(), answer.raise_for_status().json()
    token = camera["archiveApiToken"]
    query = f"signature={token['signature']}&exp={token['exp']}"
    with httpx.Client() as client:
        while True:
            playlist = client.get(f"{camera['archiveApiUrl']}/index.m3u8?{query}")
            if playlist.status_code == httpx.codes.OK:
                break
            time.sleep(_EVERY_S)
        segment = next(line for line in playlist.text.splitlines() if not line.startswith("#"))
        client.get(f"{camera['archiveApiUrl']}/{segment}").raise_for_status()
    return time.monotonic() - began
