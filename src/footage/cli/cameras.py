"""``footage camera`` and ``footage token``."""

from __future__ import annotations

import re
import time
from typing import Annotated
from urllib.parse import quote
from uuid import UUID, uuid4

import typer

from footage.access.tokens import Token, sign
from footage.archive.read import Reader
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    find_camera,
    house_for,
    out,
    print_json,
    print_table,
)
from footage.server import House
from footage.timeline import Camera, format_ms, parse_time

app = typer.Typer(help="Cameras: add, list, show, remove.", no_args_is_help=True)

_TTL = re.compile(r"(\d{1,9})([smhd]?)")
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_PAGE = 500


@app.command()
def add(
    title: Annotated[str, typer.Argument(help="What people call it")],
    camera_id: Annotated[
        str | None, typer.Option("--id", help="Its UUID; left out, one is made", metavar="UUID")
    ] = None,
    days: Annotated[int | None, typer.Option(help="Days of archive to keep", min=1)] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a camera, and an empty archive for it."""
    try:
        wanted = UUID(camera_id) if camera_id else uuid4()
    except ValueError:
        raise CommandError(f"{camera_id!r} is not a UUID", Exit.USAGE) from None
    if not title.strip():
        raise CommandError("a camera needs a title", Exit.USAGE)
    with house_for(data) as house:
        camera = house.cameras.add(
            Camera(
                id=wanted,
                archive_id=uuid4(),
                title=title,
                archive_days=days,
                created_ms=int(time.time() * 1000),
            )
        )
        described = describe(house, camera)
    if as_json:
        print_json(described)
    else:
        out.print(f"added {camera.id} {camera.title!r}", markup=False)


@app.command("list")
def list_cameras(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List every camera with what is kept of it."""
    with house_for(data) as house:
        described = []
        after = None
        while page := house.cameras.page(limit=_PAGE, after=after):
            described += [describe(house, camera) for camera in page]
            after = (page[-1].title, page[-1].id)
    if as_json:
        print_json(described)
        return
    print_table(
        ["id", "title", "first", "last", "bytes", "runs"],
        [[c["id"], c["title"], c["first"], c["last"], c["bytes"], c["runs"]] for c in described],
    )


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
        print_table(["", ""], [[name, value] for name, value in described.items()])


@app.command()
def remove(
    camera: Annotated[str, typer.Argument(help="Its id")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
    data: DataOption = None,
) -> None:
    """Remove a camera and all that is kept of it."""
    with house_for(data) as house:
        found = find_camera(house, camera)
        if not yes:
            typer.confirm(f"Remove {found.title!r} and all its footage?", abort=True)
        house.cameras.remove(found.id)
    out.print(f"removed {found.id} {found.title!r}", markup=False)


@app.command()
def revoke_links(camera: Annotated[str, typer.Argument(help="Its id")], data: DataOption = None) -> None:
    """Make every link to a camera's archive worthless."""
    with house_for(data) as house:
        house.cameras.revoke_links(find_camera(house, camera).id)
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
    limits = [_moment(text) for text in (from_time, to_time)]
    wanted = Token(int(time.time()) + _seconds(ttl), *limits)
    with house_for(data) as house:
        made = make_link(house, find_camera(house, camera), wanted)
    if as_json:
        print_json(made)
        return
    for name in ("archiveApiUrl", "signature", "exp", "curl", "player", "page"):
        out.print(f"{name:14} {made[name]}", markup=False)


def make_link(house: House, camera: Camera, wanted: Token) -> dict[str, object]:
    """A token for the camera's archive, and links made with it."""
    archive = house.cameras.archive_of(camera)
    signature = sign(house.signing_keys.all()[0], archive.id, archive.token_epoch, wanted)
    settings = house.settings
    base = str(settings.public_url or f"http://{settings.host}:{settings.port}").rstrip("/")
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
        "page": f"{base}/#title={quote(camera.title)}&link={quote(f'{url}?{query}', safe='')}",
    }


def describe(house: House, camera: Camera) -> dict[str, object]:
    """A camera and what is kept of it."""
    totals = Reader(house.index, house.storage).totals(house.cameras.archive_of(camera))
    return {
        "id": str(camera.id),
        "archiveId": str(camera.archive_id),
        "title": camera.title,
        "archiveDays": camera.archive_days,
        "first": None if totals is None else format_ms(totals.first_ms),
        "last": None if totals is None else format_ms(totals.last_ms),
        "bytes": 0 if totals is None else totals.size_bytes,
        "runs": 0 if totals is None else totals.runs,
    }


def _moment(text: str | None) -> int | None:
    try:
        return None if text is None else parse_time(text)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None


def _seconds(text: str) -> int:
    match = _TTL.fullmatch(text.strip())
    if match is None or not int(match[1]):
        raise CommandError(f"{text!r} is not a length of time such as 24h", Exit.USAGE)
    return int(match[1]) * _SECONDS[match[2]]
