"""Cameras as they are: every codec over every transport, and streams that are put together strangely."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Any

import av
import numpy as np
import pytest
from av.video.frame import PictureType
from av.video.stream import VideoStream

from footage.demo.wire import Chunk, framed, packets_of
from footage.house import open_house
from footage.media.film import Shot, wall_clock
from footage.media.pattern import LivePicture
from footage.recording.walltime import Break
from footage.settings import load
from footage.timeline import CameraStatus, Reason, Source, State
from kit.clips import Clip, Sound
from kit.gst_server import gst_server
from kit.recording import (
    DELAY_MS,
    PATIENCE_S,
    KeptRun,
    KeptSegment,
    LogBook,
    Recording,
    RecordingRoom,
    recording_room,
)
from kit.rtsp import FaultyCamera, Studio, studio

TINY = (160, 120)
FRAME_MS = 40
CLIP_S, LATE_S = 4, 1
"""The pictures, and after how long the tone begins beside them."""
TONE_HZ = 440
QUIETEST = 0.03
"""A third of it and less is what an encoder makes of silence."""
QUICK = {"preset": "ultrafast", "tune": "zerolatency"}
QUIET = {**QUICK, "x265-params": "log-level=none:pools=none:frame-threads=1"}
MOUNTS = {
    f"{video}-{audio}": (video, audio)
    for video in ("h264", "hevc")
    for audio in ("aac", "pcm_mulaw", "pcm_alaw")
}
FILMS = {
    "mulaw": Shot(size=TINY, gop=10, audio="pcm_mulaw"),
    "alaw": Shot(size=TINY, gop=10, codec="hevc", audio="pcm_alaw"),
    "hevc-described": Shot(size=TINY, gop=10, codec="hevc", parameter_sets="described", audio="aac"),
    "described": Shot(size=TINY, gop=10, parameter_sets="described", audio="aac"),
    "in-band": Shot(size=TINY, gop=10, parameter_sets="in_band"),
    "lazy": Shot(size=TINY, gop=10, rate=10, audio="pcm_mulaw"),
    "long-gop": Shot(size=TINY, gop=50, rate=5),
}
LIVE_OVER_HTTP = ("steady.ts", "uneven.ts", "bare.h264")
FILES = {"20s.ts": 20, "120s.ts": 120}
"""What is sent as fast as it can be, with its seconds."""
UNBROKEN = {"silent", "stutterer", "live.m3u8"}
"""Others of which the connection stands to the end."""
TS = {"mpegts_copyts": "1", "max_delay": "0", "avoid_negative_ts": "disabled"}


@dataclass
class Tape:
    """A stream and when each of its bytes is due; PyAV writes into it."""

    due_s: float = 0.0
    chunks: list[tuple[float, bytes]] = field(default_factory=list)

    def write(self, data: bytes) -> int:
        self.chunks.append((self.due_s, bytes(data)))
        return len(data)


def film(moments_ms: list[int], *, gop: int) -> Iterator[tuple[int, VideoStream, Any]]:
    """The packet of each moment, which its picture shows, with its number."""
    with av.open(io.BytesIO(), "w", format="h264") as nowhere:
        track = nowhere.add_stream("libx264", rate=25, options={**QUICK, "forced-idr": "1"})
        assert isinstance(track, VideoStream)
        track.width, track.height = TINY
        track.pix_fmt = "yuv420p"
        track.codec_context.time_base = Fraction(1, 1000)
        picture = LivePicture(*TINY)
        for number, moment_ms in enumerate(moments_ms):
            frame = picture.at(moment_ms, number)
            frame.pts, frame.time_base = moment_ms, Fraction(1, 1000)
            frame.pict_type = PictureType.NONE if number % gop else PictureType.I
            for packet in track.encode(frame):
                yield moment_ms, track, packet


def tape_of(moments_ms: list[int], form: str) -> list[tuple[float, bytes]]:
    tape = Tape()
    output: Any = None
    for moment_ms, track, packet in film(moments_ms, gop=10):
        if output is None:
            options = TS if form == "mpegts" else {}
            output = av.open(tape, "w", format=form, options=options, buffer_size=1316)
            copy = output.add_stream_from_template(track)
        tape.due_s = moment_ms / 1000
        packet.stream = copy
        output.mux(packet)
    output.close()
    return tape.chunks


def pieces_of(moments_ms: list[int]) -> list[bytes]:
    """One HLS segment a GOP."""
    pieces: list[io.BytesIO] = []
    output: Any = None
    for number, (_, track, packet) in enumerate(film(moments_ms, gop=25)):
        if number % 25 == 0:
            if output is not None:
                output.close()
            pieces.append(io.BytesIO())
            output = av.open(pieces[-1], "w", format="mpegts", options=TS)
            copy = output.add_stream_from_template(track)
        packet.stream = copy
        output.mux(packet)
    output.close()
    return [piece.getvalue() for piece in pieces]


class Site(ThreadingHTTPServer):
    """Streams tapes as time passes, serves files at once, and a live playlist.

    ``began_ms`` is when somebody last began to see a tape.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Visit)
        self.tapes: dict[str, list[tuple[float, bytes]]] = {}
        self.files: dict[str, bytes] = {}
        self.pieces: list[bytes] = []
        self.opened = time.monotonic()
        self.began_ms: dict[str, int] = {}

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{name}"

    def playlist(self) -> bytes:
        """The newest three segments, and those before them that are on their way out."""
        whole = min(int(time.monotonic() - self.opened), len(self.pieces))
        first = max(whole - 5, 0)
        lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
        for number in range(first, whole):
            lines += ["#EXTINF:1.000,", f"{number}.ts"]
        return ("\n".join(lines) + "\n").encode()

    def handle_error(self, *_: object) -> None:
        """A recorder that hangs up is none."""


class _Visit(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        name = self.path.strip("/")
        if name in self.server.tapes:
            self._stream(name)
        elif name == "live.m3u8":
            self._send(self.server.playlist())
        elif name in self.server.files:
            self._send(self.server.files[name])
        else:
            self._send(self.server.pieces[int(name.removesuffix(".ts"))])

    def _send(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, name: str) -> None:
        self.send_response(200)
        self.end_headers()
        began = time.monotonic()
        self.server.began_ms[name] = wall_clock()
        for due_s, data in self.server.tapes[name]:
            time.sleep(max(0.0, began + due_s - time.monotonic()))
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Not to be read by anybody."""


@contextmanager
def other_work() -> Iterator[None]:
    """A thread that hands the interpreter to another only when it must."""
    is_over = Event()

    def work() -> None:
        while not is_over.is_set():
            pass

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


@pytest.fixture(scope="module")
def site(clips: Callable[[str, Clip], Path]) -> Iterator[Site]:
    steady = list(range(0, 60_000, FRAME_MS))
    # Twenty pictures a second for a while, then three, and so on.
    uneven = list(accumulate([0, *([50] * 40 + [333] * 9) * 11]))
    with Site() as site:
        site.tapes = {
            "steady.ts": tape_of(steady, "mpegts"),
            "uneven.ts": tape_of(uneven, "mpegts"),
            "bare.h264": tape_of(steady, "h264"),
        }
        site.pieces = pieces_of(steady)
        for name, seconds in FILES.items():
            clip = Clip(
                seconds=seconds, size=TINY, rate=Fraction(5), gop=10, options=QUICK, format="mpegts"
            )
            site.files[name] = clips(name, clip).read_bytes()
        # Over a network that carries ten times what a camera sends, and halts once.
        film = site.files["120s.ts"]
        pieces = [film[at : at + len(film) // 120] for at in range(0, len(film), len(film) // 120)]
        site.tapes["halting.ts"] = [
            (number / 10 + (1.5 if number >= 40 else 0.0), piece) for number, piece in enumerate(pieces)
        ] + [(60.0, b"")]
        # What a file holds, and then nothing, over a connection that stays.
        site.tapes["burst.ts"] = [(0.0, site.files["20s.ts"]), (60.0, b"")]
        thread = Thread(target=site.serve_forever, daemon=True)
        thread.start()
        yield site
        site.shutdown()


class Stutterer(FaultyCamera):
    """Says after the parameter sets of a keyframe that the picture is over, and then sends its rest."""

    def media(self, chunk: Chunk) -> Chunk | None:
        published = self.relay.published(self)
        assert published is not None
        marked = []
        for channel, packet in packets_of(chunk.data):
            is_sets = channel == 0 and packet[12] & 0x1F in {6, 7, 8, 24}
            marked.append(
                framed(channel, packet[:1] + bytes([packet[1] | 0x80]) + packet[2:] if is_sets else packet)
            )
        return super().media(Chunk.of(b"".join(marked), published.tracks))


@dataclass
class Kept:
    """What became of one camera."""

    recording: Recording
    status: CameraStatus
    runs: list[KeptRun]

    @property
    def run(self) -> KeptRun:
        """The only one, or the first."""
        return self.runs[0]


@dataclass
class Alone:
    """A room without other cameras."""

    room: RecordingRoom
    site: Site

    def refuses(self, name: str) -> None:
        """Record it until it is given up, and find nothing kept."""
        recording = self.room.record(self.site.url(name))
        status = recording.wait_for_reason(Reason.UNSUPPORTED)
        assert "faster than time passes" in str(status.detail)
        recording.close()
        assert recording.kept() == []


@pytest.fixture
def alone(tmp_path: Path, site: Site) -> Iterator[Alone]:
    house = open_house(load(data_dir=tmp_path / "data"))
    with recording_room(house) as room:
        yield Alone(room, site)
    house.close()


@dataclass
class World:
    """All cameras, recorded side by side."""

    kept: dict[str, Kept]
    site: Site
    log: LogBook


@pytest.fixture(scope="module")
def world(
    tmp_path_factory: pytest.TempPathFactory, clips: Callable[[str, Clip], Path], site: Site
) -> Iterator[World]:
    site.opened = time.monotonic()
    house = open_house(load(data_dir=tmp_path_factory.mktemp("odd") / "data"))
    with recording_room(house) as room, ExitStack() as stack:
        burst = room.record(site.url("burst.ts"), stall_s=PATIENCE_S)
        # All of it, for the beginning would pass for what a camera had kept back.
        burst.wait(lambda status: wall_clock() - (status.last_packet_ms or wall_clock()) > 2000)
        burst.close()
        at = stack.enter_context(studio())
        recordings = watch_films(at, room) | {"burst.ts": burst}
        gst = stack.enter_context(
            gst_server({name: gst_clip(clips, *tracks) for name, tracks in MOUNTS.items()})
        )
        for name in MOUNTS:
            for transport in ("tcp", "udp"):
                source = Source(gst.url(name), transport=transport)
                recordings[f"{name}-{transport}"] = room.record(source)
        for name in (*LIVE_OVER_HTTP, *FILES, "live.m3u8"):
            recordings[name] = room.record(site.url(name), stall_s=5.0)
        play(at, recordings)
        statuses = {name: recording.status for name, recording in recordings.items()}
        room.close()
        kept = {
            name: Kept(recordings[name], status, recordings[name].kept())
            for name, status in statuses.items()
        }
        yield World(kept, site, room.log)
    house.close()


def gst_clip(clips: Callable[[str, Clip], Path], video: str, audio: str) -> Path:
    codec, options = ("libx264", QUICK) if video == "h264" else ("libx265", QUIET)
    sound = Sound(
        codec=audio, rate=48_000 if audio == "aac" else 8000, seconds=CLIP_S - LATE_S, late_s=LATE_S
    )
    clip = Clip(seconds=CLIP_S, size=TINY, gop=25, codec=codec, options=options, sound=sound)
    return clips(f"odd-{video}-{audio}.mov", clip)


def watch_films(at: Studio, room: RecordingRoom) -> dict[str, Recording]:
    recordings = {}
    # The one that takes longest goes first.
    for name in ("long-gop", *FILMS):
        if name not in recordings:
            at.film(name, FILMS[name])
            recordings[name] = room.record(at.camera(name, source=name).url)
    silent = at.camera("silent", source="mulaw")
    recordings["silent"] = room.record(Source(silent.url, with_audio=False))
    recordings["slower"] = room.record(at.camera("slower", source="mulaw").url)
    stutterer = at.relay.add(Stutterer(at.relay, "stutterer", source="in-band"))
    at.relay.run(stutterer.listen())
    recordings["stutterer"] = room.record(stutterer.url)
    return recordings


def play(at: Studio, recordings: dict[str, Recording]) -> None:
    """Until everybody has shown what is odd about it."""
    recordings["slower"].wait_for_segments(2)
    slower = at.relay.camera_at("slower")
    assert isinstance(slower, FaultyCamera)
    slower.swap("lazy")
    for name, recording in recordings.items():
        if name in FILMS or name in LIVE_OVER_HTTP or name in UNBROKEN:
            recording.wait_for_segments(1 if name == "long-gop" else 3)
        elif name == "slower":
            recording.wait_for_segments(4)
        elif name in FILES:
            # Ended between two tries, or the beginning of a file would pass for a camera's.
            recording.wait(lambda status: bool(status.reconnects) and status.state is State.WAITING)
            recording.close()
        elif name != "burst.ts":
            recording.wait(lambda status: sum(status.reconnects.values()) > 0)


def whole(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def sound_of(run: KeptRun) -> tuple[np.ndarray[Any, np.dtype[np.float32]], int]:
    return np.concatenate([kept.sound for kept in run.segments]), run.segments[0].sample_rate


class TestTracks:
    @pytest.mark.parametrize("transport", ["tcp", "udp"])
    @pytest.mark.parametrize("name", MOUNTS)
    def test_every_picture_and_the_tone_are_kept(self, world: World, name: str, transport: str) -> None:
        run = world.kept[f"{name}-{transport}"].run
        assert (run.run.codecs.video, run.run.codecs.audio) == (MOUNTS[name][0], "aac")
        # Over UDP FFmpeg reads reports before media: the goodbye may overtake the last picture.
        last_lost = CLIP_S * 25 - len(run.pictures)
        assert last_lost in ({0, 1} if transport == "udp" else {0})
        assert all(
            abs(later.at_ms - earlier.at_ms - FRAME_MS) < 1 for earlier, later in pairwise(run.pictures)
        )
        assert abs(run.run.end_ms - run.run.start_ms - CLIP_S * 1000) <= FRAME_MS
        samples, rate = sound_of(run)
        assert abs(len(samples) / rate - CLIP_S) < 0.15
        spectrum = np.abs(np.fft.rfft(samples[2 * rate : 3 * rate]))
        assert abs(int(spectrum.argmax()) - TONE_HZ) <= 1

    @pytest.mark.parametrize("transport", ["tcp", "udp"])
    @pytest.mark.parametrize("name", MOUNTS)
    def test_the_tone_begins_at_its_time(self, world: World, name: str, transport: str) -> None:
        run = world.kept[f"{name}-{transport}"].run
        begins_ms = min(begin for kept in run.segments for begin in onsets(kept))
        assert abs(begins_ms - run.pictures[0].at_ms - LATE_S * 1000) < 60

    @pytest.mark.parametrize("name", [*FILMS, "silent", "stutterer", "slower", *LIVE_OVER_HTTP])
    def test_no_picture_is_missing(self, world: World, name: str) -> None:
        for run in world.kept[name].runs:
            assert whole([picture.number for picture in run.pictures])
            assert run.run.codecs.width == TINY[0]

    @pytest.mark.parametrize("name", sorted({*FILMS, "silent", "stutterer", *LIVE_OVER_HTTP, "live.m3u8"}))
    def test_nothing_broke_off(self, world: World, name: str) -> None:
        kept = world.kept[name]
        assert kept.status.state is State.RECORDING
        assert not kept.status.reconnects
        assert len(kept.runs) == 1

    @pytest.mark.parametrize("name", FILMS)
    def test_first_pictures_without_a_keyframe_are_left_out(self, world: World, name: str) -> None:
        assert world.kept[name].run.pictures[0].number % FILMS[name].gop == 0

    def test_sound_that_is_switched_off_is_not_there(self, world: World) -> None:
        run = world.kept["silent"].run
        assert run.run.codecs.audio is None
        assert all(not kept.sample_rate for kept in run.segments)


class TestTime:
    @pytest.mark.parametrize("name", [*FILMS, "silent", "stutterer", "slower"])
    def test_the_archives_time_is_the_pictures_own(self, world: World, name: str) -> None:
        for run in world.kept[name].runs:
            frame_ms = 1000 / FILMS[name].rate if name in FILMS else 100
            assert -2 * frame_ms < run.late_ms < 2 * frame_ms + DELAY_MS

    @pytest.mark.parametrize("name", LIVE_OVER_HTTP)
    def test_a_stream_without_a_clock_goes_by_its_arrival(self, world: World, name: str) -> None:
        late_ms = world.kept[name].run.late_ms - world.site.began_ms[name]
        assert -2 * FRAME_MS < late_ms < 2 * FRAME_MS + DELAY_MS

    @pytest.mark.parametrize("name", ["mulaw", "alaw", "described", "hevc-described"])
    def test_a_beep_is_heard_when_its_second_is_seen(self, world: World, name: str) -> None:
        run = world.kept[name].run
        beeps = [begin for kept in run.segments for begin in onsets(kept)]
        assert len(beeps) >= 3
        off_ms = [(at_ms - run.late_ms + 500) % 1000 - 500 for at_ms in beeps]
        # A busy publisher may be late with one of them.
        assert abs(float(np.median(off_ms))) < 100

    def test_a_gop_of_ten_seconds_is_one_segment(self, world: World) -> None:
        first = world.kept["long-gop"].run.segments[0]
        assert first.segment.duration_ms >= 10_000
        assert len(first.pictures) == 50

    def test_pictures_that_come_slower_begin_a_run(self, world: World) -> None:
        kept = world.kept["slower"]
        fast, *slow = kept.runs
        assert slow
        # A machine so busy that the first slow picture came late sees those after it come too soon: a jump.
        begun = world.log.of(kept.recording.name, "run.begun")
        assert {event["why"] for event in begun} == {Break.SOURCE}
        for run, frame_ms in ((fast, 40), *((run, 100) for run in slow)):
            steps = [later.at_ms - earlier.at_ms for earlier, later in pairwise(run.pictures)]
            assert abs(float(np.median(steps)) - frame_ms) < 1
        assert not kept.status.reconnects


def onsets(kept: KeptSegment) -> list[float]:
    """When it becomes loud after it was quiet, inside one segment."""
    step = kept.sample_rate // 100
    sound = np.abs(kept.sound[: len(kept.sound) // step * step]).reshape(-1, step).max(axis=1)
    loud = sound > max(float(sound.max()), QUIETEST) / 3
    return [kept.sound_ms + 10 * n for n in range(1, len(loud)) if loud[n] and not loud[n - 1]]


class TestOverHttp:
    def test_hls_is_recorded(self, world: World) -> None:
        run = world.kept["live.m3u8"].run
        assert whole([picture.number for picture in run.pictures])
        opened_ms = wall_clock() - (time.monotonic() - world.site.opened) * 1000
        # Its segments are there when they are whole, and players begin three of them back.
        assert -1000 < run.late_ms - opened_ms < 10_000

    @pytest.mark.parametrize("name", FILES)
    def test_a_file_is_not_live(self, world: World, name: str) -> None:
        kept = world.kept[name]
        assert {reason for reason, _ in kept.recording.backoff.pauses} == {Reason.UNSUPPORTED}
        for event in world.log.of(kept.recording.name, "camera.lost"):
            assert "faster than time passes" in str(event["detail"])
        assert kept.runs == []

    def test_nor_is_it_to_a_recorder_that_is_busy(self, alone: Alone) -> None:
        """Each of its reads takes long then, as if it had waited for a camera."""
        with other_work():
            alone.refuses("120s.ts")

    def test_nor_over_a_network_that_halts(self, alone: Alone) -> None:
        alone.refuses("halting.ts")

    def test_ending_while_something_odd_waits_is_in_order(self, world: World) -> None:
        kept = world.kept["burst.ts"]
        [event] = world.log.of(kept.recording.name, "camera.rest_lost")
        assert event["reason"] is Reason.UNSUPPORTED
        assert kept.runs == []
