"""The Integration API: cameras, for programs that hold an integration key."""

from __future__ import annotations

import base64
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.params import FromPath, RawBody

from footage.access.tokens import Token
from footage.api.audit_api import note
from footage.api.authorisation import Caller, fresh_token, known_key, require_camera_id, require_key
from footage.api.camera_status import known_status, status_out
from footage.api.delivery import AnyRequest
from footage.api.errors import BadRequest, Conflict, Fault
from footage.api.json_bodies import json_answer, read_object, whole
from footage.api.links import archive_url, base_url
from footage.api.parameters import Query
from footage.api.services import Injected, Services
from footage.api.source_urls import (
    SOURCE_ADDRESS_WANTED,
    SOURCE_URL_MAX,
    SOURCE_URL_WANTED,
    is_at_forbidden_address,
    is_source_url,
)
from footage.api.threads import in_thread
from footage.archive.keep import kept_for
from footage.timeline import Archive, Camera, CameraStatus, Location, Place, Scope, format_ms

PAGE_DEFAULT, PAGE_MAX = 100, 1000


class ArchiveApiToken(msgspec.Struct, frozen=True):
    """What to add to ``archiveApiUrl``; ``exp`` is Unix time in seconds."""

    signature: str
    exp: int


class PlaceOut(msgspec.Struct, frozen=True):
    """A named place."""

    id: str
    title: str


class LocationOut(msgspec.Struct, frozen=True):
    """A site and, where known, a room in it."""

    id: str
    title: str
    room: PlaceOut | None = None


class CameraOut(msgspec.Struct, frozen=True, rename="camel"):
    """A camera as a client sees it; what is not known is null."""

    id: str
    device_id: str | None
    title: str
    preview_url: str | None
    archive_api_token: ArchiveApiToken
    archive_api_url: str
    archive_days: int | None
    archive_bytes: int | None
    live_rtsp_url: str | None
    live_hls_url: str | None
    is_online: bool
    last_online_date: str | None
    camera_model: str | None
    platform: str | None
    serial_number: str | None
    firmware_version: str | None
    application_version: str | None
    is_owner: bool
    is_full_access: bool
    is_archive_granted: bool
    is_audio_granted: bool
    temp_access_expiry_date: str | None
    location: LocationOut | None
    transport: str
    is_recorded: bool
    is_audio_recorded: bool


class CameraPage(msgspec.Struct, frozen=True):
    """A page of cameras; ``next`` is handed back as ``after`` for the page that follows."""

    cameras: list[CameraOut]
    next: str | None


class RemovedCamera(msgspec.Struct, frozen=True):
    """A camera that was removed and can be taken back until a moment, in ms."""

    id: str
    title: str
    until: int


class RemovedCameras(msgspec.Struct, frozen=True):
    """All of those."""

    cameras: list[RemovedCamera]


class Validity(msgspec.Struct, frozen=True, rename="camel"):
    """Whether an integration key is good."""

    is_valid: bool


_PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
_Title = Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=_PRINTABLE)]
_Text = Annotated[str, msgspec.Meta(max_length=256, pattern=_PRINTABLE)]
_Url = Annotated[str, msgspec.Meta(max_length=SOURCE_URL_MAX)]
_Days = Annotated[int, msgspec.Meta(ge=1, le=36_500)]
_Bytes = Annotated[int, msgspec.Meta(ge=1 << 20, le=1 << 60)]


class PlaceIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A named place."""

    id: _Text
    title: _Text


class LocationIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site and, where known, a room in it."""

    id: _Text
    title: _Text
    room: PlaceIn | None = None


class CameraIn(msgspec.Struct, frozen=True, rename="camel"):
    """What may be said of a camera, when it is added (``title`` is needed) or changed."""

    title: _Title | msgspec.UnsetType = msgspec.UNSET
    archive_days: _Days | msgspec.UnsetType | None = msgspec.UNSET
    archive_bytes: _Bytes | msgspec.UnsetType | None = msgspec.UNSET
    source_url: _Url | msgspec.UnsetType | None = msgspec.UNSET
    device_id: _Text | msgspec.UnsetType | None = msgspec.UNSET
    camera_model: _Text | msgspec.UnsetType | None = msgspec.UNSET
    platform: _Text | msgspec.UnsetType | None = msgspec.UNSET
    serial_number: _Text | msgspec.UnsetType | None = msgspec.UNSET
    firmware_version: _Text | msgspec.UnsetType | None = msgspec.UNSET
    application_version: _Text | msgspec.UnsetType | None = msgspec.UNSET
    location: LocationIn | msgspec.UnsetType | None = msgspec.UNSET
    transport: Literal["tcp", "udp"] | msgspec.UnsetType = msgspec.UNSET
    is_recorded: bool | msgspec.UnsetType = msgspec.UNSET
    is_audio_recorded: bool | msgspec.UnsetType = msgspec.UNSET


_FIELDS = {field.encode_name: field for field in msgspec.structs.fields(CameraIn)}


@post("/v1/integration-key/validate", status_code=200)
@in_thread
def validate_key(request: AnyRequest, services: Injected) -> Response[bytes]:
    """Tell whether a key is good."""
    return json_answer(Validity(known_key(services, request) is not None))


@get("/v1/cameras")
@in_thread
def list_cameras(request: AnyRequest, services: Injected) -> Response[bytes]:
    """A page of cameras, by title."""
    caller = require_key(services, request, Scope.READ)
    query = Query(request.scope["query_string"])
    limit = query.whole("limit", 1, PAGE_MAX) or PAGE_DEFAULT
    after = _read_cursor(query)
    query.check()
    found = services.cameras.page(limit=limit + 1, after=after)
    pairs = services.cameras.archives_of(found[:limit])
    statuses = services.cameras.statuses([archive for _, archive in pairs])
    shown = [
        _camera_out(
            services, request, caller, camera, archive=archive, written=statuses.get(archive.number)
        )
        for camera, archive in pairs
    ]
    last = found[limit - 1] if len(found) > limit else None
    return json_answer(CameraPage(shown, None if last is None else _cursor(last)))


@post("/v1/cameras", status_code=201)
@in_thread
def add_camera(request: AnyRequest, services: Injected, body: RawBody) -> Response[bytes]:
    """Add a camera, and an empty archive for it."""
    caller = require_key(services, request, Scope.WRITE)
    fields = _read_body(services, body, needs_title=True)
    source_url = fields.pop("source_url", None)
    camera = Camera(id=uuid4(), archive_id=uuid4(), created_ms=services.now_ms(), **fields)
    added = services.cameras.add(camera, source_url)
    note(services, request, caller, "camera.added", added.id, title=added.title)
    return json_answer(_one_camera(services, request, caller, added), status_code=201)


@get("/v1/cameras/{camera_id:str}")
@in_thread
def show_camera(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> Response[bytes]:
    """One camera, with a fresh token."""
    caller = require_key(services, request, Scope.READ)
    camera = services.cameras.get(require_camera_id(camera_id))
    return json_answer(_one_camera(services, request, caller, camera))


@get("/v1/cameras/{camera_id:str}/status")
@in_thread
def show_status(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> Response[bytes]:
    """How the recording of a camera goes."""
    require_key(services, request, Scope.READ)
    camera = services.cameras.get(require_camera_id(camera_id))
    now_ms, archive = services.now_ms(), services.cameras.archive_of(camera)
    kept = kept_for(
        camera,
        services.reader.totals(archive),
        services.retention.report(),
        now_ms=now_ms,
        locked_bytes=services.retention.locked_bytes(now_ms).get(archive.number, 0),
    )
    return json_answer(status_out(camera, services.cameras.status(camera), now_ms, kept))


@patch("/v1/cameras/{camera_id:str}")
@in_thread
def change_camera(
    request: AnyRequest, services: Injected, camera_id: FromPath[str], body: RawBody
) -> Response[bytes]:
    """Change the fields that are given; null empties one."""
    caller = require_key(services, request, Scope.WRITE)
    wanted = require_camera_id(camera_id)
    changes = _read_body(services, body, needs_title=False)
    camera = services.cameras.change(wanted, changes)
    # What was changed, and not to what: a source's URL may hold a password.
    note(services, request, caller, "camera.changed", wanted, fields=sorted(changes))
    return json_answer(_one_camera(services, request, caller, camera))


@delete("/v1/cameras/{camera_id:str}", status_code=204)
@in_thread
def remove_camera(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> None:
    """Take a camera and all that is kept of it out of sight; for a day it can be taken back."""
    caller = require_key(services, request, Scope.ADMIN)
    wanted = require_camera_id(camera_id)
    title, given = services.cameras.get(wanted).title, Query(request.scope["query_string"]).text("title")
    if given is not None and given != title:
        raise Conflict("The camera has another title")
    services.cameras.remove(wanted, now_ms=services.now_ms())
    note(services, request, caller, "camera.removed", wanted, title=title)


@get("/v1/removed-cameras")
@in_thread
def list_removed(request: AnyRequest, services: Injected) -> Response[bytes]:
    """Cameras that were removed and can be taken back, by title."""
    require_key(services, request, Scope.ADMIN)
    found = [RemovedCamera(str(one.id), one.title, one.until_ms) for one in services.cameras.bin()]
    return json_answer(RemovedCameras(found))


@post("/v1/cameras/{camera_id:str}/restore", status_code=200)
@in_thread
def restore_camera(request: AnyRequest, services: Injected, camera_id: FromPath[str]) -> Response[bytes]:
    """Take back a camera that was removed."""
    caller = require_key(services, request, Scope.ADMIN)
    camera = services.cameras.restore(require_camera_id(camera_id))
    note(services, request, caller, "camera.restored", camera.id, title=camera.title)
    return json_answer(_one_camera(services, request, caller, camera))


ROUTES = (
    validate_key,
    list_cameras,
    add_camera,
    show_camera,
    show_status,
    change_camera,
    remove_camera,
    list_removed,
    restore_camera,
)


def _one_camera(services: Services, request: AnyRequest, caller: Caller, camera: Camera) -> CameraOut:
    archive = services.cameras.archive_of(camera)
    written = services.cameras.statuses([archive]).get(archive.number)
    return _camera_out(services, request, caller, camera, archive=archive, written=written)


def _camera_out(
    services: Services,
    request: AnyRequest,
    caller: Caller,
    camera: Camera,
    *,
    archive: Archive,
    written: CameraStatus | None,
) -> CameraOut:
    token = Token(int(services.clock()) + services.token_ttl_s)
    signature = fresh_token(services, archive, token)
    url = archive_url(base_url(services, request), camera.archive_id)
    status = known_status(camera, written, services.now_ms())
    last_packet_ms = status.last_packet_ms
    return CameraOut(
        id=str(camera.id),
        device_id=camera.device_id,
        title=camera.title,
        preview_url=f"{url}/preview?{token.query(signature)}",
        archive_api_token=ArchiveApiToken(signature, token.exp),
        archive_api_url=url,
        archive_days=camera.archive_days,
        archive_bytes=camera.archive_bytes,
        live_rtsp_url=None,
        live_hls_url=f"{url}/live.m3u8?{token.query(signature)}" if camera.is_to_be_recorded else None,
        is_online=status.is_online,
        last_online_date=None if last_packet_ms is None else format_ms(last_packet_ms),
        camera_model=camera.camera_model,
        platform=camera.platform,
        serial_number=camera.serial_number,
        firmware_version=camera.firmware_version,
        application_version=camera.application_version,
        is_owner=caller.scope.includes(Scope.ADMIN),
        is_full_access=caller.scope.includes(Scope.WRITE),
        # A key sees everything.
        is_archive_granted=True,
        is_audio_granted=True,
        temp_access_expiry_date=None,
        location=None if camera.location is None else _location_out(camera.location),
        transport=camera.transport,
        is_recorded=camera.is_recorded,
        is_audio_recorded=camera.is_audio_recorded,
    )


def _location_out(location: Location) -> LocationOut:
    room = location.room
    return LocationOut(location.id, location.title, None if room is None else PlaceOut(room.id, room.title))


def _read_body(services: Services, body: bytes, *, needs_title: bool) -> dict[str, Any]:
    """The fields that a body gives, by their names in Camera. Raises BadRequest with every fault."""
    given = read_object(body)
    faults = [Fault(name, "is not a field of a camera") for name in given if name not in _FIELDS]
    if needs_title and "title" not in given:
        faults.append(Fault("title", "is needed"))
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name in _FIELDS:
            try:
                fields[_FIELDS[name].name] = msgspec.convert(whole(value), _FIELDS[name].type)
            except msgspec.ValidationError as error:
                faults.append(Fault(name, str(error)))
    # Its fault is told without the URL: it may hold a password.
    if (source_url := fields.get("source_url")) is not None:
        if not is_source_url(source_url):
            faults.append(Fault("sourceUrl", SOURCE_URL_WANTED))
        elif is_at_forbidden_address(source_url, services.local_sources):
            faults.append(Fault("sourceUrl", SOURCE_ADDRESS_WANTED))
    if faults:
        raise BadRequest(*faults)
    if isinstance(place := fields.get("location"), LocationIn):
        room = None if place.room is None else Place(place.room.id, place.room.title)
        fields["location"] = Location(place.id, place.title, room)
    return fields


def _cursor(camera: Camera) -> str:
    text = msgspec.json.encode([camera.title, str(camera.id)])
    return base64.urlsafe_b64encode(text).decode("ascii")


def _read_cursor(query: Query) -> tuple[str, UUID] | None:
    if not query.has("after"):
        return None
    try:
        text = base64.urlsafe_b64decode(query.text("after") or "")
        return msgspec.json.decode(text, type=tuple[str, UUID])
    except ValueError:
        raise BadRequest(Fault("after", "must be the next of a page before")) from None
