"""Pictures of moments: the right frame, the right colours, the right size, and no more than asked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import simplejpeg
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from footage.media.pattern import segments_of, write_clip
from footage.playback.drawing_pool import Busy
from footage.playback.preview import Previewer, Request
from footage.timeline import ALL_TIME, Span
from kit.archive import START_MS, Shelf
from kit.clips import Clip

MakeClip = Callable[[str, Clip], Path]
CLOCK_UNIT = 12  # of write_clip's clock at 640x360
CLOCK_TOP, CLOCK_LEFT = 120, (640 - 18 * 12) // 2


@pytest.fixture
def previewer(shelf: Shelf) -> Previewer:
    return Previewer(shelf.reader, threads=2, queue=4, cache_bytes=1 << 20)


def draw(
    shelf: Shelf, previewer: Previewer, request: Request, limits: Span = ALL_TIME
) -> tuple[bytes, int]:
    """The JPEG and the time of its frame."""
    found = previewer.find(shelf.archive, request, limits)
    assert found is not None
    picture = previewer.picture(shelf.archive, found)
    return picture.jpeg, picture.frame_ms


def read_clock(jpeg: bytes) -> int:
    """Seconds shown by the clock in a picture of ``write_clip``."""
    grey = simplejpeg.decode_jpeg(jpeg, "GRAY")[:, :, 0]
    lit = ("abcdef", "bc", "abged", "abgcd", "fgbc", "afgcd", "afgedc", "abc", "abcdefg", "abcdfg")
    digits = []
    for place in (0, 4, 10, 14):
        left = CLOCK_LEFT + place * CLOCK_UNIT
        cell = grey[CLOCK_TOP : CLOCK_TOP + 5 * CLOCK_UNIT, left : left + 3 * CLOCK_UNIT]

        def errors(digit: int, cell: NDArray[np.uint8] = cell) -> float:
            drawn = np.zeros_like(cell)
            for name in lit[digit]:
                drawn[segments_of(CLOCK_UNIT)[name]] = 255
            return float(np.abs(cell.astype(int) - drawn).sum())

        digits.append(min(range(10), key=errors))
    minutes, seconds = digits[0] * 10 + digits[1], digits[2] * 10 + digits[3]
    return minutes * 60 + seconds


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = float(np.mean((one.astype(float) - other.astype(float)) ** 2))
    return 99.0 if error == 0 else 10 * float(np.log10(255**2 / error))


def test_the_keyframe_before_or_the_very_frame(shelf: Shelf, previewer: Previewer, tmp_path: Path) -> None:
    """The clip's clock tells seconds, its keyframes stand every 2 s."""
    clip = tmp_path / "clock.mp4"
    write_clip(clip, seconds=90, rate=5)
    shelf.import_file(clip, START_MS)
    for second in (0, 1, 5, 6, 7, 41, 59, 60, 89):
        for within_ms in (0, 1, 499, 999):
            moment = START_MS + second * 1000 + within_ms
            jpeg, frame_ms = draw(shelf, previewer, Request(moment))
            assert read_clock(jpeg) == second // 2 * 2
            assert frame_ms == START_MS + second // 2 * 2000
            jpeg, frame_ms = draw(shelf, previewer, Request(moment, accurate=True))
            assert read_clock(jpeg) == second
            assert frame_ms == START_MS + second * 1000 + within_ms // 200 * 200


@pytest.mark.parametrize(
    "clip",
    [
        Clip(seconds=8, options={"bf": "3"}),
        Clip(seconds=8, codec="libx265", options={"x265-params": "bframes=4:log-level=none"}),
        Clip(seconds=8, options={"x264-params": "open-gop=1:bframes=3:keyint=50:scenecut=0"}),
        Clip(seconds=8, vfr=True, options={"bf": "2"}),
        Clip(seconds=8, rate=Fraction(30_000, 1001)),
    ],
    ids=["b-frames", "h265", "open-gop", "vfr", "ntsc"],
)
def test_the_very_frame_is_the_sources_own(
    shelf: Shelf, previewer: Previewer, clip: Clip, tmp_path: Path
) -> None:
    """Every 7th frame of the source, asked for in the middle of its time."""
    from kit.clips import make_clip  # noqa: PLC0415

    path = make_clip(tmp_path / "clip.mkv", clip)
    result = shelf.import_file(path, START_MS)
    assert result.span is not None
    with av.open(str(path)) as source:
        frames = list(source.decode(video=0))
    times = [frame.time * 1000 for frame in frames if frame.time is not None]
    ends = [time - times[0] for time in times[1:]] + [result.span.duration_ms]
    for number in range(0, len(frames), 7):
        start = times[number] - times[0]
        moment = START_MS + round((start + ends[number]) / 2)
        jpeg, frame_ms = draw(shelf, previewer, Request(moment, accurate=True))
        assert abs(frame_ms - START_MS - start) <= 1
        assert psnr(simplejpeg.decode_jpeg(jpeg), as_shown(frames[number])) > 35


def as_shown(frame: VideoFrame, matrix: Colorspace = Colorspace.ITU601) -> NDArray[np.uint8]:
    """The frame in RGB by FFmpeg's own scaler, told its matrix."""
    return (
        frame.reformat(format="rgb24", src_colorspace=matrix, dst_color_range=ColorRange.JPEG)
        .to_ndarray()
        .astype(np.uint8)
    )


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("size", [(1920, 1080), (352, 288), (642, 362), (64, 64), (2560, 1440)])
def test_colours_and_sizes(
    shelf: Shelf, previewer: Previewer, clips: MakeClip, codec: str, size: tuple[int, int]
) -> None:
    options = {"x265-params": "log-level=none", "preset": "ultrafast"}
    clip = clips(
        f"colours-{codec}-{size[0]}.mp4",
        Clip(
            seconds=1,
            codec=codec,
            size=size,
            options=options if codec == "libx265" else {"preset": "ultrafast"},
        ),
    )
    shelf.import_file(clip, START_MS)
    jpeg, _ = draw(shelf, previewer, Request(START_MS))
    assert simplejpeg.decode_jpeg_header(jpeg)[:2] == size[::-1]
    with av.open(str(clip)) as source:
        frame = next(source.decode(video=0))
    assert psnr(simplejpeg.decode_jpeg(jpeg), as_shown(frame)) > 35


def test_width_and_height_bound_the_picture(shelf: Shelf, previewer: Previewer, clips: MakeClip) -> None:
    shelf.import_file(clips("fit.mp4", Clip(seconds=1, size=(640, 360))), START_MS)
    for width, height, expected in (
        (320, None, (320, 180)),
        (None, 90, (160, 90)),
        (320, 90, (160, 90)),
        (5000, None, (640, 360)),
        (5000, 5000, (640, 360)),
        (1, None, (1, 1)),
        (333, None, (333, 187)),
    ):
        jpeg, _ = draw(shelf, previewer, Request(START_MS, width=width, height=height))
        assert simplejpeg.decode_jpeg_header(jpeg)[:2] == expected[::-1]


def test_gaps_and_the_newest(shelf: Shelf, previewer: Previewer, clips: MakeClip) -> None:
    clip = clips("fit.mp4", Clip(seconds=1, size=(640, 360)))
    shelf.import_file(clip, START_MS)
    shelf.import_file(clip, START_MS + 60_000)
    newest = START_MS + 60_000
    for nothing in (START_MS - 1, START_MS + 1000, newest - 1, newest + 11_001):
        assert previewer.find(shelf.archive, Request(nothing)) is None
    for there in (START_MS, START_MS + 999):
        assert draw(shelf, previewer, Request(there))[1] == START_MS
    for after in (newest + 1000, newest + 11_000, None):
        assert draw(shelf, previewer, Request(after))[1] == newest
        assert draw(shelf, previewer, Request(after, accurate=True))[1] == newest + 960
    before = Span(0, START_MS + 500)
    assert draw(shelf, previewer, Request(None), before)[1] == START_MS
    assert previewer.find(shelf.archive, Request(None), Span(START_MS + 2000, START_MS + 3000)) is None


def test_beyond_the_pool_and_its_queue_callers_hear_so_at_once(shelf: Shelf, clips: MakeClip) -> None:
    shelf.import_file(clips("large-1s.mp4", Clip(seconds=2, size=(1920, 1080), gop=5)), START_MS)
    previewer = Previewer(shelf.reader, threads=1, queue=1, cache_bytes=0)
    outcomes: list[str] = []
    gate = threading.Barrier(12)

    def ask(number: int) -> None:
        found = previewer.find(shelf.archive, Request(START_MS + number * 100, accurate=True))
        assert found is not None
        gate.wait()
        try:
            previewer.picture(shelf.archive, found)
            outcomes.append("drawn")
        except Busy:
            outcomes.append("busy")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("drawn") >= 2
    assert outcomes.count("busy") >= 1
    # Nothing stays taken: the next one is drawn.
    assert draw(shelf, previewer, Request(START_MS))[1] == START_MS
    previewer.close()


def test_the_cache_is_bounded_and_serves_the_same_bytes(shelf: Shelf, clips: MakeClip) -> None:
    shelf.import_file(clips("fit.mp4", Clip(seconds=1, size=(640, 360))), START_MS)
    one = len(draw(shelf, Previewer(shelf.reader, threads=1, queue=1, cache_bytes=0), Request(START_MS))[0])
    previewer = Previewer(shelf.reader, threads=1, queue=1, cache_bytes=one * 3)
    pictures = [draw(shelf, previewer, Request(START_MS, width=640 - i))[0] for i in range(20)]
    assert previewer.pool.cached_bytes <= one * 3
    for i in (19, 18, 0, 5):
        assert draw(shelf, previewer, Request(START_MS, width=640 - i))[0] == pictures[i]
