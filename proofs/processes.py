"""Recorder processes to be killed, and what the kernel says of a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from kit import server

_PATIENCE_S = 120


class Program:
    """A Python module as a process; what it logs is added to ``log``.

    Use as a context manager: what still runs at the end is killed.
    """

    def __init__(self, arguments: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = [sys.executable, "-m", *arguments]
        self._environment = {**os.environ, **environment}
        self._log = log
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process is not None and self.process.poll() is None:
            Program.kill(self)

    def start(self) -> None:
        """Start it, if it does not run."""
        if self.process is not None and self.process.poll() is None:
            return
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> int:
        """Kill it and all its children, at once."""
        assert self.process is not None
        at_ms = time.time_ns() // 1_000_000
        os.killpg(self.process.pid, signal.SIGKILL)
        self._reap()
        return at_ms

    def wait(self) -> None:
        """Return when it has died of itself."""
        assert self.process is not None
        try:
            self.process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it lives on:\n{self._log.read_text()[-3000:]}") from None
        self._reap()

    def stop(self) -> None:
        """SIGTERM, and wait."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        code = self.process.wait(_PATIENCE_S)
        self._reap()
        assert code == 0, f"it ended with {code}:\n{self._log.read_text()[-3000:]}"

    def _reap(self) -> None:
        assert self.process is not None
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()


class PlainRecording(Program):
    """``footage record``: now its recorder child is killed, now all of it."""

    def __init__(self, data: Path, environment: Mapping[str, str], log: Path) -> None:
        super().__init__(
            ["footage", "record", "--recorders=1"], {**environment, "FOOTAGE_DATA_DIR": str(data)}, log
        )
        self._kills = 0

    def kill(self) -> int:
        """The child at one time, the whole tree at the next."""
        self._kills += 1
        if self._kills % 2 == 0:
            return super().kill()
        assert self.process is not None
        child = child_of(self.process.pid, "recorder_process")
        at_ms = time.time_ns() // 1_000_000
        os.kill(child, signal.SIGKILL)
        return at_ms


def child_of(parent: int, module: str) -> int:
    """The one child of a process that runs ``module``, as soon as there is one."""
    deadline = time.monotonic() + _PATIENCE_S
    while not (children := children_of(parent, module)):
        assert time.monotonic() < deadline, f"no process runs {module}"
        time.sleep(0.05)
    [child] = children
    return child


def children_of(parent: int, module: str) -> list[int]:
    """The living children of a process whose command line holds ``module``."""
    return [pid for pid in server.children_of(parent) if module in server.command_of(pid)]
