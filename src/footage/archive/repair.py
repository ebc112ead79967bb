"""What can be put right without guessing: each act makes the index true to the bytes that are there.

Nothing is deleted (invariant 2). Footage whose bytes are gone leaves the timeline, so that what is
shown can be played; bytes that the index does not know are taken in; bytes that are no footage are
set aside. Each act is one transaction or one rename, so a repair that is killed is gone on with by
repairing again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from footage.archive.cards import write_card
from footage.archive.check import Checker
from footage.archive.findings import Finding, Kind
from footage.archive.index import Index
from footage.archive.remove import finish
from footage.archive.storage import Storage
from footage.telemetry.logs import event
from footage.timeline import Archive, Camera

_log = logging.getLogger(__name__)
_LEFT_TO_RECORDER = "left to the recorder that is at work on it"
_GONE = "was put right meanwhile"


class TakesIn(Protocol):
    """Makes rows of bytes; the archive itself cannot read them."""

    def block(self, archive: Archive, start_ms: int, *, is_new: bool) -> str:
        """Take in a block without a row, or what is behind the promised bytes of one; what was done."""

    def archive(self, finding: Finding) -> str:
        """Take in an archive that the index does not know."""


class Outcome(NamedTuple):
    """What was done about a finding."""

    finding: Finding
    words: str
    is_done: bool


class Repairer:
    """Acts on what a check found, after it has looked once more.

    ``is_at_work`` tells of an archive and a block whether a recorder may still be writing it.
    """

    def __init__(
        self,
        index: Index,
        storage: Storage,
        checker: Checker,
        takes_in: TakesIn,
        *,
        is_at_work: Callable[[Archive, int], bool],
    ) -> None:
        self._index = index
        self._storage = storage
        self._checker = checker
        self._takes_in = takes_in
        self._is_at_work = is_at_work

    def run(self, findings: Sequence[Finding]) -> Iterator[Outcome]:
        """Put right what can be, one after the other. Raises WrongStorage, Unavailable."""
        owners = {archive.id: (camera, archive) for camera, archive in self._checker.cameras()}
        for finding in findings:
            # A disk that went away amidst of it must not look like footage that is lost (invariant 3).
            self._storage.check()
            owner = owners.get(finding.archive_id)
            if finding.kind is Kind.UNKNOWN_ARCHIVE:
                yield Outcome(finding, self._takes_in.archive(finding), is_done=True)
            elif owner is not None and finding.kind not in (Kind.ASIDE, Kind.FOREIGN):
                yield self._put_right(owner, finding)

    def _put_right(self, owner: tuple[Camera, Archive], finding: Finding) -> Outcome:
        camera, archive = owner
        start_ms = -1 if finding.start_ms is None else finding.start_ms
        if finding not in self._checker.examine(owner, start_ms):
            return Outcome(finding, _GONE, is_done=True)
        match finding.kind:
            case Kind.CARD:
                write_card(self._storage, camera, archive)
                return Outcome(finding, "written", is_done=True)
            case Kind.LEAVING:
                finish(self._index, self._storage)
                return Outcome(finding, "removed", is_done=True)
            case Kind.DAMAGED | Kind.UNDECODABLE:
                return Outcome(finding, "kept as it is: only a copy of the file can help", is_done=False)
        if self._is_at_work(archive, start_ms):
            return Outcome(finding, _LEFT_TO_RECORDER, is_done=False)
        return self._put_bytes_right(archive, finding, start_ms)

    def _put_bytes_right(self, archive: Archive, finding: Finding, start_ms: int) -> Outcome:
        match finding.kind:
            case Kind.UNINDEXED:
                is_new = finding.span is not None and finding.span.start_ms == start_ms
                return Outcome(
                    finding, self._takes_in.block(archive, start_ms, is_new=is_new), is_done=True
                )
            case Kind.LEFTOVER:
                self._storage.set_aside(finding.name, finding.kept)
                return Outcome(finding, "set aside", is_done=True)
        lost = self._index.cut_out(archive, {start_ms: finding.kept})
        for span in lost:
            event(_log, logging.WARNING, "footage.lost", archive=str(archive.id), span=str(span))
        if finding.kind is Kind.SHORT:
            self._set_torn_aside(archive, finding, start_ms)
        return Outcome(finding, f"lost: {', '.join(map(str, lost))}", is_done=True)

    def _set_torn_aside(self, archive: Archive, finding: Finding, start_ms: int) -> None:
        """What is left of a segment that broke off."""
        whole = [row.size_bytes for row in self._index.block_rows(archive, start_ms, 1)]
        whole_bytes = whole[0] if finding.kept else 0
        size_bytes = self._storage.size(finding.name)
        if size_bytes is not None and (size_bytes > whole_bytes or not whole_bytes):
            self._storage.set_aside(finding.name, whole_bytes)
