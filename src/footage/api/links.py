"""Absolute URLs of this server, as the client reaches it."""

from __future__ import annotations

from uuid import UUID

from footage.api.client_address import is_trusted
from footage.api.delivery import AnyRequest
from footage.api.services import Services


def base_url(services: Services, request: AnyRequest) -> str:
    """Scheme, host and prefix, without a slash at the end.

    The configured public URL; else what a trusted proxy forwarded; else the request's own host.
    """
    if services.public_url is not None:
        return services.public_url.rstrip("/")
    scheme, host, prefix = request.url.scheme, request.headers.get("host", request.url.netloc), ""
    if is_from_proxy(services, request):
        scheme = _first(request, "x-forwarded-proto") or scheme
        host = _first(request, "x-forwarded-host") or host
        prefix = (_first(request, "x-forwarded-prefix") or "").rstrip("/")
    return f"{scheme}://{host}{prefix}"


def archive_url(base: str, archive_id: UUID) -> str:
    """The ``archiveApiUrl`` of an archive."""
    return f"{base}/archives/{archive_id}"


def is_from_proxy(services: Services, request: AnyRequest) -> bool:
    """Whether a trusted proxy asks, so that what it says of the request is believed."""
    return is_trusted(request.client.host if request.client else None, services.trusted_proxies)


def _first(request: AnyRequest, header: str) -> str | None:
    value = request.headers.get(header)
    return value.split(",")[0].strip() if value else None
