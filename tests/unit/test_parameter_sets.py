"""Parameter sets, in streams that real encoders and muxers made; FFmpeg converts between the forms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest
from av.bitstream import BitStreamFilterContext
from av.packet import Packet
from hypothesis import given
from hypothesis import strategies as st

from footage.media.parameter_sets import Framing
from kit.clips import Clip

START_CODE = b"\x00\x00\x00\x01"
CODERS = {
    "h264": ("libx264", {"bf": "2"}, "h264_mp4toannexb", [7, 8]),
    "hevc": ("libx265", {"x265-params": "log-level=none"}, "hevc_mp4toannexb", [32, 33, 34]),
}


def unit_type(codec: str, unit: bytes) -> int:
    """ITU-T H.264, 7.3.1 and H.265, 7.3.1.2."""
    return unit[0] % 32 if codec == "h264" else unit[0] // 2 % 64


@dataclass(frozen=True)
class Stream:
    """The same pictures in a container's own form, and as Annex B."""

    codec: str
    extradata: bytes
    packets: list[bytes]
    keyframes: list[bool]
    annex_b: list[bytes]


def read(path: Path, codec: str, to_annex_b: str) -> Stream:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        extradata = video.codec_context.extradata or b""
        packets, keys = [], []
        convert = BitStreamFilterContext(to_annex_b, video)
        converted: list[bytes] = []
        for packet in container.demux(video):
            if packet.size:
                packets.append(bytes(packet))
                keys.append(packet.is_keyframe)
                converted += [bytes(out) for out in convert.filter(packet)]
        return Stream(codec, extradata, packets, keys, converted)


@pytest.fixture(params=sorted(CODERS))
def mp4(request: pytest.FixtureRequest, clips: Callable[[str, Clip], Path]) -> Stream:
    coder, options, convert, _ = CODERS[request.param]
    clip = Clip(seconds=3, codec=coder, gop=25, options=options)
    return read(clips(f"sets-{request.param}.mp4", clip), request.param, convert)


@pytest.fixture(params=sorted(CODERS))
def ts(request: pytest.FixtureRequest, clips: Callable[[str, Clip], Path]) -> Stream:
    coder, options, _, _ = CODERS[request.param]
    clip = Clip(seconds=3, codec=coder, gop=25, options=options)
    return read(clips(f"sets-{request.param}.ts", clip), request.param, "null")


def decoded(codec: str, data: bytes, extradata: bytes | None = None) -> list[tuple[int, int]]:
    """Sizes of the pictures that a fresh decoder makes of one coded picture."""
    decoder: Any = av.CodecContext.create(codec, "r")
    decoder.extradata = extradata
    try:
        frames = [*decoder.decode(Packet(data)), *decoder.decode(None)]
    except av.error.InvalidDataError:
        return []
    return [(frame.width, frame.height) for frame in frames]


def test_the_container_tells_its_form(mp4: Stream, ts: Stream) -> None:
    assert Framing.of(mp4.codec, mp4.extradata) == Framing(mp4.codec, 4)
    assert Framing.of(ts.codec, ts.extradata) == Framing(ts.codec, 0)
    assert Framing.of(mp4.codec, b"") == Framing(mp4.codec, 0)


@pytest.mark.parametrize("length_bytes", [1, 2, 4])
def test_shorter_lengths_are_told_from_the_header(length_bytes: int) -> None:
    avcc = bytes((1, 100, 0, 31, 0xFC | (length_bytes - 1), 0xE0, 0))
    assert Framing.of("h264", avcc) == Framing("h264", length_bytes)
    hvcc = bytes((1, *[0] * 20, 0xFC | (length_bytes - 1), 0))
    assert Framing.of("hevc", hvcc) == Framing("hevc", length_bytes)


def test_the_sets_of_a_header_are_those_that_ffmpeg_puts_into_the_stream(mp4: Stream) -> None:
    sets = Framing.of(mp4.codec, mp4.extradata).sets_in_header(mp4.extradata)
    assert sorted(unit_type(mp4.codec, unit) for unit in sets) == CODERS[mp4.codec][3]
    in_stream = Framing(mp4.codec, 0).sets_in_picture(mp4.annex_b[0])
    assert sets == in_stream
    for unit in sets:
        assert START_CODE[1:] + unit in mp4.annex_b[0]


def test_the_sets_of_an_annex_b_header_are_found_too(ts: Stream) -> None:
    sets = Framing(ts.codec, 0).sets_in_header(ts.extradata)
    assert sorted(unit_type(ts.codec, unit) for unit in sets) == CODERS[ts.codec][3]
    assert sets == Framing(ts.codec, 0).sets_in_picture(ts.packets[0])


def test_keyframes_carry_sets_in_a_transport_stream_and_other_pictures_none(ts: Stream) -> None:
    framing = Framing.of(ts.codec, ts.extradata)
    carrying = [bool(framing.sets_in_picture(packet)) for packet in ts.packets]
    assert carrying == ts.keyframes
    assert sum(carrying) == 3


def test_a_keyframe_with_its_sets_decodes_alone(mp4: Stream) -> None:
    for framing, pictures, extradata in (
        (Framing.of(mp4.codec, mp4.extradata), mp4.packets, mp4.extradata),
        (Framing(mp4.codec, 0), mp4.annex_b, None),
    ):
        sets = Framing.of(mp4.codec, mp4.extradata).sets_in_header(mp4.extradata)
        for picture, is_key in zip(pictures, mp4.keyframes, strict=True):
            if is_key:
                whole = framing.with_sets(picture, sets)
                assert whole.endswith(picture)
                assert set(sets) <= set(framing.sets_in_picture(whole))
                assert decoded(mp4.codec, whole, extradata) == [(320, 240)]


def test_sets_go_in_front_in_the_order_in_which_they_refer_to_each_other(mp4: Stream) -> None:
    framing = Framing.of(mp4.codec, mp4.extradata)
    sets = framing.sets_in_header(mp4.extradata)
    whole = framing.with_sets(b"", tuple(reversed(sets)))
    types, at = [], 0
    while at < len(whole):
        size = int.from_bytes(whole[at : at + 4], "big")
        types.append(unit_type(mp4.codec, whole[at + 4 :]))
        at += 4 + size
    assert types == CODERS[mp4.codec][3]
    assert framing.is_whole(whole)
    assert framing.sets_in_picture(whole) == sets


def test_a_bare_picture_does_not_decode_alone(mp4: Stream) -> None:
    # What makes with_sets necessary; else the tests above would prove nothing.
    framing = Framing(mp4.codec, 0)
    sets = framing.sets_in_picture(mp4.annex_b[0])
    bare = mp4.annex_b[0]
    for unit in sets:
        bare = bare.replace(START_CODE + unit, b"").replace(START_CODE[1:] + unit, b"")
    assert framing.sets_in_picture(bare) == ()
    assert decoded(mp4.codec, bare) == []
    assert decoded(mp4.codec, framing.with_sets(bare, sets)) == [(320, 240)]


def test_sets_behind_the_first_slice_belong_to_another_picture(mp4: Stream) -> None:
    framing = Framing.of(mp4.codec, mp4.extradata)
    sets = framing.sets_in_header(mp4.extradata)
    slice_only = next(p for p, key in zip(mp4.packets, mp4.keyframes, strict=True) if not key)
    assert framing.sets_in_picture(slice_only + framing.with_sets(b"", sets)) == ()


def test_real_pictures_are_whole(mp4: Stream, ts: Stream) -> None:
    for stream in (mp4, ts):
        framing = Framing.of(stream.codec, stream.extradata)
        assert all(framing.is_whole(packet) for packet in stream.packets)


def test_torn_pictures_are_not_whole(mp4: Stream) -> None:
    framing = Framing.of(mp4.codec, mp4.extradata)
    for packet in mp4.packets[:5]:
        assert not framing.is_whole(packet[:-1])
        assert not framing.is_whole(packet + b"\x00")
        assert not framing.is_whole(b"\x00" * 4 + packet)
        assert not framing.is_whole(b"\xff" + packet[1:])


def test_annex_b_begins_with_a_start_code(ts: Stream) -> None:
    framing = Framing(ts.codec, 0)
    assert framing.is_whole(b"\x00\x00\x01\x65")
    assert not framing.is_whole(ts.packets[0][1:].lstrip(b"\x00"))
    assert not framing.is_whole(b"")


def test_changed_sets_are_seen(clips: Callable[[str, Clip], Path]) -> None:
    found = []
    for size in ((320, 240), (352, 288)):
        clip = Clip(seconds=1, size=size, options={"bf": "0"})
        stream = read(clips(f"sets-{size[0]}.mp4", clip), "h264", "h264_mp4toannexb")
        found.append(Framing.of("h264", stream.extradata).sets_in_header(stream.extradata))
    assert found[0] != found[1]


framings = st.builds(Framing, st.sampled_from(["h264", "hevc"]), st.sampled_from([0, 1, 2, 4]))


@given(framings, st.binary(max_size=200))
def test_damaged_pictures_never_crash(framing: Framing, data: bytes) -> None:
    framing.is_whole(data)
    for unit in framing.sets_in_picture(data):
        assert unit in data


@given(st.sampled_from(["h264", "hevc"]), st.binary(max_size=200), st.booleans())
def test_damaged_headers_never_crash(codec: str, data: bytes, boxed: bool) -> None:
    header = b"\x01" + data if boxed else data
    for unit in Framing.of(codec, header).sets_in_header(header):
        assert unit in header


@given(framings, st.data())
def test_what_is_put_in_front_is_found_again(framing: Framing, data: st.DataObject) -> None:
    kinds = {"h264": [0x67, 0x68], "hevc": [0x40, 0x42, 0x44]}[framing.codec]
    # Bodies as an encoder leaves them: no start code inside, no zero at the end.
    bodies = st.binary(min_size=1, max_size=40).map(lambda body: body.replace(b"\x00", b"\x01"))
    units = st.builds(lambda kind, body: bytes((kind, 1)) + body, st.sampled_from(kinds), bodies)
    sets = tuple(sorted(data.draw(st.lists(units, max_size=4))))
    slice_head = b"\x65" if framing.codec == "h264" else b"\x26\x01"
    slice_unit = slice_head + data.draw(bodies)
    mark = len(slice_unit).to_bytes(framing.length_bytes, "big") if framing.length_bytes else START_CODE
    whole = framing.with_sets(mark + slice_unit, sets)
    assert framing.is_whole(whole)
    assert framing.sets_in_picture(whole) == sets
