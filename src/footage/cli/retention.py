"""``footage lock``, and ``footage retention``: what is removed, when, and what is not."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID, uuid4

import typer

from footage.archive.errors import LeaseLost
from footage.archive.keep import Retention
from footage.archive.keeper_report import Report
from footage.archive.retention import Plan
from footage.archive.retention_words import NO_ROOM, refusal_words, size_words
from footage.cli.audit import note
from footage.cli.opening import find_camera, house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    out,
    print_json,
    print_table,
)
from footage.house import House
from footage.keeper_process import keeper_of, read_clock
from footage.timeline import Lock, Span, format_ms, parse_time

app = typer.Typer(help="What is removed: plan, now, accept-clock.", no_args_is_help=True)
lock_app = typer.Typer(help="Spans that nothing removes: add, list, remove.", no_args_is_help=True)

_WAIT_S = 15.0


@lock_app.command("add")
def add_lock(
    camera: Annotated[str, typer.Argument(help="The camera's id")],
    start: Annotated[str, typer.Argument(help="First moment: ISO 8601 with zone, or Unix ms")],
    end: Annotated[str, typer.Argument(help="Moment up to which it goes: the same forms")],
    reason: Annotated[str, typer.Option(help="Why, in your words")],
    until: Annotated[
        str | None, typer.Option(help="When it ends by itself: the same forms", show_default=False)
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Lock a span: no limit removes it while the lock stands."""
    start_ms, end_ms = _moment(start), _moment(end)
    until_ms = None if until is None else _moment(until)
    now_ms = time.time_ns() // 1_000_000
    if end_ms <= start_ms:
        raise CommandError("a lock ends after it starts", Exit.USAGE)
    if until_ms is not None and until_ms <= now_ms:
        raise CommandError("--until must lie in the future", Exit.USAGE)
    if not reason.strip():
        raise CommandError("a lock needs a reason", Exit.USAGE)
    with house_for(data) as house:
        archive = house.cameras.archive_of(find_camera(house, camera))
        lock = Retention(house.index, house.index).lock(
            archive, Span(start_ms, end_ms), reason.strip(), now_ms=now_ms, until_ms=until_ms
        )
        said = {"lock": str(lock.id), "start": start_ms, "duration": end_ms - start_ms}
        note(house, "lock.added", archive.camera_id, **said, reason=lock.reason)
    if as_json:
        print_json(_described(lock))
    else:
        out.print(f"locked {lock.span} ({lock.id})", markup=False)


@lock_app.command("list")
def list_locks(
    camera: Annotated[str, typer.Argument(help="The camera's id")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the locks of a camera that stand, and the bytes that they keep."""
    now_ms = time.time_ns() // 1_000_000
    with house_for(data) as house:
        archive = house.cameras.archive_of(find_camera(house, camera))
        retention = Retention(house.index, house.index)
        locks = [_described(lock) for lock in retention.locks(archive, now_ms)]
        size_bytes = retention.locked_bytes(now_ms).get(archive.number, 0)
    if as_json:
        print_json({"locks": locks, "lockedBytes": size_bytes})
        return
    print_table(list(locks[0]) if locks else ["id"], [list(lock.values()) for lock in locks])
    out.print(f"{size_words(size_bytes)} locked", markup=False)


@lock_app.command("remove")
def remove_lock(
    camera: Annotated[str, typer.Argument(help="The camera's id")],
    lock: Annotated[str, typer.Argument(help="The lock's id")],
    data: DataOption = None,
) -> None:
    """Unlock."""
    try:
        wanted = UUID(lock)
    except ValueError:
        raise CommandError(f"{lock!r} is not a lock's id", Exit.USAGE) from None
    with house_for(data) as house:
        archive = house.cameras.archive_of(find_camera(house, camera))
        if not Retention(house.index, house.index).unlock(archive, wanted):
            raise CommandError(f"the camera has no lock {wanted}", Exit.NOT_FOUND)
        note(house, "lock.removed", archive.camera_id, lock=str(wanted))
    out.print(f"unlocked {wanted}", markup=False)


@app.command("plan")
def show_plan(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show what would be removed now, and why; remove nothing."""
    with house_for(data) as house:
        made, report = keeper_of(house, uuid4()).plan_now()
        ids = {one.archive.number: one.archive.camera_id for one in house.index.kept_archives()}
        titles = {camera.id: camera.title for camera in house.cameras.every()}
    cuts = [
        {
            "id": str(ids[cut.number]),
            "title": titles.get(ids[cut.number], "(removed)"),
            "upTo": format_ms(cut.up_to_ms),
            "bytes": cut.size_bytes,
            "limit": cut.limit.value,
        }
        for cut in made.cuts.values()
    ]
    if as_json:
        print_json({"remove": cuts, "refused": report.refusal, "says": _says(made, report)})
        return
    if cuts:
        print_table(list(cuts[0]), [list(cut.values()) for cut in cuts])
    else:
        out.print("nothing is to be removed", markup=False)
    for line in _says(made, report):
        out.print(line, markup=False)


@app.command("now")
def run_now(data: DataOption = None) -> None:
    """Remove now what is to be removed: have the running keeper do it, or do it here where none runs."""
    with house_for(data) as house:
        before = house.index.keeper()
        house.index.want_pass()
        if _is_done_by_another(house, before.beat):
            out.print("the keeper that is running has done it", markup=False)
            return
        keeper = keeper_of(house, before.holder or uuid4())
        try:
            made = keeper.run_once()
        except LeaseLost:
            raise CommandError("another keeper is at work: try again") from None
        finally:
            keeper.close()
        for line in _says(made, keeper.report):
            out.print(line, markup=False)
    out.print("done; bytes are deleted when nobody can be reading them any more", markup=False)


@app.command("accept-clock")
def accept_clock(data: DataOption = None) -> None:
    """Say that the host's clock is right, where retention refused it."""
    now = read_clock()
    with house_for(data) as house:
        house.index.set_seen(now.as_row())
        house.index.want_pass()
    out.print(f"{format_ms(now.wall_ms)} is taken for right", markup=False)


def _is_done_by_another(house: House, beat: int) -> bool:
    """Wait until a keeper has followed; False where none is alive."""
    began, is_alive = time.monotonic(), False
    while time.monotonic() - began < _WAIT_S:
        row = house.index.keeper()
        is_alive = is_alive or row.beat > beat
        if is_alive and not row.is_wanted:
            return True
        if not is_alive and time.monotonic() - began > _WAIT_S / 3:
            return False
        time.sleep(0.1)
    return is_alive


def _says(made: Plan, report: Report) -> list[str]:
    lines = [refusal_words(report)]
    if made.stuck_store is not None:
        lines.append(NO_ROOM[made.stuck_store[0]])
    return [line for line in lines if line]


def _moment(text: str) -> int:
    try:
        return parse_time(text)
    except ValueError as error:
        raise CommandError(str(error), Exit.USAGE) from None


def _described(lock: Lock) -> dict[str, object]:
    return {
        "id": str(lock.id),
        "start": format_ms(lock.span.start_ms),
        "end": format_ms(lock.span.end_ms),
        "reason": lock.reason,
        "until": None if lock.until_ms is None else format_ms(lock.until_ms),
    }
