"""Each kind of damage, made on a real archive: what a check says, a repair does, and is served then."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from isal import isal_zlib

from footage.archive.check import Walk
from footage.archive.commit import RunWriter
from footage.archive.errors import Unavailable, UnknownRun, WrongStorage
from footage.archive.findings import Finding, Kind, Level
from footage.archive.storage import block_key
from footage.media.sealed import sealed_segments
from footage.timeline import ALL_TIME, Keyframe, Segment, Span
from kit.archive import CODECS, START_MS
from kit.clips import Clip
from kit.damaged import LATER_MS, Ward


def kinds(findings: list[Finding]) -> Counter[Kind]:
    return Counter(finding.kind for finding in findings)


@pytest.mark.parametrize("level", list(Level))
def test_a_sound_archive_is_clean_on_every_level(ward: Ward, level: Level) -> None:
    before = ward.told_of_all()
    checker = ward.checker(level)
    for _ in checker.run():
        pass
    assert checker.findings() == []
    looked = checker.walk.looked[ward.archive.id]
    assert looked.blocks == len(ward.blocks())
    sizes = sum(path.stat().st_size for path in ward.blocks())
    assert looked.size_bytes == sizes
    assert looked.read_bytes == (sizes if level >= Level.CHECKSUM else 0)
    assert ward.told_of_all() == before


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_a_block_that_was_deleted_is_lost_and_the_rest_plays_on(ward: Ward, number: int) -> None:
    """Invariants 1 and 5: the first, a middle and the last one of a run, and all of another."""
    before = ward.told()
    path = ward.blocks()[number]
    gone = len(path.read_bytes())
    row = ward.house.index.block_rows(ward.archive, int(path.stem), 1)[0]
    path.unlink()
    for level in (Level.PRESENCE, Level.SIZE):
        [finding] = ward.check(level)
        assert (finding.kind, finding.size_bytes) == (Kind.MISSING, gone)
        assert finding.span == Span(row.start_ms, row.end_ms)
    [outcome] = ward.repair([finding])
    assert outcome.is_done
    assert str(finding.span) in outcome.words
    after = ward.told()
    assert after.segments == [s for s in before.segments if not row.start_ms <= s[0] < row.end_ms]
    assert sum(size for _, _, size in after.parts) == sum(size for _, _, size in before.parts) - gone
    # Nothing covers the hole, and every run ends where its bytes do.
    for start_ms, end_ms, _ in after.parts:
        assert not Span(start_ms, end_ms).overlaps(Span(row.start_ms, row.end_ms))
    assert ward.check(Level.CHECKSUM) == []


@pytest.mark.parametrize("left", ["nothing", "a part of the first segment", "two segments and a half"])
def test_a_block_that_was_cut_short_keeps_what_is_whole(ward: Ward, left: str) -> None:
    before = ward.told()
    path = ward.blocks()[1]
    data = path.read_bytes()
    sizes = [len(piece) for _, piece in sealed_segments(data)]
    kept = 2 if left.startswith("two") else 0
    whole = sum(sizes[:kept])
    torn = data[: {"nothing": 0, "a part of the first segment": 1000}.get(left, whole + sizes[2] // 2)]
    path.write_bytes(torn)
    assert ward.check(Level.PRESENCE) == []
    [finding] = ward.check(Level.SIZE)
    assert (finding.kind, finding.kept, finding.size_bytes) == (Kind.SHORT, kept, len(data) - whole)
    lost = finding.span
    assert lost is not None
    ward.repair([finding])
    assert ward.told().segments == [s for s in before.segments if not lost.start_ms <= s[0] < lost.end_ms]
    # What was left of the torn segment is not lost.
    asides = list(path.parent.glob("*.aside"))
    assert [aside.read_bytes() for aside in asides] == [torn[whole:]]
    assert kinds(ward.check(Level.CHECKSUM)) == {Kind.ASIDE: 1}


def test_a_bit_that_flipped_is_found_by_its_checksum_and_kept(ward: Ward) -> None:
    """Invariant 2: damaged bytes are not thrown away."""
    before = ward.told()
    path = ward.blocks()[1]
    data = bytearray(path.read_bytes())
    (_, first), (second, _), *_ = sealed_segments(bytes(data))
    data[len(first) + 5000] ^= 1
    path.write_bytes(data)
    for level in (Level.PRESENCE, Level.SIZE):
        assert ward.check(level) == []
    for level in (Level.CHECKSUM, Level.DECODE):
        [finding] = ward.check(level)
        assert finding.kind is Kind.DAMAGED
        assert finding.span == second.span
    [outcome] = ward.repair([finding], Level.CHECKSUM)
    assert not outcome.is_done
    assert ward.told().segments == before.segments
    assert path.read_bytes() == data


def test_footage_that_no_decoder_can_read_is_found_by_decoding_alone(ward: Ward) -> None:
    """Bytes that are what was written, and were no video then."""
    house, archive = ward.house, ward.archive
    path = ward.blocks()[4]
    segment, data = next(sealed_segments(path.read_bytes()))
    broken = bytearray(data)
    for place in range(188 * 8, len(broken) - 188, 188):
        broken[place + 60 : place + 120] = b"\x55" * 60
    start_ms = LATER_MS + 1_000_000
    writer = RunWriter(house.index, house.storage, archive, CODECS)
    moved = replace(segment, start_ms=start_ms, crc32=isal_zlib.crc32(broken))
    writer.add(moved, bytes(broken))
    writer.end()
    assert ward.check(Level.CHECKSUM) == []
    [finding] = ward.check(Level.DECODE)
    assert (finding.kind, finding.start_ms) == (Kind.UNDECODABLE, start_ms)
    assert finding.detail
    [outcome] = ward.repair([finding], Level.DECODE)
    assert not outcome.is_done


def test_foreign_files_are_told_of_and_left_alone(ward: Ward) -> None:
    folder = ward.house.settings.storage / str(ward.archive.id)
    day = ward.blocks()[0].parent
    strangers = [folder / "holiday.jpg", day / "note.txt", day / "123.ts", day / f"{START_MS}x.ts"]
    for path in strangers:
        path.write_bytes(b"mine")
    found = ward.check(Level.CHECKSUM)
    assert {finding.name for finding in found} == {
        str(path.relative_to(ward.house.settings.storage)) for path in strangers
    }
    assert kinds(found) == {Kind.FOREIGN: 4}
    assert not any(finding.is_fault for finding in found)
    assert ward.repair(found) == []
    assert [path.read_bytes() for path in strangers] == [b"mine"] * 4


def test_bytes_that_no_segment_can_be_made_of_are_set_aside(ward: Ward) -> None:
    before = ward.told()
    behind, alone = ward.blocks()[4], ward.block(LATER_MS + 500_000)
    with behind.open("ab") as block:
        block.write(b"torn")
    alone.parent.mkdir(parents=True, exist_ok=True)
    alone.write_bytes(b"G" * 5000)
    found = ward.check()
    assert kinds(found) == {Kind.LEFTOVER: 2}
    assert not any(finding.is_fault for finding in found)
    assert all(outcome.is_done for outcome in ward.repair(found))
    assert kinds(ward.check()) == {Kind.ASIDE: 2}
    folder = ward.house.settings.storage
    assert sorted(path.read_bytes() for path in folder.rglob("*.aside")) == [b"G" * 5000, b"torn"]
    assert not alone.exists()
    assert ward.told() == before


def test_an_index_of_yesterday_learns_what_came_since(
    ward: Ward, clips: Callable[[str, Clip], Path]
) -> None:
    """Invariant 2: the last block grew, blocks and a run came, a camera was added, another changed."""
    today = ward.told_of_all()
    folder = ward.house.settings.storage
    rows = ward.house.index.block_rows(ward.archive, 0, 10)
    second = rows[1].start_ms
    with ward.house.index.snapshot() as snapshot:
        block = snapshot.block_at(ward.archive, second)
    assert block is not None
    ward.house.index.cut_out(ward.archive, {second: 3, **{row.start_ms: 0 for row in rows[2:]}})
    yard = ward.cameras()[1]
    ward.house.index.mark_camera(yard[0].id)
    ward.sql("DELETE FROM run WHERE archive_number = ?", yard[1].number)
    ward.sql("DELETE FROM block WHERE archive_number = ?", yard[1].number)
    ward.house.index.drop_removed_archives()
    assert ward.told_of_all() != today
    found = ward.check()
    assert kinds(found) == {Kind.UNINDEXED: 4, Kind.UNKNOWN_ARCHIVE: 1}
    assert all(outcome.is_done for outcome in ward.repair(found))
    assert ward.told_of_all() == today
    assert ward.cameras()[1][1].id == yard[1].id
    assert ward.check(Level.CHECKSUM) == []
    assert not list(folder.rglob("*.aside"))


def test_a_repair_leaves_a_recorder_s_newest_alone(ward: Ward) -> None:
    rows = ward.house.index.block_rows(ward.archive, 0, 10)
    ward.house.index.cut_out(ward.archive, {rows[4].start_ms: 0, rows[3].start_ms: 0})
    found = ward.check()
    outcomes = ward.repair(found, is_at_work=lambda _, start_ms: start_ms >= LATER_MS)
    assert [outcome.is_done for outcome in outcomes] == [True, False]
    assert [finding.start_ms for finding in ward.check()] == [LATER_MS]


def test_footage_that_is_lost_in_the_block_that_grows_stays_lost(ward: Ward) -> None:
    """Invariant 1: also where a repair does not know that a recorder is at work."""
    house, archive = ward.house, ward.archive
    start_ms = LATER_MS + 1_000_000
    pieces = [
        (
            Segment(start_ms + 6000 * number, 6000, 376, number, (Keyframe(0, 0, 188),)),
            bytes([number]) * 376,
        )
        for number in range(5)
    ]
    writer = RunWriter(house.index, house.storage, archive, CODECS)
    for piece in pieces[:3]:
        writer.add(*piece)
    writer.commit()
    writer.add(*pieces[3])
    ward.block(start_ms).write_bytes(pieces[0][1])
    [finding] = ward.check()
    ward.repair([finding])
    with pytest.raises(UnknownRun):
        writer.commit()
    # As a lane does it then.
    writer = RunWriter(house.index, house.storage, archive, CODECS)
    for piece in pieces[3:]:
        writer.add(*piece)
    writer.commit()
    kept = [start for start, _, _ in ward.told().segments if start >= start_ms]
    assert kept == [pieces[number][0].start_ms for number in (0, 3, 4)]
    assert ward.check() == []


def test_a_card_that_is_missing_or_old_is_written(ward: Ward) -> None:
    card = ward.house.settings.storage / str(ward.archive.id) / "camera.json"
    text = card.read_text()
    assert "Door" in text
    for spoiled in (None, "not JSON", text.replace("Door", "Gate")):
        card.unlink() if spoiled is None else card.write_text(spoiled)
        found = ward.check()
        assert kinds(found) == {Kind.CARD: 1}
        ward.repair(found)
        assert card.read_text() == text


def test_a_removal_that_a_crash_left_open_is_finished(ward: Ward) -> None:
    with ward.house.index.snapshot() as snapshot:
        later = snapshot.runs(ward.archive, ALL_TIME)[1]
    path = ward.blocks()[4]
    ward.house.index.mark_run(ward.archive, later.id)
    found = ward.check()
    assert kinds(found) == {Kind.LEAVING: 1}
    assert not found[0].is_fault
    ward.repair(found)
    assert not path.exists()
    assert ward.check() == []


def test_a_disk_that_is_away_or_another_s_is_no_damage(ward: Ward) -> None:
    """Invariant 3."""
    before = ward.told()
    ward.blocks()[1].unlink()
    found = ward.check()
    root = ward.house.settings.storage
    root.rename(root.with_name("elsewhere"))
    for is_bare in (False, True):
        if is_bare:
            root.mkdir()
        with pytest.raises((WrongStorage, Unavailable)):
            ward.check()
        with pytest.raises(WrongStorage):
            ward.repair(found)
    (root / "footage-storage").write_text("11111111-1111-4111-8111-111111111111\n")
    with pytest.raises(WrongStorage):
        ward.repair(found)
    shutil.rmtree(root)
    root.with_name("elsewhere").rename(root)
    with ward.house.index.snapshot() as snapshot:
        assert len(snapshot.segments(ward.archive, ALL_TIME)) == len(before.segments)


def test_what_changes_between_two_looks_is_no_fault(ward: Ward) -> None:
    """A block that comes, grows and gets its rows while it is looked at, as under a recorder."""
    path = ward.blocks()[4]
    data = path.read_bytes()
    pieces = list(sealed_segments(data))
    ward.house.index.cut_out(ward.archive, {LATER_MS: 0})
    path.write_bytes(pieces[0][1])
    checker = ward.checker()
    for _ in checker.run():
        pass
    assert checker.walk.suspects == [(ward.archive.id, LATER_MS)]
    looks = iter(pieces[1:])

    def next_segment(_seconds: float) -> None:
        for _, piece in [next(looks, (None, b""))]:
            with path.open("ab") as block:
                block.write(piece)

    checker._sleep = next_segment
    # After the last look but one nothing more comes: only then is it believed.
    found = checker.findings()
    assert len(pieces) >= 3
    assert [finding.span for finding in found] in ([], [Span(LATER_MS, pieces[-1][0].end_ms)])


def test_a_check_goes_on_where_it_was_stopped(ward: Ward) -> None:
    blocks = ward.blocks()
    blocks[0].unlink()
    blocks[3].unlink()
    # As when it was killed after the second block.
    with ward.house.index.snapshot() as snapshot:
        second = snapshot.block_at(ward.archive, int(blocks[1].stem))
    assert second is not None
    walk = Walk(Level.CHECKSUM, archive_id=ward.archive.id, at_ms=second.end_ms - 1)
    walk.suspects.append((ward.archive.id, int(blocks[0].stem)))
    checker = ward.checker(walk=msgspec.json.decode(msgspec.json.encode(walk), type=Walk))
    for _ in checker.run():
        pass
    assert checker.walk.looked[ward.archive.id].blocks == 2
    assert [one.start_ms for one in checker.findings()] == [int(blocks[0].stem), int(blocks[3].stem)]


def test_since_and_cameras_narrow_a_check(ward: Ward) -> None:
    blocks = ward.blocks()
    for path in (blocks[0], blocks[4]):
        path.unlink()
    for walk, wanted in (
        (Walk(Level.SIZE, since_ms=LATER_MS - 1000), [LATER_MS]),
        (Walk(Level.SIZE, cameras=[ward.cameras()[1][0].id]), []),
        (Walk(Level.SIZE, cameras=[ward.cameras()[0][0].id]), [START_MS, LATER_MS]),
    ):
        checker = ward.checker(walk=walk)
        for _ in checker.run():
            pass
        assert [one.start_ms for one in checker.findings()] == wanted


def test_a_pace_is_kept(ward: Ward) -> None:
    slept: list[float] = []
    checker = ward.checker(Level.CHECKSUM)
    checker._pace_bytes, checker._sleep, checker._monotonic = 1000, slept.append, lambda: 0.0
    for _ in checker.run():
        pass
    sizes = [path.stat().st_size for path in ward.house.settings.storage.rglob("*.ts")]
    assert sorted(slept) == sorted(size / 1000 for size in sizes)


def test_a_key_outside_its_place_is_foreign(ward: Ward) -> None:
    """A block moved to another hour by hand: its bytes are told of, and so is the hole."""
    path = ward.blocks()[4]
    elsewhere = ward.block(LATER_MS + 10 * 3_600_000)
    elsewhere.parent.mkdir(parents=True)
    moved = elsewhere.with_name(path.name)
    path.rename(moved)
    found = ward.check()
    assert kinds(found) == {Kind.MISSING: 1, Kind.FOREIGN: 1}
    names = {finding.kind: finding.name for finding in found}
    assert names[Kind.MISSING] == block_key(ward.archive.id, LATER_MS)
    assert names[Kind.FOREIGN] == str(moved.relative_to(ward.house.settings.storage))
