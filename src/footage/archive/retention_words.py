"""What retention says, in words: the one place, for the API, the command line, the page and the logs."""

from __future__ import annotations

from footage.archive.keeper_report import Refusal, Report
from footage.archive.retention import Limit
from footage.timeline import format_ms

NO_ROOM = {
    Limit.AGE: "",
    Limit.BYTES: "the camera's bytes are reached by footage that is locked or being read",
    Limit.STORE_BYTES: "the store's limit is reached, and all that is left is locked or being read",
    Limit.STORE_FREE: "the disk lacks free space, and all that is left is locked or being read",
}
_UNITS = (("day", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))


def length_words(length_ms: int) -> str:
    """A length of time in its two largest units: ``24 days 3 h``, ``12 min``."""
    left, said = max(length_ms, 0), []
    for unit, unit_ms in _UNITS:
        count, left = divmod(left, unit_ms)
        if count:
            said.append(f"{count} {unit}{'s' if unit == 'day' and count > 1 else ''}")
        if said and (len(said) == 2 or not count):
            break
    return " ".join(said) or "0 s"


def size_words(size_bytes: int) -> str:
    """Bytes in the largest unit that fits, 1 kB being 1000 bytes."""
    size, unit = float(size_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if size >= 100 or unit == "B" else f"{size:.3g} {unit}"


def kept_words(
    limit: Limit | None, *, kept_ms: int, keep_ms: int | None, keep_bytes: int | None, report: Report
) -> str:
    """How long one camera's footage is kept, and what keeps it from being longer."""
    target = "no target" if keep_ms is None else f"target {length_words(keep_ms)}"
    kept = f"{target}, kept {length_words(kept_ms)}"
    match limit:
        case None:
            return f"{kept}: nothing was removed from it yet" if kept_ms else f"{target}, nothing kept yet"
        case Limit.AGE:
            return f"{kept}: as long as it is to be"
        case Limit.BYTES:
            return f"{kept} because the camera's limit of {size_words(keep_bytes or 0)} is reached"
        case Limit.STORE_BYTES:
            return (
                f"{kept} because the store's limit of {size_words(report.max_bytes or 0)} is shared by"
                f" {_cameras(report.cameras)}{_locked(report)}"
            )
        case Limit.STORE_FREE:
            return (
                f"{kept} because the disk's room is shared by {_cameras(report.cameras)}{_locked(report)}"
            )


def store_words(limit: Limit | None, report: Report) -> str:
    """What keeps the store from keeping more, and what follows from it."""
    if limit is None:
        return "no limit of the store is reached"
    if report.stuck_bytes:
        return f"{NO_ROOM[limit]}: recording stops until {size_words(report.stuck_bytes)} of it can go"
    full = (
        f"the store's limit of {size_words(report.max_bytes or 0)} is reached"
        if limit is Limit.STORE_BYTES
        else "the disk's room is used up"
    )
    locked = f", and what is locked, {size_words(report.locked_bytes)}" if report.locked_bytes else ""
    return f"{full}: each camera keeps at most its newest {length_words(report.reach_ms or 0)}{locked}"


def refusal_words(report: Report) -> str | None:
    """Why footage is not removed although limits say so, and what to do; None where nothing is refused."""
    detail = report.refusal_detail
    match report.refusal:
        case None:
            return None
        case Refusal.CLOCK_AHEAD | Refusal.CLOCK_BEHIND:
            where = "ahead of" if report.refusal is Refusal.CLOCK_AHEAD else "behind"
            return (
                f"the host's clock says {format_ms(detail['nowMs'])}, which is far {where} the"
                f" {format_ms(detail['expectedMs'])} that it should be: nothing is removed for its age."
                " Set the clock, or say that it is right: footage retention accept-clock"
            )
        case Refusal.INDEX_EMPTIER:
            return (
                f"the index knows {detail['known']} of the {detail['found']} days that the storage holds:"
                " nothing is removed. Rebuild it: footage check --rebuild"
            )


def _cameras(count: int) -> str:
    return "1 camera" if count == 1 else f"{count} cameras"


def _locked(report: Report) -> str:
    return f", {size_words(report.locked_bytes)} of it locked" if report.locked_bytes else ""
