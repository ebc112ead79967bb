"""The pass over transport stream bytes, against FFmpeg's own reading of the same bytes."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from av.packet import Packet
from hypothesis import example, given, settings
from hypothesis import strategies as st

from footage.media.gops import Gop
from footage.media.mpegts import (
    PACKET,
    TICKS_PER_MS,
    WRAP,
    Seal,
    access_units,
    keyframes,
    moved_back,
    seal,
    seals,
)
from footage.media.segment_muxer import mux
from footage.media.source import FileSource
from footage.recording.cutter import Cutter
from footage.recording.walltime import Anchor
from kit.clips import Clip, Sound

CALM_MS = 1_790_000_000_000
WRAPS_MS = -(-20_000 * WRAP // TICKS_PER_MS) - 4000
"""Four seconds before the timestamps start again at 0."""

CLIPS = {
    "h264": Clip(seconds=9, options={"bf": "2"}, sound=Sound(seconds=9)),
    "h265": Clip(seconds=9, codec="libx265", gop=25, options={"x265-params": "log-level=none:open-gop=0"}),
    "silent": Clip(seconds=9, options={"tune": "zerolatency"}, gop=25),
}


@dataclass(frozen=True)
class Film:
    """The segments of a clip and their codec."""

    codec: str
    segments: tuple[bytes, ...]


def film(path: Path, wall_ms: int) -> Film:
    """Cut a clip as the importer does, its first picture at ``wall_ms``."""
    made = []
    with FileSource(path) as source:
        cutter: Cutter[Gop] = Cutter(4000 * TICKS_PER_MS)
        pieces = [piece for gop in source.gops() for piece in cutter.push(gop)] + cutter.flush()
        anchor = Anchor(pieces[0].start, wall_ms)
        for piece in pieces:
            start_ms = anchor.to_ms(piece.start)
            muxed = mux(
                piece.gops,
                source.tracks,
                run_start_ms=wall_ms,
                start_ms=start_ms,
                duration_ms=anchor.to_ms(piece.end) - start_ms,
                ticks=anchor.shift_ticks,
            )
            made.append(muxed.data)
        return Film(piece.gops[0].codecs.video, tuple(made))


@pytest.fixture(scope="module")
def films(clips: Callable[[str, Clip], Path]) -> dict[str, Film]:
    """Every clip once in calm times and once across the wrap."""
    paths = {name: clips(f"mpegts-{name}.mp4", clip) for name, clip in CLIPS.items()}
    return {
        f"{name}, {when}": film(path, wall_ms)
        for name, path in paths.items()
        for when, wall_ms in (("calm", CALM_MS), ("wraps", WRAPS_MS))
    }


NAMES = [f"{name}, {when}" for name in CLIPS for when in ("calm", "wraps")]


@pytest.fixture(params=NAMES)
def shown(request: pytest.FixtureRequest, films: dict[str, Film]) -> Film:
    return films[request.param]


def demuxed(data: bytes, kind: str = "video") -> list[Packet[Any]]:
    """A segment's packets as FFmpeg takes it apart."""
    with av.open(io.BytesIO(data), "r", format="mpegts") as container:
        streams = [stream for stream in container.streams if stream.type == kind]
        return [packet for packet in container.demux(streams) if packet.size] if streams else []


def stamps(packets: Iterable[Packet[Any]]) -> list[tuple[int, int]]:
    """PTS and DTS modulo 2**33: FFmpeg itself counts on beyond the wrap, or below 0."""
    found = []
    for packet in packets:
        assert packet.time_base == Fraction(1, 90_000)
        assert packet.pts is not None
        assert packet.dts is not None
        found.append((packet.pts % WRAP, packet.dts % WRAP))
    return found


def pcrs(data: bytes) -> list[tuple[int, int]]:
    """Every PCR's base and extension, read bit by bit (ISO/IEC 13818-1, 2.4.3.5)."""
    found = []
    for at in range(0, len(data), PACKET):
        packet = data[at : at + PACKET]
        assert packet[0] == 0x47
        if packet[3] & 0x20 and packet[4] >= 7 and packet[5] & 0x10:
            bits = int.from_bytes(packet[6:12], "big")
            found.append((bits >> 15, bits & 0x1FF))
    return found


# Where things are


def test_keyframes_are_where_ffmpeg_finds_them(shown: Film) -> None:
    for data in shown.segments:
        packets = demuxed(data)
        places = [packet.pos or 0 for packet in packets] + [len(data)]
        ends = dict(pairwise(places))
        expected = [
            (packet.pts % WRAP, at, ends[at] - at)
            for packet, at in zip(packets, places, strict=False)
            if packet.is_keyframe and packet.pts is not None
        ]
        assert expected
        assert [(k.pts, k.at_bytes, k.size_bytes) for k in keyframes(data)] == expected


def test_a_segment_starts_with_a_keyframe_at_its_own_wall_time(films: dict[str, Film]) -> None:
    for name, start_ms in (("silent, calm", CALM_MS), ("silent, wraps", WRAPS_MS)):
        for data in films[name].segments:
            [(_, closing)] = seals(data)
            assert keyframes(data)[0].pts == closing.start_ms * TICKS_PER_MS % WRAP
            assert closing.run_start_ms == start_ms


def test_the_wrap_falls_into_the_film(films: dict[str, Film]) -> None:
    every = [pts for data in films["h264, wraps"].segments for pts, _ in stamps(demuxed(data))]
    assert min(every) < 10 * 90_000
    assert max(every) > WRAP - 10 * 90_000


def test_access_units_are_the_demuxers_packets(shown: Film) -> None:
    for data in shown.segments:
        expected = [
            (packet.pts % WRAP, bytes(packet), packet.is_keyframe)
            for packet in demuxed(data)
            if packet.pts is not None
        ]
        assert [(unit.pts, unit.data, unit.is_keyframe) for unit in access_units(data)] == expected


def test_the_bytes_of_a_keyframe_decode_alone(shown: Film) -> None:
    for data in shown.segments:
        for place in keyframes(data):
            piece = data[place.at_bytes : place.at_bytes + place.size_bytes]
            [unit] = access_units(piece)
            assert (unit.pts, unit.is_keyframe) == (place.pts, True)
            decoder = av.CodecContext.create(shown.codec, "r")
            frames = [*decoder.decode(Packet(unit.data)), *decoder.decode(None)]  # type: ignore[attr-defined]
            assert [(frame.width, frame.height) for frame in frames] == [(320, 240)]


# Moving


@pytest.mark.parametrize("ticks", [1, 90, 5 * 60 * 90_000, WRAP // 2, WRAP - 1])
def test_moving_shifts_every_stamp_and_nothing_else(shown: Film, ticks: int) -> None:
    for data in shown.segments:
        moved = moved_back(data, ticks)
        assert len(moved) == len(data)
        for kind in ("video", "audio"):
            before, after = demuxed(data, kind), demuxed(moved, kind)
            assert stamps(after) == [
                ((pts - ticks) % WRAP, (dts - ticks) % WRAP) for pts, dts in stamps(before)
            ]
            assert [bytes(packet) for packet in after] == [bytes(packet) for packet in before]
            assert [packet.is_keyframe for packet in after] == [packet.is_keyframe for packet in before]
        assert pcrs(data)
        assert pcrs(moved) == [((base - ticks) % WRAP, extension) for base, extension in pcrs(data)]


def test_sound_is_moved_with_the_pictures(films: dict[str, Film]) -> None:
    [data, *_] = films["h264, calm"].segments
    assert len(demuxed(data, "audio")) > 100


def test_moving_by_nothing_changes_nothing(shown: Film) -> None:
    for data in shown.segments:
        assert moved_back(data, 0) == data
        assert moved_back(data, WRAP) == data


@given(st.integers(0, WRAP))
@settings(max_examples=20)
def test_moving_there_and_back_gives_the_same_bytes(films: dict[str, Film], ticks: int) -> None:
    for name in ("h264, wraps", "h265, calm"):
        for data in films[name].segments:
            assert moved_back(moved_back(data, ticks), WRAP - ticks) == data


@given(st.integers(0, WRAP), st.integers(0, WRAP))
@settings(max_examples=20)
def test_moving_twice_is_moving_by_the_sum(films: dict[str, Film], one: int, other: int) -> None:
    [data, *_] = films["h264, wraps"].segments
    assert moved_back(moved_back(data, one), other) == moved_back(data, one + other)


@pytest.mark.parametrize("base", [0, 1, 12345, 1 << 32, WRAP - 1])
@pytest.mark.parametrize("extension", [0, 1, 255, 256, 299])
def test_the_fine_part_of_a_pcr_stays(base: int, extension: int) -> None:
    # Encoders of a steady rate fill it in; the reserved bits between are ones.
    bits = base << 15 | 0x3F << 9 | extension
    packet = (b"\x47\x01\x00\x20\xb7\x10" + bits.to_bytes(6, "big")).ljust(PACKET, b"\xff")
    moved = moved_back(packet, 100)
    assert pcrs(moved) == [((base - 100) % WRAP, extension)]
    assert moved_back(moved, WRAP - 100) == packet


def test_moving_leaves_its_argument_alone(films: dict[str, Film]) -> None:
    [data, *_] = films["h264, calm"].segments
    copy = bytes(bytearray(data))
    moved_back(data, 12345)
    assert data == copy


def test_a_film_across_the_wrap_moved_before_it_plays_as_in_calm_times(films: dict[str, Film]) -> None:
    # Ten minutes earlier there is no wrap, so FFmpeg's times rise without any care for it.
    times = [
        packet.pts
        for data in films["silent, wraps"].segments
        for packet in demuxed(moved_back(data, 10 * 60 * 90_000))
        if packet.pts is not None
    ]
    assert [after - before for before, after in pairwise(times)] == [3600] * (9 * 25 - 1)


# Seals

times_ms = st.integers(-(1 << 63), (1 << 63) - 1)
u32 = st.integers(0, (1 << 32) - 1)
some_seals = st.builds(Seal, times_ms, times_ms, u32, u32, u32)


@given(some_seals)
def test_a_seal_is_read_back(closing: Seal) -> None:
    packet = seal(closing)
    assert len(packet) == PACKET
    assert seals(packet) == [(PACKET, closing)]


@given(st.lists(st.tuples(st.integers(0, 5), some_seals), max_size=5), st.integers(0, PACKET - 1))
def test_every_seal_of_a_block_is_found_with_its_end(
    parts: list[tuple[int, Seal]], torn_bytes: int
) -> None:
    filling = b"\x47\x01\x00\x10" + bytes(184)
    block, expected = b"", []
    for packets, closing in parts:
        block += filling * packets + seal(closing)
        expected.append((len(block), closing))
    assert seals(block + filling[:torn_bytes]) == expected


def test_a_torn_seal_is_none() -> None:
    whole = seal(Seal(1, 2, 3, 4, 5))
    assert seals(whole[:-1]) == []
    assert seals(b"") == []


def test_other_null_packets_are_no_seals() -> None:
    assert seals((b"\x47\x1f\xff\x10" + b"\xff" * 184) * 3) == []
    whole = bytearray(seal(Seal(1, 2, 3, 4, 5)))
    # Another version of the seal is not this one.
    whole[11] = 2
    assert seals(bytes(whole)) == []


def test_players_skip_the_seal(shown: Film) -> None:
    for data in shown.segments:
        assert stamps(demuxed(data)) == stamps(demuxed(data[:-PACKET]))


# Bytes that nobody wrote

noise = st.integers(0, 12).flatmap(
    lambda count: st.binary(min_size=count * PACKET, max_size=count * PACKET)
)


@st.composite
def hostile(draw: st.DrawFn) -> bytes:
    """Packets that look right at first: of known streams, with fields of any length in front."""
    packets = b""
    for _ in range(draw(st.integers(0, 6))):
        head = bytes(
            (
                0x47,
                draw(st.sampled_from([0x41, 0x01, 0x5F])),
                draw(st.sampled_from([0x00, 0x01, 0xFF])),
                draw(st.sampled_from([0x10, 0x20, 0x30])),
                draw(st.integers(0, 255)),
                draw(st.integers(0, 255)),
            )
        )
        payload = draw(st.sampled_from([b"", b"\x00\x00\x01", b"\x00\x00\x01\xe0\x00\x00\x80\xc0\xff"]))
        filling = draw(st.integers(0, PACKET - len(head) - len(payload)))
        packets += (head + bytes(filling) + payload).ljust(PACKET, b"\xff")
    return packets


def start_at(place: int) -> bytes:
    """A packet whose PES header begins at byte ``place``, all flags set."""
    head = bytes((0x47, 0x41, 0x00, 0x30, place - 5, 0x50))
    header = b"\x00\x00\x01\xe0\x00\x00\x80\xc0\xff"
    return (head.ljust(place, b"\xff") + header).ljust(PACKET, b"\xff")[:PACKET]


@given(st.one_of(noise, hostile()))
@example(start_at(179))
@example(start_at(185))
@example(bytes((0x47, 0x41, 0x00, 0x30, 255, 0x50)) + b"\x00\x00\x01" * 60 + b"\x00\x00")
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    keyframes(data)
    seals(data)
    for unit in access_units(data):
        assert len(unit.data) <= len(data)


@given(st.one_of(noise, hostile()), st.integers(0, WRAP))
@example(start_at(179), 1)
@example(start_at(185), 1)
@example(bytes((0x47, 0x41, 0x00, 0x30, 255, 0x50)) + b"\x00\x00\x01" * 60 + b"\x00\x00", 1)
def test_any_bytes_are_moved_without_a_crash(data: bytes, ticks: int) -> None:
    assert len(moved_back(data, ticks)) == len(data)


def in_turn(films: dict[str, Film]) -> Iterator[bytes]:
    for name in NAMES:
        yield from films[name].segments


def test_a_packet_of_nothing_but_padding_is_left_alone(films: dict[str, Film]) -> None:
    padding = b"\x47\x01\x00\x20\xb7\x00" + b"\xff" * 182
    [data, *_] = in_turn(films)
    assert moved_back(padding + data, 90) == padding + moved_back(data, 90)
    assert [k.at_bytes for k in keyframes(padding + data)] == [k.at_bytes + PACKET for k in keyframes(data)]
