"""User and password of a camera, asked for as cameras do: Basic or Digest (RFC 2617)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from footage.demo.wire import Request

_REALM = "camera"


@dataclass(frozen=True, slots=True)
class Login:
    """Who may look. The password stays out of its ``repr``, and so out of logs."""

    password: str = field(repr=False)
    user: str = "admin"
    scheme: Literal["basic", "digest"] = "digest"

    def in_url(self) -> str:
        """What stands before the host in a URL."""
        return f"{quote(self.user, safe='')}:{quote(self.password, safe='')}@"

    def challenge(self, nonce: str) -> str:
        """The value of WWW-Authenticate."""
        if self.scheme == "basic":
            return f'Basic realm="{_REALM}"'
        return f'Digest realm="{_REALM}", nonce="{nonce}"'

    def admits(self, request: Request, nonce: str) -> bool:
        """Whether the request proves that its sender knows the password."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != self.scheme:
            return False
        if self.scheme == "basic":
            expected = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            return hmac.compare_digest(given.strip().encode(), expected.encode())
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', given))
        response = self._response(request.method, fields.get("uri", ""), nonce)
        return (
            fields.get("username") == self.user
            and fields.get("nonce") == nonce
            and hmac.compare_digest(fields.get("response", "").encode(), response.encode())
        )

    def _response(self, method: str, uri: str, nonce: str) -> str:
        """RFC 2617, 3.2.2.1, without ``qop``: what most cameras ask for."""
        secret = _md5(f"{self.user}:{_REALM}:{self.password}")
        return _md5(f"{secret}:{nonce}:{_md5(f'{method}:{uri}')}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
