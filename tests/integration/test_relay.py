"""The RTSP relay, its publishers, and each fault of the test cameras, seen by an FFmpeg that plays them."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from footage.demo.login import Login
from footage.demo.relay import Relay
from footage.demo.wire import Chunk, Malformed, Parser, Request, framed, packets_of, tracks_in
from footage.media.errors import Broken
from footage.media.film import Shot, clip_publisher, clock_publisher, wall_clock
from footage.media.pattern import read_strip
from kit.clips import Clip, Sound
from kit.rtp_rewriting import begins_keyframe
from kit.rtsp import FaultyCamera, SteppingClock, Studio, studio

PATIENCE_S = 10
SHORT_S = 1.5
STEP_S = 1 / 25
TINY = Shot(size=(160, 120), gop=5, audio="aac")


@dataclass(frozen=True)
class Picture:
    """A decoded picture: its time on the camera's clock, what it carries, how wide it is."""

    time_s: float
    moment_ms: int
    number: int
    width: int


class Player:
    """FFmpeg, playing a camera."""

    def __init__(self, url: str, *, read_s: float = PATIENCE_S, **options: str) -> None:
        told = {"rtsp_transport": "tcp", "analyzeduration": "100000", "fpsprobesize": "0", **options}
        self.container = av.open(url, options=told, timeout=(PATIENCE_S, read_s))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.container.close()

    def pictures(self) -> Iterator[Picture]:
        """What decodes and can be read, until the connection ends."""
        for frame in self.container.decode(video=0):
            if frame.time is None:
                continue
            try:
                moment_ms, number = read_strip(luma_of(frame))
            except ValueError:
                continue
            yield Picture(float(frame.time), moment_ms, number, frame.width)

    def take(self, count: int) -> list[Picture]:
        """So many pictures."""
        return [picture for picture, _ in zip(self.pictures(), range(count), strict=False)]

    def until(self, enough: Callable[[Picture], bool]) -> list[Picture]:
        """Pictures up to the first that is enough, which is the last."""
        seen = []
        for picture in self.pictures():
            seen.append(picture)
            if enough(picture):
                return seen
        raise AssertionError("the connection ended before")


def luma_of(frame: VideoFrame) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.asarray(frame.to_ndarray()[: frame.height], np.uint8)


def ends(player: Player) -> bool:
    """Whether the other side ended the connection; if not, nothing came for the player's patience."""
    try:
        for _ in player.container.demux():
            pass
    except av.error.ExitError:
        return False
    except av.error.FFmpegError:
        pass
    return True


def steps_of(pictures: list[Picture]) -> list[float]:
    return [later.time_s - earlier.time_s for earlier, later in pairwise(pictures)]


@pytest.fixture(scope="module")
def at() -> Iterator[Studio]:
    with studio() as opened:
        opened.film("clock", TINY)
        opened.film("wide", Shot(size=(320, 240), gop=10, audio="aac", parameter_sets="in_band"))
        yield opened


@pytest.fixture
def camera(at: Studio, request: pytest.FixtureRequest) -> Iterator[FaultyCamera]:
    """A camera of the test's own."""
    own = at.camera(request.node.name, source="clock")
    yield own
    own.refuse()


class TestPlaying:
    def test_every_picture_arrives_in_order_and_at_its_time(self, camera: FaultyCamera) -> None:
        with Player(camera.url) as player:
            seen = player.take(30)
        assert [later.number - earlier.number for earlier, later in pairwise(seen)] == [1] * 29
        for earlier, later in pairwise(seen):
            drawn_s = (later.moment_ms - earlier.moment_ms) / 1000
            assert abs(later.time_s - earlier.time_s - drawn_s) < 0.5
        assert abs(seen[-1].moment_ms - wall_clock()) < 60_000
        assert camera.pictures >= 30
        assert camera.plays == 1

    def test_several_play_and_one_may_leave(self, camera: FaultyCamera) -> None:
        with Player(camera.url) as stays:
            with Player(camera.url) as leaves:
                assert leaves.take(3)
            assert len(stays.take(20)) == 20

    def test_a_player_may_ask_for_the_picture_alone(self, camera: FaultyCamera) -> None:
        with Player(camera.url, allowed_media_types="video") as player:
            assert [stream.type for stream in player.container.streams] == ["video"]
            assert len(player.take(10)) == 10

    def test_a_published_path_can_be_played_itself(self, at: Studio) -> None:
        with Player(at.relay.url("clock")) as player:
            assert player.take(3)

    @pytest.mark.parametrize("scheme", ["basic", "digest"])
    def test_a_password_is_asked_for(
        self, at: Studio, scheme: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        login = Login("p@ss/w:rd", "viewer", "basic" if scheme == "basic" else "digest")
        camera = at.camera(f"locked-{scheme}", source="clock", login=login)
        with Player(camera.url) as player:
            assert player.take(2)
        for wrong in (None, Login("other", "viewer"), Login("p@ss/w:rd", "admin")):
            with pytest.raises(av.error.HTTPUnauthorizedError):
                Player(camera.url_with(wrong))
        camera.change_password("new")
        with Player(camera.url) as player:
            assert player.take(2)
        assert login.password not in repr(login) + repr(camera.login) + caplog.text

    def test_what_is_not_published_is_not_found(self, at: Studio) -> None:
        with pytest.raises(av.error.HTTPNotFoundError):
            Player(at.relay.url("nothing"))
        with pytest.raises(av.error.HTTPNotFoundError):
            Player(at.camera("early", source="not-yet").url)

    def test_a_path_has_one_publisher(self, at: Studio, camera: FaultyCamera) -> None:
        for path in ("clock", camera.name):
            with pytest.raises(Broken), clock_publisher(at.relay.url(path), TINY):
                pass

    def test_a_player_that_does_not_read_is_cut_off_and_nobody_waits(self) -> None:
        with Relay(buffer_bytes=50_000) as relay:
            shot = Shot(size=(640, 360), gop=1)
            with clock_publisher(relay.url("clock"), shot), lazy_player(relay) as lazy:
                with Player(relay.url("clock")) as player:
                    # The kernel's own buffers take some before the relay has to.
                    for _ in player.pictures():
                        if players_of(relay) == 1:
                            break
                    assert len(player.take(5)) == 5
                assert drained(lazy)

    def test_players_leave_with_the_publisher_and_may_come_back(self, at: Studio) -> None:
        camera = at.camera("reboot", source="reboot-source")
        publisher = clock_publisher(at.relay.url("reboot-source"), TINY)
        with publisher, Player(camera.url) as player:
            assert player.take(2)
            publisher.close()
            assert ends(player)
        assert publisher.pictures >= 2
        with publisher, Player(camera.url) as player:
            assert player.take(2)


class TestFaults:
    @pytest.mark.parametrize("reset", [False, True])
    def test_cut(self, camera: FaultyCamera, reset: bool) -> None:
        with Player(camera.url) as player:
            assert player.take(2)
            camera.cut(reset=reset)
            assert ends(player)
        with Player(camera.url) as player:
            assert player.take(2)
        assert camera.plays == len(camera.attempts) == 2

    def test_stall(self, camera: FaultyCamera) -> None:
        with Player(camera.url, read_s=SHORT_S) as player:
            assert player.take(2)
            camera.stall(SHORT_S / 3)
            assert max(steps_of(player.take(8))) > 5 * STEP_S
            camera.stall()
            assert not ends(player)
        camera.heal()
        with Player(camera.url) as player:
            assert player.take(2)

    def test_refuse(self, camera: FaultyCamera) -> None:
        with Player(camera.url) as player:
            camera.refuse()
            assert ends(player)
        with pytest.raises(av.error.ConnectionRefusedError):
            Player(camera.url)
        camera.heal()
        with Player(camera.url) as player:
            assert player.take(2)

    def test_slam(self, camera: FaultyCamera) -> None:
        camera.slam()
        with pytest.raises(av.error.FFmpegError):
            Player(camera.url)
        assert camera.requests == []
        camera.heal()
        with Player(camera.url) as player:
            assert player.take(2)

    def test_half_open(self, camera: FaultyCamera) -> None:
        camera.half_open()
        with pytest.raises(av.error.FFmpegError):
            av.open(camera.url, options={"rtsp_transport": "tcp"}, timeout=0.5)
        assert len(camera.attempts) == 1
        assert camera.requests == []
        camera.heal()
        with Player(camera.url) as player:
            assert player.take(2)

    def test_drop(self, camera: FaultyCamera) -> None:
        with Player(camera.url) as player:
            camera.drop(0.3)
            times = []
            for packet in player.container.demux(video=0):
                if packet.pts is not None:
                    times.append(float(packet.pts * packet.time_base))
                if len(times) == 20:
                    break
        assert max(later - earlier for earlier, later in pairwise(times)) > 1.5 * STEP_S

    @pytest.mark.parametrize("seconds", [3600, -3600])
    def test_jump(self, camera: FaultyCamera, seconds: int) -> None:
        # FFmpeg takes a jump back for an overflow, and adds 2**32 ticks, unless it is told not to.
        with Player(camera.url, correct_ts_overflow="0") as player:
            first = player.take(1)[0]
            camera.jump(seconds)
            seen = player.until(lambda picture: abs(picture.time_s - first.time_s) > 1000)
            after = player.take(10)
        assert seen[-1].time_s - first.time_s == pytest.approx(seconds, abs=5)
        assert all(abs(step) < 1 for step in steps_of(after))

    def test_wrap(self, camera: FaultyCamera) -> None:
        camera.wrap_in(1)
        with Player(camera.url) as player:
            seen = player.take(32)
        assert all(0 < step < 1 for step in steps_of(seen))

    def test_swap(self, camera: FaultyCamera) -> None:
        with Player(camera.url) as player:
            before = player.take(5)
            camera.swap("wide")
            seen = before + player.until(lambda picture: picture.width == 320) + player.take(5)
        assert {picture.width for picture in seen} == {160, 320}
        assert all(0 < step < 2 for step in steps_of(seen))
        assert camera.plays == 1

    def test_not_found(self, camera: FaultyCamera) -> None:
        camera.not_found()
        with pytest.raises(av.error.HTTPNotFoundError):
            Player(camera.url)
        camera.heal()
        with Player(camera.url) as player:
            assert player.take(2)

    def test_babble(self, camera: FaultyCamera) -> None:
        camera.babble()
        with pytest.raises(av.error.FFmpegError):
            av.open(camera.url, options={"rtsp_transport": "tcp"}, timeout=0.5)

    def test_junk(self, camera: FaultyCamera) -> None:
        """FFmpeg finds its way again, or gives the connection up: either way it does not stand still."""
        with Player(camera.url, read_s=SHORT_S) as player:
            assert player.take(2)
            camera.junk()
            with suppress(av.error.FFmpegError):
                assert player.take(5)


class TestPublishing:
    @pytest.mark.parametrize("codec", ["h264", "hevc"])
    @pytest.mark.parametrize("parameter_sets", ["described", "in_band", "both"])
    def test_parameter_sets_stand_where_they_should(
        self, at: Studio, codec: str, parameter_sets: str
    ) -> None:
        path = f"sets-{codec}-{parameter_sets}"
        shot = Shot(size=(160, 120), gop=5, codec=codec, parameter_sets=parameter_sets)  # type: ignore[arg-type]
        with clock_publisher(at.relay.url(path), shot):
            described = b"sprop-" in description(at.relay, path)
            with Player(at.relay.url(path)) as player:
                in_band = 0
                for packet in player.container.demux(video=0):
                    data = bytes(packet)
                    # Annex B: the first unit behind its start code.
                    unit = data[data.index(b"\x01") + 1]
                    kind = unit & 0x1F if codec == "h264" else unit >> 1 & 0x3F
                    in_band += kind in ({7} if codec == "h264" else {32})
                    if packet.is_keyframe and (packet.pts or 0) > 0:
                        break
                assert player.take(2)
        assert described == (parameter_sets != "in_band")
        if parameter_sets != "described":
            assert in_band >= 1

    @pytest.mark.parametrize("audio", ["pcm_mulaw", "pcm_alaw"])
    def test_sound_of_telephones(self, at: Studio, audio: str) -> None:
        shot = Shot(size=(160, 120), gop=5, audio="pcm_mulaw" if audio == "pcm_mulaw" else "pcm_alaw")
        with clock_publisher(at.relay.url(audio), shot), Player(at.relay.url(audio)) as player:
            [track] = player.container.streams.audio
            assert (track.codec_context.name, track.rate, track.channels) == (audio, 8000, 1)
            loud = [is_loud(frame) for frame, _ in zip(decoded_sound(player), range(60), strict=False)]
        assert any(loud)
        assert not all(loud)

    def test_the_clock_can_be_stepped(self, at: Studio) -> None:
        clock = SteppingClock(start_ms=1_000_000_000_000)
        camera = at.camera("stepped", source="stepped-source")
        at.film("stepped-source", TINY, clock=clock)
        with Player(camera.url) as player:
            first = player.take(1)[0]
            assert 0 <= first.moment_ms - 1_000_000_000_000 < 60_000
            clock.step(-3_600_000)
            seen = player.until(lambda picture: picture.moment_ms < 1_000_000_000_000)
        assert all(0 < step < 1 for step in steps_of(seen))

    def test_a_clip_goes_round_and_round(self, at: Studio, clips: Callable[[str, Clip], Path]) -> None:
        options = {"preset": "ultrafast", "tune": "zerolatency"}
        path = clips("round.mp4", Clip(seconds=1, gop=10, options=options, sound=Sound(seconds=1)))
        publisher = clip_publisher(at.relay.url("round"), path)
        with publisher, Player(at.relay.url("round")) as player:
            times: dict[str, list[float]] = {"video": [], "audio": []}
            for packet in player.container.demux():
                if packet.pts is not None:
                    times[packet.stream.type].append(float(packet.pts * packet.time_base))
                if len(times["video"]) == 40:
                    break
        for track in times.values():
            assert all(0 < later - earlier < 0.2 for earlier, later in pairwise(track))
        assert publisher.pictures >= 40

    def test_nobody_there(self) -> None:
        with socket.socket() as bound:
            bound.bind(("127.0.0.1", 0))
            url = f"rtsp://me:secret@127.0.0.1:{bound.getsockname()[1]}/clock"
            with pytest.raises(Broken) as told, clock_publisher(url, TINY):
                pass
        assert "secret" not in str(told.value)

    def test_it_ends_when_the_relay_does(self) -> None:
        with Relay() as relay:
            publisher = clock_publisher(relay.url("clock"), TINY)
            publisher.start()
            assert publisher.alive
        publisher.close()
        publisher.close()
        assert not publisher.alive


class TestRelay:
    def test_a_port_that_is_taken(self) -> None:
        with Relay() as first:
            second = Relay(port=first.port)
            with pytest.raises(OSError, match="in use"):
                second.start()
        first.close()

    @pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\n\r\n", bytes(70_000), b"\r\n\r\n\r\n"])
    def test_who_speaks_otherwise_is_cut_off(self, at: Studio, sent: bytes) -> None:
        with socket.create_connection(("127.0.0.1", at.relay.port), timeout=PATIENCE_S) as peer:
            peer.sendall(sent)
            assert drained(peer)

    def test_requests_out_of_order_are_refused(self, at: Studio) -> None:
        assert asked(at.relay, "PLAY", "clock").startswith(b"RTSP/1.0 454 ")
        assert asked(at.relay, "RECORD", "clock").startswith(b"RTSP/1.0 454 ")
        assert asked(at.relay, "PAUSE", "clock").startswith(b"RTSP/1.0 501 ")
        assert asked(at.relay, "SETUP", "clock/streamid=0", "Transport: RTP/AVP").startswith(
            b"RTSP/1.0 461 "
        )
        tcp = "Transport: RTP/AVP/TCP;interleaved=0-1"
        assert asked(at.relay, "SETUP", "clock/streamid=9", tcp).startswith(b"RTSP/1.0 404 ")
        assert b"PLAY" in asked(at.relay, "OPTIONS", "whatever")


class TestWire:
    def test_bytes_are_taken_apart_wherever_they_were_torn(self) -> None:
        first, second = framed(0, bytes(20)), framed(3, b"$" * 300)
        body = b"v=0\r\n\r\n$"
        head = b"ANNOUNCE rtsp://h/a?b=c RTSP/1.0\r\nCSeq: 1\r\ncontent-length: %d\r\n\r\n" % len(body)
        sent = first + second + head + body + second
        for size in (1, 2, 3, 7, 100, len(sent)):
            parser, media, requests = Parser(), b"", []
            for start in range(0, len(sent), size):
                for item in parser.feed(sent[start : start + size]):
                    if isinstance(item, Request):
                        requests.append(item)
                    else:
                        assert b"".join(framed(*packet) for packet in packets_of(item)) == item
                        media += item
            assert media == first + second + second
            assert [(request.path(), request.body) for request in requests] == [("a", body)]

    @pytest.mark.parametrize("length", [b"x", b"-1", b"99999999"])
    def test_a_length_that_cannot_be(self, length: bytes) -> None:
        with pytest.raises(Malformed):
            list(Parser().feed(b"PLAY rtsp://h/a RTSP/1.0\r\nContent-Length: " + length + b"\r\n\r\n"))

    def test_pictures_are_counted_by_their_last_packets(self) -> None:
        sdp = b"v=0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        tracks = tracks_in(sdp)
        assert [(track.kind, track.clock_rate, track.channel) for track in tracks] == [
            ("audio", 8000, 0),
            ("video", 90_000, 2),
        ]
        marked, unmarked = bytes([0x80, 0xE0]) + bytes(10), bytes([0x80, 0x60]) + bytes(10)
        packets = [(2, marked), (2, unmarked), (0, marked), (3, marked), (2, marked)]
        chunk = Chunk.of(b"".join(framed(*packet) for packet in packets), tracks)
        assert chunk.pictures == 2
        assert chunk.only(frozenset({0, 1}), tracks) == Chunk(framed(0, marked), 0)

    def test_keyframes_are_known_by_their_first_packet(self) -> None:
        sets, picture, piece, middle = b"\x67abc", b"\x41abc", b"\x7c\x85a", b"\x7c\x05a"
        together = b"\x78\x00\x04\x67abc"
        assert [begins_keyframe(unit, "H264") for unit in (sets, picture, piece, middle, together)] == [
            True,
            False,
            True,
            False,
            True,
        ]
        sets, picture, piece, middle = b"\x40\x01a", b"\x02\x01a", b"\x62\x01\x93a", b"\x62\x01\x13a"
        together = b"\x60\x01\x00\x03\x40\x01a"
        assert [begins_keyframe(unit, "H265") for unit in (sets, picture, piece, middle, together)] == [
            True,
            False,
            True,
            False,
            True,
        ]


def asked(relay: Relay, method: str, path: str, *headers: str, peer: socket.socket | None = None) -> bytes:
    """What the relay answers, up to the first pause."""
    lines = [f"{method} {relay.url(path)} RTSP/1.0", "CSeq: 1", *headers, "", ""]
    if peer is not None:
        peer.sendall("\r\n".join(lines).encode())
        return peer.recv(4096)
    with socket.create_connection(("127.0.0.1", relay.port), timeout=PATIENCE_S) as own:
        own.sendall("\r\n".join(lines).encode())
        return own.recv(4096)


def description(relay: Relay, path: str) -> bytes:
    return asked(relay, "DESCRIBE", path)


def lazy_player(relay: Relay) -> socket.socket:
    """Asks for everything and reads nothing."""
    peer = socket.socket()
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    peer.settimeout(PATIENCE_S)
    peer.connect(("127.0.0.1", relay.port))
    tcp = "Transport: RTP/AVP/TCP;interleaved=0-1"
    assert b" 200 " in asked(relay, "SETUP", "clock/streamid=0", tcp, peer=peer)
    assert b" 200 " in asked(relay, "PLAY", "clock", peer=peer)
    return peer


def players_of(relay: Relay) -> int:
    async def count() -> int:
        return len(relay.all_cameras()[0].players)

    return relay.run(count())


def drained(peer: socket.socket) -> bool:
    """Whether the relay has closed the connection, once all that it sent is read."""
    try:
        while peer.recv(65_536):
            pass
    except ConnectionResetError:
        pass
    return True


def decoded_sound(player: Player) -> Iterator[av.AudioFrame]:
    yield from player.container.decode(audio=0)


def is_loud(frame: av.AudioFrame) -> bool:
    return bool(np.abs(np.asarray(frame.to_ndarray(), np.int32)).max() > 500)
