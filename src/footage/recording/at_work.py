"""Which archives recorders are writing right now, as far as the index can tell."""

from __future__ import annotations

import time
from collections.abc import Callable

from footage.archive.index import Index

_WATCH_S = 2.5
"""Recorders that are alive beat each second."""


def archives_at_work(index: Index, sleep: Callable[[float], object] = time.sleep) -> set[int]:
    """Numbers of the archives whose recorder is alive: its beat rises while this looks on."""
    held = {one.archive.number: one.holder for one in index.to_record() if one.holder is not None}
    if not held:
        return set()
    before = index.beats()
    sleep(_WATCH_S)
    alive = {recorder for recorder, beat in index.beats().items() if beat != before.get(recorder)}
    return {number for number, holder in held.items() if holder in alive}
