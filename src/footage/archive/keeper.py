"""The keeper: removes what the limits say, and nothing else, in the order of invariant 2.

Every second it looks whether the disk lacks room; each turn it makes a plan, marks what has to go, and
deletes the bytes of what was marked a while ago, a few files at a time. One keeper works for an archive
set (a lease with a fencing number, as recorders have). It removes nothing where the storage is not its
own (invariant 3), where the index knows much less than the storage holds, or, for age, where the clock
jumped; what it refused it writes down, with the reason.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event
from uuid import UUID

from footage.archive.emptier import Emptier, compare
from footage.archive.errors import ArchiveError, LeaseLost, Unavailable
from footage.archive.index import Index, KeptArchive, LeavingBlock
from footage.archive.keeper_report import Refusal, Report
from footage.archive.remove import forget_removed
from footage.archive.retention import Limit, Plan, Store
from footage.archive.storage import Storage, block_key
from footage.archive.survey import survey
from footage.archive.trusted_clock import Doubt, Moment, doubt
from footage.telemetry.logs import event

TICK_S = 1.0
_TURN_S = 30.0
"""From one plan to the next, where nothing is urgent."""
_GONE_S = 30.0
"""How long a beat stands still before its keeper is taken for dead."""
_HOLD_GONE_S = 60.0
"""The same for a hold: readers beat every few seconds."""
_COMPARE_S = 3600.0
"""From one comparison of the index with the storage to the next."""
_MARKS = 500
"""Blocks that one transaction marks: some milliseconds in which no recorder commits."""
_MARKS_A_TURN = 5000
_DROPS = 50
_LEAVING = 20_000
_REST = 4.0
"""Rests so many times as long as a deletion took; none where room is short."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeepingPlan:
    """The limits of the store, and how long what is marked may still be read.

    ``free_bytes`` is None where the disk is to have room for what is recorded in five minutes.
    """

    max_bytes: int | None = None
    free_bytes: int | None = None
    reserve_bytes: int = 0
    grace_s: float = 60.0


@dataclass(slots=True)
class _Refused:
    """Why nothing, or nothing for its age, is removed now."""

    clock: Doubt | None = None
    emptier: Emptier | None = None
    said: set[Refusal] = field(default_factory=set)


class Keeper:
    """Keeps the archives inside their limits. One thread calls it.

    ``read_clock`` reads both clocks of the host, ``monotonic`` is what it measures its own time by.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        keeper_id: UUID,
        plan: KeepingPlan,
        *,
        read_clock: Callable[[], Moment],
        monotonic: Callable[[], float] = time.monotonic,
        rest: Callable[[float], object] = time.sleep,
    ) -> None:
        self._index = index
        self._storage = storage
        self._id = keeper_id
        self._plan = plan
        self._read_clock = read_clock
        self._monotonic = monotonic
        self._rest = rest
        self._fence: int | None = None
        self._watched: tuple[tuple[int, int], float] | None = None
        self._turned_at: float | None = None
        self._compared_at: float | None = None
        self._leaving_since: dict[int, float] = {}
        self._holds: dict[UUID, tuple[int, float]] = {}
        self._refused = _Refused()
        self._is_urgent = False
        self._is_stuck = False
        self.report = Report()

    def run(self, stop: Event) -> None:
        """Keep until told to stop."""
        while not stop.wait(TICK_S):
            try:
                self.tick()
            except LeaseLost as error:
                self._fence = None
                event(_log, logging.WARNING, "keeper.replaced", reason=str(error))
            except ArchiveError as error:
                event(_log, logging.WARNING, "keeper.failed", reason=str(error))
            except Exception:  # noqa: BLE001 the outermost loop: the next turn may go well
                _log.exception("keeper.failed")
        self.close()

    def close(self) -> None:
        """Let another keeper take over at once."""
        if self._fence is not None:
            fence, self._fence = self._fence, None
            try:
                self._index.release_keeper(fence)
            except Unavailable as error:
                event(_log, logging.WARNING, "index.away", reason=str(error))

    def tick(self) -> None:
        """What is due each second. Raises ArchiveError."""
        if not self._is_it():
            return
        wanted = self._index.keeper().is_wanted
        # Where nothing more can go, the next turn is soon enough.
        lacking = self._lacking_bytes(self._index.leaving_bytes()) > 0 and not self._is_stuck
        due = self._turned_at is None or self._monotonic() - self._turned_at >= _TURN_S
        if due or wanted or lacking:
            self.run_once()
            return
        self._beat()
        if self._due(self._leaving_since):
            self._delete()

    def run_once(self) -> Plan:
        """One turn, from the plan to the last file; what was planned. Raises ArchiveError."""
        if not self._is_it():
            raise LeaseLost("another keeper removes footage")
        now = self._read_clock()
        self._turned_at = self._monotonic()
        self._refused.clock = self._doubt(now)
        # Also before a row: the storage says whose it is (invariant 3).
        self._storage.check()
        self._forget_dead_holds()
        archives = self._index.kept_archives()
        self._compare(archives)
        made = Plan()
        if self._refused.emptier is None:
            made = self._make_plan(archives, now)
            self._mark(archives, made, now)
            if self._refused.clock is None:
                self._index.empty_bin(now.wall_ms)
            self._delete()
        self._say(archives, made, now)
        self._beat(now if self._refused.clock is None else None)
        return made

    def plan_now(self) -> tuple[Plan, Report]:
        """What a turn would remove, without removing anything."""
        now = self._read_clock()
        self._refused.clock = self._doubt(now)
        archives = self._index.kept_archives()
        self._compare(archives)
        made = self._make_plan(archives, now)
        self._describe(archives, made, now)
        return made, self.report

    def _is_it(self) -> bool:
        """Whether this is the keeper: it was, or whoever was is dead."""
        row = self._index.keeper()
        if self._fence is not None and row.fence == self._fence:
            return True
        self._fence = None
        seen = (row.fence, row.beat)
        if self._watched is None or self._watched[0] != seen:
            self._watched = (seen, self._monotonic())
        is_dead = row.holder in (None, self._id) or self._monotonic() - self._watched[1] >= _GONE_S
        if is_dead:
            self._fence = self._index.claim_keeper(self._id, row.fence)
            if self._fence is not None:
                event(_log, logging.INFO, "keeper.begun", fence=self._fence)
                self.report = Report.from_row(row.report)
        return self._fence is not None

    def _beat(self, seen: Moment | None = None) -> None:
        assert self._fence is not None
        if not self._index.beat_keeper(self._fence, None if seen is None else seen.as_row()):
            raise LeaseLost("another keeper removes footage now")

    def _doubt(self, now: Moment) -> Doubt | None:
        row = self._index.keeper()
        return doubt(None if row.seen is None else Moment.from_row(row.seen), now)

    def _compare(self, archives: list[KeptArchive]) -> None:
        """Look now and then whether the index knows what the storage holds."""
        now = self._monotonic()
        if (
            self._compared_at is None
            or self._refused.emptier is not None
            or now - self._compared_at >= _COMPARE_S
        ):
            self._compared_at = now
            self._refused.emptier = compare(
                archives,
                self._storage.days(),
                leaving=self._index.leaving(_LEAVING),
                gone=self._index.gone_archives(),
            )

    def _make_plan(self, archives: list[KeptArchive], now: Moment) -> Plan:
        lacking = self._lacking_bytes(self._index.leaving_bytes())
        is_sure = self._refused.clock is None
        store = Store(
            now.wall_ms if is_sure else None,
            self._plan.max_bytes,
            # Where deleting is refused there is nothing to plan for.
            max(lacking, 0),
        )
        return survey(self._index, archives, store, self._now_for_locks(now))

    def _now_for_locks(self, now: Moment) -> int:
        """A lock that ends by itself ends by a clock that is believed."""
        wrong = self._refused.clock
        return now.wall_ms if wrong is None else min(now.wall_ms, wrong.expected_ms)

    def _lacking_bytes(self, leaving_bytes: int) -> int:
        """How much free space the disk lacks, when all that is leaving has left."""
        room = self._storage.room()
        if room is None:
            return 0
        wanted = min(self._wanted_free_bytes(), room.total_bytes)
        self._is_urgent = room.free_bytes < wanted // 2
        return wanted - room.free_bytes - leaving_bytes

    def _wanted_free_bytes(self) -> int:
        """What the disk is to have free, beyond the reserve."""
        wanted, reserve = self._plan.free_bytes, self._plan.reserve_bytes
        return max(3 * reserve, self.report.five_minutes) if wanted is None else wanted - reserve

    def _mark(self, archives: list[KeptArchive], made: Plan, now: Moment) -> None:
        """Take out of sight what has to go, a few milliseconds at a time."""
        assert self._fence is not None
        left = _MARKS_A_TURN
        for one in archives:
            cut = made.cuts.get(one.archive.number)
            while cut is not None and left > 0:
                marked = self._index.mark_before(
                    one.archive,
                    cut.up_to_ms,
                    now_ms=self._now_for_locks(now),
                    fence=self._fence,
                    limit=min(_MARKS, left),
                )
                left -= max(marked.blocks, 1)
                if marked.blocks:
                    self.report.count(cut.limit, marked)
                    event(
                        _log,
                        logging.INFO,
                        "footage.removed",
                        camera=str(one.archive.camera_id),
                        limit=cut.limit,
                        blocks=marked.blocks,
                        bytes=marked.size_bytes,
                    )
                    self._pause(0.002)
                if marked.is_all:
                    break

    def _delete(self) -> None:
        """Delete the bytes of what nobody reads any more, then forget the rows."""
        now, since = self._monotonic(), self._leaving_since
        leaving = self._index.leaving(_LEAVING)
        self._leaving_since = {block.row: since.get(block.row, now) for block in leaving}
        due_rows = set(self._due(self._leaving_since))
        due = [block for block in leaving if block.row in due_rows]
        for first in range(0, len(due), _DROPS):
            self._delete_some(due[first : first + _DROPS])
        forget_removed(self._index, self._storage)

    def _due(self, leaving: Iterable[int]) -> list[int]:
        """Rows of blocks that nobody reads any more."""
        grace_s = self._plan.grace_s / 4 if self._is_urgent else self._plan.grace_s
        now = self._monotonic()
        return [row for row in leaving if now - self._leaving_since[row] >= grace_s]

    def _delete_some(self, blocks: list[LeavingBlock]) -> None:
        assert self._fence is not None
        self._beat()
        for block in blocks:
            began = self._monotonic()
            self._storage.delete(block_key(block.archive_id, block.start_ms))
            self._pause(self._monotonic() - began)
        self._index.drop_leaving(blocks, self._fence)
        self.report.deleted_blocks += len(blocks)
        self.report.deleted_bytes += sum(block.size_bytes for block in blocks)

    def _pause(self, worked_s: float) -> None:
        if not self._is_urgent:
            self._rest(worked_s * _REST)

    def _forget_dead_holds(self) -> None:
        now = self._monotonic()
        known, self._holds = self._holds, {}
        for hold in self._index.holds():
            before = known.get(hold.id)
            same = before is not None and before[0] == hold.beat
            self._holds[hold.id] = before if same and before is not None else (hold.beat, now)
        dead = [hold_id for hold_id, (_, since) in self._holds.items() if now - since >= _HOLD_GONE_S]
        self._index.drop_holds(dead)

    def _say(self, archives: list[KeptArchive], made: Plan, now: Moment) -> None:
        """Write down what was done and what cannot be; recorders read what they are to leave."""
        assert self._fence is not None
        self._describe(archives, made, now)
        halts = self._halts(archives, made, now)
        if halts != self._index.halts():
            self._index.put_halts(halts, self._fence)
        self._index.put_report(self._fence, self.report.as_row())

    def _halts(self, archives: list[KeptArchive], made: Plan, now: Moment) -> dict[int, str]:
        """Archives that nothing more is recorded into, by number, and the limit that says so.

        Only where what is pinned is in the way: a disk that others filled says itself that it is full.
        """
        self._is_stuck = made.stuck_store is not None or not made.cuts
        if not made.stuck and made.stuck_store is None:
            return {}
        pinned = self._index.pinned(self._now_for_locks(now))
        halts = {number: Limit.BYTES.value for number in made.stuck if number in pinned}
        if made.stuck_store is not None and pinned:
            for one in archives:
                halts.setdefault(one.archive.number, made.stuck_store[0].value)
        return halts

    def _describe(self, archives: list[KeptArchive], made: Plan, now: Moment) -> None:
        report = self.report
        report.passed_ms = now.wall_ms
        report.describe(made)
        report.max_bytes, report.free_bytes = self._plan.max_bytes, max(self._wanted_free_bytes(), 0)
        report.cameras = len(archives)
        report.locked_bytes = sum(self._index.locked_bytes(self._now_for_locks(now)).values())
        report.five_minutes = self._index.bytes_since(now.wall_ms - 3_600_000) // 12
        report.refusal, report.refusal_detail = None, {}
        wrong, emptier = self._refused.clock, self._refused.emptier
        if emptier is not None:
            report.refuse(Refusal.INDEX_EMPTIER, known=emptier.known, found=emptier.found)
        elif wrong is not None:
            report.refuse(Refusal(wrong.jump.value), expectedMs=wrong.expected_ms, nowMs=now.wall_ms)
        if report.refusal is None:
            self._refused.said.clear()
        elif report.refusal not in self._refused.said:
            self._refused.said.add(report.refusal)
            event(
                _log,
                logging.ERROR,
                "retention.refused",
                reason=report.refusal,
                **report.refusal_detail,
            )
