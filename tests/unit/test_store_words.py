"""Whether the store is full, and what is said of it."""

from __future__ import annotations

import pytest

from footage.archive.keep import KeptFor, store_full
from footage.archive.keeper_report import Report
from footage.archive.retention import Limit

DAY_MS = 86_400_000


def kept(limit: Limit | None) -> KeptFor:
    return KeptFor(30 * DAY_MS, None, 24 * DAY_MS, limit, 0, "")


def pressed(limit: Limit, *, locked_bytes: int = 0, stuck_bytes: int = 0) -> Report:
    return Report(
        pressing=limit,
        reach_ms=24 * DAY_MS,
        max_bytes=2_400_000_000_000,
        locked_bytes=locked_bytes,
        stuck_bytes=stuck_bytes,
    )


@pytest.mark.parametrize(
    ("report", "limits", "limit", "text"),
    [
        (Report(), [], None, "no limit of the store is reached"),
        (Report(), [None, Limit.AGE, Limit.BYTES], None, "no limit of the store is reached"),
        # It pressed once, and no camera is held by it any more.
        (pressed(Limit.STORE_BYTES), [None, Limit.AGE], None, "no limit of the store is reached"),
        (
            pressed(Limit.STORE_BYTES),
            [Limit.AGE, Limit.STORE_BYTES],
            Limit.STORE_BYTES,
            "the store's limit of 2.4 TB is reached: each camera keeps at most its newest 24 days",
        ),
        (
            pressed(Limit.STORE_FREE, locked_bytes=150_000_000_000),
            [Limit.STORE_FREE],
            Limit.STORE_FREE,
            (
                "the disk's room is used up: each camera keeps at most its newest 24 days,"
                " and what is locked, 150 GB"
            ),
        ),
        (
            pressed(Limit.STORE_BYTES, stuck_bytes=6_000_000_000),
            [],
            Limit.STORE_BYTES,
            (
                "the store's limit is reached, and all that is left is locked or being read:"
                " recording stops until 6 GB of it can go"
            ),
        ),
    ],
)
def test_what_is_full(report: Report, limits: list[Limit | None], limit: Limit | None, text: str) -> None:
    full = store_full(report, [kept(one) for one in limits])
    assert (full.limit, full.text) == (limit, text)
    assert full.reach_ms == (None if limit is None else 24 * DAY_MS)
