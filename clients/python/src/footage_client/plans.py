"""Each thing that a client can ask, as a plan: requests built, answers read, tokens kept good."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit
from uuid import UUID

from footage_client.answers import (
    CameraInfo,
    Preview,
    Status,
    StoryboardCue,
    TimelineEntry,
    Totals,
    camera_of,
    cues_of,
    page_of,
    status_of,
    timeline_of,
    totals_of,
)
from footage_client.errors import NotAuthorised
from footage_client.exchange import Answer, Ask, Plan, Policy, Sink, Subject, asked, not_footage, parsed
from footage_client.links import SignedLink
from footage_client.moments import Length, Moment, moment_query, span_query

T = TypeVar("T")
Found = tuple[CameraInfo, SignedLink]

_RENEW_BEFORE_S = 30
_HANDED_OUT_FOR_S = 3600
"""How long a URL that is handed out is to be good, where the server's tokens live for so long."""


class Desk:
    """The Integration API of one server, with a key. Raises ValueError where either cannot be one."""

    def __init__(self, base_url: str, integration_key: str, policy: Policy) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("base_url must be like https://video.example.com, a path may follow")
        if not integration_key or not integration_key.isascii() or not integration_key.isprintable():
            raise ValueError("the integration key must be text as `footage key add` printed it")
        self._base_url = base_url.rstrip("/")
        self._headers = {"X-Integration-Key": integration_key}
        self.policy = policy

    def _ask(self, path: str, method: str = "GET") -> Plan[Answer]:
        ask = Ask(method, f"{self._base_url}/v1/{path}", self._headers)
        return (yield from asked(ask, self.policy, Subject.CAMERA))

    def camera(self, camera_id: UUID | str) -> Plan[Found]:
        """A camera, and a fresh link to its archive."""
        return parsed((yield from self._ask(f"cameras/{quote(str(camera_id), safe='')}")), camera_of)

    def status(self, camera_id: UUID | str) -> Plan[Status]:
        """How the recording of a camera goes."""
        return parsed((yield from self._ask(f"cameras/{quote(str(camera_id), safe='')}/status")), status_of)

    def page(self, after: str | None, limit: int) -> Plan[tuple[list[Found], str | None]]:
        """A page of cameras, and what the next one begins after."""
        query = {"limit": str(limit), **({} if after is None else {"after": after})}
        return parsed((yield from self._ask(f"cameras?{urlencode(query)}")), page_of)

    def is_key_valid(self) -> Plan[bool]:
        """Whether the server knows the key."""
        answer = yield from self._ask("integration-key/validate", "POST")
        return parsed(answer, lambda body: bool(body["isValid"]))

    def renewal(self, camera_id: UUID) -> Callable[[], Plan[SignedLink]]:
        """How the link to a camera's archive is renewed."""

        def renew() -> Plan[SignedLink]:
            _, link = yield from self.camera(camera_id)
            return link

        return renew


class Access:
    """An archive by its signed link, which is renewed where that can be done.

    Before it ends by ``policy``'s clock, and once when it is refused.
    """

    def __init__(
        self, link: SignedLink, policy: Policy, renew: Callable[[], Plan[SignedLink]] | None = None
    ) -> None:
        self._link = link
        self._policy = policy
        self._renew = renew

    @property
    def link(self) -> SignedLink:
        """The link as it is now."""
        return self._link

    def url(
        self, path: str, query: Mapping[str, str] | None = None, good_for_s: float = _HANDED_OUT_FOR_S
    ) -> Plan[str]:
        """The signed URL of a method, to be handed out."""
        if self._renew is not None and self._link.exp_s - self._policy.clock() < good_for_s:
            self._link = yield from self._renew()
        return self._link.url(path, query)

    def _get(
        self, path: str = "", query: Mapping[str, str] | None = None, sink: Sink | None = None
    ) -> Plan[Answer]:
        url = yield from self.url(path, query, _RENEW_BEFORE_S)
        try:
            return (yield from asked(Ask("GET", url, sink=sink), self._policy, Subject.ARCHIVE))
        except NotAuthorised:
            if self._renew is None:
                raise
        # Revoked, or this clock is behind the server's: a new one tells.
        self._link = yield from self._renew()
        ask = Ask("GET", self._link.url(path, query), sink=sink)
        return (yield from asked(ask, self._policy, Subject.ARCHIVE))

    def totals(self) -> Plan[Totals]:
        """The archive in numbers."""
        return parsed((yield from self._get()), totals_of)

    def timeline(
        self, start: Moment | None, duration: Length | None, end: Moment | None
    ) -> Plan[list[TimelineEntry]]:
        """What is kept of a span."""
        return parsed((yield from self._get("timeline", span_query(start, duration, end))), timeline_of)

    def size(self, start: Moment | None, duration: Length | None, end: Moment | None) -> Plan[int]:
        """Bytes of a span."""
        answer = yield from self._get("size", span_query(start, duration, end))
        return parsed(answer, lambda body: int(body["size"]))

    def text(self, path: str, query: Mapping[str, str]) -> Plan[str]:
        """An answer that is text."""
        return (yield from self._get(path, query)).content.decode("utf-8", "replace")

    def preview(
        self, moment: Moment | None, width: int | None, height: int | None, *, accurate: bool
    ) -> Plan[Preview]:
        """The picture of a moment, the newest for None."""
        query = moment_query("time", moment)
        query |= {
            name: str(side) for name, side in (("width", width), ("height", height)) if side is not None
        }
        query |= _switches(accurate=accurate)
        answer = yield from self._get("preview", query)
        frame_ms = answer.headers.get("footage-frame-time", "")
        if not frame_ms.isdigit():
            raise not_footage(answer)
        return Preview(answer.content, int(frame_ms))

    def storyboard(self, query: Mapping[str, str]) -> Plan[list[StoryboardCue]]:
        """The thumbnails of a span."""
        answer = yield from self._get("storyboard.vtt", query)
        try:
            return cues_of(answer.content.decode("utf-8"), self._link.url("storyboard.vtt"))
        except ValueError as error:
            raise not_footage(answer) from error

    def sheet(self, cue: StoryboardCue) -> Plan[bytes]:
        """The JPEG of the sheet that a cue is on, by the link as it is now."""
        query = {
            name: value
            for name, value in parse_qsl(urlsplit(cue.sheet_url).query)
            if name not in self._link.token
        }
        return (yield from self._get("storyboard.jpg", query)).content

    def file(self, path: str, query: Mapping[str, str], sink: Sink) -> Plan[Answer]:
        """An answer as large as it likes, into ``sink``."""
        return (yield from self._get(path, query, sink))


def playlist_query(
    start: Moment | None,
    duration: Length | None,
    end: Moment | None,
    *,
    discontinuity: bool,
    gaps: bool,
    follow: bool,
) -> dict[str, str]:
    """Which playlist is wanted. Raises ValueError, TypeError."""
    if gaps and not discontinuity:
        raise ValueError("gaps=True must come with discontinuity=True")
    switches = _switches(discontinuity=discontinuity, gaps=gaps, follow=follow)
    return {**span_query(start, duration, end), **switches}


def storyboard_query(
    start: Moment | None,
    duration: Length | None,
    end: Moment | None,
    interval: Length | None,
    width: int | None,
) -> dict[str, str]:
    """Which storyboard is wanted. Raises ValueError, TypeError."""
    query = span_query(start, duration, end, interval=interval)
    return query if width is None else {**query, "width": str(width)}


def _switches(**switches: bool) -> dict[str, str]:
    return {name: "true" for name, is_on in switches.items() if is_on}
