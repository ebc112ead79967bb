"""The client for asyncio: the same plans, carried out over an HTTP client that is awaited.

Files are written in threads, so that a slow disk holds up nothing else.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from typing import Self, TypeVar
from uuid import UUID

import httpx

from footage_client.answers import Preview, Status, StoryboardCue, TimelineEntry, Totals
from footage_client.defaults import PAGE_CAMERAS, PIECE_BYTES, RETRIES, TIMEOUT_S, USER_AGENT
from footage_client.exchange import Answer, Ask, Pause, Plan, Policy, unreachable
from footage_client.links import HiddenUrl, parse_link
from footage_client.moments import Length, Moment, span_query
from footage_client.plans import Access, Desk, Found, playlist_query, storyboard_query
from footage_client.saving import Progress, Saving, Target

T = TypeVar("T")


class AsyncWire:
    """Carries plans out. A ``client`` that is given stays the giver's to close."""

    def __init__(self, client: httpx.AsyncClient | None, timeout_s: float) -> None:
        self._is_own = client is None
        self._client = client or httpx.AsyncClient(timeout=timeout_s, headers={"User-Agent": USER_AGENT})

    async def run(self, plan: Plan[T]) -> T:
        """The result of a plan. Raises what it raises."""
        try:
            step = next(plan)
            while True:
                if isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
                    step = plan.send(None)
                    continue
                try:
                    answer = await self._answer(step)
                except BaseException as error:  # noqa: BLE001 the plan decides about all of them
                    step = plan.throw(error)
                else:
                    step = plan.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def close(self) -> None:
        """Let go of the connections."""
        if self._is_own:
            await self._client.aclose()

    async def _answer(self, ask: Ask) -> Answer:
        request = self._client.build_request(ask.method, ask.url, headers=ask.headers)
        request.url = HiddenUrl(request.url)
        size_bytes = 0
        try:
            response = await self._client.send(request, stream=True, follow_redirects=False)
            async with aclosing(response):
                if ask.sink is None or not response.is_success:
                    return Answer(response.status_code, response.headers, await response.aread())
                async for piece in response.aiter_bytes(PIECE_BYTES):
                    size_bytes += len(piece)
                    await asyncio.to_thread(ask.sink.write, piece)
                return Answer(response.status_code, response.headers, b"")
        except httpx.RequestError as error:
            raise unreachable(request.url.host, error, has_begun=size_bytes > 0) from error


class AsyncArchiveMethods:
    """What can be asked of an archive, however it was opened.

    A span is ``start`` and either ``duration`` or ``end``. Left out, it begins at the first moment
    kept and ends at the last. All methods raise FootageError.
    """

    def __init__(self, wire: AsyncWire, access: Access) -> None:
        self._wire = wire
        self._access = access

    @property
    def archive_id(self) -> UUID:
        """The archive."""
        return self._access.link.archive_id

    async def totals(self) -> Totals:
        """First and last moment kept, bytes, runs."""
        return await self._wire.run(self._access.totals())

    async def timeline(
        self, start: Moment | None = None, duration: Length | None = None, *, end: Moment | None = None
    ) -> list[TimelineEntry]:
        """What is kept of a span, an entry a run; nothing kept is an empty list."""
        return await self._wire.run(self._access.timeline(start, duration, end))

    async def size(
        self, start: Moment | None = None, duration: Length | None = None, *, end: Moment | None = None
    ) -> int:
        """Bytes of all segments of a span."""
        return await self._wire.run(self._access.size(start, duration, end))

    async def playlist(
        self,
        start: Moment | None = None,
        duration: Length | None = None,
        *,
        end: Moment | None = None,
        discontinuity: bool = False,
        gaps: bool = False,
        follow: bool = False,
    ) -> str:
        """The text of the HLS playlist of a span; its URIs are relative. Raises NothingKept."""
        query = playlist_query(start, duration, end, discontinuity=discontinuity, gaps=gaps, follow=follow)
        return await self._wire.run(self._access.text("index.m3u8", query))

    async def playlist_url(
        self,
        start: Moment | None = None,
        duration: Length | None = None,
        *,
        end: Moment | None = None,
        discontinuity: bool = False,
        gaps: bool = False,
        follow: bool = False,
    ) -> str:
        """The signed URL of that playlist, for a player. It is a right: show it to nobody else."""
        query = playlist_query(start, duration, end, discontinuity=discontinuity, gaps=gaps, follow=follow)
        return await self._wire.run(self._access.url("index.m3u8", query))

    async def live_url(self) -> str:
        """The signed URL of the live playlist, for a player."""
        return await self._wire.run(self._access.url("live.m3u8"))

    async def preview(
        self,
        time: Moment | None = None,
        *,
        width: int | None = None,
        height: int | None = None,
        accurate: bool = False,
    ) -> Preview:
        """A JPEG of a moment, the newest where left out. Raises NothingKept.

        It shows the keyframe at or before ``time``, or with ``accurate`` the very frame. ``width``
        and ``height``, in pixels, are a box to fit into.
        """
        return await self._wire.run(self._access.preview(time, width, height, accurate=accurate))

    async def storyboard(
        self,
        start: Moment | None = None,
        duration: Length | None = None,
        *,
        end: Moment | None = None,
        interval: Length | None = None,
        width: int | None = None,
    ) -> list[StoryboardCue]:
        """Thumbnails of a span, about a hundred or one each ``interval``, ``width`` pixels wide."""
        query = storyboard_query(start, duration, end, interval, width)
        return await self._wire.run(self._access.storyboard(query))

    async def storyboard_url(
        self,
        start: Moment | None = None,
        duration: Length | None = None,
        *,
        end: Moment | None = None,
        interval: Length | None = None,
        width: int | None = None,
    ) -> str:
        """The signed URL of the same as a WebVTT track, for a player."""
        query = storyboard_query(start, duration, end, interval, width)
        return await self._wire.run(self._access.url("storyboard.vtt", query))

    async def sheet(self, cue: StoryboardCue) -> bytes:
        """The JPEG that a thumbnail is cut out of. Raises NothingKept where it has gone meanwhile."""
        return await self._wire.run(self._access.sheet(cue))

    async def export(
        self,
        start: Moment | None = None,
        duration: Length | None = None,
        *,
        to: Target,
        end: Moment | None = None,
        progress: Progress | None = None,
    ) -> int:
        """Save a span as MP4 into ``to``, a path or an open binary file; the bytes written.

        A path holds the whole clip or what it held before, never half a clip. ``progress`` is called
        with the bytes so far. Raises NothingKept, and OSError where the file cannot be written.
        """
        query = span_query(start, duration, end)
        with Saving(to, progress) as saving:
            await self._wire.run(self._access.file("export.mp4", query, saving))
            return saving.size_bytes


class AsyncArchive(AsyncArchiveMethods):
    """An archive by a signed link alone: any URL of it that carries ``signature`` and ``exp``.

    Nothing renews the link: when it ends, methods raise NotAuthorised. Raises ValueError where the
    text is no such link.
    """

    def __init__(
        self,
        signed_link: str,
        *,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        access = Access(parse_link(signed_link), Policy(retries, time.time))
        super().__init__(AsyncWire(client, timeout_s), access)

    def __repr__(self) -> str:
        return f"AsyncArchive({self.archive_id})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()


class AsyncCamera(AsyncArchiveMethods):
    """A camera and its archive; ``info`` is as it was when the camera was asked for.

    Its signed link is renewed by itself. Works as long as the ``AsyncFootage`` that it came from is open.
    """

    def __init__(self, wire: AsyncWire, desk: Desk, found: Found) -> None:
        self.info, link = found
        self._desk = desk
        super().__init__(wire, Access(link, desk.policy, desk.renewal(self.info.id)))

    def __repr__(self) -> str:
        return f"AsyncCamera({self.info.title!r}, {self.info.id})"

    @property
    def id(self) -> UUID:
        """The camera."""
        return self.info.id

    @property
    def title(self) -> str:
        """What people call it."""
        return self.info.title

    async def status(self) -> Status:
        """How its recording goes."""
        return await self._wire.run(self._desk.status(self.info.id))


class AsyncFootage:
    """A Footage server, opened with an integration key. Close it when done, or use ``with``.

    ``base_url`` is the server's, with its path behind a proxy that adds one. GETs that find the server
    busy or away are tried again ``retries`` times, later each time. ``client`` is an HTTP client of
    your own (for proxies or certificates), which stays yours to close. ``clock`` tells Unix time in
    seconds. Raises ValueError where the URL or the key cannot be one.
    """

    def __init__(
        self,
        base_url: str,
        integration_key: str,
        *,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        client: httpx.AsyncClient | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._desk = Desk(base_url, integration_key, Policy(retries, clock))
        self._wire = AsyncWire(client, timeout_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._wire.close()

    async def is_key_valid(self) -> bool:
        """Whether the server knows the integration key."""
        return await self._wire.run(self._desk.is_key_valid())

    async def camera(self, camera_id: UUID | str) -> AsyncCamera:
        """The camera of that id. Raises NotFound."""
        return AsyncCamera(self._wire, self._desk, await self._wire.run(self._desk.camera(camera_id)))

    async def cameras(self) -> AsyncIterator[AsyncCamera]:
        """All cameras by title, fetched page by page as they are asked for."""
        after = None
        while True:
            page, after = await self._wire.run(self._desk.page(after, PAGE_CAMERAS))
            for found in page:
                yield AsyncCamera(self._wire, self._desk, found)
            if after is None:
                return
