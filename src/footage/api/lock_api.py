"""Locks of a camera's archive: spans that nothing removes while they stand."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, delete, get, post
from litestar.params import FromPath, RawBody

from footage.api.authorisation import require_camera_id, require_key
from footage.api.delivery import AnyRequest
from footage.api.errors import BadRequest, Fault, NotFound
from footage.api.json_bodies import json_answer, read_object
from footage.api.parameters import Query
from footage.api.services import Injected, Services
from footage.api.threads import in_thread
from footage.timeline import Archive, Lock

REASON_MAX = 1000


class LockIn(msgspec.Struct, frozen=True):
    """A span to be locked; moments in ms or seconds, as everywhere."""

    start: float
    duration: float
    reason: str
    until: float | msgspec.UnsetType | None = msgspec.UNSET


class LockOut(msgspec.Struct, frozen=True):
    """A lock; moments in ms."""

    id: str
    start: int
    duration: int
    reason: str
    until: int | None
    created: int


class LockList(msgspec.Struct, frozen=True, rename="camel"):
    """All locks of a camera that stand, and the bytes that they keep."""

    locks: list[LockOut]
    locked_bytes: int


@get("/v1/cameras/{camera_id:str}/locks")
@in_thread
def list_locks(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> Response[bytes]:
    """The locks that stand, by start."""
    archive, now_ms = _archive(request, services, camera_id), services.now_ms()
    locks = [_lock_out(lock) for lock in services.retention.locks(archive, now_ms)]
    size_bytes = services.retention.locked_bytes(now_ms).get(archive.number, 0) if locks else 0
    return json_answer(LockList(locks, size_bytes))


@post("/v1/cameras/{camera_id:str}/locks", status_code=201)
@in_thread
def add_lock(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], body: RawBody
) -> Response[bytes]:
    """Lock a span."""
    archive, now_ms = _archive(request, services, camera_id), services.now_ms()
    given = read_object(body)
    query = _as_query(given)
    query.length("duration")
    span, until_ms = query.span(), query.moment("until")
    query.check()
    if until_ms is not None and until_ms <= now_ms:
        raise BadRequest(Fault("until", "must lie in the future"))
    reason = given["reason"].strip()
    lock = services.retention.lock(archive, span, reason, now_ms=now_ms, until_ms=until_ms)
    return json_answer(_lock_out(lock), status_code=201)


@delete("/v1/cameras/{camera_id:str}/locks/{lock_id:str}", status_code=204)
@in_thread
def remove_lock(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], lock_id: FromPath[str]
) -> None:
    """Unlock."""
    archive = _archive(request, services, camera_id)
    try:
        wanted = UUID(lock_id)
    except ValueError:
        raise NotFound("Lock not found") from None
    if not services.retention.unlock(archive, wanted):
        raise NotFound("Lock not found")


ROUTES = (list_locks, add_lock, remove_lock)


def _archive(request: AnyRequest, services: Services, camera_id: str) -> Archive:
    require_key(services, request)
    return services.cameras.archive_of(services.cameras.get(require_camera_id(camera_id)))


def _as_query(given: dict[str, Any]) -> Query:
    """The numbers of a body, to be read by the rules of all spans. Raises BadRequest."""
    faults = [
        Fault(name, "is not a field of a lock") for name in given if name not in LockIn.__struct_fields__
    ]
    faults += [Fault(name, "is needed") for name in ("start", "duration", "reason") if name not in given]
    numbers = {}
    for name in ("start", "duration", "until"):
        value = given.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            numbers[name] = repr(value)
        elif name in given and not (name == "until" and value is None):
            faults.append(Fault(name, "must be a number"))
    reason = given.get("reason", "-")
    if not isinstance(reason, str) or not reason.strip() or not _fits(reason):
        faults.append(Fault("reason", f"must be a line of 1 to {REASON_MAX} characters"))
    if faults:
        raise BadRequest(*faults)
    return Query("&".join(f"{name}={text}" for name, text in numbers.items()).encode("ascii"))


def _fits(reason: str) -> bool:
    return len(reason) <= REASON_MAX and reason.isprintable()


def _lock_out(lock: Lock) -> LockOut:
    span = lock.span
    return LockOut(
        str(lock.id), span.start_ms, span.duration_ms, lock.reason, lock.until_ms, lock.created_ms
    )
