"""Exports made in the background, as a client meets them: asked for, watched, fetched, cancelled, gone."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from footage.house import open_house
from footage.settings import load
from kit.archive import START_MS, Shelf
from kit.exports import boxes_in_order, wait_until_done
from kit.movies import TellingClip, count_by_ffmpeg, make_telling_clip, watch
from kit.server import SignedLink, running_server
from kit.site import Site

SECONDS = 12
CLIP = TellingClip(start_ms=START_MS, seconds=SECONDS, options={"bf": "0"})
B_FRAMES = replace(CLIP, options={"bf": "3", "b-adapt": "0"})
GAP_MS = 3_600_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module", params=[CLIP, B_FRAMES], ids=["plain", "b-frames"])
def shelf(request: pytest.FixtureRequest, site: Site, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A run, an hour of nothing, and a run again."""
    filled = site.shelf("Entrance / Тест: «1»")
    for start_ms in (START_MS, START_MS + GAP_MS):
        clip = replace(request.param, start_ms=start_ms)
        path = make_telling_clip(tmp_path_factory.mktemp("clip") / "telling.mp4", clip)
        filled.import_file(path, start_ms)
    return filled


@pytest.fixture
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def saved(link: SignedLink, export: dict[str, Any], folder: Path) -> Path:
    """The movie of an export, as its own link leads to it."""
    response = httpx.get(export["links"]["movie"], timeout=60)
    assert response.status_code == httpx.codes.OK, response.text
    path = folder / "movie.mp4"
    path.write_bytes(response.content)
    return path


def test_from_the_question_to_the_file(link: SignedLink, shelf: Shelf, tmp_path: Path) -> None:
    start_ms, end_ms = START_MS + 3510, START_MS + GAP_MS + 2110
    asked = httpx.post(link.of("exports"), json={"start": start_ms, "duration": end_ms - start_ms})
    assert asked.status_code == httpx.codes.CREATED, asked.text
    assert asked.headers["location"] == asked.json()["links"]["self"]
    assert asked.json()["state"] in ("waiting", "running", "done")
    done = wait_until_done(link, asked.json()["id"])
    assert (done["start"], done["end"], done["progress"]) == (start_ms, end_ms, 1)
    path = saved(link, done, tmp_path)
    data = path.read_bytes()
    assert len(data) == done["size"]
    assert hashlib.sha256(data).hexdigest() == done["sha256"]
    assert boxes_in_order(data) == [b"ftyp", b"moov", b"free", b"mdat"]
    shown = watch(path)
    first = list(range(START_MS + 3480, START_MS + SECONDS * 1000, 40))
    second = list(range(START_MS + GAP_MS, end_ms, 40))
    assert shown.moments == first + second
    assert shown.duration_ms == pytest.approx(SECONDS * 1000 - 3510 + 2110, abs=1)
    assert shown.corrupt == 0
    decoded, warned = count_by_ffmpeg(path)
    assert (decoded, warned) == (len(shown.moments), "")
    # A click sounds at each full second of wall time, and is heard with its picture.
    clicks = [at for at in range(4000, SECONDS * 1000, 1000)]
    expected = [at - 3510 for at in clicks] + [SECONDS * 1000 - 3510 + at for at in (0, 1000, 2000)]
    for heard in (shown.clicks_by_time, shown.clicks_laid):
        assert [at for at in heard if at > 100] == pytest.approx(expected, abs=30)
