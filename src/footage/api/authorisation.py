"""May this request see this archive: checked before anything else is done or revealed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from footage.access.integration_keys import hash_key
from footage.access.tokens import Token, fingerprint, sign, verify
from footage.api.delivery import AnyRequest
from footage.api.errors import Forbidden, NotFound, Unauthorized
from footage.api.parameters import Query, parse_uuid
from footage.api.services import Services
from footage.api.session_cookie import has_session_cookie, require_own_page, session_of
from footage.archive.index import StoredKey
from footage.timeline import ALL_TIME, Archive, Scope, Span

KEY_HEADER = "X-Integration-Key"
_WHOLE = re.compile(r"0|[1-9][0-9]{0,14}")
_NO_EPOCH = -1


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token opens: an archive, inside limits. ``query`` carries it on to other links."""

    archive: Archive
    limits: Span
    query: str
    signature: str

    @property
    def fingerprint(self) -> str:
        """Names the link in the audit log; opens nothing."""
        return fingerprint(self.signature)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who holds the key of a request, what it may do, and how it came: ``key`` or ``session``."""

    name: str
    scope: Scope
    via: str


def authorise(services: Services, archive_id: str, query: Query) -> Grant:
    """Check the token of a request to the Archive API.

    Raises Unauthorized where there is none, Forbidden where it is not good for this archive:
    the same, after the same work, whether or not the archive exists.
    """
    if not query.has("signature") or not query.has("exp"):
        raise Unauthorized("signature and exp are needed")
    wanted = parse_uuid("archiveId", archive_id)
    signature, token = query.text("signature"), _token(query)
    archive = services.reader.archive(wanted)
    good = verify(
        services.signing_keys.all(),
        wanted,
        archive.token_epoch if archive else _NO_EPOCH,
        token or Token(0),
        signature=signature or "",
        now_s=services.clock(),
    )
    if archive is None or token is None or signature is None or not good:
        raise Forbidden("The link is not valid for this archive, or it has expired")
    limits = Span(
        token.from_ms or ALL_TIME.start_ms,
        max(token.from_ms or 0, ALL_TIME.end_ms if token.to_ms is None else token.to_ms),
    )
    return Grant(archive, limits, token.query(signature), signature)


def fresh_token(services: Services, archive: Archive, token: Token) -> str:
    """A signature for ``token`` by the newest key."""
    return sign(services.signing_keys.all()[0], archive.id, archive.token_epoch, token)


def require_key(services: Services, request: AnyRequest, scope: Scope) -> Caller:
    """Whose integration key a request carries, or its session was opened with.

    Raises Unauthorized, and Forbidden: where the key may not do what needs ``scope``, and where a
    session is used by another page than ours.
    """
    caller = _caller(services, request)
    if not caller.scope.includes(scope):
        raise Forbidden(f"This needs a key of scope {scope}; the key's scope is {caller.scope}")
    return caller


def _caller(services: Services, request: AnyRequest) -> Caller:
    if not request.headers.get(KEY_HEADER) and has_session_cookie(request):
        found = session_of(services, request)
        if found is None:
            raise Unauthorized("The session has ended")
        require_own_page(services, request)
        _, key = found
        return Caller(key.name, key.scope, "session")
    known = known_key(services, request)
    if known is None:
        raise Forbidden("The integration key is not known")
    return Caller(known.name, known.scope, "key")


def known_key(services: Services, request: AnyRequest) -> StoredKey | None:
    """The key that a request carries, None where nobody knows it. Raises Unauthorized."""
    key = request.headers.get(KEY_HEADER)
    if not key:
        raise Unauthorized(f"The header {KEY_HEADER} is needed")
    return services.keys.find(hash_key(key))


def require_camera_id(text: str) -> UUID:
    """The camera id of a path. Raises NotFound where it cannot be one."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("Camera not found") from None


def _token(query: Query) -> Token | None:
    """The token's fields; None where one of them cannot be part of any."""
    fields: dict[str, int] = {}
    for name in ("exp", "from", "to"):
        if query.has(name):
            text = query.text(name)
            if text is None or not _WHOLE.fullmatch(text):
                return None
            fields[name] = int(text)
    return Token(fields["exp"], fields.get("from"), fields.get("to"))
