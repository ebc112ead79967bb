"""The shapes of bodies in the OpenAPI document, read off the structs that are encoded and decoded.

Types and bounds come from the structs. What a type cannot say, a field's meaning and unit, stands
here; a field without a word fails the build of the document.
"""

from __future__ import annotations

from typing import Any

import msgspec

from footage.api.archive_api import Size, TimelineEntry, Totals
from footage.api.audit_api import AuditPage
from footage.api.audit_words import AuditEntryOut
from footage.api.camera_status import KeptForOut, StatusOut
from footage.api.camera_tokens import TTL_MAX_S, TokenIn, TokenOut
from footage.api.errors import PLAYLIST_NOT_FOUND, Fault, Problem
from footage.api.export_jobs_api import ExportIn, ExportOut, ExportPage
from footage.api.integration_api import (
    ArchiveApiToken,
    CameraIn,
    CameraOut,
    CameraPage,
    LocationIn,
    LocationOut,
    PlaceIn,
    PlaceOut,
    RemovedCamera,
    RemovedCameras,
    Validity,
)
from footage.api.lock_api import LockIn, LockList, LockOut
from footage.api.overview import CameraOverview, OverviewOut, StorageOut
from footage.api.session_api import SessionIn, SessionOut
from footage.api.source_urls import SOURCE_SCHEMES
from footage.archive.retention import Limit
from footage.timeline import ExportState, Reason, State

Schema = dict[str, Any]
_TEMPLATE = "#/components/schemas/{name}"
_STRUCTS = (
    Totals,
    TimelineEntry,
    Size,
    Problem,
    CameraIn,
    CameraOut,
    CameraPage,
    StatusOut,
    Validity,
    OverviewOut,
    TokenIn,
    TokenOut,
    SessionIn,
    SessionOut,
    ExportIn,
    ExportOut,
    ExportPage,
    AuditPage,
    LockIn,
    LockOut,
    LockList,
    RemovedCameras,
)
_COMMON_CAMERA = {
    "title": "What people call it.",
    "archiveDays": "Days of archive to keep; null: no limit.",
    "archiveBytes": "Bytes of archive to keep; null: no limit.",
    "deviceId": "The camera's id in the integrator's own system.",
    "cameraModel": "Its model.",
    "platform": "Its hardware platform.",
    "serialNumber": "Its serial number.",
    "firmwareVersion": "Version of its firmware.",
    "applicationVersion": "Version of the application that runs on it.",
    "location": "Where it hangs.",
    "transport": "How RTSP comes: `tcp` (nothing is lost), or `udp`.",
    "isRecorded": "Whether it is to be recorded, where it has a source.",
    "isAudioRecorded": "Whether its sound is kept too.",
}
_PLACE = {"id": "Its id in the integrator's own system.", "title": "Its name."}
_MEANINGS: dict[type[msgspec.Struct], dict[str, str]] = {
    Totals: {
        "id": "The archive.",
        "first": "First moment kept, in ms; null where nothing is kept.",
        "last": "Moment at which what is kept ends, in ms; null where nothing is kept.",
        "bytes": "Bytes of all segments.",
        "runs": "Number of runs: pieces recorded without interruption.",
        "links": "Signed URLs of `timeline`, `playlist`, `live`, `size`, `preview` and `storyboard`.",
    },
    TimelineEntry: {
        "time": "Wall time at which the entry's first segment starts, in ms; may lie before `start`.",
        "duration": "Length of its segments, in ms.",
        "offset": "Where that first segment is in the playlist of the same span, in ms: the moment t"
        " plays at `offset + (t - time)`.",
    },
    Size: {"size": "Bytes of all segments of the span; 0 where nothing is kept."},
    Problem: {
        "type": "Always `about:blank`: the status says it.",
        "title": "The status in words.",
        "status": "The status, once more.",
        "detail": "What is wrong, for people.",
        "instance": "The path that was asked for, never its query.",
        "errors": "Every fault of the request, where it is the request's fault.",
    },
    Fault: {
        "name": "The parameter or the field; `body` for the body as a whole.",
        "detail": "What it must be.",
    },
    ArchiveApiToken: {
        "signature": "Query parameter `signature` of the Archive API.",
        "exp": "Query parameter `exp`: Unix time in **seconds** at which the token ends.",
    },
    PlaceIn: _PLACE,
    PlaceOut: _PLACE,
    LocationIn: {**_PLACE, "room": "The room in it, where known."},
    LocationOut: {**_PLACE, "room": "The room in it, where known."},
    CameraIn: {
        **_COMMON_CAMERA,
        "sourceUrl": "Where its video comes from, password included; kept, used, never given back."
        f" A URL of {', '.join(SOURCE_SCHEMES)}; none that leads to the server itself (`local_sources`).",
    },
    CameraOut: {
        **_COMMON_CAMERA,
        "id": "The camera.",
        "previewUrl": "Signed URL of the newest picture.",
        "archiveApiToken": "A token made for this answer.",
        "archiveApiUrl": "Absolute URL of its archive, without a query.",
        "liveRtspUrl": "Live video over RTSP; null: not offered.",
        "liveHlsUrl": "Signed URL of the live playlist; null where the camera is not to be recorded.",
        "isOnline": "Whether video comes in now.",
        "lastOnlineDate": "When the last picture or sound came, RFC 3339; null: never.",
        "isOwner": "Whether the key's holder owns it.",
        "isFullAccess": "Whether the key's holder may change it.",
        "isArchiveGranted": "Whether the key's holder may see its archive.",
        "isAudioGranted": "Whether the key's holder may hear it.",
        "tempAccessExpiryDate": "When the access ends, RFC 3339; null: it does not.",
    },
    CameraPage: {
        "cameras": "By title, then id.",
        "next": "Give it back as `after` for the page that follows; null on the last.",
    },
    StatusOut: {
        "state": "What the recorder does: `off` (the camera is not to be recorded), `connecting`,"
        " `recording`, `halted` (video comes in and cannot be kept), or `waiting` (until the next try).",
        "reason": "Why it is not recorded, or why what comes is not kept; null where all is well.",
        "detail": "The reason in words; never has the source's URL.",
        "since": "Since when it has been in this state, RFC 3339; null where no recorder ever said.",
        "updated": "When its recorder said so, RFC 3339; null where none ever did.",
        "isOnline": "Whether video comes in now.",
        "lastPacket": "When the last picture or sound came, RFC 3339; null: never.",
        "lastSegmentEnd": "Moment at which the newest segment that is kept ends, RFC 3339; null: none.",
        "ageMs": "How long ago that is, in ms; null: no segment.",
        "recordedMs": "Footage kept by recorders, in ms.",
        "bytes": "Bytes of it.",
        "segments": "Segments of it.",
        "segmentsDropped": "Segments that came and could not be kept.",
        "packetsDropped": "Packets that nothing could decode, or that came too late.",
        "queuedSegments": "Segments that wait for the storage.",
        "driftMs": "How far the archive's time is ahead of the host's clock, in ms; negative: behind.",
        "reconnects": "Connections that ended, by reason.",
        "retention": "How long its footage is kept, and why not longer.",
    },
    KeptForOut: {
        "targetMs": "How long it is to be kept, in ms; null: no limit.",
        "targetBytes": "How many bytes are to be kept; null: no limit.",
        "keptMs": "From the first moment kept to the last, in ms.",
        "limit": "What keeps it from being longer: `age` (the target is reached), `bytes` (the camera's),"
        " `store_bytes`, `store_free` (those of the store); null: nothing yet.",
        "lockedBytes": "Bytes that locks keep.",
        "text": "All of it in words.",
    },
    LockIn: {
        "start": "First moment of the span; below 1e11 in seconds, else in ms.",
        "duration": "Its length, in the unit of `start`.",
        "reason": "Why, in your own words.",
        "until": "When it ends by itself; left out or null: never.",
    },
    LockOut: {
        "id": "The lock.",
        "start": "First moment of the span, in ms.",
        "duration": "Its length, in ms.",
        "reason": "Why.",
        "until": "When it ends by itself, in ms; null: never.",
        "created": "When it was made, in ms.",
        "sizeBytes": "Bytes of the blocks that it keeps now; those that two locks touch count for both.",
    },
    RemovedCamera: {
        "id": "The camera.",
        "title": "What it was called.",
        "until": "Until when it can be taken back, in ms.",
    },
    RemovedCameras: {"cameras": "By title."},
    LockList: {
        "locks": "Those that stand, by start.",
        "lockedBytes": "Bytes of the blocks that they keep.",
    },
    Validity: {"isValid": "True where the key is known."},
    OverviewOut: {"storage": "What is kept in all.", "cameras": "Every camera, by title."},
    StorageOut: {
        "sizeBytes": "Bytes of all footage kept.",
        "freeBytes": "Bytes that may still be written, the reserve taken off; null: not known now.",
        "totalBytes": "Bytes that the storage holds, whoever wrote them; null: not known now.",
        "maxBytes": "What all footage may take, in bytes; null: no limit, or no keeper ever said.",
        "keepFreeBytes": "What of `freeBytes` is to stay free, in bytes; null: no keeper ever said.",
        "lockedBytes": "Bytes that locks keep.",
        "limit": "What the store is full by: `store_bytes` (`maxBytes`), `store_free` (the disk); null:"
        " it is not full.",
        "reachMs": "How long each camera's footage can be kept then, in ms, from its own newest; null: no"
        " limit of the store says so.",
        "text": "What is full, and what follows from it, in words.",
        "refused": "Why footage is not removed although limits say so: `clock_ahead`, `clock_behind`,"
        " `index_emptier`; null where it is.",
        "refusedText": "The same in words, with what to do.",
        "recordedBytesPerDay": "Bytes kept of the last 24 hours.",
        "daysToFull": "Days until it is full at that rate; null: not known, or nothing is recorded.",
    },
    CameraOverview: {
        "id": "The camera.",
        "state": "As in its status.",
        "reason": "As in its status.",
        "detail": "As in its status.",
        "isOnline": "Whether video comes in now.",
        "first": "First moment kept, in ms; null where nothing is kept.",
        "last": "Moment at which what is kept ends, in ms; null where nothing is kept.",
        "sizeBytes": "Bytes of all that is kept.",
        "runs": "Number of runs: pieces recorded without interruption.",
        "retention": "As in its status.",
    },
    TokenIn: {
        "ttl": f"For how many seconds it is good, 1 to {TTL_MAX_S}; `token_ttl_s` where left out.",
        "from": "First moment that it opens, in ms; all from the beginning where left out.",
        "to": "Moment up to which it opens, in ms; to the end, and what is still to come, where left out.",
    },
    TokenOut: {
        "archiveApiUrl": "Absolute URL of the archive, without a query.",
        "signature": "Query parameter `signature` of the Archive API.",
        "exp": "Query parameter `exp`: Unix time in **seconds** at which the token ends.",
        "from": "Query parameter `from`; there where it was asked for.",
        "to": "Query parameter `to`; there where it was asked for.",
    },
    SessionIn: {"key": "An integration key."},
    SessionOut: {
        "name": "The name of the integration key.",
        "exp": "Unix time in **seconds** at which the session ends.",
        "scope": "What the key may do now.",
    },
    AuditPage: {
        "entries": "The newest first.",
        "next": "Give it back as `before` for the page that follows; null on the last.",
    },
    AuditEntryOut: {
        "id": "Rises with each entry; none is left out.",
        "at": "When, RFC 3339.",
        "actor": "The key's name, the link's fingerprint, or the user who gave the command.",
        "via": "How they came: `key`, `session`, `link` or `command`.",
        "address": "From where; null for commands.",
        "action": "What was done.",
        "cameraId": "To which camera; null where to none.",
        "detail": "More of it; never a secret.",
    },
    ExportIn: {
        "start": "Where the span starts: ms, or seconds where below 1e11. Left out: the first moment kept.",
        "duration": "Length of the span, in the unit of `start`; in ms without one. Left out: to the last"
        " moment kept.",
    },
    ExportOut: {
        "id": "The export.",
        "state": "`waiting`, `running`, `done` (its file is there), `failed`, or `cancelled`.",
        "reason": "Why it failed, in words; null where it did not.",
        "progress": "How much of it is made; 1 where it is done, and only there.",
        "start": "First moment that is shown, in ms.",
        "end": "Moment at which what is shown ends, in ms.",
        "name": "The name to save it under.",
        "size": "Bytes of the file; null until it is done.",
        "sha256": "SHA-256 of the file, in hexadecimal; null until it is done.",
        "created": "When it was asked for, in ms.",
        "ended": "When it was done, failed or cancelled, in ms; null before.",
        "expires": "When it will be removed, in ms; null before it has ended.",
        "links": "Signed URLs of the export itself (`self`) and, where it is done, of its `movie` and its"
        " `manifest`.",
    },
    ExportPage: {
        "exports": "Newest first.",
        "next": "Give it back as `after` for the page that follows; null on the last.",
    },
}
_FORMATS = {
    (Totals, "id"): "uuid",
    (CameraOut, "id"): "uuid",
    (CameraOut, "archiveApiUrl"): "uri",
    (CameraOut, "previewUrl"): "uri",
    (CameraOut, "lastOnlineDate"): "date-time",
    (CameraOut, "liveHlsUrl"): "uri",
    (CameraOut, "tempAccessExpiryDate"): "date-time",
    (CameraOverview, "id"): "uuid",
    (LockOut, "id"): "uuid",
    (RemovedCamera, "id"): "uuid",
    (TokenOut, "archiveApiUrl"): "uri",
    (ExportOut, "id"): "uuid",
    (AuditEntryOut, "at"): "date-time",
    (AuditEntryOut, "cameraId"): "uuid",
    (StatusOut, "since"): "date-time",
    (StatusOut, "updated"): "date-time",
    (StatusOut, "lastPacket"): "date-time",
    (StatusOut, "lastSegmentEnd"): "date-time",
}
_CHOICES: dict[tuple[type[msgspec.Struct], str], list[str]] = {
    (CameraOut, "transport"): ["tcp", "udp"],
    (ExportOut, "state"): [state.value for state in ExportState],
    (KeptForOut, "limit"): [limit.value for limit in Limit],
    (StorageOut, "limit"): [Limit.STORE_BYTES.value, Limit.STORE_FREE.value],
    (StatusOut, "state"): [state.value for state in State],
    (CameraOverview, "state"): [state.value for state in State],
}
_NUMBER_MAX = 1e308
_SOURCE_PATTERN = rf"^(?:{'|'.join(SOURCE_SCHEMES)})://[^/?#\s]\S*$"


def ref(struct: type[msgspec.Struct] | str) -> Schema:
    """A pointer to a component of the document."""
    name = struct if isinstance(struct, str) else struct.__name__
    return {"$ref": _TEMPLATE.format(name=name)}


def schemas() -> dict[str, Schema]:
    """Every component schema by its name."""
    _, components = msgspec.json.schema_components(_STRUCTS, ref_template=_TEMPLATE)
    for struct, meanings in _MEANINGS.items():
        _explain(struct, components[struct.__name__], meanings)
    # A struct that leaves out what is empty has no required members in its schema, yet its
    # answers always have these.
    components["Problem"]["required"] = [f for f in Problem.__struct_fields__ if f != "errors"]
    source_url = _plain(components["CameraIn"]["properties"]["sourceUrl"])
    source_url |= {"pattern": _SOURCE_PATTERN, "writeOnly": True}
    components["CameraIn"]["additionalProperties"] = False
    for field in components["ExportIn"]["properties"].values():
        _plain(field).update({"minimum": 0, "maximum": _NUMBER_MAX})
    # A reason of a later version is news, not a fault: clients show what they do not know.
    _plain(components["StatusOut"]["properties"]["reason"])["examples"] = [r.value for r in Reason]
    components["NewCamera"] = {
        "description": "A camera to add: any of its fields, and the title.",
        "allOf": [ref(CameraIn), {"type": "object", "required": ["title"]}],
    }
    components["PlaylistNotFound"] = {
        "description": "Exactly this text, for clients that compare.",
        "const": msgspec.json.decode(PLAYLIST_NOT_FOUND),
    }
    return dict(sorted(components.items()))


def _explain(struct: type[msgspec.Struct], schema: Schema, meanings: dict[str, str]) -> None:
    for name, field in schema["properties"].items():
        # A reference is wrapped: siblings of $ref are not read by everybody.
        if "$ref" in field:
            field["allOf"] = [{"$ref": field.pop("$ref")}]
        field["description"] = meanings[name]
        field.pop("default", None)
        plain = _plain(field)
        if plain.get("type") == "integer":
            plain["format"] = "int64"
        if (struct, name) in _FORMATS:
            plain["format"] = _FORMATS[struct, name]
        if (struct, name) in _CHOICES:
            plain["enum"] = _CHOICES[struct, name]
    if unknown := meanings.keys() - schema["properties"]:
        raise AssertionError(f"{struct.__name__} has no {unknown}")
    schema["description"] = schema["description"].replace("``", "`")


def _plain(field: Schema) -> Schema:
    """The part of a field's schema that is not null."""
    choices: list[Schema] = field.get("anyOf", [field])
    return choices[0]
