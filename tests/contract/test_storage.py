"""What every storage promises. A new kind joins by a Ground of its own in ``GROUNDS``."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Protocol
from uuid import UUID, uuid4

import pytest

from footage.archive.errors import Full, MissingBytes, Unavailable, WrongStorage
from footage.archive.storage import LocalStorage, Storage, block_key

ARCHIVE = UUID("11111111-1111-4111-8111-111111111111")
OTHER_ARCHIVE = UUID("22222222-2222-4222-8222-222222222222")
NOON_MS = 1_790_000_000_000
KEY = block_key(ARCHIVE, NOON_MS)


class Ground(Protocol):
    """The place that a storage stands on, seen from behind the storage's back."""

    def storage(self, set_id: UUID) -> Storage:
        """A storage of that archive set over the place, as a process that starts opens it."""

    def claim(self, set_id: UUID) -> Storage:
        """Open it and put its marker there. Raises WrongStorage."""

    def everything(self) -> dict[str, bytes]:
        """All that lies there, whatever its name."""

    def plant(self, name: str, data: bytes) -> None:
        """Put something there that no storage wrote."""

    def spoil_marker(self) -> None:
        """Write bytes over the marker that are no marker."""

    def lose(self) -> None:
        """Take the place away, as a disk that is unmounted."""

    def lose_to_empty(self) -> None:
        """Take it away and leave an empty one, as the bare mount point of a disk."""


class LocalGround:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "footage"

    def storage(self, set_id: UUID) -> LocalStorage:
        return LocalStorage(self.root, set_id)

    def claim(self, set_id: UUID) -> LocalStorage:
        storage = self.storage(set_id)
        storage.claim()
        return storage

    def everything(self) -> dict[str, bytes]:
        files = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in files}

    def plant(self, name: str, data: bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def spoil_marker(self) -> None:
        (self.root / "footage-storage").write_bytes(b"\xff\x00 not a marker")

    def lose(self) -> None:
        self.root.rename(self.root.with_name("unmounted"))

    def lose_to_empty(self) -> None:
        self.lose()
        self.root.mkdir()


GROUNDS: dict[str, Callable[[Path], Ground]] = {"local": LocalGround}


@pytest.fixture(params=sorted(GROUNDS))
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    return GROUNDS[request.param](tmp_path)


@pytest.fixture
def set_id() -> UUID:
    return uuid4()


@pytest.fixture
def storage(ground: Ground, set_id: UUID) -> Storage:
    return ground.claim(set_id)


def kept(storage: Storage, key: str = KEY) -> bytes:
    """All bytes of a block, read as a client does."""
    size = storage.size(key)
    assert size is not None
    with closing(storage.open(key)) as block:
        return block.read(0, size)


# Bytes in, bytes out


def test_bytes_come_back_as_they_were_added(storage: Storage) -> None:
    storage.append(KEY, 0, b"first")
    storage.append(KEY, 5, b"second")
    storage.sync(KEY)
    assert storage.size(KEY) == 11
    assert kept(storage) == b"firstsecond"


def test_any_stretch_of_a_block_can_be_read(storage: Storage) -> None:
    data = bytes(range(256)) * 64
    storage.append(KEY, 0, data)
    with closing(storage.open(KEY)) as block:
        assert block.read(0, 1) == data[:1]
        assert block.read(255, 2) == data[255:257]
        assert block.read(len(data) - 3, 3) == data[-3:]
        assert block.read(1000, 0) == b""
        assert block.read(0, len(data)) == data


def test_what_was_added_is_there_for_a_process_that_starts_later(
    ground: Ground, storage: Storage, set_id: UUID
) -> None:
    storage.append(KEY, 0, b"data")
    storage.sync(KEY)
    later = ground.storage(set_id)
    later.append(KEY, 4, b"more")
    later.sync(KEY)
    assert kept(later) == b"datamore"


def test_blocks_do_not_meet(storage: Storage) -> None:
    keys = [block_key(archive, NOON_MS + i) for archive in (ARCHIVE, OTHER_ARCHIVE) for i in range(3)]
    for key in keys:
        storage.append(key, 0, key.encode())
    assert [kept(storage, key) for key in keys] == [key.encode() for key in keys]


def test_a_large_block_keeps_every_byte(storage: Storage) -> None:
    data = os.urandom(1 << 16) * 96
    storage.append(KEY, 0, data)
    storage.append(KEY, len(data), data)
    assert kept(storage) == data + data


def test_many_threads_write_their_own_blocks(storage: Storage) -> None:
    keys = [block_key(ARCHIVE, NOON_MS + i * 3_600_000) for i in range(8)]

    def write(key: str) -> None:
        for i in range(10):
            storage.append(key, i * len(key), key.encode())
            storage.sync(key)

    threads = [Thread(target=write, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {key: kept(storage, key) for key in keys} == {key: key.encode() * 10 for key in keys}


# Bytes that are not there


def test_a_block_that_is_not_there_cannot_be_opened(storage: Storage) -> None:
    with pytest.raises(MissingBytes):
        storage.open(KEY)
    assert storage.size(KEY) is None


@pytest.mark.parametrize(("start", "size"), [(0, 5), (3, 2), (4, 1), (100, 1)])
def test_reading_beyond_the_end_says_that_bytes_are_missing(
    storage: Storage, start: int, size: int
) -> None:
    storage.append(KEY, 0, b"four")
    with closing(storage.open(KEY)) as block, pytest.raises(MissingBytes):
        block.read(start, size)


def test_adding_beyond_the_end_says_that_bytes_are_missing(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"four")
    before = ground.everything()
    with pytest.raises(MissingBytes):
        storage.append(KEY, 5, b"far")
    assert ground.everything() == before


# Leftovers of a writer that never got to commit (invariant 2)


def asides(ground: Ground, storage: Storage, before: dict[str, bytes]) -> list[bytes]:
    """What lies under names that no block has and that were not there before."""
    blocks = {key for key, _ in storage.list()}
    return sorted(data for name, data in ground.everything().items() if name not in blocks | set(before))


def test_the_very_same_bytes_beyond_the_promised_end_are_kept(
    ground: Ground, storage: Storage, set_id: UUID
) -> None:
    storage.append(KEY, 0, b"promised")
    before = ground.everything()
    storage.append(KEY, 8, b"leftover")
    again = ground.storage(set_id)
    again.append(KEY, 8, b"leftover")
    again.sync(KEY)
    assert kept(again) == b"promisedleftover"
    assert asides(ground, again, before) == []


def test_the_same_bytes_are_kept_with_what_follows_them(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"promised")
    before = ground.everything()
    storage.append(KEY, 8, b"leftoverandmore")
    storage.append(KEY, 8, b"leftover")
    assert kept(storage) == b"promisedleftoverandmore"
    storage.append(KEY, 16, b"andmore")
    assert kept(storage) == b"promisedleftoverandmore"
    assert asides(ground, storage, before) == []


@pytest.mark.parametrize("start", [0, 8])
def test_a_torn_write_is_completed(ground: Ground, storage: Storage, start: int) -> None:
    promised = b"promised"[:start]
    storage.append(KEY, 0, promised + b"left")
    before = ground.everything()
    storage.append(KEY, start, b"leftover")
    assert kept(storage) == promised + b"leftover"
    assert asides(ground, storage, before) == []


@pytest.mark.parametrize("start", [0, 8])
@pytest.mark.parametrize("wanted", [b"different", b"d", b"lefT", b"leftover, but shorter and then longer"])
def test_different_bytes_are_set_aside_and_never_lost(
    ground: Ground, storage: Storage, start: int, wanted: bytes
) -> None:
    promised = b"promised"[:start]
    storage.append(KEY, 0, promised + b"leftover of somebody")
    before = ground.everything()
    storage.append(KEY, start, wanted)
    assert kept(storage) == promised + wanted
    assert asides(ground, storage, before) == [b"leftover of somebody"]
    assert [key for key, _ in storage.list()] == [KEY]


def test_leftovers_set_aside_again_and_again_are_all_there(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"promised")
    before = ground.everything()
    for data in (b"one", b"two", b"three"):
        storage.append(KEY, 8, data)
    assert kept(storage) == b"promisedthree"
    assert asides(ground, storage, before) == [b"one", b"two"]


# Removal


def test_a_removed_block_is_gone_and_its_neighbour_stays(storage: Storage) -> None:
    neighbour = block_key(ARCHIVE, NOON_MS + 1)
    storage.append(KEY, 0, b"data")
    storage.append(neighbour, 0, b"other")
    storage.delete(KEY)
    assert storage.size(KEY) is None
    assert list(storage.list()) == [(neighbour, 5)]
    assert kept(storage, neighbour) == b"other"


def test_removing_what_is_gone_does_nothing(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"data")
    storage.delete(KEY)
    before = ground.everything()
    storage.delete(KEY)
    storage.delete(block_key(OTHER_ARCHIVE, NOON_MS))
    assert ground.everything() == before


def test_an_open_block_stays_readable_after_its_removal(storage: Storage) -> None:
    storage.append(KEY, 0, b"still here")
    with closing(storage.open(KEY)) as block:
        storage.delete(KEY)
        assert block.read(0, 10) == b"still here"


def test_a_removed_block_can_be_written_anew(storage: Storage) -> None:
    storage.append(KEY, 0, b"old and long")
    storage.delete(KEY)
    storage.append(KEY, 0, b"new")
    storage.sync(KEY)
    assert kept(storage) == b"new"


def test_closing_twice_does_nothing(storage: Storage) -> None:
    storage.append(KEY, 0, b"data")
    block = storage.open(KEY)
    block.close()
    block.close()
    # A second close that let go of a descriptor anew would take this one's.
    with closing(storage.open(KEY)) as other:
        block.close()
        assert other.read(0, 4) == b"data"


def test_the_last_block_out_leaves_nothing_behind(ground: Ground, storage: Storage) -> None:
    before = ground.everything()
    storage.append(KEY, 0, b"data")
    storage.delete(KEY)
    assert ground.everything() == before
    assert list(storage.list()) == []


# Listing


def test_the_list_is_in_the_order_of_names_with_sizes(storage: Storage) -> None:
    hour_ms = 3_600_000
    moments = [NOON_MS + n * hour_ms // 2 for n in (7, 3, 60, 0, 5, 1, 48)]
    # Where the names of one hour grow by a digit.
    moments += [999_999_999_999, 1_000_000_000_000]
    keys = [block_key(archive, moment) for archive in (OTHER_ARCHIVE, ARCHIVE) for moment in moments]
    for size, key in enumerate(keys):
        storage.append(key, 0, b"x" * size)
    assert list(storage.list()) == sorted((key, size) for size, key in enumerate(keys))


def test_the_list_can_be_narrowed_to_a_folder(storage: Storage) -> None:
    day_ms = 86_400_000
    keys = sorted(
        block_key(archive, NOON_MS + n * day_ms) for archive in (ARCHIVE, OTHER_ARCHIVE) for n in range(3)
    )
    for key in keys:
        storage.append(key, 0, b"x")
    of_archive = [key for key, _ in storage.list(f"{ARCHIVE}")]
    assert of_archive == [key for key in keys if key.startswith(str(ARCHIVE))]
    day = keys[1].rsplit("/", 2)[0]
    assert [key for key, _ in storage.list(day)] == [keys[1]]
    assert list(storage.list(f"{uuid4()}")) == []


def test_the_list_bears_blocks_that_are_removed_meanwhile(storage: Storage) -> None:
    keys = [block_key(ARCHIVE, NOON_MS + i) for i in range(3)]
    for key in keys:
        storage.append(key, 0, b"x")
    listing = storage.list()
    assert next(listing)[0] == keys[0]
    storage.delete(keys[1])
    assert [key for key, _ in listing] == [keys[2]]


def test_what_no_storage_wrote_is_not_listed(ground: Ground, storage: Storage) -> None:
    ground.plant("lost+found/note.txt", b"x")
    storage.append(KEY, 0, b"data")
    assert list(storage.list()) == [(KEY, 4)]


# The marker (invariant 3)

Losing = Callable[[Ground], None]
LOSSES: dict[str, Losing] = {
    "away": lambda ground: ground.lose(),
    "bare mount point": lambda ground: ground.lose_to_empty(),
}


@pytest.fixture(params=sorted(LOSSES))
def lose(request: pytest.FixtureRequest) -> Losing:
    return LOSSES[request.param]


def test_claiming_again_changes_nothing(ground: Ground, storage: Storage, set_id: UUID) -> None:
    storage.append(KEY, 0, b"data")
    before = ground.everything()
    ground.claim(set_id)
    assert ground.everything() == before


def test_a_place_that_holds_something_else_is_not_claimed(ground: Ground, set_id: UUID) -> None:
    ground.plant("holiday.jpg", b"mine")
    with pytest.raises(WrongStorage):
        ground.claim(set_id)
    assert ground.everything() == {"holiday.jpg": b"mine"}


def test_the_place_of_another_set_is_not_claimed(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"theirs")
    before = ground.everything()
    with pytest.raises(WrongStorage):
        ground.claim(uuid4())
    assert ground.everything() == before


def test_nothing_is_written_into_the_place_of_another_set(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"theirs")
    before = ground.everything()
    foreign = ground.storage(uuid4())
    with pytest.raises(WrongStorage):
        foreign.append(KEY, 6, b"mine")
    with pytest.raises(WrongStorage):
        foreign.append(block_key(OTHER_ARCHIVE, NOON_MS), 0, b"mine")
    with pytest.raises(WrongStorage):
        foreign.delete(KEY)
    assert ground.everything() == before


def test_nothing_is_written_or_removed_while_the_place_is_away(
    ground: Ground, storage: Storage, lose: Losing
) -> None:
    storage.append(KEY, 0, b"data")
    lose(ground)
    with pytest.raises(WrongStorage):
        storage.append(KEY, 4, b"more")
    with pytest.raises(WrongStorage):
        storage.append(block_key(ARCHIVE, NOON_MS + 1), 0, b"new")
    with pytest.raises(WrongStorage):
        storage.delete(KEY)
    assert ground.everything() == {}


def test_a_marker_that_nobody_can_read_is_none(ground: Ground, storage: Storage) -> None:
    storage.append(KEY, 0, b"data")
    ground.spoil_marker()
    before = ground.everything()
    with pytest.raises(WrongStorage):
        storage.append(KEY, 4, b"more")
    with pytest.raises(WrongStorage):
        storage.delete(KEY)
    assert ground.everything() == before


def test_a_block_is_unavailable_not_missing_while_the_place_is_away(
    ground: Ground, storage: Storage, lose: Losing
) -> None:
    storage.append(KEY, 0, b"data")
    lose(ground)
    with pytest.raises(Unavailable):
        storage.open(KEY)


def test_the_room_that_is_left(storage: Storage) -> None:
    storage.append(KEY, 0, b"data")
    room = storage.room()
    assert room is None or 0 <= room.free_bytes < room.total_bytes


def test_a_place_that_is_away_has_no_room(ground: Ground, storage: Storage) -> None:
    ground.lose_to_empty()
    with pytest.raises((Unavailable, WrongStorage)):
        storage.room()


def test_a_place_that_is_away_does_not_pass_for_an_empty_one(
    ground: Ground, storage: Storage, lose: Losing
) -> None:
    storage.append(KEY, 0, b"data")
    lose(ground)
    with pytest.raises(Unavailable):
        storage.size(KEY)
    with pytest.raises(Unavailable):
        list(storage.list())


def test_an_unmounted_place_works_again_when_it_is_back(tmp_path: Path, set_id: UUID) -> None:
    ground = LocalGround(tmp_path)
    storage = ground.claim(set_id)
    storage.append(KEY, 0, b"data")
    ground.lose()
    with pytest.raises(WrongStorage):
        storage.append(KEY, 4, b"more")
    ground.root.with_name("unmounted").rename(ground.root)
    storage.append(KEY, 4, b"more")
    assert kept(storage) == b"datamore"


# The local disk alone


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Every file and folder that is brought to the disk from here on."""
    paths: set[Path] = set()
    fsync = os.fsync

    def note(descriptor: int) -> None:
        fsync(descriptor)
        paths.add(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", note)
    return paths


def way_to(root: Path, key: str) -> set[Path]:
    """A file and every folder that a power cut must leave standing for it to be found."""
    file = root.resolve() / key
    return {file, *(folder for folder in file.parents if folder.is_relative_to(root.resolve()))}


def test_local_sync_reaches_the_file_and_every_folder_on_the_way(tmp_path: Path, synced: set[Path]) -> None:
    storage = LocalGround(tmp_path).claim(uuid4())
    synced.clear()
    storage.append(KEY, 0, b"data")
    storage.sync(KEY)
    assert synced == way_to(tmp_path / "footage", KEY)


@pytest.mark.parametrize("left_by_the_first", [KEY, block_key(ARCHIVE, NOON_MS + 1)])
def test_local_sync_also_reaches_folders_that_a_killed_writer_made(
    tmp_path: Path, synced: set[Path], left_by_the_first: str
) -> None:
    ground, set_id = LocalGround(tmp_path), uuid4()
    ground.claim(set_id).append(left_by_the_first, 0, b"data")
    # The writer is killed here, before its sync; another takes over.
    synced.clear()
    storage = ground.storage(set_id)
    storage.append(KEY, 0, b"data")
    storage.sync(KEY)
    assert synced >= way_to(ground.root, KEY)


def test_local_sync_of_a_growing_block_is_one_call(tmp_path: Path, synced: set[Path]) -> None:
    ground = LocalGround(tmp_path)
    storage = ground.claim(uuid4())
    storage.append(KEY, 0, b"data")
    storage.sync(KEY)
    synced.clear()
    storage.append(KEY, 4, b"more")
    storage.sync(KEY)
    assert synced == {ground.root.resolve() / KEY}


def test_local_sync_reaches_the_folders_of_a_block_that_went_on_without_it(
    tmp_path: Path, synced: set[Path]
) -> None:
    ground, set_id = LocalGround(tmp_path), uuid4()
    ground.claim(set_id).append(KEY, 0, b"data")
    # Its row was committed without a sync; whoever goes on later is asked for one.
    storage = ground.storage(set_id)
    storage.append(KEY, 4, b"more")
    synced.clear()
    storage.sync(KEY)
    assert synced == way_to(ground.root, KEY)


def test_local_sync_reaches_the_folders_of_a_block_made_anew(tmp_path: Path, synced: set[Path]) -> None:
    storage = LocalGround(tmp_path).claim(uuid4())
    storage.append(KEY, 0, b"data")
    storage.sync(KEY)
    storage.delete(KEY)
    storage.append(KEY, 0, b"data")
    synced.clear()
    storage.sync(KEY)
    assert synced == way_to(tmp_path / "footage", KEY)


def test_local_removal_takes_empty_folders_and_no_others(tmp_path: Path) -> None:
    ground = LocalGround(tmp_path)
    storage = ground.claim(uuid4())
    neighbour = block_key(ARCHIVE, NOON_MS + 3_600_000)
    storage.append(KEY, 0, b"data")
    storage.append(neighbour, 0, b"data")
    storage.delete(KEY)
    folders = {str(path.relative_to(ground.root)) for path in ground.root.rglob("*") if path.is_dir()}
    assert folders == {str(folder) for folder in Path(neighbour).parents if folder != Path()}
    storage.delete(neighbour)
    assert [path.name for path in ground.root.iterdir()] == ["footage-storage"]


def test_local_storage_on_a_full_disk_is_full(tmp_path: Path) -> None:
    ground = LocalGround(tmp_path)
    storage = ground.claim(uuid4())
    path = ground.root / KEY
    path.parent.mkdir(parents=True)
    # A device that has no room for a single byte.
    path.symlink_to("/dev/full")
    with pytest.raises(Full, match="No space left"):
        storage.append(KEY, 0, b"data")


def test_local_storage_in_the_way_of_a_file_is_unavailable(tmp_path: Path) -> None:
    ground = LocalGround(tmp_path)
    ground.root.write_bytes(b"a file where the folder should be")
    with pytest.raises(Unavailable):
        ground.claim(uuid4())


def test_local_storage_leaks_no_descriptors(tmp_path: Path) -> None:
    storage = LocalGround(tmp_path).claim(uuid4())
    storage.append(KEY, 0, b"data")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(20):
        storage.append(KEY, 0, b"other %d" % number)
        storage.sync(KEY)
        storage.open(KEY).close()
        with pytest.raises(MissingBytes):
            storage.append(KEY, 1000, b"far")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


# Names


@pytest.fixture
def far_east() -> Iterator[None]:
    """A machine whose own zone is 5:45 ahead."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Asia/Kathmandu"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("far_east")
@pytest.mark.parametrize(
    ("moment", "day_and_hour"),
    [
        ("0", "1970-01-01/00"),
        ("1790121599999", "2026-09-22/23"),
        ("1790121600000", "2026-09-23/00"),
        ("1790125199999", "2026-09-23/00"),
        ("1790125200000", "2026-09-23/01"),
        ("1709164800000", "2024-02-29/00"),
        ("253402300799999", "9999-12-31/23"),
    ],
)
def test_a_key_names_day_and_hour_in_utc(moment: str, day_and_hour: str) -> None:
    assert block_key(ARCHIVE, int(moment)) == f"{ARCHIVE}/{day_and_hour}/{moment}.ts"


def test_keys_of_one_archive_are_listed_in_the_order_of_time(storage: Storage) -> None:
    moments = [1_790_121_599_999 + n * 1_799_999 for n in range(6)]
    for moment in reversed(moments):
        storage.append(block_key(ARCHIVE, moment), 0, b"x")
    assert [key for key, _ in storage.list()] == [block_key(ARCHIVE, moment) for moment in moments]


# What a check and a repair ask


def test_others_are_listed_on_demand(ground: Ground, storage: Storage) -> None:
    ground.plant(f"{ARCHIVE}/note.txt", b"mine")
    storage.append(KEY, 0, b"data")
    listed = dict(storage.list(f"{ARCHIVE}", with_others=True))
    assert listed == {KEY: 4, f"{ARCHIVE}/note.txt": 4}


def test_archives_are_those_of_which_anything_is_there(ground: Ground, storage: Storage) -> None:
    assert list(storage.archives()) == []
    ground.plant("lost+found/x", b"x")
    storage.append(block_key(OTHER_ARCHIVE, NOON_MS), 0, b"x")
    storage.put(f"{ARCHIVE}/camera.json", b"{}")
    assert list(storage.archives()) == [ARCHIVE, OTHER_ARCHIVE]


@pytest.mark.parametrize("start", [0, 4])
def test_what_is_set_aside_is_out_of_the_way_and_not_lost(
    ground: Ground, storage: Storage, start: int
) -> None:
    storage.append(KEY, 0, b"keptleft")
    before = ground.everything()
    storage.set_aside(KEY, start)
    assert storage.size(KEY) == (start or None)
    assert asides(ground, storage, {name: b"" for name in before if name != KEY}) == [b"keptleft"[start:]]


def test_small_things_are_kept_whole(ground: Ground, storage: Storage, set_id: UUID) -> None:
    name = f"{ARCHIVE}/camera.json"
    assert storage.get(name) is None
    for data in (b"one", b"two and longer", b""):
        storage.put(name, data)
        assert ground.storage(set_id).get(name) == data
    assert list(storage.list()) == []
    storage.delete(name)
    assert storage.get(name) is None
    assert list(storage.archives()) == []


def test_nothing_is_kept_or_set_aside_where_the_place_is_away(
    ground: Ground, storage: Storage, lose: Losing
) -> None:
    storage.append(KEY, 0, b"data")
    lose(ground)
    with pytest.raises(WrongStorage):
        storage.put(f"{ARCHIVE}/camera.json", b"{}")
    with pytest.raises(WrongStorage):
        storage.set_aside(KEY, 0)
    with pytest.raises(WrongStorage):
        storage.sync_all()
    with pytest.raises(Unavailable):
        storage.get(f"{ARCHIVE}/camera.json")
    with pytest.raises(Unavailable):
        storage.archives()
