"""Child processes that are restarted where they die, and end when they are told to or left alone."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from footage import children
from footage.children import Children

PATIENCE_S = 30
GOOD = """
import os, signal, sys
from pathlib import Path
(Path(os.environ["NOTES"]) / f"{os.getpid()}.begun").touch()
def end(*_):
    (Path(os.environ["NOTES"]) / f"{os.getpid()}.ended").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
sys.stdin.read()
end()
"""
DEAF = """
import os, signal, time
from pathlib import Path
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(Path(os.environ["NOTES"]) / f"{os.getpid()}.begun").touch()
time.sleep(600)
"""
FROZEN = """
import os, sys
from pathlib import Path
from threading import Event
from footage.child_process import run_child
def run(settings, stop):
    notes = Path(os.environ["NOTES"])
    (notes / f"{os.getpid()}.begun").touch()
    is_first = len(list(notes.glob("*.begun"))) == 1
    while not stop.wait(0.1):
        if is_first:
            Event().wait()
    (notes / f"{os.getpid()}.ended").touch()
sys.exit(run_child(run, failed="failed"))
"""
FAILING = """
import os, sys
from pathlib import Path
(Path(os.environ["NOTES"]) / f"{os.getpid()}.begun").touch()
sys.exit(3)
"""
PARENT = """
import sys
from footage.children import Children, StopSignal
stop = StopSignal()
with Children("good_child", 2, environment=dict(__import__("os").environ), stop_s=10):
    stop.wait()
print("in order", flush=True)
"""


class Nursery:
    """Modules that can be children, and the notes that they take."""

    def __init__(self, folder: Path) -> None:
        self.notes = folder / "notes"
        self.notes.mkdir()
        modules = folder / "modules"
        modules.mkdir()
        for name, text in (
            ("good_child", GOOD),
            ("deaf_child", DEAF),
            ("frozen_child", FROZEN),
            ("failing_child", FAILING),
        ):
            (modules / f"{name}.py").write_text(text)
        paths = [str(modules), os.environ.get("PYTHONPATH", "")]
        self.environment = {**os.environ, "NOTES": str(self.notes), "PYTHONPATH": os.pathsep.join(paths)}

    def pids(self, what: str) -> set[int]:
        return {int(path.stem) for path in self.notes.glob(f"*.{what}")}

    def kept(
        self, module: str, count: int, *, stop_s: float = PATIENCE_S, hung_after_s: float = math.inf
    ) -> Children:
        return Children(
            module, count, environment=self.environment, stop_s=stop_s, hung_after_s=hung_after_s
        )


@pytest.fixture
def nursery(tmp_path: Path) -> Nursery:
    return Nursery(tmp_path)


def wait(enough: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not enough():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_one_that_dies_is_started_again_and_the_others_stay(nursery: Nursery) -> None:
    with nursery.kept("good_child", 3):
        wait(lambda: len(nursery.pids("begun")) == 3)
        first, *others = sorted(nursery.pids("begun"))
        os.kill(first, signal.SIGKILL)
        wait(lambda: len(nursery.pids("begun")) == 4)
        assert all(map(is_there, others))
        assert not is_there(first)
    # All that were left ended in order.
    assert nursery.pids("ended") == nursery.pids("begun") - {first}
    assert not any(map(is_there, nursery.pids("begun")))


def test_one_that_fails_again_and_again_is_no_busy_loop(
    nursery: Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(children, "_PAUSES_S", (0.0, 0.1, 600.0))
    with nursery.kept("failing_child", 1):
        wait(lambda: len(nursery.pids("begun")) == 2)
        # Longer than two starts take; the next one is ten minutes away.
        time.sleep(1)
        assert len(nursery.pids("begun")) == 2


def test_one_that_does_not_end_is_killed(nursery: Nursery) -> None:
    with nursery.kept("deaf_child", 2, stop_s=0.2):
        wait(lambda: len(nursery.pids("begun")) == 2)
    assert not any(map(is_there, nursery.pids("begun")))


def test_one_that_hangs_is_replaced_and_one_that_lives_stays(nursery: Nursery) -> None:
    with nursery.kept("frozen_child", 1, hung_after_s=5):
        wait(lambda: len(nursery.pids("begun")) == 1)
        [frozen] = nursery.pids("begun")
        wait(lambda: len(nursery.pids("begun")) == 2)
        assert not is_there(frozen)
        # Longer than one is let be silent.
        time.sleep(6)
    assert nursery.pids("ended") == nursery.pids("begun") - {frozen}
    assert len(nursery.pids("begun")) == 2


def test_closing_before_they_are_up_and_twice(nursery: Nursery) -> None:
    with nursery.kept("good_child", 2) as kept:
        kept.close()
    kept.close()
    assert not any(map(is_there, nursery.pids("begun")))


def parent(nursery: Nursery) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=nursery.environment, stdout=subprocess.PIPE, text=True
    )
    wait(lambda: len(nursery.pids("begun")) == 2)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_parent_that_is_told_to_ends_them_first(nursery: Nursery, number: signal.Signals) -> None:
    process = parent(nursery)
    process.send_signal(number)
    out, _ = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, out) == (0, "in order\n")
    assert nursery.pids("ended") == nursery.pids("begun")


def test_they_end_in_order_where_their_parent_is_killed(nursery: Nursery) -> None:
    process = parent(nursery)
    process.kill()
    process.communicate()
    wait(lambda: nursery.pids("ended") == nursery.pids("begun"))
