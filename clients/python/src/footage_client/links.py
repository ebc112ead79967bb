"""Signed links: an archive's URL and its token, which are shown to nobody by accident. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import httpx

_ARCHIVE = re.compile(r"(.*/archives/)([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})(?:/[^/]*)?")
_TOKEN = ("signature", "exp", "from", "to")


@dataclass(frozen=True, slots=True)
class SignedLink:
    """``archiveApiUrl`` and the token that opens it until ``exp_s``, Unix time in seconds."""

    archive_url: str
    token: Mapping[str, str] = field(repr=False)
    exp_s: int

    @property
    def archive_id(self) -> UUID:
        """The archive that it opens."""
        return UUID(self.archive_url.rpartition("/")[2])

    def url(self, path: str = "", query: Mapping[str, str] | None = None) -> str:
        """The signed URL of a method of the archive."""
        target = f"{self.archive_url}/{path}" if path else self.archive_url
        return f"{target}?{urlencode({**self.token, **(query or {})})}"


def parse_link(text: str) -> SignedLink:
    """A signed link to an archive or to any of its methods. Raises ValueError, without the link in it."""
    parts = urlsplit(text)
    match = _ARCHIVE.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.netloc or match is None:
        raise ValueError(
            "not a link to an archive: it must be like https://…/archives/{id}?signature=…&exp=…"
        )
    query = parse_qs(parts.query, keep_blank_values=True)
    token = {name: query[name][0] for name in _TOKEN if name in query}
    if not token.get("signature") or not re.fullmatch("[0-9]{1,15}", token.get("exp", "")):
        raise ValueError("the link is not signed: it needs signature and exp")
    return SignedLink(f"{parts.scheme}://{parts.netloc}{match[1]}{match[2]}", token, int(token["exp"]))


class HiddenUrl(httpx.URL):
    """A URL that is sent whole and shown without its query, in logs and errors of HTTP libraries."""

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc.decode('ascii')}{self.path}"

    def __repr__(self) -> str:
        return f"HiddenUrl({str(self)!r})"
