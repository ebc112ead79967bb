"""What has to go and why: laws that hold of every plan, and the rule of fairness by examples."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from footage.archive.retention import Cut, Kept, Limit, Piece, Pin, Plan, Store, plan

NOW = 1_790_000_000_000
MINUTE, DAY = 60_000, 86_400_000


@st.composite
def cameras(draw: st.DrawFn) -> list[Kept]:
    """Up to five cameras of blocks, some pinned, with gaps between runs, and limits of every kind."""
    made = []
    for number in range(draw(st.integers(1, 5))):
        at_ms = NOW - draw(st.integers(1, 400)) * MINUTE
        pieces = []
        for _ in range(draw(st.integers(0, 12))):
            at_ms += draw(st.sampled_from([0, 0, 0, 7000, 5 * MINUTE]))
            pin = draw(st.sampled_from([None, None, None, None, Pin.LOCK, Pin.READER]))
            length_ms = draw(st.integers(1000, MINUTE))
            size_bytes = draw(st.integers(1, 1000))
            pieces.append(Piece(at_ms, at_ms + length_ms, size_bytes, pin, is_whole=True))
            at_ms += length_ms
        made.append(
            Kept(
                number,
                tuple(pieces),
                draw(st.none() | st.integers(1, 400 * MINUTE)),
                draw(st.none() | st.integers(0, 8000)),
            )
        )
    return made


stores = st.builds(
    Store,
    st.just(NOW) | st.none(),
    st.none() | st.integers(0, 20_000),
    st.integers(0, 20_000) | st.just(0),
)


def gone(camera: Kept, made: Plan) -> list[Piece]:
    """The blocks that a plan takes of a camera."""
    cut = made.cuts.get(camera.number)
    if cut is None:
        return []
    return [p for p in camera.pieces if p.pin is None and p.end_ms <= cut.up_to_ms]


def size(pieces: list[Piece]) -> int:
    return sum(piece.size_bytes for piece in pieces)


@settings(max_examples=150, deadline=None)
@given(cameras(), stores)
def test_every_plan_keeps_the_laws(known: list[Kept], store: Store) -> None:
    made = plan(known, store)
    for camera in known:
        taken = gone(camera, made)
        cut = made.cuts.get(camera.number)
        # Nothing pinned goes (invariant 6), whole blocks go, and the plan says how many bytes.
        assert all(piece.pin is None for piece in taken)
        assert size(taken) == (cut.size_bytes if cut else 0)
        assert cut is None or cut.is_exact
        # Nothing newer goes before something older.
        free = [piece for piece in camera.pieces if piece.pin is None]
        assert taken == free[: len(taken)]
        # A camera's own limits hold, or what exceeds them is pinned and said.
        left = [piece for piece in camera.pieces if piece not in taken]
        if camera.keep_ms is not None and store.now_ms is not None:
            oldest_ms = store.now_ms - camera.keep_ms
            assert all(piece.pin is not None or piece.end_ms > oldest_ms for piece in left)
        if camera.keep_bytes is not None and size(left) > camera.keep_bytes:
            assert all(piece.pin is not None for piece in left)
            assert made.stuck[camera.number] == size(left) - camera.keep_bytes
        else:
            assert camera.number not in made.stuck
    check_store(known, store, made)


def check_store(known: list[Kept], store: Store, made: Plan) -> None:
    """The store frees enough or says what is missing, and is fair."""
    total = sum(camera.size_bytes for camera in known)
    freed = sum(cut.size_bytes for cut in made.cuts.values())
    missing = max(store.lacking_bytes - freed, 0)
    if store.max_bytes is not None:
        missing = max(missing, total - freed - store.max_bytes)
    if missing > 0:
        assert made.stuck_store is not None
        assert made.stuck_store[1] == missing
        assert all(p in gone(c, made) for c in known for p in c.pieces if p.pin is None)
        return
    assert made.stuck_store is None
    if made.reach_ms is None:
        return
    for camera in known:
        cut = made.cuts.get(camera.number)
        if cut is not None and cut.limit is made.pressing:
            # Nobody is cut back further than the reach, but for the block it goes through.
            last = gone(camera, made)[-1]
            assert camera.pieces[-1].end_ms - last.start_ms > made.reach_ms
        # Nobody keeps more than the reach allows.
        for piece in camera.pieces:
            if camera.pieces[-1].end_ms - piece.start_ms > made.reach_ms and piece.pin is None:
                assert piece in gone(camera, made)


@settings(max_examples=80, deadline=None)
@given(cameras(), stores, st.integers(0, 5000))
def test_more_pressure_never_keeps_more(known: list[Kept], store: Store, more: int) -> None:
    before = plan(known, store)
    tighter = replace(
        store,
        max_bytes=None if store.max_bytes is None else max(store.max_bytes - more, 0),
        lacking_bytes=store.lacking_bytes + more,
    )
    after = plan(known, tighter)
    for number, cut in before.cuts.items():
        assert after.cuts[number].up_to_ms >= cut.up_to_ms


@settings(max_examples=80, deadline=None)
@given(cameras(), stores)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(known: list[Kept], store: Store) -> None:
    made = plan(known, store)
    freed = sum(cut.size_bytes for cut in made.cuts.values())
    left = [
        replace(camera, pieces=tuple(p for p in camera.pieces if p not in gone(camera, made)))
        for camera in known
    ]
    again = plan(left, replace(store, lacking_bytes=max(store.lacking_bytes - freed, 0)))
    assert again.cuts == {}
    assert again.stuck == made.stuck


def day_of(number: int, days: int, daily_bytes: int, *, newest_ms: int = NOW, **limits: int) -> Kept:
    """A camera with a block a day."""
    first_ms = newest_ms - days * DAY
    pieces = [
        Piece(first_ms + n * DAY, first_ms + (n + 1) * DAY, daily_bytes, is_whole=True) for n in range(days)
    ]
    return Kept(number, tuple(pieces), limits.get("keep_ms"), limits.get("keep_bytes"))


def kept_days(camera: Kept, made: Plan) -> int:
    return len(camera.pieces) - len(gone(camera, made))


def test_under_pressure_all_keep_as_long_whatever_they_weigh() -> None:
    light, heavy = day_of(1, 30, 10), day_of(2, 30, 90)
    made = plan([light, heavy], Store(NOW, max_bytes=2400))
    assert (kept_days(light, made), kept_days(heavy, made)) == (24, 24)
    assert made.pressing is Limit.STORE_BYTES
    assert made.reach_ms is not None
    assert 24 * DAY <= made.reach_ms < 25 * DAY
    assert {cut.limit for cut in made.cuts.values()} == {Limit.STORE_BYTES}


def test_a_camera_that_keeps_less_anyway_loses_nothing() -> None:
    short, long = day_of(1, 7, 10, keep_ms=7 * DAY), day_of(2, 30, 10, keep_ms=30 * DAY)
    made = plan([short, long], Store(NOW, max_bytes=200))
    assert (kept_days(short, made), kept_days(long, made)) == (7, 13)
    assert list(made.cuts) == [2]


def test_what_was_imported_or_went_off_counts_from_its_own_newest() -> None:
    imported = day_of(1, 30, 10, newest_ms=NOW - 2000 * DAY)
    live = day_of(2, 30, 10)
    made = plan([imported, live], Store(NOW, max_bytes=400))
    assert (kept_days(imported, made), kept_days(live, made)) == (20, 20)


def test_all_limits_at_once_and_the_tightest_gives_the_reason() -> None:
    by_age = day_of(1, 40, 10, keep_ms=30 * DAY, keep_bytes=1000)
    by_bytes = day_of(2, 40, 10, keep_ms=30 * DAY, keep_bytes=250)
    made = plan([by_age, by_bytes], Store(NOW))
    assert made.cuts[1] == Cut(1, NOW - 30 * DAY, Limit.AGE, 100, is_exact=True)
    assert made.cuts[2] == Cut(2, NOW - 25 * DAY, Limit.BYTES, 150, is_exact=True)
    assert made.reach_ms is None
    pressed = plan([by_age, by_bytes], Store(NOW, max_bytes=10_000, lacking_bytes=300))
    assert pressed.pressing is Limit.STORE_FREE
    assert pressed.cuts[1].limit is Limit.STORE_FREE
    assert pressed.cuts[2].limit is Limit.BYTES


def test_a_clock_that_is_not_believed_takes_nothing_for_its_age() -> None:
    camera = day_of(1, 40, 10, keep_ms=DAY)
    assert plan([camera], Store(None)).cuts == {}
    # Bytes need no clock.
    assert plan([camera], Store(None, max_bytes=300)).cuts[1].limit is Limit.STORE_BYTES


def test_locks_take_their_room_and_what_they_leave_no_room_for_is_said() -> None:
    pieces = tuple(replace(piece, pin=Pin.LOCK) for piece in day_of(1, 10, 10).pieces)
    locked, other = Kept(1, pieces), day_of(2, 10, 10)
    made = plan([locked, other], Store(NOW, max_bytes=150))
    assert (kept_days(locked, made), kept_days(other, made)) == (10, 5)
    stuck = plan([locked, other], Store(NOW, max_bytes=60))
    assert kept_days(other, stuck) == 0
    assert stuck.stuck_store == (Limit.STORE_BYTES, 40)


def test_estimates_are_refined_where_they_cut() -> None:
    # A month in one piece: the cut falls inside, and says that it is no more than an estimate.
    camera = Kept(1, (Piece(NOW - 30 * DAY, NOW, 3000),), None, 2000)
    cut = plan([camera], Store(NOW)).cuts[1]
    assert not cut.is_exact
    assert cut.up_to_ms == NOW - 20 * DAY
