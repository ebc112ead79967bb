"""The gate by itself: what counts together, and that whatever was let in is let out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from litestar.types import Scope

from footage.api.errors import HeadersTooLarge, Refusal, TooBusy, TooMany, UrlTooLong
from footage.api.gate import Gate
from footage.api.limits import Limits

WIDE = Limits(
    url_bytes=1000,
    header_bytes=1000,
    open_requests=100,
    rate_per_address=1000,
    rate_per_token=1000,
    requests_per_token=100,
    previews_per_token=100,
    exports_per_token=100,
    body_s=10,
    reader_s=10,
)


def gate(**limits: Any) -> Gate:
    return Gate(replace(WIDE, **limits), ())


def request(path: str, query: str = "", **more: Any) -> Scope:
    scope = {"path": path, "query_string": query.encode(), "headers": [], "client": ("192.0.2.7", 1)}
    return cast("Scope", {**scope, **more})


@pytest.mark.parametrize(
    ("limit", "path"),
    [
        ("previews_per_token", "/archives/x/preview"),
        ("previews_per_token", "/archives/x/storyboard.jpg"),
        ("exports_per_token", "/archives/x/export.mp4"),
        ("requests_per_token", "/archives/x/1.ts"),
        ("requests_per_token", "/archives/x/preview"),
    ],
)
def test_one_link_has_so_many_at_a_time(limit: str, path: str) -> None:
    one = gate(**{limit: 2})
    entered = [one.enter(request(path, "exp=1&signature=a")) for _ in range(2)]
    for spelling in ("exp=1&signature=a", "signature=%61&exp=1", "signatur%65=a"):
        with pytest.raises(TooMany) as refused:
            one.enter(request(path, spelling))
        assert refused.value.headers == {"Retry-After": "1"}
    one.leave(one.enter(request(path, "exp=1&signature=b")))
    one.leave(entered.pop())
    one.leave(one.enter(request(path, "exp=1&signature=a")))


def test_what_was_refused_does_not_stay_counted() -> None:
    one = gate(exports_per_token=1, requests_per_token=3, open_requests=4)
    export, size = request("/archives/x/export.mp4", "signature=a"), request("/size", "signature=a")
    entered = [one.enter(export)]
    for _ in range(10):
        with pytest.raises(TooMany):
            one.enter(export)
    entered += [one.enter(size) for _ in range(2)]
    with pytest.raises(TooMany):
        one.enter(size)
    entered.append(one.enter(request("/v1/cameras")))
    with pytest.raises(TooBusy):
        one.enter(request("/v1/cameras"))
    one.leave(one.enter(request("/healthz")))
    for each in entered:
        one.leave(each)
    for each in [one.enter(size) for _ in range(3)]:
        one.leave(each)


def test_sizes_to_the_byte() -> None:
    one = gate(url_bytes=20, header_bytes=10)
    one.enter(request("/123456789", "q=12345678"))
    with pytest.raises(UrlTooLong):
        one.enter(request("/123456789", "q=123456789"))
    # Encoded it is longer than it looks.
    with pytest.raises(UrlTooLong):
        one.enter(request("/aaaaaaa", raw_path=b"/" + b"%61" * 7))
    one.enter(request("/", headers=[(b"abc", b"de"), (b"f", b"ghij")]))
    with pytest.raises(HeadersTooLarge):
        one.enter(request("/", headers=[(b"abc", b"de"), (b"f", b"ghijk")]))


def test_a_peer_without_an_address_counts_too() -> None:
    one = gate(rate_per_address=0.1)
    one.enter(request("/", client=None))
    with pytest.raises(Refusal):
        one.enter(request("/", client=None))
    one.enter(request("/"))
