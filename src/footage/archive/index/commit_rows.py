"""Blocks and their runs as rows: how they are written, many in one transaction.

A thousand recorders add a segment every six seconds, so a segment costs four statements, each
compiled once, and shares its transaction with whatever else is there to be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, TypeAlias

from sqlalchemy import Connection, CursorResult, Engine, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from footage.archive.errors import ArchiveError, LeaseLost, Overlap, UnknownCamera, UnknownRun
from footage.archive.index import tables as t
from footage.archive.index.database import writing
from footage.archive.index.footage_rows import first_overlap
from footage.archive.index.protocol import BlockCommit
from footage.archive.index.segment_table import pack_keyframes, pack_segments
from footage.timeline import Archive, Block, Codecs, Run, Span, format_ms

_FENCE = (
    select(t.lease.c.fence)
    .select_from(t.archive)
    .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
    .outerjoin(t.lease, t.lease.c.archive_number == t.archive.c.number)
    .where(
        t.archive.c.number == bindparam("archive"),
        # A number may be given anew once its archive is forgotten, an id is not.
        t.archive.c.id == bindparam("id"),
        ~t.camera.c.removed,
    )
)
_GROW_RUN = (
    update(t.run)
    .where(
        t.run.c.id == bindparam("run"),
        t.run.c.archive_number == bindparam("archive"),
        # What it began with may have been removed meanwhile.
        t.run.c.start_ms >= bindparam("start"),
        # And what it ended with may be lost: then this is no longer where it goes on (invariant 4).
        t.run.c.end_ms >= bindparam("block"),
    )
    .values(end_ms=bindparam("end"), bytes_to=bindparam("to"))
)
_RUN_ID = select(t.run.c.id).where(t.run.c.id == bindparam("run"))
_CODECS_ID = select(t.codecs.c.id).where(t.codecs.c.fingerprint == bindparam("fingerprint"))
_GROW_BLOCK = (
    update(t.block)
    .where(
        t.block.c.archive_number == bindparam("archive"),
        t.block.c.start_ms == bindparam("start"),
        t.block.c.run_id == bindparam("run"),
        ~t.block.c.leaving,
    )
    .values(
        end_ms=bindparam("end"),
        bytes_from=bindparam("from"),
        bytes_to=bindparam("to"),
        segments=bindparam("packed_segments"),
        keyframes=bindparam("packed_keyframes"),
        # Null stays null: what was imported has no numbers.
        sequence_to=t.block.c.sequence_from + bindparam("count"),
    )
)
_LAST_NUMBERS = (
    select(t.block.c.sequence_to, t.block.c.discontinuity)
    .where(t.block.c.archive_number == bindparam("archive"), t.block.c.sequence_from.is_not(None))
    .order_by(t.block.c.sequence_from.desc())
    .limit(1)
)
NewRuns: TypeAlias = "dict[tuple[int, int], int]"
"""Ids of the runs that a call made, by number of the archive and start."""
_NO_RUN = -1
_ADD_RUN, _ADD_BLOCK, _ADD_CODECS = insert(t.run), insert(t.block), insert(t.codecs)


class CommitRows:
    """The writing part of FootageIndex over an engine."""

    _engine: Engine

    def commit_block(self, archive: Archive, run: Run, block: Block, fence: int | None = None) -> Run:
        """Write one block. Raises what ``commit_blocks`` answers."""
        [outcome] = self.commit_blocks([BlockCommit(archive, run, block, fence)])
        if isinstance(outcome, ArchiveError):
            raise outcome
        return outcome

    def commit_blocks(self, commits: Sequence[BlockCommit]) -> list[Run | ArchiveError]:
        """Write blocks of several archives in one transaction, each of them whole or not at all."""
        if not commits:
            return []
        try:
            with writing(self._engine) as connection:
                new: NewRuns = {}
                return [_outcome(connection, commit, new) for commit in commits]
        except IntegrityError:
            # One of them meets what no look beforehand tells. Rare, so only now each of them
            # gets the means to be taken back alone.
            with writing(self._engine) as connection:
                new = {}
                return [_outcome_alone(connection, commit, new) for commit in commits]


def _outcome(connection: Connection, commit: BlockCommit, new: NewRuns) -> Run | ArchiveError:
    """What became of one commit. Raises IntegrityError, and then may have written a part of it."""
    archive, run = commit.archive, commit.run
    if not run.id and run.start_ms != commit.block.start_ms:
        # A run that one of the commits before made.
        run = run._replace(id=new.get((archive.number, run.start_ms), _NO_RUN))
        commit = replace(commit, run=run)
    refusal = _refusal(connection, commit)
    if refusal is not None:
        return refusal
    if run.id:
        if not _grow_run(connection, archive, run, commit.block):
            return _unknown(run)
        run_id = run.id
    else:
        run_id = new[archive.number, run.start_ms] = _add_run(connection, archive, run)
    _put_block(connection, commit, run_id)
    return run if run.id else run._replace(id=run_id)


def _outcome_alone(connection: Connection, commit: BlockCommit, new: NewRuns) -> Run | ArchiveError:
    """The same, and nothing of it is written where it cannot be written whole."""
    try:
        with connection.begin_nested():
            return _outcome(connection, commit, new)
    except IntegrityError:
        new.pop((commit.archive.number, commit.run.start_ms), None)
        # Only a block that is still leaving can hold the same start.
        return Overlap(commit.run.span, Span(commit.block.start_ms, commit.block.end_ms))


def _refusal(connection: Connection, commit: BlockCommit) -> ArchiveError | None:
    """Why it may not be written."""
    archive, run = commit.archive, commit.run
    row = connection.execute(_FENCE, {"archive": archive.number, "id": archive.id}).one_or_none()
    if row is None:
        return UnknownCamera(f"the camera of archive {archive.id} was removed")
    if commit.fence is not None and row[0] != commit.fence:
        return LeaseLost(f"another recorder writes the archive {archive.id} now")
    # Of a run that goes on, what came before was looked at then, and may be another's row by now.
    wanted = Span(commit.block.start_ms if run.id else run.start_ms, run.end_ms)
    kept = first_overlap(connection, archive, wanted, own_run=run.id)
    if kept is None:
        return None
    # What is left of a run whose end is lost is another's, and not in the way of a new one.
    is_there = not run.id or connection.execute(_RUN_ID, {"run": run.id}).first() is not None
    return Overlap(run.span, kept) if is_there else _unknown(run)


def _unknown(run: Run) -> UnknownRun:
    return UnknownRun(f"the run from {format_ms(run.start_ms)} was removed, or its end was")


def _grow_run(connection: Connection, archive: Archive, run: Run, block: Block) -> bool:
    """False where it is not there any more, or does not reach up to the block."""
    grown = connection.execute(
        _GROW_RUN,
        {
            "run": run.id,
            "archive": archive.number,
            "start": run.start_ms,
            "block": block.start_ms,
            "end": run.end_ms,
            "to": run.bytes_to,
        },
    )
    return grown.rowcount > 0


def _add_run(connection: Connection, archive: Archive, run: Run) -> int:
    added = connection.execute(
        _ADD_RUN,
        {
            "archive_number": archive.number,
            "start_ms": run.start_ms,
            "end_ms": run.end_ms,
            "bytes_from": run.bytes_from,
            "bytes_to": run.bytes_to,
            "codecs_id": _put_codecs(connection, run.codecs),
        },
    )
    return _new_id(added)


def _put_codecs(connection: Connection, codecs: Codecs) -> int:
    known: int | None = connection.execute(
        _CODECS_ID, {"fingerprint": codecs.fingerprint}
    ).scalar_one_or_none()
    return _new_id(connection.execute(_ADD_CODECS, asdict(codecs))) if known is None else known


def _new_id(added: CursorResult[Any]) -> int:
    key = added.inserted_primary_key
    assert key is not None
    return int(key[0])


def _put_block(connection: Connection, commit: BlockCommit, run_id: int) -> None:
    block = commit.block
    segments, keyframes = pack_segments(block.segments), pack_keyframes(block.segments)
    bytes_to = block.bytes_to
    if commit.run.id:
        grown = connection.execute(
            _GROW_BLOCK,
            {
                "archive": commit.archive.number,
                "start": block.start_ms,
                "run": run_id,
                "end": block.end_ms,
                "from": block.bytes_from,
                "to": bytes_to,
                "packed_segments": segments,
                "packed_keyframes": keyframes,
                "count": len(block.segments),
            },
        )
        if grown.rowcount:
            return
    connection.execute(
        _ADD_BLOCK,
        {
            "archive_number": commit.archive.number,
            "run_id": run_id,
            "start_ms": block.start_ms,
            "end_ms": block.end_ms,
            "bytes_from": block.bytes_from,
            "bytes_to": bytes_to,
            "segments": segments,
            "keyframes": keyframes,
            **({} if commit.fence is None else _next_numbers(connection, commit)),
        },
    )


def _next_numbers(connection: Connection, commit: BlockCommit) -> dict[str, int]:
    """How live playlists number a new block: on from the newest, a discontinuity a run."""
    newest = connection.execute(_LAST_NUMBERS, {"archive": commit.archive.number}).one_or_none()
    first, discontinuity = (0, -1) if newest is None else newest
    begins_run = newest is None or not commit.run.id
    return {
        "sequence_from": first,
        "sequence_to": first + len(commit.block.segments),
        "discontinuity": discontinuity + begins_run,
    }
