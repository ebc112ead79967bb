"""One keep-alive connection, as a player holds it: thin, so that what is timed is the server."""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPConnection
from urllib.parse import urlsplit


class Client:
    """GETs over one connection to the server of ``url``. Close it when done."""

    def __init__(self, url: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=60)
        self._connection.connect()

    def get(self, url: str, *, coding: str | None = None) -> bytes:
        """The body as it came over the wire, compressed where ``coding`` was asked for."""
        parts = urlsplit(url)
        headers = {"Accept-Encoding": coding or "identity"}
        self._connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != HTTPStatus.OK or response.headers.get("Content-Encoding") != coding:
            raise RuntimeError(f"{response.status} from {parts.path}: {body[:200]!r}")
        return body

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
