"""How answers travel: caching, ranges, HEAD, compression, other origins."""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from footage.timeline import ALL_TIME
from kit.archive import START_MS, Shelf, open_shelf
from kit.clips import Clip, Sound
from kit.server import SignedLink, running_server
from kit.site import Site

MakeClip = Callable[[str, Clip], Path]


@pytest.fixture(scope="module")
def shelf(site: Site, clips: MakeClip) -> Shelf:
    """Real footage with a gap."""
    made = site.shelf()
    clip = clips("delivery.mp4", Clip(seconds=12, sound=Sound(seconds=12)))
    made.import_file(clip, START_MS)
    made.import_file(clip, START_MS + 100_000)
    return made


@pytest.fixture(scope="module")
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def segment_names(shelf: Shelf) -> list[str]:
    _, table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    return [f"{start}.ts" for start in table.start_ms]


def test_segments_are_the_bytes_that_are_kept(link: SignedLink, shelf: Shelf) -> None:
    for name in segment_names(shelf):
        kept = shelf.reader.segment(shelf.archive, int(name.removesuffix(".ts")))
        assert kept is not None
        answer = link.get(name)
        assert answer.content == shelf.reader.data(kept)
        assert answer.headers["content-type"] == "video/mp2t"
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["cache-control"].startswith("private, max-age=")


@pytest.mark.parametrize("shift", [0, 88_000])
def test_ranges_are_the_bytes_of_the_whole(link: SignedLink, shelf: Shelf, shift: int) -> None:
    url = link.of(segment_names(shelf)[1], shift=shift)
    whole = httpx.get(url)
    size = len(whole.content)
    for header, start, end in (
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-50", size - 50, size),
        (f"bytes=0-{size * 2}", 0, size),
        (f"bytes=-{size * 2}", 0, size),
    ):
        part = httpx.get(url, headers={"Range": header})
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["etag"] == whole.headers["etag"]


def test_if_range(link: SignedLink, shelf: Shelf) -> None:
    url = link.of(segment_names(shelf)[0])
    etag = httpx.get(url).headers["etag"]
    same = httpx.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    assert (same.status_code, len(same.content)) == (206, 10)
    for other in ('"other"', "W/" + etag, "Sat, 21 Nov 2026 10:00:00 GMT"):
        answer = httpx.get(url, headers={"Range": "bytes=0-9", "If-Range": other})
        assert answer.status_code == 200


@pytest.mark.parametrize("method", ["segment", "timeline", "size", "index.m3u8", "preview"])
def test_what_a_client_has_is_not_sent_again(link: SignedLink, shelf: Shelf, method: str) -> None:
    wanted = {"time": START_MS + 1000} if method == "preview" else {}
    url = link.of(segment_names(shelf)[0] if method == "segment" else method, **wanted)
    etag = httpx.get(url).headers["etag"]
    for header in (etag, f'"x", {etag}', "*", "W/" + etag.removeprefix("W/")):
        again = httpx.get(url, headers={"If-None-Match": header})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert httpx.get(url, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_moved_segment_is_another_representation(link: SignedLink, shelf: Shelf) -> None:
    name = segment_names(shelf)[2]
    kept, moved, more = (httpx.get(link.of(name, shift=shift)) for shift in (0, 88_000, 89_000))
    assert len({kept.headers["etag"], moved.headers["etag"], more.headers["etag"]}) == 3
    assert len(kept.content) == len(moved.content)
    assert kept.content != moved.content
    assert kept.headers["etag"] == link.get(name).headers["etag"]


@pytest.mark.parametrize("method", ["segment", "timeline", "size", "index.m3u8", "preview", ""])
def test_head_is_get_without_the_body(link: SignedLink, shelf: Shelf, method: str) -> None:
    wanted = {"time": START_MS + 1000} if method == "preview" else {}
    url = link.of(segment_names(shelf)[0] if method == "segment" else method, **wanted)
    get, head = httpx.get(url), httpx.head(url)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    for name in ("content-type", "etag", "cache-control", "access-control-allow-origin"):
        assert head.headers[name] == get.headers[name]
    assert int(head.headers["content-length"]) == int(get.headers["content-length"])
    assert httpx.head(link.url).status_code == 401


def test_playlists_are_compressed_for_those_who_take_it(site: Site) -> None:
    shelf = site.shelf()
    shelf.add_run(START_MS, [(6000, 188)] * 500)
    url = site.link(shelf).of("index.m3u8")
    plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    with httpx.stream("GET", url, headers={"Accept-Encoding": "br;q=1, gzip;q=0.5"}) as packed:
        raw = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == plain.content
    assert len(raw) < len(plain.content) / 5
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    refused = httpx.get(url, headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_what_reaches_the_present_is_not_cached(site: Site, link: SignedLink) -> None:
    for method in ("timeline", "index.m3u8", "size"):
        assert link.get(method).headers["cache-control"] == "no-cache"
        past = link.get(method, start=START_MS, duration=10_000)
        assert past.headers["cache-control"].startswith("private, max-age=")
        now = link.get(method, start=START_MS, duration=time.time() * 1000 - START_MS)
        assert now.headers["cache-control"] == "no-cache"
    assert "immutable" in link.get("preview", time=START_MS).headers["cache-control"]
    assert link.get("preview").headers["cache-control"] == "no-cache"
    assert link.get("preview", time=1).headers["cache-control"] == "no-store"


def test_any_origin_may_read_the_archive(link: SignedLink, shelf: Shelf) -> None:
    origin = {"Origin": "https://portal.example"}
    for url in (link.of("timeline"), link.of(segment_names(shelf)[0]), link.url):
        answer = httpx.get(url, headers=origin)
        assert answer.headers["access-control-allow-origin"] == "*"
        exposed = answer.headers["access-control-expose-headers"].lower()
        for name in ("content-range", "etag", "footage-frame-time", "content-length"):
            assert name in exposed
    preflight = httpx.options(
        link.of(segment_names(shelf)[0]),
        headers={
            **origin,
            "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "range",
        },
    )
    assert preflight.status_code == 204
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert "range" in preflight.headers["access-control-allow-headers"].lower()


def test_other_origins_may_not_use_the_integration_api(site: Site) -> None:
    answer = httpx.get(f"{site.server.url}/v1/cameras", headers={"Origin": "https://portal.example"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_playlist_too_long_is_refused_with_a_way_on(tmp_path: Path) -> None:
    shelf = open_shelf(tmp_path)
    shelf.add_run(START_MS, [(1000, 188)] * 1001)
    with running_server(tmp_path, environment={"FOOTAGE_PLAYLIST_MAX_SEGMENTS": "1000"}) as server:
        link = server.link(str(shelf.camera.id))
        answer = link.get("index.m3u8")
        assert answer.status_code == 413
        assert "1001 segments, a playlist at most 1000" in answer.json()["detail"]
        assert "start and duration" in answer.json()["detail"]
        assert link.get("index.m3u8", start=START_MS, duration=1_000_000).status_code == 200
        assert link.get("size").json() == {"size": 1001 * 188}
    shelf.house.close()
