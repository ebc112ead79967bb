"""What can go wrong, by who is at fault, each with what to do about it.

FootageError
├─ RequestError        the request: to send it again changes nothing
│  ├─ BadRequest       a parameter is not what it must be; ``faults`` names each
│  ├─ NotAuthorised    the integration key is not known, or the link has expired or was revoked
│  ├─ NotFound         no camera has this id
│  │  └─ NothingKept   nothing is kept of this moment or span
│  └─ TooMuch          more than one answer may hold: ask for shorter spans
└─ ServiceError        the server, or the way to it: the same request may do later
   ├─ Busy             the server cannot answer now; ``retry_after_s`` says when to come back
   ├─ ServerError      the server failed, or what answered is not Footage
   └─ Unreachable      no connection, none in time, or one that broke off

What is wrong with arguments is found before anything is sent, and is a ValueError or a TypeError.
No text of an error holds a signature or a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: which parameter, and what it must be."""

    name: str
    detail: str


class FootageError(Exception):
    """Any failure of this client. ``status`` is the HTTP status, None where there was no answer."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RequestError(FootageError):
    """The request is at fault: to send it again changes nothing."""


class BadRequest(RequestError):
    """A parameter is not what it must be."""

    def __init__(self, message: str, *, status: int | None = None, faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, status=status)
        self.faults = tuple(faults)


class NotAuthorised(RequestError):
    """The integration key is not known, or the signed link is not good (any more)."""


class NotFound(RequestError):
    """There is no such camera."""


class NothingKept(NotFound):
    """Nothing is kept of this moment or span: a gap, or before or after all footage."""


class TooMuch(RequestError):
    """More than one answer may hold."""


class ServiceError(FootageError):
    """The server or the way to it is at fault: the same request may do later."""


class Busy(ServiceError):
    """The server cannot answer now. GETs were tried again before this was raised."""

    def __init__(
        self, message: str, *, status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after_s = retry_after_s


class ServerError(ServiceError):
    """The server failed, or what answered is not Footage."""


class Unreachable(ServiceError):
    """No connection, none in time, or one that broke off.

    ``has_begun`` tells whether part of a file had come already. GETs of which nothing had come were
    tried again before this was raised.
    """

    def __init__(self, message: str, *, has_begun: bool = False) -> None:
        super().__init__(message)
        self.has_begun = has_begun
