"""An index that is lost comes back from the storage alone, as it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from isal import isal_zlib

from footage.access.tokens import Token, sign
from footage.archive.commit import RunWriter
from footage.archive.errors import WrongStorage
from footage.archive.findings import Kind, Level
from footage.archive.keeper_report import Refusal
from footage.house import House, open_house, open_house_without_index
from footage.media.mpegts import Seal, seal
from footage.media.sealed import codecs_of, sealed_segments
from footage.media.segment_muxer import described
from footage.settings import load
from footage.timeline import ALL_TIME, Archive, Block, Codecs, Location, Place
from kit.archive import START_MS, add_shelf, open_shelf
from kit.clips import Clip, Sound
from kit.damaged import LATER_MS, Ward
from kit.keeping import DAY_MS, Clocks, Keeping
from kit.server import footage, footage_json, running_server


def rows(house: House, archive: Archive) -> tuple[list[tuple[object, ...]], list[Block]]:
    """Runs without their ids, and every block with its segments, sums and keyframes."""
    with house.index.snapshot() as snapshot:
        runs = snapshot.runs(archive, ALL_TIME)
        starts = [row.start_ms for row in house.index.block_rows(archive, 0, 10_000)]
        blocks = [snapshot.block_at(archive, start_ms) for start_ms in starts]
    assert None not in blocks
    return [tuple(run[1:]) for run in runs], [block for block in blocks if block is not None]


def all_rows(house: House) -> dict[str, tuple[list[tuple[object, ...]], list[Block]]]:
    pairs = house.cameras.archives_of(list(house.cameras.every()))
    return {camera.title: rows(house, archive) for camera, archive in pairs}


def test_everything_comes_back_as_it_was(ward: Ward) -> None:
    door, archive = ward.cameras()[0]
    room = Location("1", "House", Place("2", "Hall"))
    ward.house.cameras.change(
        door.id, {"location": room, "archive_days": 30, "source_url": "rtsp://u:hunter2@192.0.2.1/x"}
    )
    ward.house.cameras.revoke_links(door.id)
    door = ward.house.cameras.get(door.id)
    archive = ward.house.cameras.archive_of(door)
    signed = sign(ward.house.signing_keys.all()[0], archive.id, archive.token_epoch, Token(9))
    told, known = ward.told_of_all(), all_rows(ward.house)
    ward.lose_index()
    taken = ward.rebuild()
    assert sum(one.segments for one in taken) == sum(len(each.segments) for each in told.values())
    assert not any(one.left or one.damaged for one in taken)
    assert ward.told_of_all() == told
    assert all_rows(ward.house) == known
    again = ward.house.cameras.get(door.id)
    assert again == replace(door, has_source=False)
    archive = ward.house.cameras.archive_of(again)
    assert sign(ward.house.signing_keys.all()[0], archive.id, archive.token_epoch, Token(9)) == signed
    # The source's address is nowhere in the storage.
    for card in ward.house.settings.storage.rglob("camera.json"):
        assert "hunter2" not in card.read_text()
        assert "192.0.2.1" not in card.read_text()
    assert {finding.kind for finding in ward.check(Level.CHECKSUM)} == {Kind.CARD}


def test_a_second_rebuild_changes_nothing(ward: Ward) -> None:
    told, known = ward.told_of_all(), all_rows(ward.house)
    ward.house.close()
    assert ward.rebuild() == []
    assert (ward.told_of_all(), all_rows(ward.house)) == (told, known)


def test_footage_of_a_camera_without_a_card_comes_back_under_a_title_of_its_own(ward: Ward) -> None:
    told = ward.told()
    archive = ward.archive
    (ward.house.settings.storage / str(archive.id) / "camera.json").unlink()
    ward.lose_index()
    ward.rebuild()
    again = ward.house.index.archive(archive.id)
    assert again is not None
    assert str(archive.id) in ward.house.cameras.get(again.camera_id).title
    assert ward.told(again) == told


def test_a_removed_camera_does_not_come_back(ward: Ward) -> None:
    door, archive = ward.cameras()[0]
    ward.house.cameras.remove_for_good(door.id, now_ms=START_MS)
    assert not (ward.house.settings.storage / str(archive.id)).exists()
    ward.lose_index()
    ward.rebuild()
    assert [camera.title for camera, _ in ward.cameras()] == ["Yard"]


def test_damaged_segments_come_back_with_the_checksums_they_ought_to_have(ward: Ward) -> None:
    path = ward.blocks()[1]
    data = bytearray(path.read_bytes())
    data[9000] ^= 1
    path.write_bytes(data)
    known, _ = rows(ward.house, ward.archive)
    told = ward.told()
    found = ward.check(Level.CHECKSUM)
    ward.lose_index()
    taken = ward.rebuild()
    [damaged] = [one for one in taken if one.damaged]
    assert damaged.damaged == [found[0].span]
    assert rows(ward.house, ward.archive)[0] == known
    assert ward.told() == told
    assert ward.check(Level.CHECKSUM) == found


def test_torn_ends_and_foreign_files_do_not_come_in(ward: Ward) -> None:
    told = ward.told()
    (ward.blocks()[0].parent / "note.txt").write_text("x")
    with ward.blocks()[4].open("ab") as block:
        block.write(b"torn")
    ward.block(LATER_MS + 99_000).write_bytes(b"never finished")
    ward.lose_index()
    left = [one.start_ms for one in ward.rebuild() if one.left]
    assert left == [LATER_MS + 99_000]
    assert ward.told() == told


def test_no_storage_or_another_s_is_refused(ward: Ward) -> None:
    folder, storage = ward.folder, ward.house.settings.storage
    ward.lose_index()
    marker = (storage / "footage-storage").read_text()
    storage.rename(folder / "away")
    for is_bare in (False, True):
        if is_bare:
            storage.mkdir()
        with pytest.raises(WrongStorage):
            open_house_without_index(load(data_dir=folder))
    storage.rmdir()
    (folder / "away").rename(storage)
    (storage / "footage-storage").write_text("nonsense")
    with pytest.raises(WrongStorage):
        open_house_without_index(load(data_dir=folder))
    (storage / "footage-storage").write_text(marker)
    # An index that is another set's, with cameras in it.
    other = open_shelf(folder / "other")
    other.house.close()
    (folder / "other" / "index.db").rename(folder / "index.db")
    with pytest.raises(WrongStorage):
        open_house_without_index(load(data_dir=folder))
    (folder / "index.db").unlink()
    ward.rebuild()
    assert len(ward.cameras()) == 2


Piece = tuple[Codecs, bytes, int]


@pytest.fixture(scope="module")
def films(
    tmp_path_factory: pytest.TempPathFactory, clips: Callable[[str, Clip], Path]
) -> list[list[Piece]]:
    """Segments of several codecs, to be moved to any time."""
    shelf = open_shelf(tmp_path_factory.mktemp("films"))
    films = []
    for name, clip in (
        ("loud.mkv", Clip(seconds=30, size=(160, 120), rate=Fraction(10), gop=20, sound=Sound(seconds=30))),
        ("small.mp4", Clip(seconds=20, size=(128, 96), rate=Fraction(10), gop=10)),
    ):
        camera = add_shelf(shelf.house, name)
        camera.import_file(clips(name, clip), START_MS)
        pieces = [
            (codecs_of(data), data, segment.duration_ms)
            for path in sorted((shelf.house.settings.storage / str(camera.archive.id)).rglob("*.ts"))
            for segment, data in sealed_segments(path.read_bytes())
        ]
        films.append(pieces)
    shelf.house.close()
    return films


RUNS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.integers(1, 16),
        st.sampled_from([0, 1, 999, 60_000, 3_600_000, 86_400_000]),
    ),
    min_size=1,
    max_size=5,
)


@given(archives=st.lists(RUNS, min_size=1, max_size=2))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_recorded_comes_back(
    films: list[list[Piece]],
    tmp_path_factory: pytest.TempPathFactory,
    archives: list[list[tuple[int, int, int]]],
) -> None:
    """Runs of any codecs and length, with gaps and without."""
    folder = tmp_path_factory.mktemp("made")
    house = open_house(load(data_dir=folder))
    for number, made_of in enumerate(archives):
        shelf = add_shelf(house, f"Camera {number}")
        at_ms = START_MS + number
        for film, count, gap_ms in made_of:
            at_ms = record(house, shelf.archive, films[film], count, at_ms) + gap_ms
    known = all_rows(house)
    house.close()
    (folder / "index.db").unlink()
    ward = Ward(folder, house)
    ward.rebuild()
    assert all_rows(ward.house) == known
    ward.house.close()


def record(house: House, archive: Archive, film: list[Piece], count: int, run_ms: int) -> int:
    """A run of ``count`` segments; where it ends. Timestamps inside stay: only seals tell the time."""
    writer = RunWriter(house.index, house.storage, archive, film[0][0], sync_every_s=None)
    at_ms = run_ms
    for number in range(count):
        _, data, duration_ms = film[number % len(film)]
        body = data[:-188]
        sealed = body + seal(Seal(run_ms, at_ms, duration_ms, len(data), isal_zlib.crc32(body)))
        writer.add(described(sealed, at_ms, duration_ms), sealed)
        at_ms += duration_ms
    writer.end()
    return at_ms


def test_the_command_makes_a_lost_index_again_for_links_made_before(ward: Ward) -> None:
    camera, archive = ward.cameras()[0]
    told = ward.told_of_all()
    ward.house.close()
    made = footage_json("token", str(camera.id), data=ward.folder)
    query = {"signature": made["signature"], "exp": made["exp"], "start": 0}

    def answers() -> list[bytes]:
        with running_server(ward.folder) as server:
            base = f"{server.url}/archives/{archive.id}"
            return [
                httpx.get(f"{base}/{name}", params=query, timeout=60).raise_for_status().content
                for name in ("timeline", "index.m3u8", "size", f"{told['Door'].segments[0][0]}.ts")
            ]

    before = answers()
    (ward.folder / "index.db").unlink()
    # Whoever starts without an index is told what to do, and nothing comes to harm.
    refused = footage("camera", "list", data=ward.folder, check=False)
    assert refused.returncode == 1
    assert "--rebuild" in refused.stderr
    footage("check", "--rebuild", data=ward.folder)
    assert answers() == before
    ward.house = open_house(load(data_dir=ward.folder))


@pytest.mark.parametrize("delay_s", [0.0, 0.05, 0.2])
def test_a_rebuild_that_is_killed_goes_on(ward: Ward, delay_s: float) -> None:
    told, known = ward.told_of_all(), all_rows(ward.house)
    ward.lose_index()
    process = subprocess.Popen(
        [sys.executable, "-m", "footage", "check", "--rebuild"],
        env={**os.environ, "FOOTAGE_DATA_DIR": str(ward.folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while process.poll() is None and not (ward.folder / "index.db").exists():
        time.sleep(0.005)
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.wait()
    footage("check", "--rebuild", data=ward.folder)
    ward.house = open_house(load(data_dir=ward.folder))
    assert ward.told_of_all() == told
    assert all_rows(ward.house) == known


@pytest.mark.parametrize(
    ("later_ms", "refusal"),
    [
        (365 * DAY_MS, Refusal.CLOCK_AHEAD),
        (-365 * DAY_MS, Refusal.CLOCK_BEHIND),
        (DAY_MS // 2, None),
    ],
)
def test_a_clock_is_not_believed_because_the_index_forgot_when_it_was_right(
    ward: Ward, later_ms: int, refusal: Refusal | None
) -> None:
    """Invariants 3 and 6: an index that was lost takes nothing for its age."""
    for camera, _ in ward.cameras():
        ward.house.cameras.change(camera.id, {"archive_days": 1})
    told = ward.told_of_all()
    ward.lose_index()
    ward.rebuild()
    keeping = Keeping(ward.house, Clocks(LATER_MS + later_ms))
    keeping.pass_through()
    assert keeping.keeper.report.refusal is refusal
    if later_ms > 0 and refusal is not None:
        assert ward.told_of_all() == told
        ward.house.index.set_seen(keeping.clocks.read().as_row())
        keeping.pass_through()
        assert ward.told_of_all() != told, "somebody said that the clock is right"
