"""What a killed recorder left behind is taken in: whole segments whose rows were never committed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from footage.archive.commit import RunWriter
from footage.archive.errors import LeaseLost
from footage.archive.storage import block_key
from footage.house import open_house
from footage.media.film import Shot
from footage.media.sealed import sealed_segments
from footage.recording.tail import TailTaker
from footage.settings import load
from footage.timeline import ALL_TIME, Codecs, Run, Segment
from kit.archive import START_MS, Shelf, open_shelf
from kit.clips import Clip, Sound
from kit.recording import recording_room
from kit.rtsp import studio

Piece = tuple[Segment, bytes]


@dataclass(frozen=True)
class Filmed:
    """Segments as a recorder makes them, one run, and their codecs."""

    codecs: Codecs
    pieces: tuple[Piece, ...]


@pytest.fixture(scope="module")
def filmed(
    tmp_path_factory: pytest.TempPathFactory, clips: Callable[[str, Clip], Path]
) -> Iterator[Filmed]:
    """Ninety seconds, which are two blocks."""
    shelf = open_shelf(tmp_path_factory.mktemp("filmed"))
    clip = Clip(seconds=90, size=(160, 120), gop=50, sound=Sound(seconds=90))
    shelf.import_file(clips("tail.mkv", clip), START_MS)
    [part], table = shelf.reader.parts_and_segments(shelf.archive, ALL_TIME)
    pieces = []
    for start_ms in table.start_ms.tolist():
        kept = shelf.reader.segment(shelf.archive, start_ms)
        assert kept is not None
        pieces.append((kept.segment, shelf.reader.data(kept)))
    yield Filmed(part.run.codecs, tuple(pieces))
    shelf.house.close()


@dataclass
class Desk:
    """An archive in which a recorder was at work, and the one that comes after it."""

    shelf: Shelf
    filmed: Filmed
    fence: int | None = None

    def writer(self) -> RunWriter:
        house = self.shelf.house
        return RunWriter(house.index, house.storage, self.shelf.archive, self.filmed.codecs)

    def record(self, first: int, count: int) -> RunWriter:
        """Segments that are committed."""
        writer = self.writer()
        for piece in self.filmed.pieces[first : first + count]:
            writer.add(*piece)
        writer.commit()
        return writer

    def block(self, start_ms: int) -> Path:
        return self.shelf.house.settings.storage / block_key(self.shelf.archive.id, start_ms)

    def lay(self, start_ms: int, data: bytes) -> Path:
        """Bytes that no row names, behind those of a block."""
        path = self.block(start_ms)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as block:
            block.write(data)
        return path

    def bytes_of(self, first: int, count: int) -> bytes:
        return b"".join(data for _, data in self.filmed.pieces[first : first + count])

    def take_in(self) -> int:
        """What the next recorder does first."""
        house, archive = self.shelf.house, self.shelf.archive

        def open_run(codecs: Codecs) -> RunWriter:
            return RunWriter(house.index, house.storage, archive, codecs, fence=self.fence)

        taker = TailTaker(house.index, house.storage, archive, open_run=open_run)
        return taker.run(self.filmed.pieces[-1][0].end_ms)

    def runs(self) -> list[Run]:
        return [part.run for part in self.shelf.reader.parts(self.shelf.archive, ALL_TIME)]

    def assert_kept(self, *numbers: int) -> None:
        """Exactly these segments are kept, with their bytes."""
        reader, archive = self.shelf.reader, self.shelf.archive
        _, table = reader.parts_and_segments(archive, ALL_TIME)
        wanted = [self.filmed.pieces[number] for number in numbers]
        assert table.start_ms.tolist() == [segment.start_ms for segment, _ in wanted]
        for segment, data in wanted:
            kept = reader.segment(archive, segment.start_ms)
            assert kept is not None
            assert kept.segment == segment
            assert reader.data(kept) == data


@pytest.fixture
def desk(shelf: Shelf, filmed: Filmed) -> Desk:
    return Desk(shelf, filmed)


def test_nothing_is_left_behind(desk: Desk) -> None:
    assert desk.take_in() == 0
    desk.record(0, 3)
    assert desk.take_in() == 0
    desk.assert_kept(0, 1, 2)


def test_whole_segments_behind_the_promised_bytes_go_on_with_their_run(desk: Desk) -> None:
    desk.record(0, 3)
    path = desk.lay(START_MS, desk.bytes_of(3, 2))
    before = path.read_bytes()
    assert desk.take_in() == 2
    desk.assert_kept(0, 1, 2, 3, 4)
    [run] = desk.runs()
    assert run.codecs == desk.filmed.codecs
    # They stay where they lie, and a second look finds nothing more.
    assert path.read_bytes() == before
    assert desk.take_in() == 0


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_torn_last_segment_stays_where_it_lies(desk: Desk, share: float) -> None:
    desk.record(0, 2)
    torn = desk.bytes_of(3, 1)
    torn = torn[: max(int(len(torn) * share), 1)]
    path = desk.lay(START_MS, desk.bytes_of(2, 1) + torn)
    assert desk.take_in() == 1
    desk.assert_kept(0, 1, 2)
    assert path.read_bytes().endswith(torn)


def test_a_segment_whose_bytes_were_damaged_ends_the_tail(desk: Desk) -> None:
    desk.record(0, 1)
    damaged = bytearray(desk.bytes_of(2, 1))
    damaged[len(damaged) // 2] ^= 0xFF
    desk.lay(START_MS, desk.bytes_of(1, 1) + bytes(damaged) + desk.bytes_of(3, 1))
    assert desk.take_in() == 1
    desk.assert_kept(0, 1)


def test_segments_that_do_not_follow_are_not_taken_for_the_run(desk: Desk) -> None:
    desk.record(0, 1)
    desk.lay(START_MS, desk.bytes_of(2, 1))
    assert desk.take_in() == 0
    desk.assert_kept(0)


def test_blocks_without_a_row_become_runs_of_the_same_codecs(desk: Desk) -> None:
    second = next(
        n for n, (segment, _) in enumerate(desk.filmed.pieces) if segment.start_ms >= START_MS + 60_000
    )
    desk.record(0, 2)
    count = len(desk.filmed.pieces)
    desk.lay(START_MS, desk.bytes_of(2, second - 2))
    start_ms = desk.filmed.pieces[second][0].start_ms
    path = desk.lay(start_ms, desk.bytes_of(second, count - second))
    before = path.read_bytes()
    assert desk.take_in() == count - 2
    desk.assert_kept(*range(count))
    assert {run.codecs for run in desk.runs()} == {desk.filmed.codecs}
    assert path.read_bytes() == before
    assert desk.take_in() == 0


def test_the_first_block_of_all_without_a_row(desk: Desk) -> None:
    desk.lay(START_MS, desk.bytes_of(0, 3) + b"torn")
    assert desk.take_in() == 3
    desk.assert_kept(0, 1, 2)


def test_garbage_of_others_is_left_alone_and_in_nobodys_way(desk: Desk) -> None:
    desk.record(0, 1)
    garbage = os.urandom(100_000)
    # A block of another name than its first segment's, one without anything, one that is no block at all.
    at_ms = START_MS + 1000
    names = {
        f"{at_ms}.ts": desk.bytes_of(1, 1),
        f"{at_ms + 1}.ts": b"",
        f"{at_ms + 2}.ts": garbage,
        "notes.ts": garbage,
        "²3.ts": garbage,
        f"{'9' * 60}.ts": garbage,
    }
    folder = desk.block(START_MS).parent
    for name, data in names.items():
        (folder / name).write_bytes(data)
    desk.lay(START_MS, desk.bytes_of(1, 1) + garbage)
    assert desk.take_in() == 1
    desk.assert_kept(0, 1)
    assert {name: (folder / name).read_bytes() for name in names} == names


def test_a_file_that_is_far_too_large_for_a_block_is_left_alone(desk: Desk) -> None:
    desk.record(0, 1)
    with desk.block(START_MS + 1000).open("wb") as huge:
        # It holds nothing but a hole: no disk is filled.
        huge.truncate(8 << 30)
    assert desk.take_in() == 0
    desk.assert_kept(0)


def test_footage_of_that_time_that_came_otherwise_is_kept_before_what_was_left(desk: Desk) -> None:
    desk.record(3, 1)
    first = desk.filmed.pieces[4][0].start_ms
    desk.lay(first, desk.bytes_of(4, 2))
    # An import of the same moment meanwhile, in a block of another name.
    house = desk.shelf.house
    other = RunWriter(house.index, house.storage, desk.shelf.archive, desk.filmed.codecs)
    data = bytes(188)
    other.add(replace(desk.filmed.pieces[5][0], start_ms=first + 10, size_bytes=188, keyframes=()), data)
    other.commit()
    assert desk.take_in() == 0
    assert len(desk.runs()) == 2


def test_a_recorder_that_lost_its_lease_takes_nothing_in(desk: Desk) -> None:
    index, archive = desk.shelf.house.index, desk.shelf.archive
    desk.record(0, 1)
    desk.lay(START_MS, desk.bytes_of(1, 2))
    desk.fence = index.claim(archive, desk.shelf.camera.id, 0)
    assert desk.fence is not None
    assert index.claim(archive, desk.shelf.camera.id, desk.fence) == desk.fence + 1
    with pytest.raises(LeaseLost):
        desk.take_in()
    desk.assert_kept(0)
    desk.fence += 1
    assert desk.take_in() == 2
    desk.assert_kept(0, 1, 2)


SHOTS = {
    "h264 and aac": Shot(size=(160, 120), gop=10, audio="aac"),
    "sets described": Shot(size=(160, 120), gop=10, parameter_sets="described", audio="pcm_mulaw"),
    "sets in-band": Shot(size=(160, 120), gop=10, parameter_sets="in_band"),
    "h265": Shot(size=(160, 120), gop=10, codec="hevc", audio="aac"),
}


def test_codecs_read_from_bytes_are_those_the_recorder_wrote(tmp_path: Path) -> None:
    """Else every camera's first segment after a kill would be announced as something new."""
    house = open_house(load(data_dir=tmp_path / "data"))
    with studio() as at, recording_room(house) as room:
        recordings = []
        for name, shot in SHOTS.items():
            source = name.replace(" ", "-")
            at.film(source, shot)
            recordings.append(room.record(at.camera(f"tail-{source}", source=source).url, segment_ms=800))
        for recording in recordings:
            recording.wait_for_segments(1)
    for recording in recordings:
        forgotten = _without_rows(recording.shelf, tmp_path / recording.name)
        written = {run.codecs for run in _runs(recording.shelf)}
        assert forgotten.take_in()
        assert {run.codecs for run in forgotten.runs()} == written
        forgotten.shelf.house.close()
    house.close()


def _runs(shelf: Shelf) -> list[Run]:
    return [part.run for part in shelf.reader.parts(shelf.archive, ALL_TIME)]


def _without_rows(shelf: Shelf, folder: Path) -> Desk:
    """The blocks of a shelf in an archive that has no row of them."""
    fresh = open_shelf(folder)
    storage = fresh.house.settings.storage / str(fresh.archive.id)
    blocks = shelf.house.settings.storage / str(shelf.archive.id)
    shutil.copytree(blocks, storage, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.json"))
    pieces = tuple(
        piece for path in sorted(storage.rglob("*.ts")) for piece in sealed_segments(path.read_bytes())
    )
    return Desk(fresh, Filmed(_runs(shelf)[0].codecs, pieces))
