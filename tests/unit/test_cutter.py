"""Where segments and runs end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import zip_longest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.recording.cutter import Cutter, Piece
from footage.timeline import Codecs
from kit.archive import CODECS, OTHER_CODECS

WANTED = 6 * 90_000


@dataclass(frozen=True)
class Pictures:
    """A GOP as the cutter sees it."""

    start: int
    end: int
    codecs: Codecs = CODECS
    continuous: bool = True

    @property
    def length(self) -> int:
        return self.end - self.start


@st.composite
def sources(draw: st.DrawFn) -> list[Pictures]:
    """GOPs of any length, with jumps and changes of codecs among them."""
    moment = draw(st.integers(-1_000_000, 1_000_000))
    codecs = CODECS
    gops: list[Pictures] = []
    lengths = st.one_of(st.integers(1, 2 * WANTED), st.sampled_from([1, 90_000, 180_000, 540_000, 900_000]))
    for length in draw(st.lists(lengths, max_size=40)):
        jump = draw(st.sampled_from([0] * 6 + [1, 10_000_000, -10_000_000]))
        if draw(st.sampled_from([False] * 8 + [True])):
            codecs = OTHER_CODECS if codecs is CODECS else CODECS
        moment += jump
        gops.append(Pictures(moment, moment + length, codecs, continuous=not jump and bool(gops)))
        moment += length
    return gops


def cut(gops: list[Pictures], wanted: int = WANTED) -> list[Piece[Pictures]]:
    cutter: Cutter[Pictures] = Cutter(wanted)
    pieces = [piece for gop in gops for piece in cutter.push(gop)]
    return pieces + cutter.flush()


def even(count: int, length: int) -> list[Pictures]:
    """GOPs of one length that follow each other."""
    return [Pictures(i * length, (i + 1) * length, continuous=i > 0) for i in range(count)]


@given(sources())
def test_every_gop_comes_out_once_in_order(gops: list[Pictures]) -> None:
    assert [gop for piece in cut(gops) for gop in piece.gops] == gops


@given(sources())
def test_a_run_begins_where_the_source_jumps_or_its_codecs_change(gops: list[Pictures]) -> None:
    breaks = {
        i for i, gop in enumerate(gops) if i == 0 or not gop.continuous or gop.codecs != gops[i - 1].codecs
    }
    found, i = set(), 0
    for piece in cut(gops):
        if piece.begins_run:
            found.add(i)
        i += len(piece.gops)
    assert found == breaks


@given(sources())
def test_a_piece_has_no_hole_and_one_set_of_codecs(gops: list[Pictures]) -> None:
    for piece in cut(gops):
        assert {gop.codecs for gop in piece.gops} == {piece.gops[0].codecs}
        assert piece.end - piece.start == sum(gop.length for gop in piece.gops)


@given(sources())
def test_no_piece_could_have_ended_nearer_to_the_wanted_length(gops: list[Pictures]) -> None:
    pieces = cut(gops)
    for piece, after in zip_longest(pieces, pieces[1:]):
        length = 0
        for i, gop in enumerate(piece.gops):
            # Going on from here was right: half a GOP more still brought it nearer.
            assert i == 0 or length + piece.gops[i - 1].length // 2 < WANTED
            length += gop.length
        if after is not None and not after.begins_run:
            assert length + piece.gops[-1].length // 2 >= WANTED


@given(st.integers(1, 60), st.integers(1, 3 * WANTED))
def test_even_gops_make_pieces_within_half_a_gop_of_the_wanted_length(count: int, length: int) -> None:
    pieces = cut(even(count, length))
    for piece in pieces[:-1]:
        off = abs(piece.end - piece.start - WANTED)
        assert len(piece.gops) == 1 if length >= WANTED else off <= (length + 1) // 2
    assert pieces[-1].end == count * length


@pytest.mark.parametrize(
    ("gop_s", "pieces_s"),
    [
        (1, [6, 6, 6, 6, 6]),
        (2, [6, 6, 6, 6, 6]),
        (4, [4, 4, 4, 4, 4, 4, 4, 4]),
        (5, [5, 5, 5, 5, 5, 5]),
        (6, [6, 6, 6, 6, 6]),
        (10, [10, 10, 10]),
        (0.5, [6, 6, 6, 6, 6]),
    ],
)
def test_half_a_minute_in_gops_of_a_camera(gop_s: float, pieces_s: list[float]) -> None:
    gops = even(math.ceil(30 / gop_s), round(gop_s * 90_000))
    assert [(piece.end - piece.start) / 90_000 for piece in cut(gops)] == pieces_s


def test_pieces_come_out_as_soon_as_they_are_whole() -> None:
    cutter: Cutter[Pictures] = Cutter(WANTED)
    came = [len(cutter.push(gop)) for gop in even(7, 2 * 90_000)]
    assert came == [0, 0, 1, 0, 0, 1, 0]
    [rest] = cutter.flush()
    assert len(rest.gops) == 1
    assert cutter.flush() == []


def test_only_the_first_piece_after_a_jump_begins_a_run() -> None:
    gops = even(6, 3 * 90_000)
    gops += [Pictures(gop.start + 10**9, gop.end + 10**9, continuous=i > 0) for i, gop in enumerate(gops)]
    assert [piece.begins_run for piece in cut(gops)] == [True, False, False, True, False, False]


def test_a_flush_in_the_middle_does_not_end_the_run() -> None:
    cutter: Cutter[Pictures] = Cutter(WANTED)
    first, second = even(2, 90_000)
    cutter.push(first)
    assert [piece.begins_run for piece in cutter.flush()] == [True]
    cutter.push(second)
    assert [piece.begins_run for piece in cutter.flush()] == [False]
