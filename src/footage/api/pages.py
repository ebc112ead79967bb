"""The files that the front end's build put into the package, as they are or compressed.

``player.js`` may be loaded as a module by any page, from any origin; everything else belongs to this
server's own pages. Files under ``assets/`` carry a hash of what they hold in their name, so they never
change; all others are asked for anew each time, and answered by a 304 where they are the same.
"""

from __future__ import annotations

import hashlib
import mimetypes
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from litestar import Response, get
from litestar.params import FromPath

from footage.api.delivery import AnyRequest, matches, takes_gzip
from footage.api.errors import NotFound
from footage.api.threads import in_thread

PAGES = Path(__file__).with_name("static")
PAGE_HEADERS = {
    # Nothing but this server, whatever a page may be made to hold. Players make pictures and video of
    # what they fetched themselves (blob:), and the API's page draws its signs from data:.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
OPEN_FILES = frozenset({"player.js"})
_ANYBODY = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_OURSELVES = {"Cross-Origin-Resource-Policy": "same-origin"}
_ANEW, _FOREVER = "no-cache", "public, max-age=31536000, immutable"
_COMPRESSIBLE = ("text/", "application/json", "image/svg")
_TYPES = {".js": "text/javascript", ".md": "text/markdown", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file ready to be sent; ``gzipped`` where that makes it smaller."""

    body: bytes
    gzipped: bytes | None
    media_type: str
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        """Weak: the compressed and the plain form count as the same."""
        return self.headers["ETag"]


@get("/")
@in_thread
def index_page(request: AnyRequest) -> Response[bytes]:
    """The page that people open."""
    return _answer(request, "index.html")


@get("/{path:path}")
@in_thread
def page_file(request: AnyRequest, path: FromPath[Path]) -> Response[bytes]:
    """Any other file of the build."""
    return _answer(request, str(path).lstrip("/"))


ROUTES = (index_page, page_file)


def _answer(request: AnyRequest, name: str) -> Response[bytes]:
    try:
        path = (PAGES / name).resolve()
        # Dots and links that lead out of the folder are a ValueError; folders cannot be read.
        file = _read(str(path.relative_to(PAGES.resolve())), path.stat().st_mtime_ns)
    except (OSError, ValueError):
        raise NotFound("There is no such page") from None
    headers = dict(file.headers)
    if matches(request.headers.get("if-none-match"), file.etag):
        return Response(b"", status_code=304, media_type=file.media_type, headers=headers)
    body = file.body
    if file.gzipped is not None and takes_gzip(request.headers.get("accept-encoding", "")):
        body, headers["Content-Encoding"] = file.gzipped, "gzip"
    return Response(body, media_type=file.media_type, headers=headers)


@lru_cache(maxsize=256)
def _read(name: str, _mtime_ns: int) -> PageFile:
    """The file; read and compressed once, and again when it changes. Raises OSError."""
    body = (PAGES / name).read_bytes()
    media_type = (
        _TYPES.get(Path(name).suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    )
    gzipped = None
    if media_type.startswith(_COMPRESSIBLE):
        packer = zlib.compressobj(level=9, wbits=zlib.MAX_WBITS | 16)
        packed = packer.compress(body) + packer.flush()
        gzipped = packed if len(packed) < len(body) else None
    headers = {
        **PAGE_HEADERS,
        **(_ANYBODY if name in OPEN_FILES else _OURSELVES),
        "Cache-Control": _FOREVER if name.startswith("assets/") else _ANEW,
        "ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Vary": "Accept-Encoding",
    }
    return PageFile(body, gzipped, media_type, headers)
