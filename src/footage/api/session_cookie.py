"""The page's session as a cookie, and what a request that rides on one has to prove.

A browser sends a cookie whoever made it send the request, so a cookie alone opens nothing that
changes anything: such a request must also carry a header that no form and no other origin's script
can set without a preflight, which is never granted, and must come from this server's own page by
what the browser says of it (Origin, Sec-Fetch-Site).
"""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.datastructures import Cookie

from footage.access.sessions import Session, seal, unseal
from footage.api.delivery import AnyRequest
from footage.api.errors import Forbidden
from footage.api.links import base_url
from footage.api.services import Services
from footage.archive.index import StoredKey

SESSION_COOKIE = "footage_session"
PAGE_HEADER, PAGE_HEADER_VALUE = "X-Footage-Page", "1"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": 80, "https": 443}


def session_of(services: Services, request: AnyRequest) -> tuple[Session, StoredKey] | None:
    """The session that a request carries, and its key as it is known now.

    None where there is none, where it has expired or is not ours, and where the key was revoked.
    """
    text = request.cookies.get(SESSION_COOKIE)
    if not text:
        return None
    session = unseal(services.signing_keys.all(), text, now_s=services.clock())
    key = None if session is None else services.keys.find(session.key_hash)
    return None if session is None or key is None else (session, key)


def has_session_cookie(request: AnyRequest) -> bool:
    """Whether a request comes with a session, good or not."""
    return bool(request.cookies.get(SESSION_COOKIE))


def require_own_page(services: Services, request: AnyRequest) -> None:
    """Let a request that changes something pass only from this server's page. Raises Forbidden."""
    if request.method in _SAFE_METHODS:
        return
    if request.headers.get(PAGE_HEADER) != PAGE_HEADER_VALUE:
        raise Forbidden(f"With a session the header {PAGE_HEADER} is needed")
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden("Another site's page may not do this")
    origin = request.headers.get("origin")
    if origin is not None and _origin(origin) != _origin(base_url(services, request)):
        raise Forbidden("The page comes from another origin than this server's public URL")


def session_cookie(services: Services, request: AnyRequest, session: Session) -> Cookie:
    """The cookie that carries ``session``, for this server's paths alone."""
    text = seal(services.signing_keys.all()[0], session)
    return _cookie(services, request, text, max(session.exp - int(services.clock()), 0))


def no_cookie(services: Services, request: AnyRequest) -> Cookie:
    """What makes the browser forget it."""
    return _cookie(services, request, "", 0)


def _cookie(services: Services, request: AnyRequest, text: str, max_age_s: int) -> Cookie:
    public = urlsplit(base_url(services, request))
    return Cookie(
        key=SESSION_COOKIE,
        value=text,
        max_age=max_age_s,
        path=public.path or "/",
        secure=public.scheme == "https",
        httponly=True,
        samesite="strict",
    )


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """Scheme, host and port; None for what has none, as the ``null`` of a sandboxed page."""
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
