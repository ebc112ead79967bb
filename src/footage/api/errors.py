"""From what went wrong to what the client reads: problem details (RFC 9457), one table.

Refusal                 an answer that is not the wanted one; carries its status and words
├─ Unauthorized         401: no token, or no key
├─ Forbidden            403: the token or the key is not good for this
├─ NotFound             404
├─ BadRequest           400: names every fault
├─ RangeNotSatisfiable  416: says how large the segment is
├─ Conflict             409: what is asked for cannot be had as it is; says how it can
├─ TooSlow              408: the body did not come in time; or the client does not take its answer
├─ TooMuch              413: more than one answer may hold; says how to page
├─ UrlTooLong           414
├─ TooMany              429 with Retry-After: of one client, at a time or in a while
├─ HeadersTooLarge      431
└─ TooBusy              503 with Retry-After

Nothing of an exception's own text reaches a client unless the exception is a Refusal.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandler, Send

from footage.access.signing_keys import SigningKeysError
from footage.archive.errors import (
    AlreadyExists,
    ExportsFull,
    Locked,
    MissingBytes,
    Unavailable,
    UnknownCamera,
    WrongStorage,
)
from footage.media.errors import NoPicture
from footage.playback.drawing_pool import Busy
from footage.playback.export import Broken as ExportBroken
from footage.playback.export import NoFreeStream

PROBLEM_TYPE = "application/problem+json"
PLAYLIST_NOT_FOUND = (
    b'{"status":404,"code":"PlaylistNotFound","description":"Archive playlist was not found"}'
)
_RETRY_AFTER_S = 2
_log = logging.getLogger(__name__)


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong with a request: which field or parameter, and what it must be."""

    name: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Problem details; the members stand in this order."""

    type: str = msgspec.field(default="about:blank")
    title: str = ""
    status: int = 0
    detail: str = ""
    instance: str = ""
    errors: tuple[Fault, ...] = ()

    def encoded(self) -> bytes:
        """As JSON, ``type`` included although it is the default."""
        members = {"type": self.type, **msgspec.to_builtins(self)}
        return msgspec.json.encode(members)


class Refusal(Exception):
    """An answer that is not the wanted one."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.faults = tuple(faults)


class Unauthorized(Refusal):
    """401."""

    status = HTTPStatus.UNAUTHORIZED


class Forbidden(Refusal):
    """403."""

    status = HTTPStatus.FORBIDDEN


class NotFound(Refusal):
    """404."""

    status = HTTPStatus.NOT_FOUND


class BadRequest(Refusal):
    """400, naming every fault."""

    status = HTTPStatus.BAD_REQUEST

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{fault.name}: {fault.detail}" for fault in faults), faults)


class Conflict(Refusal):
    """409."""

    status = HTTPStatus.CONFLICT


class TooSlow(Refusal):
    """408."""

    status = HTTPStatus.REQUEST_TIMEOUT


class UrlTooLong(Refusal):
    """414."""

    status = HTTPStatus.REQUEST_URI_TOO_LONG


class HeadersTooLarge(Refusal):
    """431."""

    status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class TooMany(Refusal):
    """429, telling after how many seconds it is worth asking again."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, detail: str, retry_after_s: int) -> None:
        super().__init__(detail)
        self.headers = {"Retry-After": str(max(retry_after_s, 1))}


class TooMuch(Refusal):
    """413."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class RangeNotSatisfiable(Refusal):
    """416, telling the size of what there is."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The range starts beyond the end of {size_bytes} bytes")
        self.headers = {"Content-Range": f"bytes */{size_bytes}"}


class TooBusy(Refusal):
    """503 with Retry-After."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    headers: Mapping[str, str] = {"Retry-After": str(_RETRY_AFTER_S)}


def _refusal_of(error: Exception) -> Refusal:  # noqa: PLR0911, C901 a table
    """The one table from what went wrong inside to what is said outside."""
    match error:
        case Refusal():
            return error
        case UnknownCamera():
            return NotFound("Camera not found")
        case Locked():
            return Conflict("Locks protect footage of this camera: remove them first")
        case AlreadyExists():
            return BadRequest(Fault("id", "a camera of this id exists already"))
        case Busy():
            return TooBusy("All preview decoders are busy, try again")
        case NoFreeStream():
            return TooBusy("Too many exports are running, try again")
        case ExportsFull():
            return TooBusy(f"No export can be made now: {error}; try again later")
        case ExportBroken():
            return TooBusy("The footage cannot be read now, try again")
        case NoPicture():
            return NotFound("Preview not found")
        case Unavailable() | WrongStorage() | MissingBytes() | SigningKeysError():
            return TooBusy("The archive cannot be reached now, try again")
        case HTTPException():
            return _worded(error)
    return Refusal("The server failed to answer")


def _worded(error: HTTPException) -> Refusal:
    """The framework's own refusals, in our words."""
    refusal = Refusal(HTTPStatus(error.status_code).phrase)
    refusal.status = HTTPStatus(error.status_code)
    refusal.headers = error.headers or {}
    return refusal


def problem_response(path: str, refusal: Refusal) -> Response[bytes]:
    """The refusal as an answer to a request for ``path``, which is given without its query."""
    headers = {"Cache-Control": "no-store", **refusal.headers}
    body = _problem(path, refusal).encoded()
    return Response(body, status_code=int(refusal.status), media_type=PROBLEM_TYPE, headers=headers)


async def send_problem(send: Send, path: str, refusal: Refusal) -> None:
    """The same answer, for who stands before the application."""
    body = _problem(path, refusal).encoded()
    fields = {
        "content-type": PROBLEM_TYPE,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        **{name.lower(): value for name, value in refusal.headers.items()},
    }
    headers = [(name.encode("ascii"), value.encode("ascii")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": int(refusal.status), "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def _problem(path: str, refusal: Refusal) -> Problem:
    status = HTTPStatus(refusal.status)
    return Problem(
        title=status.phrase,
        status=int(status),
        detail=refusal.detail,
        instance=path,
        errors=refusal.faults,
    )


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Any exception as its problem; those that nobody foresaw are logged whole."""
    refusal = _refusal_of(error)
    foreseen = isinstance(error, (Refusal, Busy, NoFreeStream, ExportsFull))
    if refusal.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not foreseen:
        known = refusal.status == HTTPStatus.SERVICE_UNAVAILABLE
        _log.log(
            logging.WARNING if known else logging.ERROR,
            "request.failed",
            extra={"fields": {"path": request.url.path, "error": type(error).__name__}},
            exc_info=None if known else error,
        )
    return problem_response(request.url.path, refusal)


HANDLERS: dict[int | type[Exception], ExceptionHandler[Exception]] = {Exception: answer_error}
