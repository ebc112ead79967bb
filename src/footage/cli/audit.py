"""``footage audit``, and how commands add to the log that it shows."""

from __future__ import annotations

import getpass
import time
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from footage.api.audit_words import PAGE_MAX, entry_out
from footage.archive.index import AuditEntry, AuditFilter
from footage.cli.opening import house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    print_json,
    print_table,
)
from footage.cli.times import moment_of
from footage.house import House


def audit(
    camera: Annotated[str | None, typer.Option(help="Only of this camera: its id", metavar="UUID")] = None,
    actor: Annotated[str | None, typer.Option(help="Only by this key, link or user")] = None,
    action: Annotated[str | None, typer.Option(help="Only this, such as camera.removed")] = None,
    from_time: Annotated[
        str | None, typer.Option("--from", help="Since when: ISO 8601 with zone, or Unix ms")
    ] = None,
    to_time: Annotated[str | None, typer.Option("--to", help="Until when: the same forms")] = None,
    limit: Annotated[int, typer.Option(help="How many, the newest first", min=1, max=PAGE_MAX)] = 100,
    before: Annotated[
        int | None, typer.Option(help="Only entries of a lower id: the next page", min=0)
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who did what to which camera, the newest first."""
    try:
        camera_id = None if camera is None else UUID(camera)
    except ValueError:
        raise CommandError(f"{camera!r} is not a camera id", Exit.USAGE) from None
    wanted = AuditFilter(
        camera_id=camera_id,
        actor=actor,
        action=action,
        from_ms=None if from_time is None else moment_of(from_time),
        to_ms=None if to_time is None else moment_of(to_time),
    )
    with house_for(data) as house:
        entries = [entry_out(entry) for entry in house.audit.page(wanted, limit=limit, before=before)]
    if as_json:
        print_json(msgspec.to_builtins(entries))
        return
    rows: list[list[object]] = [
        [one.id, one.at, one.actor, one.via, one.address, one.action, one.camera_id, _words(one.detail)]
        for one in entries
    ]
    print_table(["id", "at", "actor", "via", "address", "action", "camera", "detail"], rows)


def note(house: House, action: str, camera_id: UUID | None = None, **detail: Any) -> None:
    """Note what a command has done, in the name of the user who ran it."""
    house.audit.note(
        AuditEntry(
            at_ms=int(time.time() * 1000),
            actor=_user(),
            via="command",
            action=action,
            camera_id=camera_id,
            detail=detail,
        )
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _words(detail: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items())
