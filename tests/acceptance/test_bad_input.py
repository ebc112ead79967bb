"""Everything wrong that a client can say gets a clear answer, never a 500, and leaves no trace."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

import footage
from kit.archive import START_MS, Shelf
from kit.server import SignedLink
from kit.site import Site

NOT_NUMBERS = [
    "abc",
    "",
    "NaN",
    "nan",
    "inf",
    "Infinity",
    "-inf",
    "1e309",
    "-1",
    "-0.5",
    "0x10",
    "1_000",
    "\uff11\uff12",
]
METHODS = ["timeline", "index.m3u8", "size", "preview", ""]


@pytest.fixture(scope="module")
def shelf(site: Site) -> Shelf:
    """Two runs of 60 s, ten minutes apart."""
    made = site.shelf()
    made.add_run(START_MS, [(6000, 376)] * 10)
    made.add_run(START_MS + 600_000, [(6000, 376)] * 10)
    return made


@pytest.fixture(scope="module")
def link(site: Site, shelf: Shelf) -> SignedLink:
    return site.link(shelf)


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The problem details of an answer, checked for their form."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert list(body)[:5] == ["type", "title", "status", "detail", "instance"]
    assert body["status"] == status
    assert "Traceback" not in answer.text
    assert str(Path(footage.__file__).parent) not in answer.text
    assert "SELECT" not in answer.text
    return body


@pytest.mark.parametrize("value", NOT_NUMBERS)
@pytest.mark.parametrize(
    ("method", "name"),
    [("timeline", "start"), ("size", "duration"), ("index.m3u8", "start"), ("preview", "time")],
)
def test_what_is_no_number_is_named(link: SignedLink, method: str, name: str, value: str) -> None:
    body = problem(link.get(method, **{name: value}), 400)
    [fault] = body["errors"]
    assert fault["name"] == name
    assert "number" in fault["detail"]
    assert str(body["detail"]).startswith(f"{name}: ")


def test_every_fault_is_named_at_once(link: SignedLink) -> None:
    body = problem(link.get("index.m3u8", start="x", duration="-1", discontinuity="maybe"), 400)
    assert {fault["name"] for fault in body["errors"]} == {"start", "duration", "discontinuity"}


@pytest.mark.parametrize("value", ["1e300", "9" * 60, "99999999999999999999", "1e18"])
def test_huge_numbers_are_moments_after_everything(link: SignedLink, value: str) -> None:
    assert link.get("timeline", start=value).json() == []
    assert link.get("size", start=START_MS, duration=value).json() == {"size": 20 * 376}
    assert link.get("preview", time=value).status_code == 404


@pytest.mark.parametrize("value", ["yes", "2", "", "TRUE ", "null"])
def test_a_switch_is_true_or_false(link: SignedLink, value: str) -> None:
    [fault] = problem(link.get("index.m3u8", discontinuity=value), 400)["errors"]
    assert fault["name"] == "discontinuity"


def test_gaps_come_with_discontinuity_alone(link: SignedLink) -> None:
    problem(link.get("index.m3u8", gaps="true"), 400)
    assert link.get("index.m3u8", gaps="true", discontinuity="true").status_code == 200


def test_a_parameter_given_twice_is_refused(link: SignedLink) -> None:
    answer = httpx.get(link.of("timeline", start=START_MS) + f"&start={START_MS}")
    [fault] = problem(answer, 400)["errors"]
    assert fault == {"name": "start", "detail": "must be given once"}


def test_unknown_parameters_are_ignored(link: SignedLink) -> None:
    plain = link.get("timeline").json()
    assert link.get("timeline", _HLS_msn="3", utm_source="x").json() == plain
    assert httpx.get(link.of("timeline") + "&=&&x&%ff=%00").json() == plain


def test_more_parameters_than_anybody_has(link: SignedLink) -> None:
    problem(httpx.get(link.of("timeline") + "&a=1" * 150), 400)


@pytest.mark.parametrize("method", METHODS)
def test_no_token(link: SignedLink, method: str) -> None:
    url = f"{link.url}/{method}" if method else link.url
    problem(httpx.get(url), 401)
    problem(httpx.get(url, params={"signature": link.token["signature"]}), 401)
    problem(httpx.get(url, params={"exp": link.token["exp"]}), 401)


def wrong_tokens(site: Site, shelf: Shelf) -> dict[str, dict[str, str]]:
    """Tokens that open nothing, by what is wrong with them."""
    good = site.link(shelf).token
    signature = good["signature"]
    other = site.link(site.shelf()).token
    return {
        "wrong": {**good, "signature": "A" * 43},
        "truncated": {**good, "signature": signature[:-1]},
        "longer": {**good, "signature": signature + "A"},
        "padded": {**good, "signature": signature + "="},
        "other case": {**good, "signature": signature.swapcase()},
        "empty": {**good, "signature": ""},
        "not ascii": {**good, "signature": "é" * 43},
        "nul": {**good, "signature": signature + "\0"},
        "10,000 characters": {**good, "signature": "a" * 10_000},
        "of another archive": other,
        "expired": site.link(shelf, ttl_s=-1).token,
        "later exp": {**good, "exp": str(int(good["exp"]) + 1)},
        "exp no number": {**good, "exp": "tomorrow"},
        "exp fraction": {**good, "exp": good["exp"] + ".0"},
        "exp absurd": {**good, "exp": "9" * 400},
        "exp negative": {**good, "exp": "-1"},
        "exp empty": {**good, "exp": ""},
        "limits added": {**good, "from": "0", "to": str(START_MS)},
        "limit taken away": {k: v for k, v in site.link(shelf, to_ms=START_MS).token.items() if k != "to"},
        "limit moved": {**site.link(shelf, to_ms=START_MS).token, "to": str(START_MS + 1)},
    }


def test_a_wrong_token_is_the_same_answer_whether_or_not_the_archive_exists(
    site: Site, shelf: Shelf
) -> None:
    missing = f"{site.server.url}/archives/{uuid4()}"
    there = f"{site.server.url}/archives/{shelf.archive.id}"
    for what, token in wrong_tokens(site, shelf).items():
        for method in METHODS:
            answers = [
                httpx.get(f"{url}/{method}" if method else url, params=token) for url in (there, missing)
            ]
            bodies = [problem(answer, 403) for answer in answers]
            for body in bodies:
                del body["instance"]
            assert bodies[0] == bodies[1], what
    # A good token of one archive opens no other, and no archive that is not there.
    problem(httpx.get(missing, params=site.link(shelf).token), 403)


def test_a_token_given_twice_is_refused(link: SignedLink) -> None:
    answer = httpx.get(link.of("timeline") + f"&signature={link.token['signature']}")
    problem(answer, 403)


@pytest.mark.parametrize("archive_id", ["x", "0", "not-a-uuid", "{}", "g" * 32, "a" * 10_000, "%00"])
def test_an_archive_id_that_is_no_uuid(site: Site, link: SignedLink, archive_id: str) -> None:
    answer = httpx.get(f"{site.server.url}/archives/{archive_id}/timeline", params=link.token)
    if len(archive_id) < 1000:
        [fault] = problem(answer, 400)["errors"]
        assert fault == {"name": "archiveId", "detail": "must be a UUID"}
    assert answer.status_code < 500


def test_nothing_is_read_of_a_request_before_its_token(link: SignedLink) -> None:
    problem(httpx.get(f"{link.url}/timeline", params={"start": "x"}), 401)
    problem(httpx.get(link.of("timeline", start="x").replace("exp=1", "exp=2")), 403)


@pytest.mark.parametrize(
    "name",
    [
        f"{START_MS + 1}.ts",
        f"{START_MS - 6000}.ts",
        "1.ts",
        ".ts",
        "x.ts",
        f"{START_MS}.TS",
        f"{START_MS}.ts.ts",
        f"0{START_MS}.ts.",
        f"{START_MS}",
        f"{START_MS}.mp4",
        f"-{START_MS}.ts",
        "9" * 10_000 + ".ts",
        "..",
        "...ts",
        f"%2e%2e%2f{START_MS}.ts",
        f"..%2f..%2f{START_MS}.ts",
        "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "..%5c..%5cindex.db",
        f"{START_MS}.ts%00",
        "%00.ts",
        "%ff%fe.ts",
        "gap-1.ts",
        f"gap-{START_MS}.ts",
    ],
)
def test_segments_that_do_not_exist(link: SignedLink, name: str) -> None:
    """Sent as they stand: a client's library would tidy the path."""
    assert raw_get(link, name).startswith((b"HTTP/1.1 404", b"HTTP/1.1 400", b"HTTP/1.1 414"))
    assert raw_get(link, f"{START_MS}.ts").startswith(b"HTTP/1.1 200")


def raw_get(link: SignedLink, name: str) -> bytes:
    """The first bytes of the answer to a request written by hand."""
    parts = urlsplit(link.of("x"))
    target = f"{parts.path.removesuffix('/x')}/{name}?{parts.query}"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode("latin-1")
        )
        answer = b""
        while len(answer) < 4096 and (piece := connection.recv(4096)):
            answer += piece
    return answer


def test_a_name_in_front_of_zeros_is_another_name(link: SignedLink) -> None:
    assert link.get(f"0{START_MS}.ts").status_code in (200, 404)


@pytest.mark.parametrize("shift", ["-1", "x", "1.5", "1e99", ""])
def test_a_shift_is_a_whole_number(link: SignedLink, shift: str) -> None:
    problem(link.get(f"{START_MS}.ts", shift=shift), 400)


@pytest.mark.parametrize(
    ("start", "duration", "entries"),
    [
        (START_MS - 10_000, 5000, 0),
        (START_MS + 10_000_000, 5000, 0),
        (START_MS + 60_000, 540_000, 0),
        (START_MS - 10_000, 10_000, 0),
        (START_MS - 10_000, 10_001, 1),
        (START_MS + 59_999, 1, 1),
        (START_MS + 60_000, 540_001, 1),
        (START_MS + 6000, 0, 0),
        (0, "1e12", 0),
        (0, 1e13, 2),
    ],
)
def test_spans_before_after_across_and_of_no_length(
    link: SignedLink, start: int, duration: float | str, entries: int
) -> None:
    if start == 0:  # a start of zero counts seconds, so ask from the first ms that does not
        start = 100_000_000_000
    assert len(link.get("timeline", start=start, duration=duration).json()) == entries
    assert link.get("size", start=start, duration=duration).json()["size"] > 0 or not entries


@pytest.mark.parametrize(
    ("value", "status"),
    [
        ("bytes=376-", 416),
        ("bytes=400-500", 416),
        ("bytes=-0", 416),
        ("bytes=0-0", 206),
        ("bytes=-1", 206),
        ("bytes=5-2", 200),
        ("bytes=x-y", 200),
        ("bytes=", 200),
        ("bytes=0-1,5-6", 200),
        ("pages=1-2", 200),
        ("bytes=" + "9" * 5000 + "-", 200),
    ],
)
def test_range_headers(link: SignedLink, value: str, status: int) -> None:
    answer = httpx.get(link.of(f"{START_MS}.ts"), headers={"Range": value})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == "bytes */376"
        problem(answer, 416)


def test_other_methods(link: SignedLink) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW"):
        answer = httpx.request(method, link.of("timeline"))
        assert answer.status_code in (400, 405), method
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_picture_that_does_not_decode_is_not_found(link: SignedLink) -> None:
    """The shelf's segments are not video at all."""
    body = problem(link.get("preview", time=START_MS + 1000), 404)
    assert body["detail"] == "Preview not found"


@pytest.mark.parametrize("name", ["width", "height"])
@pytest.mark.parametrize("value", ["0", "-5", "x", "1.5", "8193", "1e9"])
def test_sizes_are_bounded(link: SignedLink, name: str, value: str) -> None:
    [fault] = problem(link.get("preview", **{name: value}), 400)["errors"]
    assert fault["name"] == name


def test_garbage_on_the_wire(site: Site) -> None:
    host = urlsplit(site.server.url)
    for data in (b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\0" * 4096):
        with socket.create_connection((host.hostname, host.port), timeout=5) as connection:
            connection.sendall(data)
            with suppress(OSError):  # the server may have hung up already
                connection.shutdown(socket.SHUT_WR)
                connection.recv(4096)
    assert httpx.get(f"{site.server.url}/healthz").json() == {"status": "ok"}


def test_nothing_above_was_a_server_error_nor_left_a_signature(site: Site, link: SignedLink) -> None:
    """Runs last: the log of everything that this file asked for."""
    log = site.server.log.read_text()
    assert "status=500" not in log
    assert "Traceback" not in log
    assert link.token["signature"] not in log
    assert "signature" not in log
    assert json.dumps(str(link.url))[1:-1].split("/archives/")[1] in log
