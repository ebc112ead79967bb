"""Locks of a camera's archive: spans that nothing removes while they stand."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, RawBody

from footage.api.audit_api import note
from footage.api.authorisation import require_camera_id, require_key
from footage.api.delivery import AnyRequest
from footage.api.errors import BadRequest, Fault, NotFound
from footage.api.json_bodies import json_answer, read_object
from footage.api.parameters import Query
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.timeline import ALL_TIME, Archive, Lock, Scope

REASON_MAX = 1000
_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
"""One line, with more than spaces in it."""
_Moment = Annotated[float, msgspec.Meta(ge=0, le=ALL_TIME.end_ms)]
_Length = Annotated[float, msgspec.Meta(gt=0, le=ALL_TIME.end_ms)]
_Reason = Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_MAX, pattern=_LINE)]


class LockIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A span to be locked; moments in ms or seconds, as everywhere."""

    start: _Moment
    duration: _Length
    reason: _Reason
    until: _Moment | None = None


_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(LockIn)}


class LockOut(msgspec.Struct, frozen=True, rename="camel"):
    """A lock; moments in ms."""

    id: str
    start: int
    duration: int
    reason: str
    until: int | None
    created: int
    size_bytes: int


class LockList(msgspec.Struct, frozen=True, rename="camel"):
    """All locks of a camera that stand, and the bytes that they keep."""

    locks: list[LockOut]
    locked_bytes: int


@get("/v1/cameras/{camera_id:str}/locks")
@in_thread
def list_locks(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> Response[bytes]:
    """The locks that stand, by start."""
    require_key(services, request, Scope.READ)
    archive, now_ms = _archive(services, camera_id), services.now_ms()
    locks = services.retention.locks(archive, now_ms)
    sizes = services.retention.lock_bytes(archive, locks)
    shown = [_lock_out(lock, size_bytes) for lock, size_bytes in zip(locks, sizes, strict=True)]
    size_bytes = services.retention.locked_bytes(now_ms).get(archive.number, 0) if locks else 0
    return json_answer(LockList(shown, size_bytes))


@post("/v1/cameras/{camera_id:str}/locks", status_code=201)
@in_thread
def add_lock(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], body: RawBody
) -> Response[bytes]:
    """Lock a span."""
    caller = require_key(services, request, Scope.WRITE)
    archive, now_ms = _archive(services, camera_id), services.now_ms()
    given = _read_body(body)
    # The numbers are read by the rules of all spans.
    numbers = {"start": given.start, "duration": given.duration, "until": given.until}
    fields = (f"{name}={number!r}" for name, number in numbers.items() if number is not None)
    query = Query("&".join(fields).encode("ascii"))
    span, until_ms = query.span(), query.moment("until")
    query.check()
    if until_ms is not None and until_ms <= now_ms:
        raise BadRequest(Fault("until", "must lie in the future"))
    reason = given.reason.strip()
    lock = services.retention.lock(archive, span, reason, now_ms=now_ms, until_ms=until_ms)
    made = _lock_out(lock, *services.retention.lock_bytes(archive, [lock]))
    said = {"lock": made.id, "start": made.start, "duration": made.duration, "reason": made.reason}
    note(services, request, caller, "lock.added", archive.camera_id, **said)
    return json_answer(made, status_code=201)


@delete("/v1/cameras/{camera_id:str}/locks/{lock_id:str}", status_code=204)
@in_thread
def remove_lock(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], lock_id: FromPath[str]
) -> None:
    """Unlock."""
    caller = require_key(services, request, Scope.WRITE)
    archive = _archive(services, camera_id)
    try:
        wanted = UUID(lock_id)
    except ValueError:
        raise NotFound("Lock not found") from None
    if not services.retention.unlock(archive, wanted):
        raise NotFound("Lock not found")
    note(services, request, caller, "lock.removed", archive.camera_id, lock=str(wanted))


ROUTES = (list_locks, add_lock, remove_lock)


def _archive(services: Services, camera_id: str) -> Archive:
    return services.cameras.archive_of(services.cameras.get(require_camera_id(camera_id)))


def _read_body(body: bytes) -> LockIn:
    """A lock as it is asked for. Raises BadRequest with every fault."""
    given = read_object(body)
    faults = [Fault(name, "is not a field of a lock") for name in given if name not in _FIELDS]
    fields = {}
    for name, field in _FIELDS.items():
        if name not in given:
            faults += [Fault(name, "is needed")] if field.required else []
            continue
        try:
            fields[name] = msgspec.convert(given[name], field.type)
        except msgspec.ValidationError as error:
            faults.append(Fault(name, str(error)))
    if faults:
        raise BadRequest(*faults)
    return LockIn(**fields)


def _lock_out(lock: Lock, size_bytes: int) -> LockOut:
    span = lock.span
    return LockOut(
        str(lock.id),
        span.start_ms,
        span.duration_ms,
        lock.reason,
        lock.until_ms,
        lock.created_ms,
        size_bytes,
    )
