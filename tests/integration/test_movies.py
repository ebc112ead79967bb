"""Streamed movies, by FFmpeg's program and libraries: every picture at its time, the sound in step."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from footage.archive.storage import LocalDraft
from footage.media.mpegts import TICKS_PER_MS
from footage.playback.export import Exporter
from footage.playback.export_file import write_movie
from footage.playback.export_plan import ExportPlan
from footage.timeline import ALL_TIME, Span
from kit.archive import START_MS, Shelf
from kit.exports import boxes_in_order
from kit.films import WRAP_MS
from kit.movies import (
    FRAME_MS,
    Shown,
    TellingClip,
    boxes,
    clicks_are_in_step,
    count_by_ffmpeg,
    make_telling_clip,
    watch,
)

SECONDS = 8
WITHIN_MS = 1.0
MIDNIGHT_MS = (START_MS // 86_400_000 + 1) * 86_400_000
PLAIN = TellingClip(start_ms=START_MS, seconds=SECONDS, options={"bf": "0"})
KINDS = {
    "plain": PLAIN,
    "b-frames": replace(PLAIN, options={"bf": "3", "b-adapt": "0"}),
    "b-pyramid": replace(PLAIN, options={"bf": "7", "b-adapt": "0", "x264-params": "b-pyramid=normal"}),
    "h265": replace(PLAIN, codec="libx265", options={"x265-params": "log-level=error"}),
    "no sound": replace(PLAIN, sound_rate=None),
    "long GOP": replace(PLAIN, gop=250, options={"x264-params": "scenecut=0"}),
    "telephone": replace(PLAIN, sound_rate=8000),
    "open GOP": replace(PLAIN, options={"bf": "3", "b-adapt": "0", "x264-params": "open-gop=1"}),
}
SPANS = {
    "all": (0, SECONDS * 1000),
    "on frames": (1200, 4000),
    "between frames": (1090, 5015),
    "inside a GOP": (2500, 300),
    "one picture": (3000, 40),
    "less than a picture": (3010, 20),
    "on a keyframe": (2000, 2000),
    "into the second segment": (1000, 5200),
    "out of the second segment": (6100, 1500),
}

# What differs between the forms is how the first and the last pictures are hidden.
FORMS_OF_SPANS = [
    *(("fragmented", span) for span in SPANS),
    *(
        ("progressive", span)
        for span in ("between frames", "less than a picture", "out of the second segment")
    ),
]

Export = Callable[..., ExportPlan]


@pytest.fixture(scope="module")
def telling(tmp_path_factory: pytest.TempPathFactory) -> Callable[[TellingClip], Path]:
    """Makes a clip once."""
    made: dict[str, Path] = {}

    def clip(wanted: TellingClip) -> Path:
        name = repr(wanted)
        if name not in made:
            made[name] = make_telling_clip(tmp_path_factory.mktemp("telling") / "clip.mp4", wanted)
        return made[name]

    return clip


@pytest.fixture(params=["fragmented", "progressive"])
def export(request: pytest.FixtureRequest) -> Export:
    """Makes a movie of a span, in both of the forms in turn."""
    make = fragmented if request.param == "fragmented" else progressive

    def exported(shelf: Shelf, path: Path, span: Span, limits: Span = ALL_TIME) -> ExportPlan:
        exporter = Exporter(shelf.reader, streams=1)
        plan = exporter.plan(shelf.archive, span, limits)
        make(exporter, shelf, plan, path)
        return plan

    return exported


def fragmented(exporter: Exporter, shelf: Shelf, plan: ExportPlan, path: Path) -> None:
    with path.open("wb") as movie:
        movie.writelines(exporter.fragments(shelf.archive, plan))


def progressive(exporter: Exporter, shelf: Shelf, plan: ExportPlan, path: Path) -> None:
    with LocalDraft(path.with_suffix(".part"), path) as draft:
        size_bytes = write_movie(exporter, shelf.archive, plan, draft, lambda *_: None)
        draft.finish()
    assert path.stat().st_size == size_bytes
    assert boxes_in_order(path.read_bytes()) == [b"ftyp", b"moov", b"free", b"mdat"]


@pytest.mark.parametrize(("export", "span"), FORMS_OF_SPANS, indirect=["export"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_of_a_span_and_no_other_is_shown_at_its_time(
    shelf: Shelf,
    telling: Callable[[TellingClip], Path],
    tmp_path: Path,
    kind: str,
    span: str,
    export: Export,
) -> None:
    shelf.import_file(telling(KINDS[kind]), START_MS)
    start_ms, duration_ms = SPANS[span]
    movie = tmp_path / "movie.mp4"
    export(shelf, movie, Span(START_MS + start_ms, START_MS + start_ms + duration_ms))
    # Between two pictures the earlier one is to be seen.
    due = range(start_ms // FRAME_MS * FRAME_MS, start_ms + duration_ms, FRAME_MS)
    check_pictures(movie, [START_MS + at_ms for at_ms in due], [max(at_ms - start_ms, 0) for at_ms in due])
    # FFmpeg counts the part of the first frame of sound that lies before the movie.
    sound_frame_ms = 1024_000 / (KINDS[kind].sound_rate or 48_000)
    assert watch(movie).duration_ms == pytest.approx(duration_ms, abs=max(FRAME_MS, sound_frame_ms))


def check_pictures(movie: Path, moments: Sequence[int], times_ms: Sequence[float]) -> Shown:
    shown = watch(movie)
    assert shown.moments == list(moments)
    assert shown.pictures == pytest.approx(list(times_ms), abs=WITHIN_MS)
    assert shown.corrupt == 0
    decoded, said = count_by_ffmpeg(movie)
    assert decoded == len(moments)
    assert "corrupt" not in said.lower()
    assert "error" not in said.lower()
    return shown


def placed(runs: Sequence[tuple[int, int]], span: Span) -> tuple[list[int], list[float]]:
    """The moments of the pictures of ``span`` that runs of (start, end) hold, and their movie times."""
    moments, times, place_ms = [], list[float](), 0
    for start_ms, end_ms in runs:
        shown = Span(start_ms, end_ms).cut_to(span)
        for moment_ms in range(start_ms, shown.end_ms, FRAME_MS):
            if moment_ms > shown.start_ms - FRAME_MS and shown.duration_ms:
                moments.append(moment_ms)
                times.append(place_ms + max(moment_ms - shown.start_ms, 0))
        place_ms += shown.duration_ms
    return moments, times


def fill(shelf: Shelf, make: Callable[[TellingClip], Path], *clips: TellingClip) -> list[tuple[int, int]]:
    """Import clips at the moments that they tell; their runs."""
    runs = []
    for clip in clips:
        shelf.import_file(make(clip), clip.start_ms)
        runs.append((clip.start_ms, clip.start_ms + clip.seconds * 1000))
    return runs


def starting(clip: TellingClip, *starts_ms: int) -> list[TellingClip]:
    return [replace(clip, start_ms=start_ms) for start_ms in starts_ms]


@pytest.mark.parametrize("kind", ["plain", "b-frames", "h265", "open GOP"])
def test_gaps_are_closed(
    shelf: Shelf, telling: Callable[[TellingClip], Path], tmp_path: Path, kind: str, export: Export
) -> None:
    starts = (START_MS, START_MS + 3_600_017, START_MS + 3_700_503)
    runs = fill(shelf, telling, *starting(KINDS[kind], *starts))
    span = Span(START_MS + 3330, starts[-1] + 4444)
    plan = export(shelf, tmp_path / "movie.mp4", span)
    moments, times = placed(runs, span)
    shown = check_pictures(tmp_path / "movie.mp4", moments, times)
    assert plan.gaps == [Span(runs[0][1], starts[1]), Span(runs[1][1], starts[2])]
    assert shown.duration_ms == pytest.approx(sum(p.shown.duration_ms for p in plan.pieces), abs=FRAME_MS)
    clicks_are_in_step(shown, moments, times)


@pytest.mark.parametrize("kind", ["plain", "b-frames"])
@pytest.mark.parametrize("border_ms", [WRAP_MS, MIDNIGHT_MS], ids=["wrap", "midnight"])
def test_borders_of_the_clocks_are_crossed(
    shelf: Shelf,
    telling: Callable[[TellingClip], Path],
    tmp_path: Path,
    kind: str,
    border_ms: int,
    export: Export,
) -> None:
    starts = (border_ms - 3000, border_ms + 60_000)
    runs = fill(shelf, telling, *starting(KINDS[kind], *starts))
    span = Span(starts[0] + 1000, starts[1] + 2000)
    export(shelf, tmp_path / "movie.mp4", span)
    moments, times = placed(runs, span)
    clicks_are_in_step(check_pictures(tmp_path / "movie.mp4", moments, times), moments, times)


@pytest.mark.parametrize("order", ["first", "second", "third"])
def test_sound_in_one_run_only(
    shelf: Shelf, telling: Callable[[TellingClip], Path], tmp_path: Path, order: str, export: Export
) -> None:
    heard = ("first", "second", "third").index(order)
    clips = starting(PLAIN, START_MS, START_MS + 60_000, START_MS + 120_500)
    clips = [clip if n == heard else replace(clip, sound_rate=None) for n, clip in enumerate(clips)]
    runs = fill(shelf, telling, *clips)
    plan = export(shelf, tmp_path / "movie.mp4", ALL_TIME)
    moments, times = placed(runs, ALL_TIME)
    shown = check_pictures(tmp_path / "movie.mp4", moments, times)
    first_ms, last_ms = heard * SECONDS * 1000, (heard + 1) * SECONDS * 1000
    assert len(shown.clicks_by_time) >= SECONDS - 1
    assert all(first_ms - 40 < click < last_ms for click in shown.clicks_by_time)
    assert shown.clicks_laid == pytest.approx(shown.clicks_by_time, abs=1)
    heard_ms = sum(len(samples) for _, samples in shown.sound) / 48
    assert heard_ms == pytest.approx(plan.form.duration_ms, abs=50)


@pytest.mark.parametrize("export", ["progressive"], indirect=True)
def test_an_hour_with_gaps_stays_in_step(
    shelf: Shelf, telling: Callable[[TellingClip], Path], tmp_path: Path, export: Export
) -> None:
    """Clips whose sound is not quite as long as their pictures, 120 of them."""
    clip = replace(PLAIN, seconds=30, rate=10, gop=100, size=(160, 96))
    path = telling(clip)
    for number in range(120):
        # Starts that fall anywhere between two frames of sound.
        shelf.import_file(path, START_MS + number * 40_007)
    movie = tmp_path / "movie.mp4"
    plan = export(shelf, movie, ALL_TIME)
    assert plan.form.duration_ms == 3_600_000
    shown = watch(movie)
    assert len(shown.pictures) == 120 * 300
    assert shown.duration_ms == pytest.approx(3_600_000, abs=FRAME_MS)
    for clicks in (shown.clicks_by_time, shown.clicks_laid):
        assert len(clicks) == pytest.approx(3600, abs=120)
        assert max(abs((click + 500) % 1000 - 500) for click in clicks) <= 40


def test_the_edit_list_says_where_players_begin(
    shelf: Shelf, telling: Callable[[TellingClip], Path], tmp_path: Path, export: Export
) -> None:
    fill(shelf, telling, PLAIN)
    export(shelf, tmp_path / "movie.mp4", Span(START_MS + 3500, START_MS + 7200))
    data = (tmp_path / "movie.mp4").read_bytes()
    [pictures, sound] = boxes(data, b"moov", b"trak", b"edts", b"elst")
    count, duration_ms, media_start = struct.unpack(">4xIQq4x", pictures)
    # From the keyframe at 2.0 s up to 3.48 s, which is to be seen at 3.5 s, each takes a tick.
    assert (count, duration_ms, media_start) == (1, 3700, 38)
    assert media_start < FRAME_MS * TICKS_PER_MS
    count, duration_ms, media_start = struct.unpack(">4xIQq4x", sound)
    assert (count, duration_ms) == (1, 3700)
    assert 0 <= media_start < 1024
    # Fragments follow where it says so, and nowhere else.
    assert len(boxes(data, b"moof")) == len(boxes(data, b"moov", b"mvex"))
    assert boxes(data, b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")[0][12:16] == b"avc1"


def test_more_samples_than_the_first_segment_lets_expect(
    shelf: Shelf, telling: Callable[[TellingClip], Path], tmp_path: Path
) -> None:
    """Their tables take more than the room that was left, and the samples are moved."""
    rare = replace(PLAIN, seconds=4, rate=1, gop=2, size=(160, 96), sound_rate=None)
    many = replace(rare, start_ms=START_MS + 60_000, seconds=40, rate=50, gop=100, options={"bf": "3"})
    fill(shelf, telling, rare, many)
    exporter = Exporter(shelf.reader, streams=1)
    plan = exporter.plan(shelf.archive, ALL_TIME)
    path = tmp_path / "movie.mp4"
    with LocalDraft(tmp_path / "part", path) as draft:
        write_movie(exporter, shelf.archive, plan, draft, lambda *_: None)
        draft.finish()
    assert boxes_in_order(path.read_bytes()) == [b"ftyp", b"moov", b"mdat"]
    shown = watch(path)
    assert shown.corrupt == 0
    second = [many.start_ms + number * 20 for number in range(2000)]
    assert shown.moments == [START_MS + number * 1000 for number in range(4)] + second
