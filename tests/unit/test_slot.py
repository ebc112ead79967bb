"""The names of recorders: one process at a time, taken over where its holder ended, however it did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import UUID

import pytest

from footage.recording.slot import Slot

HOLDER = """
import sys, time
from pathlib import Path
from footage.recording.slot import Slot
slot = Slot(Path(sys.argv[1]))
print(slot.id, flush=True)
time.sleep(600)
"""


def held_elsewhere(folder: Path) -> tuple[subprocess.Popen[str], UUID]:
    """A process that holds a name, and the name."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, UUID(process.stdout.readline().strip())


def test_each_holder_has_a_name_of_its_own_and_leaves_it_to_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "recorders"
    with Slot(folder) as first, Slot(folder) as second:
        assert first.id != second.id
        names = {first.id, second.id}
    with Slot(folder) as again, Slot(folder) as once_more, Slot(folder) as third:
        assert {again.id, once_more.id} == names
        assert third.id not in names
    again.close()


def test_the_first_free_name_is_taken(tmp_path: Path) -> None:
    first, second = Slot(tmp_path), Slot(tmp_path)
    name = first.id
    first.close()
    with Slot(tmp_path) as next_one:
        assert next_one.id == name
    second.close()


@pytest.mark.parametrize("content", [b"", b"1234", b"\xff" * 36, b"x" * 400])
def test_a_file_without_a_whole_name_gets_a_new_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "0.slot").write_bytes(content)
    with Slot(tmp_path) as slot:
        name = slot.id
    with Slot(tmp_path) as again:
        assert again.id == name
    assert [path.name for path in tmp_path.iterdir()] == ["0.slot"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_name_is_free_the_moment_its_process_is_gone(tmp_path: Path, number: signal.Signals) -> None:
    process, name = held_elsewhere(tmp_path)
    try:
        with Slot(tmp_path) as other:
            assert other.id != name
        process.send_signal(number)
        process.wait()
        with Slot(tmp_path) as heir:
            assert heir.id == name
    finally:
        process.kill()
        process.communicate()


def test_a_frozen_process_keeps_its_name(tmp_path: Path) -> None:
    process, name = held_elsewhere(tmp_path)
    try:
        process.send_signal(signal.SIGSTOP)
        with Slot(tmp_path) as other:
            assert other.id != name
    finally:
        process.kill()
        process.communicate()


def test_a_child_does_not_inherit_the_name(tmp_path: Path) -> None:
    slot = Slot(tmp_path)
    command = [sys.executable, "-c", "print(flush=True); input()"]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, close_fds=False
    )
    assert child.stdout is not None
    try:
        # Files that are closed on exec are closed a little after a spawn returns.
        child.stdout.readline()
        name = slot.id
        slot.close()
        with Slot(tmp_path) as next_one:
            assert next_one.id == name
    finally:
        child.kill()
        child.communicate()


def test_closing_twice_closes_nothing_of_others(tmp_path: Path) -> None:
    slot = Slot(tmp_path)
    slot.close()
    descriptor = os.open(tmp_path, os.O_RDONLY)
    slot.close()
    os.fstat(descriptor)
    os.close(descriptor)
