"""Pictures out of 1080p footage, against the bare decoder and encoder, and against ffmpeg."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import simplejpeg
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from bench.client import Client
from bench.clips import long_clip
from bench.measure import Figure, Suite, Target, in_turn, ratios, timed_ms
from footage.archive.read import KeptSegment, Reader
from footage.house import open_house
from footage.media.mpegts import access_units
from footage.settings import load
from footage.timeline import ALL_TIME, Keyframe
from kit.server import SignedLink, footage, footage_json, running_server

ROUNDS = 60
_START_MS = 1_700_000_000_000
_MEGABITS = 6
_QUALITY = 85
_HOW = f"""\
An imported file of 1080p at {_MEGABITS} Mbit/s, keyframes of about {{keyframe_kb:.0f}} kB. {ROUNDS} \
rounds, each with a keyframe that was not asked for before, so none comes from the cache: by HTTP over \
one connection; by PyAV's `CodecContext` and simplejpeg in one process from the picture's bytes, which \
are in memory, to a JPEG of the same quality; and by `ffmpeg -ss T -i segment.ts -frames:v 1 out.jpg`. \
The bare pair is timed twice: as little as can be done (the decoder's planes are compressed as they \
are, so that white comes out grey and colour stays halved), and for the picture that the server gives \
(full range, 4:4:4)."""


@dataclass(frozen=True)
class _Picture:
    """A keyframe: where a client, ffmpeg and a decoder find it."""

    url: str
    segment: Path
    at_s: float
    data: bytes


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="footage-bench-") as temporary:
        data = Path(temporary, "data")
        camera = str(footage_json("camera", "add", "Street", data=data)["id"])
        clip = str(long_clip(_MEGABITS, 250_000_000))
        footage("import", clip, "--camera", camera, "--start", str(_START_MS), data=data)
        with running_server(data) as server:
            pictures = list(islice(_pictures(data, server.link(camera), Path(temporary)), 4 * (ROUNDS + 1)))
            client = Client(server.url)
            figures = _measure(client, pictures, Path(temporary, "out.jpg"))
            client.close()
    size = sum(len(picture.data) for picture in pictures) / len(pictures)
    return Suite("Previews", _HOW.format(keyframe_kb=size / 1000), figures)


def _measure(client: Client, pictures: list[_Picture], out: Path) -> tuple[Figure, ...]:
    # Every side takes each keyframe of its own copy of the list; a round is one keyframe.
    sides = [iter(pictures) for _ in range(4)]
    by_http, least, alike, by_ffmpeg = in_turn(
        ROUNDS,
        timed_ms(lambda: client.get(next(sides[0]).url)),
        timed_ms(lambda: _least(next(sides[1]).data)),
        timed_ms(lambda: _alike(next(sides[2]).data)),
        timed_ms(lambda: _by_ffmpeg(next(sides[3]), out)),
    )
    (cached,) = in_turn(ROUNDS, timed_ms(partial(client.get, pictures[0].url)))
    return (
        Figure("preview / decoding and encoding alone", "x", ratios(by_http, least), Target(at_most=1.5)),
        Figure("preview / the same for the same picture", "x", ratios(by_http, alike)),
        Figure("ffmpeg / preview", "x", ratios(by_ffmpeg, by_http), Target(at_least=5)),
        Figure("preview", "ms", by_http),
        Figure("decoding and encoding alone", "ms", least),
        Figure("the same for the same picture", "ms", alike),
        Figure("ffmpeg", "ms", by_ffmpeg),
        Figure("preview from the cache", "ms", cached),
    )


def _pictures(data: Path, link: SignedLink, folder: Path) -> Iterator[_Picture]:
    """Every keyframe of the archive, ascending."""
    house = open_house(load(data_dir=data))
    reader = Reader(house.index, house.storage)
    [camera] = house.cameras.page(limit=2)
    archive = house.cameras.archive_of(camera)
    for start_ms in reader.parts_and_segments(archive, ALL_TIME)[1].start_ms.tolist():
        kept = reader.segment(archive, start_ms)
        assert kept is not None
        segment = folder / f"{start_ms}.ts"
        segment.write_bytes(reader.data(kept))
        for keyframe in kept.segment.keyframes:
            yield _Picture(
                url=link.of("preview", time=start_ms + keyframe.offset_ms),
                segment=segment,
                at_s=keyframe.offset_ms / 1000,
                data=_coded_picture(reader, kept, keyframe),
            )
    house.close()


def _coded_picture(reader: Reader, kept: KeptSegment, keyframe: Keyframe) -> bytes:
    data = reader.data(kept, keyframe.at_bytes, keyframe.size_bytes)
    [unit] = access_units(data)
    return unit.data


def _decode(data: bytes) -> VideoFrame:
    context = av.CodecContext.create("h264", "r")
    assert isinstance(context, VideoCodecContext)
    [frame] = [*context.decode(Packet(data)), *context.decode(None)]
    return frame


def _least(data: bytes) -> bytes:
    frame = _decode(data)
    jpeg: bytes = simplejpeg.encode_jpeg_yuv_planes(*(_plane(frame, i) for i in range(3)), _QUALITY)
    return jpeg


def _alike(data: bytes) -> bytes:
    picture = _decode(data).reformat(
        format="rgb24", src_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.JPEG
    )
    rgb = np.ascontiguousarray(picture.to_ndarray())
    jpeg: bytes = simplejpeg.encode_jpeg(rgb, _QUALITY, "RGB", "444")
    return jpeg


def _plane(frame: VideoFrame, index: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    plane = frame.planes[index]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return np.ascontiguousarray(rows[: plane.height, : plane.width])


def _by_ffmpeg(picture: _Picture, out: Path) -> None:
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-nostdin", "-y"),
            *("-ss", f"{picture.at_s}", "-i", picture.segment, "-frames:v", "1", out),
        ],
        check=True,
    )
