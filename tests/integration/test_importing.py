"""Files of every kind into a real archive: nothing lost, nothing doubled, nothing half there."""

from __future__ import annotations

import io
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from footage.archive.errors import Overlap
from footage.media.errors import Encrypted, NotReadable, NoVideo
from footage.timeline import ALL_TIME, Span
from kit.archive import START_MS, Shelf
from kit.clips import Clip, Sound, frames_in

MakeClip = Callable[[str, Clip], Path]

COPIED = {
    "h264.mp4": Clip(sound=Sound()),
    "b-frames.mkv": Clip(options={"bf": "3"}, sound=Sound()),
    "b-frames.avi": Clip(options={"bf": "3"}),
    "b-frames.flv": Clip(options={"bf": "3"}, sound=Sound(rate=44_100), format="flv"),
    "no-timestamps.h264": Clip(options={"bf": "2"}, format="h264"),
    "transport.ts": Clip(sound=Sound()),
    "h265.mp4": Clip(codec="libx265", options={"x265-params": "log-level=none"}, sound=Sound()),
    "h265-open-gop.mkv": Clip(
        codec="libx265",
        options={"x265-params": "open-gop=1:bframes=4:keyint=50:scenecut=0:log-level=none"},
    ),
    "h264-open-gop.mp4": Clip(options={"x264-params": "open-gop=1:bframes=3:keyint=50:scenecut=0"}),
    "silent.mp4": Clip(),
    "sound-starts-late.mp4": Clip(sound=Sound(seconds=5, late_s=4)),
    "sound-starts-late.ts": Clip(sound=Sound(seconds=3, late_s=6)),
    "sound-ends-early.mp4": Clip(sound=Sound(seconds=3)),
    "sound-ends-late.mp4": Clip(sound=Sound(seconds=14)),
    "long-gop.mp4": Clip(seconds=20, gop=250, options={"sc_threshold": "0"}),
    "ntsc.mp4": Clip(rate=Fraction(30_000, 1001), sound=Sound(rate=44_100)),
    "vfr.mp4": Clip(vfr=True),
    "vfr.mkv": Clip(vfr=True, options={"bf": "2"}),
}
ENCODED_ANEW = {
    "g711.mov": Clip(sound=Sound(codec="pcm_alaw", rate=8000)),
    "pcm.mov": Clip(sound=Sound(codec="pcm_s16le", rate=44_100)),
    "opus.mkv": Clip(sound=Sound(codec="libopus")),
    "mp3.mp4": Clip(sound=Sound(codec="libmp3lame", rate=44_100)),
    "mjpeg.avi": Clip(codec="mjpeg", pix_fmt="yuvj420p", sound=Sound(codec="pcm_s16le", rate=16_000)),
    "mjpeg-odd-size.avi": Clip(codec="mjpeg", pix_fmt="yuvj422p", size=(321, 241)),
    "mpeg4.avi": Clip(codec="mpeg4", sound=Sound(codec="libmp3lame", rate=44_100)),
}


def kept_bytes(shelf: Shelf) -> bytes:
    """Every byte of the archive, in order."""
    reader = shelf.reader
    _, table = reader.parts_and_segments(shelf.archive, ALL_TIME)
    found = [reader.segment(shelf.archive, int(start)) for start in table.start_ms]
    return b"".join(reader.data(kept) for kept in found if kept is not None)


def video_length_ms(path: Path) -> int:
    """From the first picture shown to the end of the last, by a demuxer's own reading."""
    with av.open(str(path), options={"fflags": "+genpts"}) as container:
        stream = container.streams.video[0]
        shown = [
            (packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base)
            for packet in container.demux(stream)
            if packet.size and packet.pts is not None
        ]
    return round((max(pts + length for pts, length in shown) - min(pts for pts, _ in shown)) * 1000)


@pytest.mark.parametrize("name", COPIED)
def test_every_picture_is_kept_for_exactly_its_time(name: str, clips: MakeClip, shelf: Shelf) -> None:
    clip = clips(name, COPIED[name])
    result = shelf.import_file(clip, START_MS)
    assert result.broken is None
    assert not result.summary.video_transcoded
    assert result.span is not None
    if name != "no-timestamps.h264":  # no demuxer tells its length
        assert abs(result.span.duration_ms - video_length_ms(clip)) <= 1
    [part], table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    assert part.span == result.span
    assert part.span.start_ms == START_MS
    assert int(table.duration_ms.sum()) == result.span.duration_ms
    with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
        shown = [frame.pts or 0 for frame in kept.decode(video=0)]
    assert len(shown) == frames_in(clip)
    steps = {later - earlier for earlier, later in pairwise(shown)}
    assert min(steps) > 0, "pictures are shown in the order of decoding"
    assert COPIED[name].vfr or len(steps) == 1


@pytest.mark.parametrize("name", [name for name, clip in COPIED.items() if clip.sound])
def test_copied_sound_is_complete_beside_its_pictures(name: str, clips: MakeClip, shelf: Shelf) -> None:
    """Sound of the pictures' time is there to a frame of AAC; what is outside it is left out."""
    clip = COPIED[name]
    result = shelf.import_file(clips(name, clip), START_MS)
    assert clip.sound is not None
    assert result.span is not None
    seconds = min(clip.sound.seconds, result.span.duration_ms / 1000 - clip.sound.late_s)
    with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
        heard = sum(
            frame.samples / frame.sample_rate
            for frame in kept.decode(audio=0)
            if np.abs(frame.to_ndarray()).max() > 0.01  # the rest of the time is silence
        )
    assert abs(heard - seconds) < 3 * 1024 / clip.sound.rate


@pytest.mark.parametrize("name", ENCODED_ANEW)
def test_other_codecs_become_h264_and_aac(name: str, clips: MakeClip, shelf: Shelf) -> None:
    clip = clips(name, ENCODED_ANEW[name])
    result = shelf.import_file(clip, START_MS)
    sound = ENCODED_ANEW[name].sound
    assert result.summary.video_transcoded == (ENCODED_ANEW[name].codec != "libx264")
    assert result.summary.audio_transcoded == (sound is not None)
    assert result.span is not None
    assert abs(result.span.duration_ms - 10_000) <= 40
    with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
        assert kept.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in kept.decode(video=0)) == frames_in(clip)
    if sound is not None:
        with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
            assert kept.streams.audio[0].codec_context.name == "aac"
            heard = sum(frame.samples / frame.sample_rate for frame in kept.decode(audio=0))
        assert abs(heard - 10) < 0.1


def test_sound_stays_beside_its_pictures(clips: MakeClip, shelf: Shelf) -> None:
    """Copied and encoded sound alike keep their distance from the pictures, to 25 ms."""
    for number, name in enumerate(("h264.mp4", "b-frames.mkv", "g711.mov", "opus.mkv")):
        clip = clips(name, {**COPIED, **ENCODED_ANEW}[name])
        result = shelf.import_file(clip, START_MS + number * 60_000)
        assert result.span is not None
        kept = shelf.reader.segment(shelf.archive, result.span.start_ms)
        assert kept is not None
        with av.open(io.BytesIO(shelf.reader.data(kept)), "r") as segment:
            first: dict[str, float] = {}
            for packet in segment.demux():
                if packet.pts is not None:
                    first.setdefault(packet.stream.type, float(packet.pts * packet.time_base))
        assert abs(first["audio"] - first["video"]) < 0.025, name


def test_segments_are_whole_gops_of_about_the_wanted_length(clips: MakeClip, shelf: Shelf) -> None:
    clip = clips("a-minute.mp4", Clip(seconds=60, rate=Fraction(5), gop=10, options={"sc_threshold": "0"}))
    shelf.import_file(clip, START_MS)
    _, table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    assert set(table.duration_ms.tolist()) == {6000}
    for start in table.start_ms.tolist():
        kept = shelf.reader.segment(shelf.archive, start)
        assert kept is not None
        assert [keyframe.offset_ms for keyframe in kept.segment.keyframes] == [0, 2000, 4000]
        with av.open(io.BytesIO(shelf.reader.data(kept)), "r") as alone:
            frames = list(alone.decode(video=0))
        assert len(frames) == 30
        assert frames[0].key_frame


def test_running_it_again_changes_nothing_and_says_so(clips: MakeClip, shelf: Shelf) -> None:
    for number, name in enumerate(("h264.mp4", "vfr.mkv", "g711.mov", "mjpeg.avi")):
        clip = clips(name, {**COPIED, **ENCODED_ANEW}[name])
        start_ms = START_MS + number * 100_000
        assert not shelf.import_file(clip, start_ms).unchanged
        before = shelf.reader.totals(shelf.archive)
        again = shelf.import_file(clip, start_ms)
        assert again.unchanged
        assert again.segments_added == 0
        assert shelf.reader.totals(shelf.archive) == before


def test_overlap_is_refused_with_both_spans_and_leaves_no_trace(clips: MakeClip, shelf: Shelf) -> None:
    first = shelf.import_file(clips("h264.mp4", COPIED["h264.mp4"]), START_MS)
    before = sorted(shelf.house.storage.list())
    other = clips("silent.mp4", COPIED["silent.mp4"])
    for start_ms in (START_MS + 5000, START_MS - 5000, START_MS):
        with pytest.raises(Overlap) as refused:
            shelf.import_file(other, start_ms)
        assert refused.value.wanted == Span(start_ms, start_ms + 10_000)
        assert refused.value.kept == first.span
        assert str(refused.value.wanted) in str(refused.value)
        assert str(refused.value.kept) in str(refused.value)
    assert sorted(shelf.house.storage.list()) == before
    totals = shelf.reader.totals(shelf.archive)
    assert totals is not None
    assert totals.runs == 1


def test_skip_overlap_takes_what_fits(clips: MakeClip, shelf: Shelf) -> None:
    shelf.import_file(clips("h264.mp4", COPIED["h264.mp4"]), START_MS)
    other = clips("long.mp4", Clip(seconds=30))
    result = shelf.import_file(other, START_MS - 10_000, skip_overlap=True)
    parts = shelf.reader.parts(shelf.archive, ALL_TIME)
    spans = [(part.span.start_ms - START_MS, part.span.end_ms - START_MS) for part in parts]
    # Segments of 6 s from -10 s on: those from -4 s to 14 s are in the way.
    assert spans == [(-10_000, -4000), (0, 10_000), (14_000, 20_000)]
    assert (result.segments_added, result.segments_skipped) == (2, 3)
    assert shelf.import_file(other, START_MS - 10_000, skip_overlap=True).segments_added == 0


def test_files_that_meet_do_not_overlap(clips: MakeClip, shelf: Shelf) -> None:
    clip = clips("h264.mp4", COPIED["h264.mp4"])
    for number in range(3):
        shelf.import_file(clip, START_MS + number * 10_000)
    parts = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert [part.span.start_ms - START_MS for part in parts] == [0, 10_000, 20_000]


def test_another_resolution_is_another_run_with_other_codecs(clips: MakeClip, shelf: Shelf) -> None:
    shelf.import_file(clips("silent.mp4", COPIED["silent.mp4"]), START_MS)
    shelf.import_file(clips("large.mp4", Clip(size=(640, 480))), START_MS + 10_000)
    small, large = (part.run.codecs for part in shelf.reader.parts(shelf.archive, ALL_TIME))
    assert (small.width, large.width) == (320, 640)
    assert small.fingerprint != large.fingerprint


def test_parameters_that_change_inside_a_file_end_the_run(
    clips: MakeClip, shelf: Shelf, tmp_path: Path
) -> None:
    joined = tmp_path / "joined.ts"
    small = clips("small.ts", Clip(seconds=6))
    large = clips("large.ts", Clip(seconds=6, size=(640, 480)))
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    shelf.import_file(joined, START_MS)
    parts = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert [part.run.codecs.width for part in parts] == [320, 640]
    assert parts[0].span.end_ms <= parts[1].span.start_ms


def test_times_that_jump_back_inside_a_file_go_on_after_what_came_before(
    clips: MakeClip, shelf: Shelf, tmp_path: Path
) -> None:
    clip = clips("small.ts", Clip(seconds=6))
    joined = tmp_path / "twice.ts"
    joined.write_bytes(clip.read_bytes() * 2)
    result = shelf.import_file(joined, START_MS)
    parts = shelf.reader.parts(shelf.archive, ALL_TIME)
    assert sum(part.span.duration_ms for part in parts) == 12_000
    assert result.span == Span(START_MS, START_MS + 12_000)


def test_an_import_that_was_stopped_goes_on_where_it_stopped(clips: MakeClip, shelf: Shelf) -> None:
    from footage.recording.importer import Importer  # noqa: PLC0415

    clip = clips("long.mp4", Clip(seconds=30))
    asked = iter([False, False, True])
    importer = Importer(
        shelf.house.index,
        shelf.house.storage,
        shelf.archive,
        segment_ms=6000,
        should_stop=lambda: next(asked),
    )
    stopped = importer.run(clip, START_MS)
    assert stopped.stopped
    assert stopped.segments_added == 3
    totals = shelf.reader.totals(shelf.archive)
    assert totals is not None
    assert totals.last_ms == START_MS + 18_000
    resumed = shelf.import_file(clip, START_MS)
    assert (resumed.segments_kept, resumed.segments_added) == (3, 2)
    with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
        assert sum(1 for _ in kept.decode(video=0)) == frames_in(clip)


def _cut_short(clip: Path, target: Path, share: float = 0.6) -> Path:
    data = clip.read_bytes()
    target.write_bytes(data[: int(len(data) * share)])
    return target


@pytest.mark.parametrize("ending", ["mp4", "mkv", "flv", "avi", "ts"])
def test_a_truncated_file_gives_what_is_readable_and_says_where_it_broke(
    ending: str, clips: MakeClip, shelf: Shelf, tmp_path: Path
) -> None:
    whole = clips(
        f"front.{ending}",
        Clip(seconds=20, container_options={"movflags": "+faststart"} if ending == "mp4" else {}),
    )
    result = shelf.import_file(_cut_short(whole, tmp_path / f"cut.{ending}"), START_MS)
    assert result.broken is not None
    assert "breaks off after 1" in result.broken
    assert result.span is not None
    assert 10_000 < result.span.duration_ms < 15_000
    with av.open(io.BytesIO(kept_bytes(shelf)), "r") as kept:
        shown = sum(1 for _ in kept.decode(video=0))
    assert abs(shown * 40 - result.span.duration_ms) <= 40


@pytest.mark.parametrize("name", ["front.mp4", "front.ts", "front.mkv"])
def test_damage_in_the_middle_is_told_and_the_rest_is_kept(
    name: str, clips: MakeClip, shelf: Shelf, tmp_path: Path
) -> None:
    options = {"movflags": "+faststart"} if name.endswith("mp4") else {}
    data = bytearray(clips(name, Clip(seconds=20, container_options=options)).read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = bytes(i * 37 % 256 for i in range(20_000))
    damaged = tmp_path / name
    damaged.write_bytes(data)
    result = shelf.import_file(damaged, START_MS)
    assert result.broken is not None
    assert "damaged" in result.broken
    assert "2026-09-21T14:13:" in result.broken
    assert result.span is not None
    assert abs(result.span.duration_ms - 20_000) < 1000


def test_what_is_no_footage_is_refused_and_leaves_no_trace(
    clips: MakeClip, shelf: Shelf, tmp_path: Path
) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("this is not a film\n" * 500)
    ansi = tmp_path / "notes.txt"
    ansi.write_text("this is not a film\n" * 500)
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    listing = tmp_path / "list.m3u8"
    clip = clips("small.ts", Clip(seconds=6))
    listing.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n{clip}\n#EXT-X-ENDLIST\n")
    concat = tmp_path / "list.ffconcat"
    concat.write_text(f"ffconcat version 1.0\nfile {clip}\n")
    late_header = _cut_short(clips("silent.mp4", COPIED["silent.mp4"]), tmp_path / "no-header.mp4")
    for path in (text, ansi, empty, listing, concat, late_header, tmp_path / "absent.mp4"):
        with pytest.raises(NotReadable, match=path.name):
            shelf.import_file(path, START_MS)
    assert list(shelf.house.storage.list()) == []
    assert shelf.reader.totals(shelf.archive) is None


def test_sound_alone_is_no_footage(shelf: Shelf, tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    with av.open(str(path), "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=48_000, layout="mono")
        with av.open("sine=duration=2:sample_rate=48000", format="lavfi") as tone:
            resampler = av.AudioResampler("fltp", "mono", 48_000, 1024)
            for frame in tone.decode(audio=0):
                for piece in resampler.resample(frame):
                    output.mux(stream.encode(piece))
        output.mux(stream.encode(None))
    with pytest.raises(NoVideo):
        shelf.import_file(path, START_MS)


def test_encrypted_tracks_are_refused_and_leave_no_trace(clips: MakeClip, shelf: Shelf) -> None:
    key = "00112233445566778899aabbccddeeff"
    clip = clips(
        "encrypted.mp4",
        Clip(
            sound=Sound(),
            container_options={
                "encryption_scheme": "cenc-aes-ctr",
                "encryption_key": key,
                "encryption_kid": key,
            },
        ),
    )
    with pytest.raises(Encrypted):
        shelf.import_file(clip, START_MS)
    assert list(shelf.house.storage.list()) == []
