"""Talking to the server without a socket: what is asked, what came back, and what that means.

A plan is a generator that yields what it wants done, an ``Ask`` or a ``Pause``, is sent the answer,
and returns its result. ``blocking`` and ``asynchronous`` carry plans out; no rule stands twice.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Any, Protocol, TypeAlias, TypeVar

from footage_client.errors import (
    BadRequest,
    Busy,
    Fault,
    FootageError,
    NotAuthorised,
    NotFound,
    NothingKept,
    ServerError,
    TooMuch,
    Unreachable,
)

T = TypeVar("T")
_AWAY = frozenset({502, 503, 504})
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 60.0


class Sink(Protocol):
    """Where the body of a good answer goes, piece by piece, when it is too large for memory."""

    def write(self, piece: bytes, /) -> None:
        """Take a piece."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to be sent; with a ``sink`` the body of a good answer goes there."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sink: Sink | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for so long."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of ``headers`` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


Plan: TypeAlias = Generator[Ask | Pause, Answer | None, T]


class Subject(Enum):
    """What a request is about: the same status means another thing, and another way on."""

    CAMERA = "camera"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Policy:
    """How often a GET is tried again, and the clock (Unix time in seconds) that tokens are held to."""

    retries: int
    clock: Callable[[], float]

    def pause_s(self, tries: int, failure: Busy | Unreachable) -> float | None:
        """How long to wait after so many ``tries`` failed; None to give up.

        As long as the server says, or else longer each time, by chance, so that many clients do not
        come back together.
        """
        asked_for_s = failure.retry_after_s or 0 if isinstance(failure, Busy) else 0
        if tries > self.retries or asked_for_s > _LONGEST_PAUSE_S:
            return None
        backoff_s = _FIRST_PAUSE_S * 2.0 ** (tries - 1) * random.uniform(0.5, 1)  # noqa: S311 no secret
        return max(asked_for_s, min(backoff_s, _LONGEST_PAUSE_S))


def asked(ask: Ask, policy: Policy, subject: Subject) -> Plan[Answer]:
    """A good answer. Raises FootageError.

    A GET that finds the server busy or away is tried again, unless part of a file has come already.
    """
    for tries in count(1):
        failure: Busy | Unreachable
        try:
            answer = yield ask
            assert answer is not None
            error = refusal(answer, subject)
            if error is None:
                return answer
            if not isinstance(error, Busy):
                raise error
            failure = error
        except Unreachable as unreachable:
            failure = unreachable
        pause_s = policy.pause_s(tries, failure)
        has_begun = isinstance(failure, Unreachable) and failure.has_begun
        if ask.method != "GET" or has_begun or pause_s is None:
            raise failure
        yield Pause(pause_s)
    raise AssertionError("counts for ever")


def parsed(answer: Answer, parse: Callable[[Any], T]) -> T:
    """What a JSON answer says. Raises ServerError where it is not what it must be."""
    try:
        return parse(json.loads(answer.content))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise not_footage(answer) from error


def not_footage(answer: Answer) -> ServerError:
    """For an answer that Footage does not give."""
    return ServerError(
        f"what answered is not Footage, or of a version that this client does not know"
        f" (status {answer.status}): check the base URL, and any proxy before the server",
        status=answer.status,
    )


def refusal(answer: Answer, subject: Subject) -> FootageError | None:  # noqa: PLR0911 a table
    """What an answer means, None for a good one: what went wrong and what to do."""
    status = answer.status
    if 200 <= status < 300:
        return None
    if status < 400:
        return not_footage(answer)
    detail, faults = _problem(answer)
    if status in _AWAY:
        return Busy(
            _said("the server cannot answer now: try again later", detail),
            status=status,
            retry_after_s=_retry_after_s(answer),
        )
    if status >= 500:
        return ServerError(_said("the server failed: its log tells why", detail), status=status)
    if status in (401, 403):
        advice = {
            Subject.CAMERA: "the integration key is not known: make one with `footage key add`",
            Subject.ARCHIVE: "the signed link is not good, or does not reach to this moment: get a new one",
        }[subject]
        return NotAuthorised(_said(advice, detail), status=status)
    if status == 404 and subject is Subject.ARCHIVE:
        advice = "nothing is kept there: `timeline` tells where there is footage"
        return NothingKept(_said(advice, detail), status=status)
    if status == 404:
        return NotFound(_said("no camera has this id: `cameras` lists them", detail), status=status)
    if status == 413:
        return TooMuch(_said("more than one answer may hold: ask for less", detail), status=status)
    return BadRequest(_said("the request cannot be met", detail), status=status, faults=faults)


def unreachable(host: str, error: Exception, *, has_begun: bool) -> Unreachable:
    """For a request that an HTTP library could not bring to its end."""
    kind = type(error).__name__
    if has_begun:
        text = f"the connection to {host} broke off ({kind}): what came is not whole, ask again"
    else:
        text = f"{host} does not answer ({kind}): check the base URL, the network and the server"
    return Unreachable(text, has_begun=has_begun)


def _said(advice: str, detail: str) -> str:
    return f"{advice} ({detail})" if detail else advice


def _problem(answer: Answer) -> tuple[str, tuple[Fault, ...]]:
    """The words of problem details (RFC 9457); nothing where the body is something else."""
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return "", ()
    try:
        body = json.loads(answer.content)
        faults = tuple(Fault(str(f["name"]), str(f["detail"])) for f in body.get("errors", ()))
        return str(body.get("detail", "")), faults
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ()


def _retry_after_s(answer: Answer) -> float | None:
    """Seconds of ``Retry-After``; a date there (RFC 9110, 10.2.3) is not Footage's and counts as none."""
    text = answer.headers.get("retry-after", "")
    return float(text) if text.isascii() and text.isdigit() else None
