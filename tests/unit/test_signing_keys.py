"""The file of signing keys: made once, read by many, changed whole."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Thread

import pytest

from footage.access.signing_keys import SigningKeys, SigningKeysError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "signing-keys"


@pytest.fixture
def keys(path: Path) -> SigningKeys:
    made = SigningKeys(path)
    made.ensure()
    return made


@pytest.fixture
def careless() -> Iterator[None]:
    """A user whose files everybody may read and write."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_the_first_key_is_made_once(keys: SigningKeys, path: Path) -> None:
    [key] = keys.all()
    assert len(key) == 32
    keys.ensure()
    SigningKeys(path).ensure()
    assert SigningKeys(path).all() == (key,)


def test_two_houses_have_two_keys(keys: SigningKeys, tmp_path: Path) -> None:
    other = SigningKeys(tmp_path / "deep" / "down" / "signing-keys")
    other.ensure()
    assert other.all() != keys.all()


@pytest.mark.usefixtures("careless")
def test_only_the_owner_reads_the_keys(path: Path) -> None:
    keys = SigningKeys(path)
    keys.ensure()
    assert mode(path) == 0o600
    keys.rotate(1)
    assert mode(path) == 0o600


def test_nothing_is_left_beside_the_keys(keys: SigningKeys, path: Path) -> None:
    keys.rotate(1)
    keys.ensure()
    assert list(path.parent.iterdir()) == [path]


def test_a_new_key_goes_in_front_and_old_ones_stay_as_asked(keys: SigningKeys) -> None:
    [first] = keys.all()
    assert keys.rotate(keep=1) == 2
    second, *rest = keys.all()
    assert rest == [first]
    assert second != first
    assert keys.rotate(keep=2) == 3
    third, *rest = keys.all()
    assert rest == [second, first]
    assert keys.rotate(keep=1) == 2
    assert keys.all()[1:] == (third,)
    assert keys.rotate(keep=0) == 1
    assert third not in keys.all()


def test_a_change_is_seen_by_those_that_have_read_before(keys: SigningKeys, path: Path) -> None:
    reader = SigningKeys(path)
    before = reader.all()
    keys.rotate(1)
    assert reader.all() == keys.all() != before
    # By hand, in place, of the same length.
    path.write_text(f"{'ab' * 32}\n{'cd' * 32}\n")
    assert reader.all() == (b"\xab" * 32, b"\xcd" * 32)


def test_keys_are_read_once_while_the_file_stays(
    keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = keys.all()
    monkeypatch.setattr(Path, "read_text", lambda *_, **__: pytest.fail("read again"))
    assert keys.all() == known


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"secret",
        b"ab" * 31 + b"\n",
        b"ab" * 33 + b"\n",
        b"ab" * 32 + b"\n" + b"secretsecret\n",
        b"ab" * 32 + b"\nabcd\n",
        b"\xff\xfe" + b"ab" * 32,
        b"\x00" * 65,
        "é".encode() * 32,
    ],
)
def test_damaged_keys_are_refused_without_their_content(
    keys: SigningKeys, path: Path, content: bytes
) -> None:
    keys.all()
    path.write_bytes(content)
    for reader in (keys, SigningKeys(path)):
        with pytest.raises(SigningKeysError) as refused:
            reader.all()
        words = str(refused.value)
        assert str(path) in words
        assert "it is not a list of keys" in words
        assert "abab" not in words
        assert "secret" not in words
    assert path.read_bytes() == content


def test_a_file_that_is_away_is_refused(keys: SigningKeys, path: Path) -> None:
    keys.all()
    path.unlink()
    with pytest.raises(SigningKeysError, match="No such file"):
        keys.all()
    path.mkdir()
    with pytest.raises(SigningKeysError, match="Is a directory"):
        keys.all()


def test_a_mended_file_is_good_again(keys: SigningKeys, path: Path) -> None:
    good = path.read_bytes()
    known = keys.all()
    path.write_bytes(b"damaged")
    with pytest.raises(SigningKeysError):
        keys.all()
    path.write_bytes(good)
    assert keys.all() == known


def test_damaged_keys_are_never_replaced_unasked(path: Path) -> None:
    path.write_bytes(b"damaged")
    SigningKeys(path).ensure()
    assert path.read_bytes() == b"damaged"


def test_readers_never_meet_a_file_in_the_making(keys: SigningKeys, path: Path) -> None:
    stop = False
    failed: list[SigningKeysError] = []

    def read() -> None:
        reader = SigningKeys(path)
        while not stop:
            try:
                assert reader.all()
            except SigningKeysError as error:
                failed.append(error)

    thread = Thread(target=read)
    thread.start()
    for _ in range(30):
        keys.rotate(2)
    stop = True
    thread.join()
    assert failed == []


def ensure_elsewhere(path: Path, barrier: Barrier, answers: multiprocessing.SimpleQueue[bytes]) -> None:
    """Make the keys in a process of its own, at the same time as another."""
    keys = SigningKeys(path)
    barrier.wait()
    keys.ensure()
    answers.put(b"".join(keys.all()))


def test_two_processes_that_start_at_once_have_one_key(path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier, answers = spawn.Barrier(2), spawn.SimpleQueue()
    processes = [spawn.Process(target=ensure_elsewhere, args=(path, barrier, answers)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert {answers.get(), answers.get()} == {b"".join(SigningKeys(path).all())}


def test_of_many_that_make_the_first_key_one_wins(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every thread finds no file, then all of them make one.
    monkeypatch.setattr(Path, "exists", lambda _: False)
    seen: list[tuple[bytes, ...]] = []

    def start() -> None:
        keys = SigningKeys(path)
        keys.ensure()
        seen.append(keys.all())

    run_all([start] * 8)
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert list(path.parent.iterdir()) == [path]


def run_all(calls: list[Callable[[], None]]) -> None:
    threads = [Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
