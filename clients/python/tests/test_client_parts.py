"""The client's parts without a server: moments, links, answers, and plans carried out by hand."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage_client.answers import cues_of, page_of, timeline_of
from footage_client.errors import (
    BadRequest,
    Busy,
    Fault,
    FootageError,
    NotAuthorised,
    NotFound,
    NothingKept,
    RequestError,
    ServerError,
    ServiceError,
    TooMuch,
    Unreachable,
)
from footage_client.exchange import Answer, Ask, Pause, Plan, Policy, Subject, asked, parsed, refusal
from footage_client.links import HiddenUrl, SignedLink, parse_link
from footage_client.moments import datetime_of, length_ms, moment_ms, moment_query, span_query
from footage_client.plans import Access, Desk
from footage_client.saving import Saving

T = TypeVar("T")
ARCHIVE = "https://video.example.com/footage/archives/5f3c9a52-6d0e-4d0a-9f0a-2f5b7e6f1c11"
LINK = SignedLink(ARCHIVE, {"signature": "s3cret", "exp": "2000"}, 2000)
MS = 1_790_000_000_000


# Moments and lengths


@given(st.datetimes(datetime(1970, 1, 2), datetime(9999, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_moments_are_rounded_outwards(moment: datetime) -> None:
    down, up = moment_ms("t", moment), moment_ms("t", moment, up=True)
    assert datetime_of(down) <= moment <= datetime_of(up)
    assert up - down <= 1
    assert moment_ms("t", datetime_of(down)) == down == moment_ms("t", datetime_of(down), up=True)


@given(st.integers(0, 10**15))
def test_lengths_are_rounded_up(microseconds: int) -> None:
    assert length_ms("d", timedelta(microseconds=microseconds)) == -(-microseconds // 1000)


@pytest.mark.parametrize(
    ("start", "duration", "end", "query"),
    [
        (None, None, None, {}),
        (None, 5, None, {"duration": "5"}),
        (MS, None, None, {"start": str(MS)}),
        (MS, timedelta(seconds=1.0005), None, {"start": str(MS), "duration": "1001"}),
        (datetime_of(MS), None, MS + 7, {"start": str(MS), "duration": "7"}),
        (
            datetime(1970, 1, 1, 0, 0, 5, 250_000, UTC),
            2500,
            None,
            {"start": "5.250", "duration": "2.500"},
        ),
        (
            datetime(1970, 1, 1, 3, tzinfo=timezone(timedelta(hours=3))),
            None,
            datetime(1970, 1, 1, 0, 0, 1, 1, UTC),
            {"start": "0.000", "duration": "1.001"},
        ),
    ],
)
def test_spans_as_the_server_takes_them(start: Any, duration: Any, end: Any, query: dict[str, str]) -> None:
    assert span_query(start, duration, end) == query


def test_other_lengths_have_the_unit_of_the_start() -> None:
    old = datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert span_query(old, None, None, interval=1500) == {"start": "5.000", "interval": "1.500"}
    assert span_query(MS, None, None, interval=1500) == {"start": str(MS), "interval": "1500"}
    assert moment_query("time", old) == {"time": "5.000"}
    assert moment_query("time", None) == {}


# Links


@pytest.mark.parametrize(
    "text",
    [
        f"{ARCHIVE}?signature=s3cret&exp=2000",
        f"{ARCHIVE}?exp=2000&signature=s3cret",
        f"{ARCHIVE}/index.m3u8?signature=s3cret&exp=2000&start=5&duration=7",
        f"{ARCHIVE}/1790000000000.ts?signature=s3cret&exp=2000&shift=9",
    ],
)
def test_a_link_to_any_method_opens_the_archive(text: str) -> None:
    link = parse_link(text)
    assert link == LINK
    assert link.url() == f"{ARCHIVE}?signature=s3cret&exp=2000"
    assert link.url("size", {"start": "1"}) == f"{ARCHIVE}/size?signature=s3cret&exp=2000&start=1"


def test_limits_are_carried_on() -> None:
    link = parse_link(f"{ARCHIVE}/timeline?signature=s3cret&exp=2000&from=5&to=9&start=1")
    assert link.url("timeline") == f"{ARCHIVE}/timeline?signature=s3cret&exp=2000&from=5&to=9"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        ARCHIVE,
        f"{ARCHIVE}?signature=s3cret",
        f"{ARCHIVE}?exp=2000",
        f"{ARCHIVE}?signature=s3cret&exp=soon",
        "https://video.example.com/?signature=s3cret&exp=2000",
        "ftp" + ARCHIVE[5:] + "?signature=s3cret&exp=2000",
        f"{ARCHIVE}0?signature=s3cret&exp=2000",
    ],
)
def test_what_is_no_link_is_refused_without_being_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="link") as refused:
        parse_link(text)
    assert "s3cret" not in str(refused.value)


def test_links_are_not_shown() -> None:
    shown = f"{LINK!r} {LINK} {Ask('GET', LINK.url(), {'X-Integration-Key': 's3cret'})!r}"
    url = HiddenUrl(f"{LINK.url('size')}#s3cret")
    shown += f" {url!r} {url}"
    assert "s3cret" not in shown
    assert f"{ARCHIVE}/size" in shown
    assert url.raw_path.endswith(b"/size?signature=s3cret&exp=2000")


@pytest.mark.parametrize(
    "url", ["", "video.example.com", "ftp://x", "https://", "https://x/?a=1", "https://x/#a"]
)
def test_what_is_no_base_url(url: str) -> None:
    with pytest.raises(ValueError, match="base_url"):
        Desk(url, "key", POLICY)


@pytest.mark.parametrize("key", ["", "s3cret\n", "s3cret\r\nX: y", "s3crét"])
def test_what_is_no_key_is_refused_without_being_repeated(key: str) -> None:
    with pytest.raises(ValueError, match="footage key add") as refused:
        Desk("https://x", key, POLICY)
    assert "s3cr" not in str(refused.value)


# Errors


POLICY = Policy(retries=2, clock=lambda: 0)


def problem(status: int, detail: str = "words", **more: Any) -> Answer:
    body = {"type": "about:blank", "status": status, "detail": detail, **more}
    return Answer(status, {"content-type": "application/problem+json"}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "subject", "kind"),
    [
        (400, Subject.ARCHIVE, BadRequest),
        (401, Subject.ARCHIVE, NotAuthorised),
        (403, Subject.CAMERA, NotAuthorised),
        (404, Subject.ARCHIVE, NothingKept),
        (404, Subject.CAMERA, NotFound),
        (405, Subject.CAMERA, BadRequest),
        (409, Subject.ARCHIVE, BadRequest),
        (413, Subject.ARCHIVE, TooMuch),
        (500, Subject.ARCHIVE, ServerError),
        (502, Subject.ARCHIVE, Busy),
        (503, Subject.CAMERA, Busy),
        (504, Subject.CAMERA, Busy),
        (301, Subject.CAMERA, ServerError),
    ],
)
def test_every_status_is_somebodys_fault(status: int, subject: Subject, kind: type[FootageError]) -> None:
    error = refusal(problem(status), subject)
    assert type(error) is kind
    assert error.status == status
    assert isinstance(error, RequestError if status in range(400, 500) else ServiceError)
    if status != 301:
        assert str(error).endswith("(words)")
    assert refusal(Answer(206, {}, b""), subject) is None


def test_faults_are_named() -> None:
    error = refusal(problem(400, errors=[{"name": "start", "detail": "must be"}]), Subject.ARCHIVE)
    assert isinstance(error, BadRequest)
    assert error.faults == (Fault("start", "must be"),)


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"errors": 5}', b'{"errors": [{}]}', b"\xff"])
def test_bodies_that_are_no_problem_are_not_repeated(body: bytes) -> None:
    answer = Answer(400, {"content-type": "application/problem+json"}, body)
    assert str(refusal(answer, Subject.ARCHIVE)) == "the request cannot be met"
    plain = Answer(500, {"content-type": "text/html"}, b"<h1>s3cret")
    assert "s3cret" not in str(refusal(plain, Subject.ARCHIVE))


@pytest.mark.parametrize("parse", [page_of, timeline_of])
@pytest.mark.parametrize("body", [b"", b"null", b"5", b'{"cameras": [{}]}', b'[{"time": null}]', b'"x"'])
def test_answers_that_are_not_footages(parse: Callable[[Any], object], body: bytes) -> None:
    with pytest.raises(ServerError, match="not Footage"):
        parsed(Answer(200, {}, body), parse)


def test_the_tree_is_as_drawn() -> None:
    from footage_client import errors  # noqa: PLC0415

    drawn, path = [], ["Exception"]
    for line in (errors.__doc__ or "").splitlines():
        name = line.lstrip("│├└─ ").split(" ")[0]
        if name and hasattr(errors, name) and not line.startswith("What"):
            depth = (len(line) - len(line.lstrip("│├└─ "))) // 3
            path = [*path[: depth + 1], name]
            drawn.append((name, path[-2]))
    declared = {
        name: each.__base__.__name__
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, FootageError) and each.__base__
    }
    assert dict(drawn) == declared


# Plans by hand


def carry_out(plan: Plan[T], answers: Sequence[Answer | Exception]) -> tuple[T | Exception, list[Any]]:
    """What a plan comes to when it is answered so, and what it asked for."""
    steps: list[Any] = []
    queue = list(answers)
    try:
        step = next(plan)
        while True:
            steps.append(step)
            if isinstance(step, Pause):
                step = plan.send(None)
                continue
            answer = queue.pop(0)
            step = plan.throw(answer) if isinstance(answer, Exception) else plan.send(answer)
    except StopIteration as stop:
        assert not queue
        return stop.value, steps
    except FootageError as error:
        assert not queue
        return error, steps


GOOD = Answer(200, {}, b"[]")


def test_a_busy_server_is_given_longer_each_time() -> None:
    busy = Answer(503, {}, b"")
    patient = Policy(retries=5, clock=lambda: 0)
    result, steps = carry_out(asked(Ask("GET", "u"), patient, Subject.ARCHIVE), [busy] * 5 + [GOOD])
    assert result is GOOD
    pauses = [step.seconds for step in steps if isinstance(step, Pause)]
    for number, pause_s in enumerate(pauses):
        assert 0.25 * 2**number <= pause_s <= 0.5 * 2**number


def test_the_server_says_how_long_to_wait() -> None:
    busy = Answer(503, {"retry-after": "17"}, b"")
    result, steps = carry_out(asked(Ask("GET", "u"), POLICY, Subject.ARCHIVE), [busy, GOOD])
    assert (result, steps[1]) == (GOOD, Pause(17))
    # Nobody waits for longer than a minute without being asked.
    later = Answer(503, {"retry-after": "3600"}, b"")
    result, steps = carry_out(asked(Ask("GET", "u"), POLICY, Subject.ARCHIVE), [later])
    assert isinstance(result, Busy)
    assert result.retry_after_s == 3600
    dated = Answer(503, {"retry-after": "Mon, 23 Nov 2026 10:00:00 GMT"}, b"")
    result, _ = carry_out(asked(Ask("GET", "u"), POLICY, Subject.ARCHIVE), [dated, GOOD])
    assert result is GOOD


def test_tries_are_bounded_and_only_of_what_can_be_asked_twice() -> None:
    gone = Unreachable("gone")
    result, steps = carry_out(asked(Ask("GET", "u"), POLICY, Subject.ARCHIVE), [gone] * 3)
    assert result is gone
    assert len(steps) == 5
    for failure in (gone, Answer(503, {}, b"")):
        _, steps = carry_out(asked(Ask("POST", "u"), POLICY, Subject.ARCHIVE), [failure])
        assert len(steps) == 1
    begun = Unreachable("broke off", has_begun=True)
    result, steps = carry_out(asked(Ask("GET", "u"), POLICY, Subject.ARCHIVE), [begun])
    assert (result, len(steps)) == (begun, 1)


def test_a_link_that_cannot_be_renewed_is_used_as_it_is() -> None:
    access = Access(LINK, Policy(0, lambda: 10**9))
    result, [ask] = carry_out(access.timeline(None, None, None), [GOOD])
    assert (result, ask.url) == ([], LINK.url("timeline"))
    result, steps = carry_out(access.timeline(None, None, None), [problem(403)])
    assert isinstance(result, NotAuthorised)
    assert len(steps) == 1


def test_a_key_goes_to_the_integration_api_alone() -> None:
    desk = Desk("https://video.example.com/footage/", "k3y", POLICY)
    _, [ask] = carry_out(desk.camera("a/../b?c"), [problem(404)])
    assert ask.url == "https://video.example.com/footage/v1/cameras/a%2F..%2Fb%3Fc"
    assert ask.headers == {"X-Integration-Key": "k3y"}
    _, [ask] = carry_out(Access(LINK, POLICY).size(None, None, None), [Answer(200, {}, b'{"size": 5}')])
    assert not ask.headers


# Storyboards, and files


def test_cues_are_read_off_the_text() -> None:
    text = (
        "WEBVTT\n\n00:00:00.000 --> 00:00:05.250\nstoryboard.jpg?a=1#xywh=0,0,160,90\n\n"
        "00:00:05.250 --> 101:00:00.000\nstoryboard.jpg?a=1&sheet=1#xywh=160,90,160,90\n"
    )
    one, two = cues_of(text, f"{ARCHIVE}/storyboard.vtt?b=2")
    assert (one.start_ms, one.end_ms, two.end_ms) == (0, 5250, 363_600_000)
    assert two.sheet_url == f"{ARCHIVE}/storyboard.jpg?a=1&sheet=1"
    assert (two.left, two.top, two.width, two.height) == (160, 90, 160, 90)
    assert cues_of("WEBVTT\n", ARCHIVE) == []
    with pytest.raises(ValueError, match="WebVTT"):
        cues_of("<html>", ARCHIVE)


def test_a_file_is_there_whole(tmp_path: Path) -> None:
    told: list[int] = []
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"before")
    with Saving(target, told.append) as saving:
        saving.write(b"one")
        saving.write(b"two")
        assert target.read_bytes() == b"before"
    assert target.read_bytes() == b"onetwo"
    assert (told, saving.size_bytes) == ([3, 6], 6)
    assert list(tmp_path.iterdir()) == [target]
    (tmp_path / "plain").touch()
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE((tmp_path / "plain").stat().st_mode)


@pytest.mark.parametrize("failure", [OSError("full"), KeyboardInterrupt(), FootageError("x")])
def test_or_not_at_all(tmp_path: Path, failure: BaseException) -> None:
    target = tmp_path / "clip.mp4"
    with pytest.raises(type(failure)):
        _save_a_piece(Saving(str(target), None), failure)
    assert list(tmp_path.iterdir()) == []


def test_an_open_file_stays_its_owners(tmp_path: Path) -> None:
    own = BytesIO()
    with pytest.raises(RuntimeError):
        _save_a_piece(Saving(own, None), RuntimeError())
    assert own.getvalue() == b"one"
    assert not own.closed
    with pytest.raises(FileNotFoundError):
        Saving(tmp_path / "nowhere" / "clip.mp4", None)
    assert list(tmp_path.iterdir()) == []


def _save_a_piece(saving: Saving, failure: BaseException) -> None:
    with saving:
        saving.write(b"one")
        raise failure
