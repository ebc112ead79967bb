"""Packets become GOPs: hand-made packets with the times that cameras and files give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from av.packet import Packet
from hypothesis import given
from hypothesis import strategies as st

from footage.media.gops import TICKS_PER_SECOND, Gop, GopAssembler
from footage.timeline import Codecs
from kit.archive import CODECS, OTHER_CODECS

FRAME = 3600
SECOND = TICKS_PER_SECOND
MAX_FRAME = 30 * SECOND

AnyPacket: TypeAlias = "Packet[Any]"


@dataclass(frozen=True)
class Take:
    """A packet to hand over: ``key`` where it begins a GOP; ``sound`` where it is no picture."""

    dts: int | None
    pts: int | None
    key: bool = False
    sound: bool = False
    duration: int = FRAME
    codecs: Codecs = CODECS

    def packet(self) -> AnyPacket:
        packet: AnyPacket = Packet(b"x")
        packet.dts, packet.pts, packet.duration = self.dts, self.pts, self.duration
        packet.time_base = Fraction(1, SECOND)
        return packet


def key(at: int, codecs: Codecs = CODECS) -> Take:
    return Take(at, at, key=True, codecs=codecs)


def picture(at: int) -> Take:
    return Take(at, at)


def sound(at: int, duration: int = 1920) -> Take:
    return Take(at, at, sound=True, duration=duration)


def gop(at: int, pictures: int = 25) -> list[Take]:
    """A keyframe and what leans on it, without reordering."""
    return [key(at), *(picture(at + i * FRAME) for i in range(1, pictures))]


class Assembly:
    """An assembler and what came out of it."""

    def __init__(self, takes: Sequence[Take], *, has_audio: bool = False) -> None:
        self.assembler = GopAssembler(frame_ticks=FRAME, max_frame=MAX_FRAME, has_audio=has_audio)
        self.early: list[Gop] = []
        self.given: list[tuple[Take, AnyPacket]] = []
        for take in takes:
            self.push(take)
        self.before_the_end = len(self.early)

    def push(self, take: Take) -> list[Gop]:
        packet = take.packet()
        self.given.append((take, packet))
        if take.sound:
            done = self.assembler.audio(packet)
        else:
            done = self.assembler.video(packet, take.codecs if take.key else None)
        self.early += done
        return done

    def finish(self) -> list[Gop]:
        return self.early + self.assembler.flush()


def assembled(takes: Sequence[Take], *, has_audio: bool = False) -> list[Gop]:
    return Assembly(takes, has_audio=has_audio).finish()


def spans(gops: Sequence[Gop]) -> list[tuple[int, int, bool]]:
    return [(gop.start, gop.end, gop.continuous) for gop in gops]


# Plain


def test_gops_follow_each_other_without_a_hole() -> None:
    gops = assembled(gop(0) + gop(SECOND) + gop(2 * SECOND, 10))
    assert spans(gops) == [
        (0, SECOND, False),
        (SECOND, 2 * SECOND, True),
        (2 * SECOND, 2 * SECOND + 10 * FRAME, True),
    ]
    assert [len(gop.video) for gop in gops] == [25, 25, 10]
    assert [packet.pts for gop in gops for packet in gop.video] == [n * FRAME for n in range(60)]


def test_a_gop_ends_where_the_next_one_starts_however_long_its_last_picture_stands() -> None:
    late = [key(0), picture(FRAME), key(5 * SECOND)]
    assert spans(assembled(late)) == [
        (0, 5 * SECOND, False),
        (5 * SECOND, 5 * SECOND + FRAME, True),
    ]


def test_the_last_picture_stands_as_long_as_it_says_or_as_others_do() -> None:
    said = [key(0), Take(FRAME, FRAME, duration=7 * FRAME)]
    assert spans(assembled(said)) == [(0, 8 * FRAME, False)]
    unsaid = [key(0), Take(FRAME, FRAME, duration=0)]
    assert spans(assembled(unsaid)) == [(0, 2 * FRAME, False)]


def test_times_may_begin_below_zero() -> None:
    assert spans(assembled(gop(-SECOND) + gop(0, 2))) == [(-SECOND, 0, False), (0, 2 * FRAME, True)]


def test_gops_carry_the_codecs_of_their_keyframe() -> None:
    gops = assembled([key(0), picture(FRAME), key(2 * FRAME, OTHER_CODECS), picture(3 * FRAME)])
    assert [gop.codecs for gop in gops] == [CODECS, OTHER_CODECS]


def test_pictures_before_the_first_keyframe_are_left_out_and_counted() -> None:
    assembly = Assembly([picture(0), picture(FRAME), *gop(2 * FRAME, 3)])
    assert spans(assembly.finish()) == [(2 * FRAME, 5 * FRAME, False)]
    assert assembly.assembler.undecodable_pictures == 2


def test_a_source_without_a_keyframe_gives_nothing() -> None:
    assembly = Assembly([picture(n * FRAME) for n in range(10)])
    assert assembly.finish() == []
    assert assembly.assembler.undecodable_pictures == 10


def test_a_gop_comes_out_once_the_next_one_has_settled() -> None:
    assembly = Assembly(gop(0))
    assert assembly.push(key(SECOND)) == []
    # Only a picture shown after the keyframe says that none is shown before it.
    assert spans(assembly.push(picture(SECOND + FRAME))) == [(0, SECOND, False)]
    assert assembly.push(picture(SECOND + 2 * FRAME)) == []


def test_how_far_the_source_was_shown_is_told() -> None:
    assembly = Assembly(gop(0) + gop(SECOND, 5))
    assert assembly.assembler.shown_to == SECOND + 5 * FRAME


# Reordered pictures


def reordered(at: int) -> list[Take]:
    """I B B P in decoding order I P B B; shown one frame after it is decoded."""
    return [
        Take(at, at + FRAME, key=True),
        Take(at + FRAME, at + 4 * FRAME),
        Take(at + 2 * FRAME, at + 2 * FRAME),
        Take(at + 3 * FRAME, at + 3 * FRAME),
    ]


def test_gops_lie_where_they_are_shown_not_where_they_are_decoded() -> None:
    gops = assembled(reordered(0) + reordered(4 * FRAME))
    assert spans(gops) == [(FRAME, 5 * FRAME, False), (5 * FRAME, 9 * FRAME, True)]
    assert [packet.dts for gop in gops for packet in gop.video] == [n * FRAME for n in range(8)]


def open_gop(at: int) -> list[Take]:
    """B B I P in decoding order I B B P: the first two lean on the GOP before."""
    return [
        Take(at, at + 3 * FRAME, key=True),
        Take(at + FRAME, at + FRAME),
        Take(at + 2 * FRAME, at + 2 * FRAME),
        Take(at + 3 * FRAME, at + 4 * FRAME),
    ]


def test_leading_pictures_belong_to_the_gop_of_their_keyframe() -> None:
    assembly = Assembly(gop(0, 4) + open_gop(3 * FRAME))
    first, second = assembly.finish()
    assert spans([first, second]) == [(0, 4 * FRAME, False), (4 * FRAME, 8 * FRAME, True)]
    assert [packet.pts for packet in second.video] == [n * FRAME for n in (6, 4, 5, 7)]
    assert assembly.assembler.undecodable_pictures == 0


@pytest.mark.parametrize("before", [[], gop(-1000 * SECOND)])
def test_leading_pictures_that_lean_on_nothing_are_left_out(before: list[Take]) -> None:
    assembly = Assembly([*before, *open_gop(0), picture(5 * FRAME)])
    last = assembly.finish()[-1]
    assert (last.start, last.end, last.continuous) == (3 * FRAME, 6 * FRAME, False)
    assert [packet.pts for packet in last.video] == [n * FRAME for n in (3, 4, 5)]
    assert assembly.assembler.undecodable_pictures == 2


def test_a_picture_shown_before_the_gop_before_does_not_turn_time_round() -> None:
    damaged = [Take(0, 10 * FRAME, key=True), Take(FRAME, 12 * FRAME, key=True), Take(2 * FRAME, 5 * FRAME)]
    first, second = assembled([*damaged, Take(3 * FRAME, 13 * FRAME)])
    assert first.start == 10 * FRAME < first.end == second.start
    assert len(second.video) == 3


def test_a_border_stays_once_the_gop_before_it_is_out() -> None:
    assembly = Assembly(gop(0))
    assembly.push(Take(SECOND, SECOND + 10 * FRAME, key=True))
    [first] = assembly.push(Take(SECOND + FRAME, SECOND + 11 * FRAME))
    # Damaged: nobody shows a leading picture after one that trails.
    assembly.push(Take(SECOND + 2 * FRAME, SECOND + 5 * FRAME))
    _, second = assembly.finish()
    assert first.end == second.start == SECOND + 10 * FRAME
    assert len(second.video) == 3
    assert all((packet.pts or 0) >= second.start for packet in second.video)


# Times that are missing or stumble


def test_a_missing_pts_is_the_dts() -> None:
    [only] = assembled([Take(0, None, key=True), Take(FRAME, None), Take(2 * FRAME, None)])
    assert [packet.pts for packet in only.video] == [0, FRAME, 2 * FRAME]
    assert (only.start, only.end) == (0, 3 * FRAME)


def test_pictures_without_any_time_follow_each_other_as_others_do() -> None:
    [only] = assembled([Take(None, None, key=True), Take(None, None), Take(None, None)])
    assert [packet.pts for packet in only.video] == [0, FRAME, 2 * FRAME]
    assert (only.start, only.end) == (0, 3 * FRAME)


def test_missing_dts_rise_and_stay_below_the_pts() -> None:
    takes = [
        Take(None, 0, key=True),
        Take(None, 3 * FRAME),
        Take(None, FRAME),
        Take(FRAME, 2 * FRAME),
        Take(2 * FRAME, 4 * FRAME),
    ]
    [only] = assembled(takes)
    assert [packet.pts for packet in only.video] == [0, 3 * FRAME, FRAME, 2 * FRAME, 4 * FRAME]
    dts: list[int] = [packet.dts for packet in only.video if packet.dts is not None]
    assert all(one < other for one, other in pairwise(dts))
    assert all(packet.dts <= packet.pts for packet in only.video)  # type: ignore[operator]
    assert len(dts) == 5
    assert spans([only]) == [(0, 5 * FRAME, False)]


@pytest.mark.parametrize("stumble", [0, -1, -FRAME, -2 * FRAME + 1])
def test_a_dts_that_steps_back_a_little_is_evened_out(stumble: int) -> None:
    takes = gop(0) + gop(SECOND)
    at = takes[10].dts
    assert at is not None
    takes.insert(11, picture(at + stumble))
    gops = assembled(takes + gop(2 * SECOND, 2))
    assert [gop.continuous for gop in gops] == [False, True, True]
    assert [(gop.start, gop.end) for gop in gops[:2]] == [(0, SECOND), (SECOND, 2 * SECOND)]
    dts = [packet.dts for gop in gops for packet in gop.video]
    assert all(one < other for one, other in pairwise(dts))  # type: ignore[operator]
    assert len(dts) == len(takes) + 2


def test_a_pts_before_its_dts_is_moved_onto_it() -> None:
    [only] = assembled([key(0), Take(2 * FRAME, FRAME), picture(3 * FRAME)])
    assert [(packet.dts, packet.pts) for packet in only.video][1] == (2 * FRAME, 2 * FRAME)


# Jumps


@pytest.mark.parametrize("to", [SECOND + MAX_FRAME + FRAME, 3600 * SECOND, -3600 * SECOND, -5 * SECOND])
def test_a_jump_between_gops_breaks_the_run(to: int) -> None:
    gops = assembled(gop(0) + gop(to) + gop(to + SECOND))
    assert spans(gops) == [
        (0, SECOND, False),
        (to, to + SECOND, False),
        (to + SECOND, to + 2 * SECOND, True),
    ]
    assert [len(gop.video) for gop in gops] == [25, 25, 25]


def test_a_jump_back_into_the_time_of_the_gop_before_breaks_the_run() -> None:
    gops = assembled(gop(0, 250) + gop(5 * SECOND))
    assert spans(gops) == [(0, 10 * SECOND, False), (5 * SECOND, 6 * SECOND, False)]


def test_a_long_picture_is_no_jump() -> None:
    # Between the last picture's dts and the keyframe there are just 30 s.
    to = 24 * FRAME + MAX_FRAME
    assert spans(assembled(gop(0) + gop(to))) == [(0, to, False), (to, to + SECOND, True)]


@pytest.mark.parametrize("jump", [3600 * SECOND, -3600 * SECOND, MAX_FRAME + SECOND, -SECOND])
def test_a_jump_inside_a_gop_is_taken_out_and_breaks_the_run_at_the_next_keyframe(jump: int) -> None:
    first = gop(0)
    torn = first[:10] + [picture((take.dts or 0) + jump) for take in first[10:]]
    gops = assembled(torn + gop(SECOND + jump) + gop(2 * SECOND + jump))
    assert spans(gops) == [
        (0, SECOND, False),
        (SECOND + jump, 2 * SECOND + jump, False),
        (2 * SECOND + jump, 3 * SECOND + jump, True),
    ]
    assert [packet.dts for packet in gops[0].video] == [n * FRAME for n in range(25)]
    assert [packet.pts for packet in gops[0].video] == [n * FRAME for n in range(25)]


def test_two_jumps_inside_a_gop_are_taken_out_too() -> None:
    far = 1000 * SECOND
    torn = (
        gop(0)[:5] + [picture(far + n * FRAME) for n in range(5)] + [picture(n * FRAME) for n in range(5)]
    )
    [only] = assembled(torn)
    assert [packet.dts for packet in only.video] == [n * FRAME for n in range(15)]


# Sound


def tones(first: int, last: int) -> list[Take]:
    return [sound(at) for at in range(first, last, 1920)]


def interleaved(takes: Sequence[Take]) -> list[Take]:
    return sorted(takes, key=lambda take: (take.dts or 0, take.sound))


def heard(gops: Sequence[Gop]) -> list[list[int]]:
    return [[packet.pts or 0 for packet in gop.audio] for gop in gops]


TWO = gop(0) + gop(SECOND)
TONES = tones(0, 2 * SECOND)


@pytest.mark.parametrize(
    "takes",
    [
        interleaved(TWO + TONES),
        TWO + TONES,
        TONES + TWO,
        interleaved(TWO)[:30] + TONES + interleaved(TWO)[30:],
    ],
)
def test_sound_lies_in_the_gop_of_its_time_in_whatever_order_it_came(takes: list[Take]) -> None:
    assembly = Assembly(takes, has_audio=True)
    gops = assembly.finish()
    assert heard(gops) == [
        [at for at in range(0, 2 * SECOND, 1920) if at < SECOND],
        [at for at in range(0, 2 * SECOND, 1920) if at >= SECOND],
    ]
    assert assembly.assembler.late_sound_packets == 0
    assert spans(gops) == [(0, SECOND, False), (SECOND, 2 * SECOND, True)]


def test_packets_come_by_decoding_time() -> None:
    [first, _] = assembled(TWO + TONES, has_audio=True)
    times = [packet.dts or 0 for packet in first.packets()]
    assert times == sorted(times)
    assert len(times) == 25 + 47


def test_sound_across_a_border_lies_in_the_gop_in_which_it_begins() -> None:
    gops = assembled([*TWO, sound(SECOND - 100), sound(SECOND + 1820)], has_audio=True)
    assert heard(gops) == [[SECOND - 100], [SECOND + 1820]]


def test_sound_from_before_the_first_picture_is_kept_where_it_is_still_heard() -> None:
    gops = assembled([sound(-2000), sound(-1000), *TWO], has_audio=True)
    assert heard(gops) == [[-1000], []]


def test_sound_after_the_last_picture_has_no_place() -> None:
    gops = assembled([*TWO, sound(2 * SECOND - 1), sound(2 * SECOND), sound(9 * SECOND)], has_audio=True)
    assert heard(gops) == [[], [2 * SECOND - 1]]


def test_a_gop_waits_for_its_sound() -> None:
    assembly = Assembly(TWO, has_audio=True)
    assert assembly.early == []
    assert assembly.push(sound(SECOND - 1)) == []
    # The first sound beyond the end says that there is none missing.
    [first] = assembly.push(sound(SECOND))
    assert heard([first]) == [[SECOND - 1]]


def test_a_gop_does_not_wait_for_ever() -> None:
    assembly = Assembly(TWO, has_audio=True)
    at = 2 * SECOND
    while not assembly.early:
        assembly.push(picture(at))
        at += FRAME
        assert at < 10 * SECOND
    assert spans(assembly.early) == [(0, SECOND, False)]
    assert 3 * SECOND <= at - SECOND <= 5 * SECOND


def test_sound_that_is_a_little_late_goes_with_the_next_gop() -> None:
    assembly = Assembly([*TWO, *(picture(2 * SECOND + n * FRAME) for n in range(75))], has_audio=True)
    assert len(assembly.early) == 1
    assembly.push(sound(SECOND - SECOND // 2))
    [_, second] = assembly.finish()
    assert heard([second]) == [[SECOND // 2]]
    assert assembly.assembler.late_sound_packets == 0


def test_sound_that_is_much_too_late_is_left_out_and_counted() -> None:
    takes = gop(0) + gop(SECOND) + gop(2 * SECOND) + [key(3 * SECOND)]
    takes += [picture(3 * SECOND + n * FRAME) for n in range(1, 100)]
    assembly = Assembly(takes, has_audio=True)
    assert len(assembly.early) == 3
    assembly.push(sound(100))
    [*_, last] = assembly.finish()
    assert heard([last]) == [[]]
    assert assembly.assembler.late_sound_packets == 1


# Whatever comes

offsets = st.one_of(
    st.just(FRAME),
    st.integers(-3 * FRAME, 40 * FRAME),
    st.sampled_from([0, -1, 10**9, -(10**9), MAX_FRAME, MAX_FRAME + 1, -SECOND]),
)


def test_sound_rises_around_a_jump_back() -> None:
    """A camera whose clock is set back sends sound of times that were there already."""
    jump = 5 * SECOND // 2
    before, after = [*gop(0), *gop(SECOND), *gop(2 * SECOND), *gop(3 * SECOND)], gop(4 * SECOND - jump)
    takes = [*interleaved([*before, *tones(0, 4 * SECOND)]), *after]
    takes += [*tones(4 * SECOND - jump, 5 * SECOND - jump), *gop(5 * SECOND - jump)]
    for one in assembled(takes, has_audio=True):
        moments = [packet.pts or 0 for packet in one.audio]
        assert moments == sorted(set(moments))


@st.composite
def broken_sources(draw: st.DrawFn) -> list[Take]:
    """Packets in any order, with any times or none."""
    takes, at = [], draw(st.integers(-SECOND, 10**12))
    for _ in range(draw(st.integers(0, 60))):
        at += draw(offsets)
        kind = draw(st.sampled_from(["picture"] * 4 + ["key", "key", "sound"]))
        if kind == "sound":
            takes.append(sound(at + draw(offsets)))
            continue
        lag = draw(st.sampled_from([0, 0, FRAME, 3 * FRAME, -FRAME, 100 * FRAME, 10**8]))
        dts = draw(st.sampled_from([at, at, at, None]))
        pts = draw(st.sampled_from([at + lag, at + lag, at + lag, None]))
        takes.append(Take(dts, pts, key=kind == "key", duration=draw(st.sampled_from([0, FRAME, 10**7]))))
    return takes


@given(broken_sources(), st.booleans())
def test_whatever_comes_gops_are_whole_and_in_order(takes: list[Take], has_audio: bool) -> None:
    assembly = Assembly(takes, has_audio=has_audio)
    gops = assembly.finish()
    pictures = [packet for take, packet in assembly.given if not take.sound]
    kept = [packet for gop in gops for packet in gop.video]
    # Every picture once, in the order in which they came, or counted as left out.
    assert sorted(map(id, kept)) == sorted({id(packet) for packet in kept})
    in_order = iter(pictures)
    assert all(any(packet is one for one in in_order) for packet in kept)
    assert len(kept) + assembly.assembler.undecodable_pictures == len(pictures)
    sounds = [id(packet) for gop in gops for packet in gop.audio]
    assert len(sounds) == len(set(sounds))
    assert sum(take.key for take in takes if not take.sound) == len(gops)


@given(broken_sources(), st.booleans())
def test_whatever_comes_times_of_a_run_rise(takes: list[Take], has_audio: bool) -> None:
    gops = assembled(takes, has_audio=has_audio)
    before: Gop | None = None
    last_dts: int | None = None
    for one in gops:
        assert one.start < one.end
        assert one.continuous is False or before is not None
        if not one.continuous:
            last_dts = None
        elif before is not None:
            assert one.start == before.end
        for packet in one.video:
            assert packet.dts is not None
            assert packet.pts is not None
            assert packet.dts <= packet.pts
            assert last_dts is None or last_dts < packet.dts
            assert one.start <= packet.pts
            last_dts = packet.dts
        before = one
