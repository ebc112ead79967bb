"""A camera on the page while it is recorded, and the demo: what a user sees first."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import pytest
import simplejpeg
from playwright.sync_api import Browser, Page, expect

from footage.media.film import Shot
from footage.media.pattern import read_strip
from kit.desk import PLAYER, open_context, open_desk
from kit.recording import DELAY_MS
from kit.rtsp import FaultyCamera, studio
from kit.server import SignedLink, footage_json, free_port, running_server

READ_LUMA = f"""() => {{
  const video = {PLAYER}.shadowRoot.querySelector('video');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext('2d');
  context.drawImage(video, 0, 0);
  const saidMs = Math.round({PLAYER}.timeMs);
  const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const green = Array.from(pixels.filter((_, i) => i % 4 === 1));
  return [saidMs, canvas.width, green];
}}"""
LAST_LINE = "Ctrl-C stops it. The archive stays for the next time.\n"
PICTURE_MS = 40
LIVE_WITHIN_MS = 20_000
"""Nine seconds that the player keeps behind the newest, two segments, and what a busy test machine adds."""


@dataclass(frozen=True)
class Door:
    """A camera that is being recorded."""

    url: str
    fragment: str
    key: str
    link: SignedLink
    camera: FaultyCamera


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """Its segments of two seconds; the first is kept."""
    data = tmp_path_factory.mktemp("live")
    with (
        studio() as films,
        running_server(data, record=True, environment={"FOOTAGE_SEGMENT_MS": "2000"}) as server,
    ):
        films.film("film", Shot(size=(320, 180), gop=25))
        source = films.camera("door", source="film")
        camera = footage_json("camera", "add", "Door", "--url", source.url, data=data)
        link = server.link(camera["id"])
        wait_for(lambda: len(link.get("timeline").json()) == 1)
        made = footage_json("token", camera["id"], data=data)
        fragment = "#" + made["page"].split("#", 1)[1].replace("127.0.0.1%3A8080", server.url[7:])
        key = footage_json("key", "add", "Control room", data=data)["key"]
        yield Door(server.url, fragment, key, link, source)


def wait_for(condition: Callable[[], bool], within_s: float = 45) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def moments(page: Page) -> tuple[int, int]:
    """What the player says it shows and what the picture says, in ms."""
    said_ms, width, green = page.evaluate(READ_LUMA)
    shown_ms, _ = read_strip(np.array(green, np.uint8).reshape(-1, width))
    return said_ms, shown_ms


def test_live_shows_the_present_and_its_time(browser: Browser, door: Door) -> None:
    with open_context(browser) as context, open_desk(context, door.url) as desk:
        desk.refusals.clear()
        page = desk.open(door.fragment)
        desk.plays()
        expect(page.get_by_role("button", name="Live")).to_have_attribute("aria-pressed", "true")
        page.wait_for_function(f"at => {PLAYER}.timeMs > at + 3000", arg=desk.time_ms, timeout=60_000)
        said_ms, shown_ms = moments(page)
        assert abs(said_ms - shown_ms) < 1000
        assert time.time() * 1000 - shown_ms < LIVE_WITHIN_MS


def test_a_tile_shows_the_newest_picture_while_it_is_recorded(browser: Browser, door: Door) -> None:
    with open_context(browser) as context, open_desk(context, door.url) as desk:
        page = desk.open()
        desk.sign_in(door.key)
        tile = page.locator("page-tile")
        expect(tile).to_contain_text("Recording")
        newest = tile.locator("time")
        expect(newest).to_be_visible(timeout=60_000)
        before = newest.get_attribute("datetime") or ""
        expect(newest).not_to_have_attribute("datetime", before, timeout=60_000)
        assert (newest.get_attribute("datetime") or "") > before
        expect(tile.locator("img")).to_be_visible()


def test_a_preview_shows_its_moment_also_after_reconnects(door: Door) -> None:
    for number in range(2, 5):
        door.camera.cut()
        wait_for(lambda number=number: len(door.link.get("timeline").json()) >= number)  # type: ignore[misc]
    off_ms = []
    for run in door.link.get("timeline").json():
        for part in (0.1, 0.5, 0.9):
            moment_ms = run["time"] + int(run["duration"] * part)
            jpeg = door.link.get("preview", time=moment_ms, accurate="true").content
            shown_ms, _ = read_strip(simplejpeg.decode_jpeg(jpeg, colorspace="GRAY")[:, :, 0])
            off_ms.append(moment_ms - shown_ms)
    # A picture stands for 40 ms, and what is shown was drawn before it was sent.
    assert min(off_ms) >= -2 * PICTURE_MS
    assert max(off_ms) <= 2 * PICTURE_MS + DELAY_MS


def test_the_demo_shows_recorded_and_live_video(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "footage", "demo", "--hours", "1", f"--port={free_port()}"]
    environment = {**os.environ, "COLUMNS": "400", "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [*command, "--data", str(tmp_path / "demo")], stdout=subprocess.PIPE, text=True, env=environment
    ) as demo:
        try:
            assert demo.stdout is not None
            printed = "".join(
                iter(demo.stdout.readline, "Ctrl-C stops it. The archive stays for the next time.\n")
            )
            [live] = re.findall(r"live +(http\S+)", printed)
            recorded = [
                url for url in re.findall(r"playlist +(http\S+)", printed) if url.split("?")[0] not in live
            ]
            assert len(re.findall(r"&link=", printed.split("Watch them at")[1])) == 3
            [page, key] = re.findall(r"Or sign in at +(\S+) +with the key +(\S+)", printed)[0]
            assert_listed(live)
            assert_listed(recorded[0])
            headers = {"X-Footage-Page": "1"}
            assert httpx.post(f"{page}session", json={"key": key}, headers=headers).status_code == 201
        finally:
            demo.send_signal(signal.SIGINT)
        assert demo.wait(30) == 0


def assert_listed(playlist: str) -> None:
    """A playlist names a segment that is there, soon."""
    answers: list[httpx.Response] = []

    def is_there() -> bool:
        with suppress(httpx.TransportError):
            answers.append(httpx.get(playlist))
        return bool(answers) and answers[-1].status_code == httpx.codes.OK

    wait_for(is_there)
    first = next(line for line in answers[-1].text.splitlines() if not line.startswith("#"))
    segment = httpx.get(str(httpx.URL(playlist).join(first)))
    assert segment.status_code == httpx.codes.OK
    assert segment.content[0] == 0x47
