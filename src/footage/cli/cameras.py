"""``footage camera`` and ``footage token``."""

from __future__ import annotations

import os
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID, uuid4

import msgspec
import typer

from footage.access.tokens import Token, sign
from footage.api.audit_words import about_token
from footage.api.camera_status import status_out
from footage.api.source_urls import (
    SOURCE_ADDRESS_WANTED,
    SOURCE_URL_WANTED,
    is_at_forbidden_address,
    is_source_url,
)
from footage.archive.keep import Retention, kept_for
from footage.cli.audit import note
from footage.cli.camera_table import camera_table, watch
from footage.cli.opening import find_camera, house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    out,
    print_json,
    print_table,
    settings_for,
)
from footage.cli.times import moment_of, seconds_of
from footage.house import House
from footage.timeline import Camera, format_ms

app = typer.Typer(help="Cameras: add, change, list, show, remove.", no_args_is_help=True)

_FROM_ENVIRONMENT = "env:"


class Transport(StrEnum):
    """How RTSP comes."""

    TCP = "tcp"
    UDP = "udp"


UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        help="Where its video comes from; - reads it from standard input, env:NAME from a variable",
        metavar="URL",
        show_default=False,
    ),
]


@app.command()
def add(
    title: Annotated[str, typer.Argument(help="What people call it")],
    url: UrlOption = None,
    transport: Annotated[Transport, typer.Option(help="How RTSP comes")] = Transport.TCP,
    no_audio: Annotated[bool, typer.Option("--no-audio", help="Do not record its sound")] = False,
    off: Annotated[bool, typer.Option("--off", help="Do not record it yet")] = False,
    camera_id: Annotated[
        str | None, typer.Option("--id", help="Its UUID; left out, one is made", metavar="UUID")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days of archive to keep", min=1)] = None,
    max_bytes: Annotated[
        int | None, typer.Option("--bytes", help="Bytes of archive to keep", min=1 << 20)
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a camera, and an empty archive for it. A running server records it at once."""
    try:
        wanted = UUID(camera_id) if camera_id else uuid4()
    except ValueError:
        raise CommandError(f"{camera_id!r} is not a UUID", Exit.USAGE) from None
    camera = Camera(
        id=wanted,
        archive_id=uuid4(),
        title=_title(title),
        archive_days=days,
        archive_bytes=max_bytes,
        transport=transport.value,
        is_recorded=not off,
        is_audio_recorded=not no_audio,
        created_ms=int(time.time() * 1000),
    )
    source_url = None if url is None else _source_url(url, data)
    with house_for(data) as house:
        described = describe(house, house.cameras.add(camera, source_url))
        note(house, "camera.added", camera.id, title=camera.title)
    if as_json:
        print_json(described)
    else:
        out.print(f"added {camera.id} {camera.title!r}", markup=False)


@app.command()
def change(
    camera: Annotated[str, typer.Argument(help="Its id")],
    title: Annotated[str | None, typer.Option(help="What people call it", show_default=False)] = None,
    url: UrlOption = None,
    transport: Annotated[Transport | None, typer.Option(help="How RTSP comes", show_default=False)] = None,
    audio: Annotated[
        bool | None, typer.Option("--audio/--no-audio", help="Record its sound", show_default=False)
    ] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Record it", show_default=False)] = None,
    days: Annotated[
        int | None, typer.Option(help="Days of archive to keep; 0: no limit", min=0, show_default=False)
    ] = None,
    max_bytes: Annotated[
        int | None,
        typer.Option("--bytes", help="Bytes of archive to keep; 0: no limit", min=0, show_default=False),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a camera; what is not named stays. A running server follows at once."""
    given: dict[str, Any] = {
        "title": None if title is None else _title(title),
        "source_url": None if url is None else _source_url(url, data),
        "transport": None if transport is None else transport.value,
        "is_audio_recorded": audio,
        "is_recorded": on,
    }
    changes = {name: value for name, value in given.items() if value is not None}
    if days is not None:
        changes["archive_days"] = days or None
    if max_bytes is not None:
        if 0 < max_bytes < 1 << 20:
            raise CommandError("--bytes must be 0, or 1048576 or more", Exit.USAGE)
        changes["archive_bytes"] = max_bytes or None
    if not changes:
        raise CommandError("say what to change, such as --url or --off", Exit.USAGE)
    with house_for(data) as house:
        changed = house.cameras.change(find_camera(house, camera).id, changes)
        described = describe(house, changed)
        note(house, "camera.changed", changed.id, fields=sorted(changes))
    if as_json:
        print_json(described)
    else:
        out.print(f"changed {changed.id} {changed.title!r}", markup=False)


@app.command("list")
def list_cameras(
    watching: Annotated[
        bool, typer.Option("--watch", help="Keep the table up to date, until q or Ctrl-C")
    ] = False,
    removed: Annotated[
        bool, typer.Option("--removed", help="Those that were removed and can be restored")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List every camera: how its recording goes, and what is kept of it."""
    if watching and as_json:
        raise CommandError("--watch is for people, --json for programs: not both", Exit.USAGE)
    with house_for(data) as house:
        if removed:
            _list_removed(house, as_json=as_json)
        elif as_json:
            print_json([describe(house, camera) for camera in house.cameras.every()])
        elif watching:
            watch(lambda: camera_table(house))
        else:
            out.print(camera_table(house))


@app.command()
def show(
    camera: Annotated[str, typer.Argument(help="Its id")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one camera."""
    with house_for(data) as house:
        described = describe(house, find_camera(house, camera))
    if as_json:
        print_json(described)
    else:
        print_table(["", ""], [[name, value] for name, value in _flat(described)])


@app.command()
def remove(
    camera: Annotated[str, typer.Argument(help="Its id")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for its title")] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Delete its footage now: it cannot be taken back")
    ] = False,
    data: DataOption = None,
) -> None:
    """Remove a camera and all that is kept of it; for a day it can be taken back."""
    now_ms = int(time.time() * 1000)
    with house_for(data) as house:
        found = find_camera(house, camera)
        if not yes and typer.prompt(f"Its title, {found.title!r}, to remove it") != found.title:
            raise CommandError("that is not its title: nothing was removed", Exit.USAGE)
        if now:
            house.cameras.remove_for_good(found.id, now_ms=now_ms)
        else:
            until_ms = house.cameras.remove(found.id, now_ms=now_ms)
        note(house, "camera.removed", found.id, title=found.title)
    text = f"removed {found.id} {found.title!r}"
    out.print(text if now else f"{text}; it can be restored until {format_ms(until_ms)}", markup=False)


@app.command()
def restore(camera: Annotated[str, typer.Argument(help="Its id")], data: DataOption = None) -> None:
    """Take back a camera that was removed less than a day ago, with all its footage."""
    try:
        wanted = UUID(camera)
    except ValueError:
        raise CommandError(f"{camera!r} is not a camera id", Exit.USAGE) from None
    with house_for(data) as house:
        found = house.cameras.restore(wanted)
        note(house, "camera.restored", found.id, title=found.title)
    out.print(f"restored {found.id} {found.title!r}", markup=False)


@app.command()
def revoke_links(camera: Annotated[str, typer.Argument(help="Its id")], data: DataOption = None) -> None:
    """Make every link to a camera's archive worthless."""
    with house_for(data) as house:
        found = find_camera(house, camera)
        house.cameras.revoke_links(found.id)
        note(house, "links.revoked", found.id)
    out.print(f"every link to {camera} is revoked", markup=False)


def token(
    camera: Annotated[str, typer.Argument(help="The camera's id")],
    ttl: Annotated[str, typer.Option(help="How long it is valid: 90s, 30m, 24h, 7d")] = "24h",
    from_time: Annotated[
        str | None,
        typer.Option("--from", help="First moment it opens: ISO 8601 with zone, or Unix ms"),
    ] = None,
    to_time: Annotated[
        str | None, typer.Option("--to", help="Moment up to which it opens: the same forms")
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a signed link to a camera's archive."""
    limits = [None if text is None else moment_of(text) for text in (from_time, to_time)]
    wanted = Token(int(time.time()) + seconds_of(ttl), *limits)
    with house_for(data) as house:
        found = find_camera(house, camera)
        made = make_link(house, found, wanted)
        note(house, "token.made", found.id, **about_token(wanted, str(made["signature"])))
    if as_json:
        print_json(made)
        return
    for name in ("archiveApiUrl", "signature", "exp", "curl", "player", "live", "page"):
        out.print(f"{name:14} {made[name]}", markup=False)


def make_link(house: House, camera: Camera, wanted: Token) -> dict[str, object]:
    """A token for the camera's archive, and links made with it."""
    archive = house.cameras.archive_of(camera)
    signature = sign(house.signing_keys.all()[0], archive.id, archive.token_epoch, wanted)
    settings = house.settings
    base = str(settings.public_url or settings.origin).rstrip("/")
    url, query = f"{base}/archives/{archive.id}", wanted.query(signature)
    limits = {
        name: value for name, value in (("from", wanted.from_ms), ("to", wanted.to_ms)) if value is not None
    }
    return {
        "archiveApiUrl": url,
        "signature": signature,
        "exp": wanted.exp,
        **limits,
        "curl": f"curl '{url}/timeline?{query}'",
        "player": f"{url}/index.m3u8?{query}",
        "live": f"{url}/live.m3u8?{query}",
        "page": f"{base}/#title={quote(camera.title)}&link={quote(f'{url}?{query}', safe='')}",
    }


def _list_removed(house: House, *, as_json: bool) -> None:
    found = [
        {"id": str(one.id), "title": one.title, "until": format_ms(one.until_ms)}
        for one in house.cameras.bin()
    ]
    if as_json:
        print_json(found)
    else:
        print_table(["id", "title", "until"], [list(one.values()) for one in found])


def describe(house: House, camera: Camera) -> dict[str, Any]:
    """A camera, what is kept of it, and how its recording goes."""
    archive = house.cameras.archive_of(camera)
    totals = house.index.totals(archive)
    now_ms = int(time.time() * 1000)
    retention = Retention(house.index, house.index)
    locked_bytes = retention.locked_bytes(now_ms).get(archive.number, 0)
    kept = kept_for(camera, totals, retention.report(), now_ms=now_ms, locked_bytes=locked_bytes)
    written = house.cameras.statuses([archive]).get(archive.number)
    return {
        "id": str(camera.id),
        "archiveId": str(camera.archive_id),
        "title": camera.title,
        "archiveDays": camera.archive_days,
        "archiveBytes": camera.archive_bytes,
        "hasSource": camera.has_source,
        "transport": camera.transport,
        "isRecorded": camera.is_recorded,
        "isAudioRecorded": camera.is_audio_recorded,
        "first": None if totals is None else format_ms(totals.first_ms),
        "last": None if totals is None else format_ms(totals.last_ms),
        "bytes": 0 if totals is None else totals.size_bytes,
        "runs": 0 if totals is None else totals.runs,
        "status": msgspec.to_builtins(status_out(camera, written, now_ms, kept)),
    }


def _flat(described: dict[str, Any]) -> list[tuple[str, object]]:
    """Name and value, a line each, what is inside others named after them."""
    lines: list[tuple[str, object]] = []
    for name, value in described.items():
        if isinstance(value, dict):
            lines += [(f"{name}.{inner}", each) for inner, each in _flat(value)]
        else:
            lines.append((name, value))
    return lines


def _title(text: str) -> str:
    if not text.strip():
        raise CommandError("a camera needs a title", Exit.USAGE)
    return text


def _source_url(given: str, data: Path | None) -> str:
    """The URL itself, from wherever it is; whatever is wrong, it is not said: it may hold a password."""
    text = given
    if given == "-":
        text = sys.stdin.readline().strip()
    elif given.startswith(_FROM_ENVIRONMENT):
        text = os.environ.get(given.removeprefix(_FROM_ENVIRONMENT), "")
        if not text:
            raise CommandError("--url: the environment has no such variable", Exit.USAGE)
    if not is_source_url(text):
        raise CommandError(f"--url {SOURCE_URL_WANTED}", Exit.USAGE)
    if is_at_forbidden_address(text, settings_for(data).local_sources):
        raise CommandError(f"--url {SOURCE_ADDRESS_WANTED}", Exit.USAGE)
    return text
