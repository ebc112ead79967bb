"""Cameras that go wrong over real RTSP, each in its own way, all at once: what is said and what is kept."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.stream import AudioStream

from footage.demo.login import Login
from footage.house import open_house
from footage.media.film import Shot, clip_publisher, wall_clock
from footage.media.pattern import read_strip
from footage.playback.preview import Previewer, Request
from footage.settings import load
from footage.timeline import CameraStatus, Reason, State
from kit.clips import Clip, make_clip
from kit.recording import DELAY_MS, HURRY, STALL_S, KeptRun, Recording, RecordingRoom, recording_room
from kit.rtsp import FaultyCamera, Studio, studio

GOP = 10
FRAME_MS = 40
SHOT = Shot(size=(160, 120), gop=GOP, audio="aac")
IN_BAND = Shot(size=(160, 120), gop=GOP, parameter_sets="in_band")
WIDE = Shot(size=(192, 144), gop=GOP, parameter_sets="in_band")
OUTAGE_S = 4.0
SOME_S = 1.5
"""Long enough for some GOPs to come."""
HOUR_S = 3600.0
RIGHT, WRONG, CHANGED = "open-sesame", "hunter2-guess", "swordfish-new"


def cut(camera: FaultyCamera) -> None:
    camera.cut()


def reset(camera: FaultyCamera) -> None:
    camera.cut(reset=True)


def lose_password(camera: FaultyCamera) -> None:
    camera.change_password(CHANGED)
    camera.cut()


def lose_name(camera: FaultyCamera) -> None:
    camera.not_found()
    camera.cut()


def talk_nonsense(camera: FaultyCamera) -> None:
    camera.babble()
    camera.cut()


OUTAGES: dict[str, tuple[Callable[[FaultyCamera], None], set[Reason]]] = {
    "refused": (FaultyCamera.refuse, {Reason.REFUSED}),
    # FFmpeg does not tell one that hangs up from one that talks nonsense.
    "slammed": (FaultyCamera.slam, {Reason.GARBAGE, Reason.LOST}),
    "half-open": (FaultyCamera.half_open, {Reason.NO_ANSWER}),
    "password": (lose_password, {Reason.WRONG_PASSWORD}),
    "not-found": (lose_name, {Reason.NOT_FOUND}),
    "stalled": (FaultyCamera.stall, {Reason.STALLED, Reason.NO_ANSWER}),
    "babbling": (talk_nonsense, {Reason.GARBAGE, Reason.NO_ANSWER}),
}
"""Faults that last until the camera is healed, and what may be said of them."""
HICCUPS: dict[str, tuple[Callable[[FaultyCamera], None], Reason]] = {
    "cut": (cut, Reason.LOST),
    "reset": (reset, Reason.LOST),
    "junk": (FaultyCamera.junk, Reason.LOST),
}
"""Faults after which the camera is well again at once."""
JUMPS = {"hour-on": HOUR_S, "hour-back": -HOUR_S, "little-on": 3.0, "little-back": -3.0}
BROKEN = {*OUTAGES, *HICCUPS}
NEVER: dict[str, tuple[str, Reason]] = {
    "file": ("file:///etc/passwd", Reason.UNSUPPORTED),
    "path": ("/etc/passwd", Reason.UNSUPPORTED),
    "concat": ("concat:/etc/passwd|/etc/hostname", Reason.UNSUPPORTED),
    "srt": ("srt://127.0.0.1:9", Reason.UNSUPPORTED),
    # The kernel makes no connection to a broadcast address, whatever the network.
    "everybody": (f"rtsp://viewer:{WRONG}@255.255.255.255/street", Reason.FORBIDDEN),
    "nobody": (f"rtsp://viewer:{WRONG}@127.0.0.1:9/street", Reason.REFUSED),
}
"""Sources that were never any good."""


@dataclass
class Told:
    """What one camera's story was: statuses on the way, and what is kept at the end."""

    camera: FaultyCamera
    recording: Recording
    hurt_ms: int = 0
    during: CameraStatus | None = None
    pauses: list[tuple[Reason, float]] = field(default_factory=list)
    attempts: list[float] = field(default_factory=list)
    after: CameraStatus | None = None
    runs: list[KeptRun] = field(default_factory=list)

    @property
    def numbers(self) -> list[int]:
        return [number for run in self.runs for number in run.numbers]


@dataclass
class Story:
    """All of them, the sources that never were any good, and what the process said meanwhile."""

    cameras: dict[str, Told]
    never: dict[str, tuple[CameraStatus, list[tuple[Reason, float]]]]
    room: RecordingRoom
    standard_error: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("recording")
    house = open_house(load(data_dir=folder / "data"))
    with standard_error_in(folder / "stderr"), recording_room(house) as room, ExitStack() as stack:
        at = stack.enter_context(studio())
        at.film("clock", SHOT)
        at.film("small", IN_BAND)
        at.film("wide", WIDE)
        publish_odd_ones(at, stack, folder)
        cameras = {name: begin(at, room, name) for name in (*BROKEN, *JUMPS, "wrap", "loss", "healthy")}
        cameras |= {name: begin(at, room, name) for name in ("early-jump", "thrice", "swapped")}
        # Many cameras find their time only after the first pictures.
        cameras["early-jump"].recording.wait(lambda status: status.is_online)
        cameras["early-jump"].camera.jump(HOUR_S)
        never = {name: room.record(url) for name, (url, _) in NEVER.items()}
        for name in ("no-video", "mpeg4"):
            never[name] = room.record(at.camera(name, source=name).url)
        locked = at.camera("locked", source="clock", login=Login(RIGHT))
        never["locked"] = room.record(locked.url_with(Login(WRONG)))
        for told in cameras.values():
            told.recording.wait_for_segments(1)
        go_wrong(cameras)
        look(cameras)
        for told in cameras.values():
            told.camera.heal()
        cameras["password"].camera.change_password(RIGHT)
        before = {name: told.recording.status.segments for name, told in cameras.items()}
        for name, told in cameras.items():
            told.after = told.recording.wait_for_segments(before[name] + 2)
        statuses = {name: (it.status, [*it.backoff.pauses]) for name, it in never.items()}
        room.close()
        for told in cameras.values():
            told.runs = told.recording.kept()
    yield Story(cameras, statuses, room, (folder / "stderr").read_text())
    house.close()


@contextmanager
def standard_error_in(path: Path) -> Iterator[None]:
    """What FFmpeg says past Python goes there too."""
    sys.stderr.flush()
    before = os.dup(2)
    with path.open("wb") as caught:
        os.dup2(caught.fileno(), 2)
    try:
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)


def publish_odd_ones(at: Studio, stack: ExitStack, folder: Path) -> None:
    """One without a picture, and one whose pictures are not of this century."""
    make_clip(folder / "mpeg4.mp4", Clip(seconds=5, size=(160, 120), codec="mpeg4"))
    with av.open(str(folder / "sound.mp4"), "w") as output:
        track = output.add_stream("aac", rate=48_000)
        assert isinstance(track, AudioStream)
        track.layout = "mono"
        with av.open("sine=duration=5:sample_rate=48000", format="lavfi") as tone:
            for frame in tone.decode(audio=0):
                output.mux(track.encode(frame))
        output.mux(track.encode(None))
    stack.enter_context(clip_publisher(at.relay.url("no-video"), folder / "sound.mp4"))
    stack.enter_context(clip_publisher(at.relay.url("mpeg4"), folder / "mpeg4.mp4"))


def begin(at: Studio, room: RecordingRoom, name: str) -> Told:
    login = Login(RIGHT) if name == "password" else None
    camera = at.camera(name, source="small" if name == "swapped" else "clock", login=login)
    if name == "wrap":
        camera.wrap_in(6.0)
    return Told(camera, room.record(camera.url))


def go_wrong(cameras: dict[str, Told]) -> None:
    """Every camera gets its fault; those that come back by themselves have come back at the end."""
    for name, told in cameras.items():
        told.hurt_ms = wall_clock()
        if name in OUTAGES:
            OUTAGES[name][0](told.camera)
        elif name in HICCUPS:
            HICCUPS[name][0](told.camera)
        elif name in JUMPS:
            told.camera.jump(JUMPS[name])
        elif name == "loss":
            told.camera.drop(0.05)
        elif name == "swapped":
            told.camera.swap("wide")
    thrice = cameras["thrice"]
    ended = time.monotonic() + OUTAGE_S
    for count in (1, 2, 3):
        thrice.camera.cut()
        thrice.recording.wait(lambda status, n=count: _came_back(status, n))  # type: ignore[misc]
        time.sleep(SOME_S)
    time.sleep(max(0.0, ended - time.monotonic()))


def _came_back(status: CameraStatus, times: int) -> bool:
    return status.is_online and sum(status.reconnects.values()) >= times


def look(cameras: dict[str, Told]) -> None:
    for name, told in cameras.items():
        wanted = OUTAGES[name][1] if name in OUTAGES else None
        if wanted is not None:
            told.during = told.recording.wait(lambda status, w=wanted: status.reason in w)  # type: ignore[misc]
        told.pauses = [*told.recording.backoff.pauses]
        told.attempts = [*told.camera.attempts]


def rising(numbers: list[int]) -> bool:
    return all(later > earlier for earlier, later in pairwise(numbers))


def whole(numbers: list[int]) -> bool:
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


class TestWhatIsSaid:
    @pytest.mark.parametrize("fault", OUTAGES)
    def test_an_outage_has_its_reason(self, story: Story, fault: str) -> None:
        told = story.cameras[fault]
        assert told.during is not None
        assert not told.during.is_online
        assert told.during.state in {State.WAITING, State.CONNECTING}
        assert told.during.reason in OUTAGES[fault][1]
        assert told.during.detail
        assert told.during.since_ms >= told.hurt_ms
        # The next one may have come while this was written down.
        assert 0 <= len(told.pauses) - sum(told.during.reconnects.values()) <= 1

    @pytest.mark.parametrize("fault", HICCUPS)
    def test_a_hiccup_is_counted(self, story: Story, fault: str) -> None:
        assert {reason for reason, _ in story.cameras[fault].pauses} == {HICCUPS[fault][1]}

    @pytest.mark.parametrize("name", NEVER)
    def test_what_can_never_be_recorded_is_refused(self, story: Story, name: str) -> None:
        status, pauses = story.never[name]
        assert status.reason is NEVER[name][1]
        assert not status.is_online
        assert status.segments == 0
        assert {reason for reason, _ in pauses} == {NEVER[name][1]}

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("no-video", Reason.NO_VIDEO),
            ("mpeg4", Reason.UNSUPPORTED),
            ("locked", Reason.WRONG_PASSWORD),
        ],
    )
    def test_a_camera_that_answers_but_cannot_be_recorded(
        self, story: Story, name: str, reason: Reason
    ) -> None:
        status, pauses = story.never[name]
        assert status.reason is reason
        assert {known for known, _ in pauses} == {reason}

    def test_the_codec_that_is_not_recorded_is_named(self, story: Story) -> None:
        assert "mpeg4" in str(story.never["mpeg4"][0].detail)

    @pytest.mark.parametrize("fault", sorted(BROKEN))
    def test_recording_goes_on_by_itself(self, story: Story, fault: str) -> None:
        after = story.cameras[fault].after
        assert after is not None
        assert after.state is State.RECORDING
        assert after.reason is None
        assert after.detail is None

    def test_nothing_secret_is_said(self, story: Story) -> None:
        details = [str(status) for status, _ in story.never.values()]
        details += [str(told.during) for told in story.cameras.values()]
        said = "\n".join([story.room.log.text, story.standard_error, *details])
        for secret in (RIGHT, WRONG, CHANGED, "/etc/passwd", "rtsp://", "srt://"):
            assert secret not in said

    def test_one_bad_camera_disturbs_no_other(self, story: Story) -> None:
        healthy = story.cameras["healthy"]
        assert healthy.pauses == []
        assert len(healthy.runs) == 1
        assert whole(healthy.numbers)


class TestPauses:
    @pytest.mark.parametrize("fault", sorted(BROKEN))
    def test_every_attempt_comes_after_its_pause(self, story: Story, fault: str) -> None:
        told = story.cameras[fault]
        # Nobody counts those who come while nobody listens.
        waits = [pause / HURRY for reason, pause in told.pauses if reason is not Reason.REFUSED]
        assert len(told.attempts) <= len(waits) + 1
        if len(told.attempts) == len(waits) + 1:
            for (earlier, later), wait in zip(pairwise(told.attempts), waits, strict=True):
                assert later - earlier > wait * 0.9

    @pytest.mark.parametrize("fault", ["refused", "slammed"])
    def test_they_grow_as_long_as_it_lasts(self, story: Story, fault: str) -> None:
        pauses = [pause for _, pause in story.cameras[fault].pauses]
        assert len(pauses) > 4
        for failures, pause in enumerate(pauses):
            usual = min(2.0**failures, 30.0)
            assert usual * 0.75 <= pause <= usual * 1.25

    def test_a_wrong_password_is_tried_most_rarely(self, story: Story) -> None:
        everybody = [told.pauses for told in story.cameras.values()]
        everybody += [pauses for _, pauses in story.never.values()]
        wrong = [pause for pauses in everybody for why, pause in pauses if why is Reason.WRONG_PASSWORD]
        other = [pause for pauses in everybody for why, pause in pauses if why is not Reason.WRONG_PASSWORD]
        assert wrong
        assert min(wrong) > max(other)


class TestWhatIsKept:
    """That segments do not overlap and each decodes alone is looked at where they are read."""

    @pytest.mark.parametrize("fault", sorted(BROKEN))
    def test_nothing_is_missing_but_what_the_fault_took(self, story: Story, fault: str) -> None:
        told = story.cameras[fault]
        assert len(told.runs) == 1 + len(story.room.log.of(told.recording.name, "camera.lost"))
        for run in told.runs:
            assert whole(run.numbers)
            assert run.numbers[0] % GOP == 0, "it begins with a keyframe"
        assert rising(told.numbers)
        last_ms = told.runs[0].pictures[-1].moment_ms
        assert last_ms > told.hurt_ms - 1000, "the segment in progress is kept"

    @pytest.mark.parametrize("fault", sorted(BROKEN))
    def test_each_gap_has_a_logged_reason(self, story: Story, fault: str) -> None:
        told = story.cameras[fault]
        lost = story.room.log.of(told.recording.name, "camera.lost")
        gaps = [
            later.run.start_ms - earlier.run.end_ms
            for earlier, later in pairwise(told.runs)
            if later.run.start_ms > earlier.run.end_ms
        ]
        assert len(gaps) <= len(lost)
        assert all(event["reason"] in set(Reason) and event["detail"] for event in lost)
        begun = story.room.log.of(told.recording.name, "run.begun")
        assert [event["start_ms"] for event in begun] == [run.run.start_ms for run in told.runs]

    def test_three_reconnects_are_four_runs(self, story: Story) -> None:
        thrice = story.cameras["thrice"]
        assert len(thrice.runs) == 4
        assert all(whole(run.numbers) for run in thrice.runs)
        assert rising(thrice.numbers)

    def test_the_sound_goes_on_beside_the_pictures(self, story: Story) -> None:
        for kept in story.cameras["healthy"].runs[0].segments:
            heard_ms = len(kept.sound) * 1000 / kept.sample_rate
            assert abs(heard_ms - kept.segment.duration_ms) < 100


class TestTime:
    def test_the_archives_time_is_the_pictures_own(self, story: Story) -> None:
        for name, told in story.cameras.items():
            for run in told.runs:
                if name not in {"loss", "swapped"}:
                    assert -2 * FRAME_MS < run.late_ms < 2 * FRAME_MS + DELAY_MS

    @pytest.mark.parametrize("name", ["thrice", "wrap", "early-jump", *JUMPS, *sorted(BROKEN)])
    def test_it_is_the_same_after_whatever_happened(self, story: Story, name: str) -> None:
        expected = story.cameras["healthy"].runs[0].late_ms
        for run in story.cameras[name].runs:
            assert abs(run.late_ms - expected) < 2 * FRAME_MS + DELAY_MS

    @pytest.mark.parametrize("name", ["thrice", "hour-back"])
    def test_a_preview_shows_the_moment_that_was_asked_for(self, story: Story, name: str) -> None:
        told = story.cameras[name]
        shelf = told.recording.shelf
        previewer = Previewer(shelf.reader, threads=1, queue=1, cache_bytes=0)
        for run in told.runs:
            wanted_ms = (run.run.start_ms + run.run.end_ms) // 2
            found = previewer.find(shelf.archive, Request(wanted_ms, accurate=True))
            assert found is not None
            jpeg = previewer.picture(shelf.archive, found).jpeg
            with av.open(io.BytesIO(jpeg), "r", format="mjpeg") as picture:
                [frame] = picture.decode(video=0)
            moment_ms, _ = read_strip(np.asarray(frame.to_ndarray(format="gray"), np.uint8))
            assert -2 * FRAME_MS < wanted_ms - moment_ms < 2 * FRAME_MS + DELAY_MS
        previewer.close()

    @pytest.mark.parametrize("name", [*JUMPS, "early-jump"])
    def test_a_jump_begins_a_run_and_loses_nothing(self, story: Story, name: str) -> None:
        told = story.cameras[name]
        assert len(told.runs) == 2
        assert whole(told.numbers)
        assert told.pauses == []

    def test_the_wrap_of_the_timestamps_is_nothing(self, story: Story) -> None:
        wrapped = story.cameras["wrap"]
        assert len(wrapped.runs) == 1
        assert whole(wrapped.numbers)

    @pytest.mark.parametrize("name", [*JUMPS, "early-jump", "wrap", "loss", "healthy"])
    def test_no_segment_is_longer_than_what_arrived(self, story: Story, name: str) -> None:
        for run in story.cameras[name].runs:
            for kept in run.segments:
                moments = [picture.moment_ms for picture in kept.pictures if picture.number >= 0]
                shown_ms = moments[-1] - moments[0]
                # What was lost at the ends of a segment still belongs to its time.
                assert kept.segment.duration_ms < shown_ms + 20 * FRAME_MS

    def test_lost_packets_cost_their_pictures_alone(self, story: Story) -> None:
        told = story.cameras["loss"]
        seen = [picture for run in told.runs for picture in run.pictures if picture.number >= 0]
        assert rising([picture.number for picture in seen])
        assert len(seen) > (seen[-1].number - seen[0].number) / 2
        late_ms = np.median([picture.at_ms - picture.moment_ms for picture in seen])
        assert abs(late_ms - story.cameras["healthy"].runs[0].late_ms) < 2 * FRAME_MS + DELAY_MS


class TestOtherParameters:
    def test_they_begin_a_run_of_their_own(self, story: Story) -> None:
        told = story.cameras["swapped"]
        assert told.pauses == []
        small, wide = (run.run.codecs for run in told.runs)
        assert (small.width, small.height) == IN_BAND.size
        assert (wide.width, wide.height) == WIDE.size
        assert small.fingerprint != wide.fingerprint

    def test_each_run_shows_its_own_size(self, story: Story) -> None:
        for run in story.cameras["swapped"].runs:
            assert {picture.width for picture in run.pictures} == {run.run.codecs.width}
            assert whole(run.numbers)

    def test_their_time_is_right(self, story: Story) -> None:
        for run in story.cameras["swapped"].runs:
            # The relay gives the second source the time at which its first packet came, however late.
            assert -2 * FRAME_MS < run.late_ms < 1000


def test_stalls_are_met_after_the_time_that_was_set(story: Story) -> None:
    told = story.cameras["stalled"]
    last_ms = told.runs[0].pictures[-1].moment_ms
    [first, *_] = story.room.log.of(told.recording.name, "camera.lost")
    assert first["reason"] is Reason.STALLED
    assert told.during is not None
    assert told.during.since_ms >= last_ms + STALL_S * 1000
