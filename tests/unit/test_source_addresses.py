"""Addresses where no camera can be, in every way that they can be written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import pytest

from footage.api.source_urls import is_at_forbidden_address
from footage.media.errors import NotLive
from footage.media.source_addresses import find_addresses, is_local, literal_address, pinned, split_source
from footage.timeline import Reason

FORBIDDEN = [
    "127.0.0.1",
    "127.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "0",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "169.254.169.254",
    "[::ffff:169.254.169.254]",
    "2852039166",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "100.100.100.200",
    "168.63.129.16",
    "224.0.0.1",
    "255.255.255.255",
    "[ff02::1]",
]
FREE = [
    "192.168.1.20",
    "10.0.0.5",
    "172.16.3.4",
    "192.0.2.7",
    "[2001:db8::7]",
    "[fd12:3456::1]",
    "100.64.0.9",
]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_no_camera_is_at_this_host(host: str) -> None:
    url = f"rtsp://viewer:secret@{host}:554/x"
    assert is_at_forbidden_address(url, ())
    with pytest.raises(NotLive) as refused:
        find_addresses(str(urlsplit(url).hostname), 554, ())
    assert refused.value.reason is Reason.FORBIDDEN
    assert host not in str(refused.value)


@pytest.mark.parametrize("host", FREE)
def test_cameras_of_a_network_are_where_they_are(host: str) -> None:
    assert not is_at_forbidden_address(f"rtsp://{host}/x", ())
    name = host.strip("[]")
    assert find_addresses(name, 554, ()) == [ip_address(name)]


def test_what_is_allowed_is_allowed() -> None:
    allowed = (ip_network("127.0.0.0/8"),)
    assert not is_at_forbidden_address("http://127.0.0.5/x", allowed)
    assert find_addresses("127.0.0.5", 80, allowed) == [ip_address("127.0.0.5")]
    assert find_addresses("::ffff:127.0.0.5", 80, allowed)
    with pytest.raises(NotLive):
        find_addresses("169.254.1.1", 80, allowed)


def test_a_name_is_looked_behind() -> None:
    assert not is_at_forbidden_address("rtsp://localhost/x", ()), "the recorder asks, not the door"
    with pytest.raises(NotLive) as refused:
        find_addresses("localhost", 554, ())
    assert refused.value.reason is Reason.FORBIDDEN
    with pytest.raises(NotLive) as unknown:
        find_addresses("no-such-name.invalid", 554, ())
    assert unknown.value.reason is Reason.UNREACHABLE
    assert literal_address("no-such-name.invalid") is None
    assert literal_address("x" * 300) is None


def test_all_of_this_hosts_addresses_are_its_own() -> None:
    assert not is_local(ip_address("192.168.1.20"))
    assert is_local(ip_address("127.0.0.1"))


@pytest.mark.parametrize(
    ("url", "address", "expected"),
    [
        ("rtsp://host/x?a=1", "10.0.0.5", "rtsp://10.0.0.5/x?a=1"),
        ("rtsp://u:p%40@host:8554/x", "10.0.0.5", "rtsp://u:p%40@10.0.0.5:8554/x"),
        ("rtsp://u:p@w@host/x", "2001:db8::7", "rtsp://u:p@w@[2001:db8::7]/x"),
        ("srt://[2001:db8::8]:9000?streamid=a#b", "2001:db8::8", "srt://[2001:db8::8]:9000?streamid=a#b"),
    ],
)
def test_the_address_takes_the_place_of_the_name(url: str, address: str, expected: str) -> None:
    assert pinned(split_source(url), ip_address(address)) == expected


@pytest.mark.parametrize("url", ["rtsp://", "rtsp://:554/x", "rtsp://[::1", "rtsp://h:99999/"])
def test_a_url_without_a_host_is_none(url: str) -> None:
    with pytest.raises(NotLive) as refused:
        split_source(url)
    assert refused.value.reason is Reason.UNSUPPORTED
