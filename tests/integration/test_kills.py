"""The short forms of the long proofs: kill -9 of the recorder, and cameras that go wrong all the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from proofs import kills, load, soak
from proofs.kept import Picture, missing, twice
from proofs.kill_account import Outcome
from proofs.kills import Life
from proofs.recorder_child import Step
from proofs.samples import Sample
from proofs.soak_account import growth

from footage.timeline import Span


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Four kills: at two steps of a commit, of the recorder alone, of it and its parent."""
    injected = [
        Life(0.5, step=Step.NEXT_ROW),
        # Its block is older than the newest one, and nobody named it.
        Life(0.5, rows=1, set_clock_s=-3600, step=Step.FIRST_ROW),
    ]
    plain = [Life(0.7, rows=2), Life(1.3, rows=2)]
    found = kills.run(tmp_path_factory.mktemp("kills"), injected, plain, seed=1)
    return {outcome.name: outcome for outcome in found}


@pytest.mark.parametrize("name", ["wall clock set", "footage record"])
def test_a_kill_costs_the_segment_in_progress_and_no_more(outcomes: dict[str, Outcome], name: str) -> None:
    """Invariant 7."""
    outcome = outcomes[name]
    assert outcome.faults == []
    assert len(outcome.kills) == 2
    assert outcome.runs > 4
    assert outcome.pictures > 0


def test_what_was_written_and_had_no_row_is_taken_in(outcomes: dict[str, Outcome]) -> None:
    """In a first block, and behind the bytes that a row promises (invariants 1 and 2)."""
    died = [kill.died for kill in outcomes["wall clock set"].kills]
    assert None not in died
    assert outcomes["wall clock set"].taken_in >= 2


def test_cameras_that_go_wrong_all_the_time(tmp_path: Path) -> None:
    outcome = soak.run(soak.SHORT, tmp_path / "data", seed=1)
    assert outcome.faults == []
    assert len({mishap.fault for mishap in outcome.mishaps}) >= 10
    assert outcome.gaps.total() > 0
    assert 0 < outcome.kept <= outcome.sent


def test_the_proofs_themselves_notice_what_is_missing() -> None:
    pictures = [Picture(1000 + 100 * number, number, 160) for number in range(40) if number != 20]
    hole = "pictures drawn from 2900 to 3100 are missing"
    for owed, count in [
        (Span(1200, 2900), 0),
        (Span(3100, 4800), 0),
        (Span(1200, 2950), 1),
        (Span(3050, 4800), 1),
        (Span(1200, 4800), 1),
    ]:
        found = missing(pictures, [owed])
        assert len(found) == count
        assert all(hole in line for line in found)
    assert len(missing(pictures, [Span(500, 900), Span(5000, 6000)])) == 2
    assert len(missing([], [Span(0, 1)])) == 1
    assert twice(pictures) == []
    doubled = sorted([*pictures, pictures[5]])
    assert twice(doubled) == ["picture 5, drawn at 1500, is kept twice"]
    assert twice(doubled, [Span(1500, 1600)]) == []
    assert missing(doubled, [Span(1200, 2900)]) == []


def test_the_proofs_themselves_notice_what_grows() -> None:
    def found(memory_mib: float, threads: int, descriptors: int) -> list[str]:
        after = Sample(100 + memory_mib, 30 + threads, 40 + descriptors)
        return [line.split(" grew")[0] for line in growth([Sample(100, 30, 40)] * 30 + [after] * 10)]

    assert found(10, 3, 4) == []
    assert found(20, 9, 9) == ["memory", "threads", "file descriptors"]


def test_players_beside_cameras_while_recorders_are_killed(tmp_path: Path) -> None:
    found = load.run(load.SHORT, tmp_path / "data", seed=1)
    assert found.faults == []
    assert len(found.recorded.kills) >= 1
    assert len(found.players.segment_ms) > 50
    assert {"timeline 200", "playlist 200", "size 200", "preview 200", "segment 200"} <= set(
        found.players.answers
    )
