"""How every method of the Archive API begins: the token, then the span, and how long it holds."""

from __future__ import annotations

from footage.api.authorisation import Grant, authorise
from footage.api.delivery import AnyRequest
from footage.api.parameters import Query
from footage.api.services import Services
from footage.timeline import Span

_SETTLED_MS = 60_000
"""How long after it a span can still be growing: the open segment, and a recorder that lags."""


def enter(request: AnyRequest, services: Services, archive_id: str) -> tuple[Grant, Query]:
    """What the request's token opens, and its other parameters. Raises Unauthorized, Forbidden."""
    query = Query(request.scope["query_string"])
    return authorise(services, archive_id, query), query


def wanted_span(services: Services, grant: Grant, query: Query) -> Span:
    """The wanted span, cut to what the token may see. Raises BadRequest."""
    if query.has("start") or not query.has("duration"):
        span = query.span()
    else:
        span = query.span(services.reader.first_moment(grant.archive, grant.limits) or 0)
    query.check()
    return span.cut_to(grant.limits)


def can_grow(services: Services, end_ms: int) -> bool:
    """Whether footage may still come that starts before ``end_ms``."""
    return end_ms > services.now_ms() - _SETTLED_MS


def caching(services: Services, span: Span) -> str:
    """What reaches the present can still grow; the past can only change by hand."""
    return "no-cache" if can_grow(services, span.end_ms) else "private, max-age=60"
