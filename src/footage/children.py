"""Child processes that are kept running: one that ends by itself is started again.

A child is a module run by this Python. Its standard input is a pipe that nobody writes to: when
it ends, the parent is gone, however that came, and the child stops in order. One that hangs can be
found out by its pulse, another pipe, into which it writes now and then.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread
from typing import Self

from footage.telemetry.logs import event

PULSE = "FOOTAGE_PULSE"
"""The environment variable that tells a child the descriptor of its pulse."""
_LOOK_S = 0.2
_LIVED_S = 10.0
"""A child that ran so long did not fail at its start: it is started again at once."""
_PAUSES_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
_log = logging.getLogger(__name__)


class StopSignal:
    """SIGTERM and SIGINT, heard from now on."""

    def __init__(self) -> None:
        # No event: a handler may run while this very thread holds the event's lock.
        self._told: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._told.append(number))

    def wait(self) -> None:
        """Return when told to stop."""
        while not self._told:
            time.sleep(_LOOK_S)


class Children:
    """``count`` processes of one module, restarted where they die. Use as a context manager.

    Closing gives each of them ``stop_s`` to end in order. One whose pulse is silent for
    ``hung_after_s`` is killed, and started again.
    """

    def __init__(
        self,
        module: str,
        count: int,
        *,
        environment: Mapping[str, str],
        stop_s: float,
        hung_after_s: float = math.inf,
    ) -> None:
        self._module = module
        self._environment = dict(environment)
        self._stop_s = stop_s
        self._hung_after_s = hung_after_s
        self._stop = Event()
        self._keepers = [
            Thread(target=self._keep, name=f"{module}-{number}", daemon=True) for number in range(count)
        ]

    def __enter__(self) -> Self:
        for keeper in self._keepers:
            keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Tell them to stop, and wait until they have; one that takes too long is killed."""
        self._stop.set()
        for keeper in self._keepers:
            keeper.join()

    def _keep(self) -> None:
        failures = 0
        while not self._stop.is_set():
            began = time.monotonic()
            code = self._run_once()
            if self._stop.is_set():
                return
            failures = 0 if time.monotonic() - began > _LIVED_S else failures + 1
            pause_s = _PAUSES_S[min(failures, len(_PAUSES_S) - 1)]
            event(_log, logging.ERROR, "child.died", module=self._module, code=code, again_in_s=pause_s)
            self._stop.wait(pause_s)

    def _run_once(self) -> int:
        """One process, from its start to its end; its exit code."""
        command = [sys.executable, "-m", self._module]
        with (
            _Pulse() as pulse,
            subprocess.Popen(  # noqa: S603 our own module
                command,
                stdin=subprocess.PIPE,
                env={**self._environment, PULSE: str(pulse.told)},
                pass_fds=[pulse.told],
            ) as child,
        ):
            while child.poll() is None:
                if pulse.silent_s() > self._hung_after_s:
                    event(
                        _log, logging.ERROR, "child.hung", module=self._module, after_s=self._hung_after_s
                    )
                    child.kill()
                    return child.wait()
                if self._stop.wait(_LOOK_S):
                    child.terminate()
                    try:
                        return child.wait(self._stop_s)
                    except subprocess.TimeoutExpired:
                        event(
                            _log, logging.ERROR, "child.killed", module=self._module, after_s=self._stop_s
                        )
                        child.kill()
                        return child.wait()
            return child.returncode


class _Pulse:
    """What a child writes while it is alive; ``told`` is the descriptor that it writes to."""

    def __init__(self) -> None:
        self._heard, self.told = os.pipe()
        os.set_blocking(self._heard, False)
        self._last_s = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._heard)
        os.close(self.told)

    def silent_s(self) -> float:
        """For how long nothing was heard."""
        now = time.monotonic()
        with suppress(BlockingIOError):
            if os.read(self._heard, 1 << 16):
                self._last_s = now
        return now - self._last_s
