"""Both APIs as an OpenAPI 3.1 document, written before the code and compared with it by tests.

The text and the parameters are written here by hand, because they are the contract; the shapes of
bodies are read off the structs that the handlers encode, so those cannot drift. ``docs.html`` shows
the same document as a page.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from footage import __version__
from footage.api.authorisation import KEY_HEADER
from footage.api.openapi_archive import ARCHIVE_PATHS
from footage.api.openapi_audit import AUDIT_PATHS
from footage.api.openapi_integration import INTEGRATION_PATHS
from footage.api.openapi_locks import LOCK_PATHS
from footage.api.openapi_operations import OPERATIONS_PATHS
from footage.api.openapi_page import PAGE_PATHS
from footage.api.openapi_parts import HEADERS, PARAMETERS
from footage.api.openapi_schemas import schemas
from footage.api.session_cookie import PAGE_HEADER, SESSION_COOKIE

_ABOUT = """\
Footage keeps the video of cameras and serves any past moment of it.

**Two APIs, one server.** The *Archive API* is opened by a signed link and needs no header, so a
player, a `<video>` tag or curl uses the URL as it is. The *Integration API* is for programs that
hold an integration key; it hands out the links.

**Units.** Moments are milliseconds since the Unix epoch, UTC. Lengths are milliseconds. Sizes are
bytes. `exp` alone is in seconds. All numbers in answers are integers of 64 bits.

**Seconds or milliseconds.** `start` and `time` may be given in either. A value below 1e11 is taken
as seconds, from there on as milliseconds (1e11 ms is March 1973, 1e11 s the year 5138). `duration`
has the unit of the `start` beside it; without a `start` it is in milliseconds. Fractions are allowed
and are rounded outwards to whole milliseconds.

**Spans** are half-open, `[start, end)`. A segment belongs to a span when the two share at least a
millisecond; `timeline`, `index.m3u8` and `size` of one span always speak of the same segments.

**Numbers in queries** are written as in JSON (`1700000000.5`, `1.7e12`), at most 64 characters. A
parameter that an operation knows may be given once; parameters it does not know are ignored, at most
100 altogether.

**Errors** are problem details (RFC 9457, `application/problem+json`) with one exception, the 404 of
a playlist. A 400 names every fault in `errors`. A method that a path does not have is a 405, a path
that does not exist a 404. A request that cannot be served *now* is a 503 with `Retry-After`.

**HEAD** is answered wherever GET is: the same status and headers, no body.

**CORS.** Any origin may read the Archive API (the token is the right); `OPTIONS` answers preflights.
"""


@cache
def document() -> bytes:
    """The document as JSON."""
    described: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "Footage",
            "version": __version__,
            "summary": "Any past moment of a camera, over HTTP",
            "description": _ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        # Beside this document: right behind a proxy that adds a prefix, too.
        "servers": [{"url": "./", "description": "The server that served this document"}],
        "tags": [
            {"name": "Archive API", "description": "What a signed link opens."},
            {"name": "Integration API", "description": "Cameras, for programs that hold a key."},
            {"name": "Operations", "description": "For those who run the server."},
        ],
        "paths": {
            **ARCHIVE_PATHS,
            **INTEGRATION_PATHS,
            **LOCK_PATHS,
            **PAGE_PATHS,
            **AUDIT_PATHS,
            **OPERATIONS_PATHS,
        },
        "components": {
            "schemas": schemas(),
            "headers": HEADERS,
            "parameters": PARAMETERS,
            "securitySchemes": _SECURITY,
        },
    }
    return msgspec.json.encode(described)


_SECURITY = {
    "signature": {
        "type": "apiKey",
        "in": "query",
        "name": "signature",
        "description": "HMAC-SHA256 of the archive, `exp`, `from` and `to`, as URL-safe base64"
        " without padding. From `archiveApiToken` of a camera, or from `footage token`.",
    },
    "exp": {
        "type": "apiKey",
        "in": "query",
        "name": "exp",
        "description": "Unix time in **seconds** from which on the link is refused.",
    },
    "integrationKey": {
        "type": "apiKey",
        "in": "header",
        "name": KEY_HEADER,
        "description": "Made by `footage key add`, shown once, kept hashed. Its scope says what it may do:"
        " `read`, `write` (also add and change), `admin` (also remove, and see the audit log). On this"
        " server's own page a"
        f" session stands for it; what changes anything then needs `{PAGE_HEADER}` too.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Set by `POST /session`; no script can read it.",
    },
}
