"""``footage demo``: a camera that films, two with some hours of archive, and the server."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from footage import server
from footage.access.integration_keys import hash_key, make_key
from footage.access.tokens import Token
from footage.cli.cameras import make_link
from footage.cli.output import out
from footage.cli.serving import HostOption, PortOption
from footage.demo.live_camera import live_camera
from footage.house import House, open_house
from footage.media.pattern import write_clip
from footage.recording.importer import Importer
from footage.settings import load
from footage.telemetry import logs
from footage.timeline import Camera

_HOUR_MS = 3_600_000
_CLIP_SECONDS = 54 * 60
_LIVE = "Door"
_LOCAL = ("127.0.0.0/8",)
"""Where the camera that films for the demo is."""
_TITLES = {"Yard": 40, "Gate": -40}
_TOKEN_SECONDS = 7 * 86_400
_KEY_NAME = "demo"


def demo(
    data: Annotated[
        Path, typer.Option("--data", help="Folder for the demo's archive", metavar="DIR")
    ] = Path("footage-demo"),
    host: HostOption = None,
    port: PortOption = None,
    hours: Annotated[int, typer.Option(help="Hours of archive to make", min=1, max=168)] = 6,
) -> None:
    """Make an archive to look at, record a live camera beside it, and print links to both and a key."""
    settings = load(data_dir=data, host=host, port=port, log_level="warning", local_sources=_LOCAL)
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    with live_camera() as url:
        house = open_house(settings)
        cameras = house.cameras.page(limit=len(_TITLES) + 1)
        if not cameras:
            out.print("Filming two test pictures, about half a minute ...")
            cameras = [*_make_cameras(house, hours), _add(house, _LIVE)]
        for camera in cameras:
            if camera.title == _LIVE:
                house.cameras.change(camera.id, {"source_url": url})
        links = [make_link(house, camera, _token()) for camera in cameras]
        key = _new_key(house)
        house.close()
        _print_links(cameras, links, key)
        server.serve(settings)


def _token() -> Token:
    return Token(int(time.time()) + _TOKEN_SECONDS)


def _make_cameras(house: House, hours: int) -> list[Camera]:
    """Each camera films for 54 minutes once, and every hour is a copy of it; one misses an hour."""
    clips = {title: house.settings.data_dir / f"{title}.mp4" for title in _TITLES}
    with ThreadPoolExecutor(len(clips)) as pool:
        for future in [
            pool.submit(write_clip, clips[title], seconds=_CLIP_SECONDS, hue=hue)
            for title, hue in _TITLES.items()
        ]:
            future.result()
    this_hour = int(time.time() * 1000) // _HOUR_MS
    cameras = []
    for number, (title, clip) in enumerate(clips.items()):
        camera = _add(house, title)
        importer = Importer(
            house.index,
            house.storage,
            house.cameras.archive_of(camera),
            segment_ms=house.settings.segment_ms,
        )
        for hour in range(this_hour - hours, this_hour):
            if number == 0 or hour != this_hour - 3:
                importer.run(clip, hour * _HOUR_MS)
        clip.unlink()
        cameras.append(camera)
    return cameras


def _add(house: House, title: str) -> Camera:
    now_ms = int(time.time() * 1000)
    return house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=title, created_ms=now_ms))


def _new_key(house: House) -> str:
    """The demo's integration key: another one each time, for what is kept of one is no key."""
    key, now_ms = make_key(), int(time.time() * 1000)
    # In this order: the last key stays.
    name = f"{_KEY_NAME} {now_ms}"
    house.keys.add(name, hash_key(key), now_ms)
    for known in house.keys.all():
        if known.name != name and known.name.startswith(_KEY_NAME):
            house.keys.revoke(known.name)
    return key


def _print_links(cameras: list[Camera], links: list[dict[str, object]], key: str) -> None:
    pairs = []
    for camera, link in zip(cameras, links, strict=True):
        out.print(f"{camera.title}", markup=False)
        out.print(f"  playlist  {link['player']}", markup=False)
        if camera.title == _LIVE:
            out.print(f"  live      {link['live']}", markup=False)
        out.print(f"  timeline  {link['curl']}", markup=False)
        page, fragment = str(link["page"]).split("#", 1)
        pairs.append(fragment)
    out.print(f"\nWatch them at  {page}#{'&'.join(pairs)}", markup=False)
    out.print(f"Or sign in at  {page}  with the key  {key}\n", markup=False)
    out.print("Ctrl-C stops it. The archive stays for the next time.", markup=False)
