"""How long a camera is left alone before it is tried again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.recording.backoff import Backoff
from footage.timeline import Reason

MIDDLE = 0.5
"""The dice's cast that changes nothing."""
PATIENT = {
    Reason.WRONG_PASSWORD,
    Reason.NOT_FOUND,
    Reason.NO_VIDEO,
    Reason.UNSUPPORTED,
    Reason.FORBIDDEN,
}
HASTY = sorted(set(Reason) - PATIENT)


def pauses(backoff: Backoff, reason: Reason, count: int) -> list[float]:
    return [backoff.next(reason, 0.0) for _ in range(count)]


@pytest.mark.parametrize("reason", HASTY)
def test_it_doubles_up_to_half_a_minute(reason: Reason) -> None:
    assert pauses(Backoff(lambda: MIDDLE), reason, 8) == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_year_of_failures_is_no_other_than_a_day() -> None:
    backoff = Backoff(lambda: MIDDLE)
    assert pauses(backoff, Reason.REFUSED, 100_000)[-1] == 30


@pytest.mark.parametrize("reason", sorted(PATIENT))
def test_what_only_a_person_can_mend_is_tried_slowly_from_the_first(reason: Reason) -> None:
    assert min(pauses(Backoff(lambda: MIDDLE), reason, 3)) >= 60


@given(st.floats(0, 1, exclude_max=True), st.floats(0, 1, exclude_max=True))
def test_no_luck_makes_a_wrong_password_quicker_than_anything_else(one: float, other: float) -> None:
    slowest = Backoff(lambda: one).next(Reason.WRONG_PASSWORD, 0.0)
    for reason in set(Reason) - {Reason.WRONG_PASSWORD}:
        backoff = Backoff(lambda: other)
        assert max(pauses(backoff, reason, 10)) < slowest


def test_a_good_connection_makes_the_next_failure_a_first_one() -> None:
    backoff = Backoff(lambda: MIDDLE)
    pauses(backoff, Reason.LOST, 6)
    assert backoff.next(Reason.LOST, 30.0) == 1
    assert backoff.next(Reason.LOST, 0.0) == 2


def test_a_short_connection_does_not() -> None:
    backoff = Backoff(lambda: MIDDLE)
    pauses(backoff, Reason.LOST, 3)
    assert backoff.next(Reason.LOST, 29.9) == 8


@given(st.lists(st.tuples(st.sampled_from(Reason), st.floats(0, 1e6)), max_size=50))
def test_there_is_always_a_pause(story: list[tuple[Reason, float]]) -> None:
    backoff = Backoff()
    assert all(backoff.next(reason, lasted_s) >= 0.75 for reason, lasted_s in story)


def test_cameras_that_went_together_do_not_come_back_together() -> None:
    waits = sorted(Backoff().next(Reason.LOST, 60.0) for _ in range(100))
    assert len(set(waits)) > 90
    assert all(0.75 <= wait < 1.25 for wait in waits)
    assert max(later - earlier for earlier, later in pairwise(waits)) < 0.2
