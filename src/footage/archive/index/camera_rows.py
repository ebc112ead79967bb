"""Cameras and their archives as rows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, Row, and_, exists, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from footage.archive.errors import AlreadyExists, Locked, UnknownCamera
from footage.archive.index import tables as t
from footage.archive.index.database import reading, writing
from footage.archive.index.export_rows import cancel_all
from footage.archive.index.lock_rows import standing_locks
from footage.archive.index.protocol import BinnedCamera
from footage.timeline import Archive, Camera, Location, Place

_CAMERAS = (
    select(t.camera, t.archive.c.id.label("archive_id"))
    .join(t.archive, t.archive.c.camera_id == t.camera.c.id)
    .where(~t.camera.c.removed)
)
_IS_IN_BIN = and_(t.camera.c.removed, t.camera.c.restorable_until_ms.is_not(None))


class CameraRows:
    """CameraIndex over an engine."""

    _engine: Engine

    def add_camera(self, camera: Camera, source_url: str | None, token_epoch: int = 0) -> None:
        """Add a camera and its archive. Raises AlreadyExists."""
        values = {
            column.name: getattr(camera, column.name)
            for column in t.camera.c
            if column.name in Camera.__dataclass_fields__
        }
        try:
            with writing(self._engine) as connection:
                connection.execute(
                    insert(t.camera).values(
                        **values, **_place_columns(camera.location), source_url=source_url
                    )
                )
                connection.execute(
                    insert(t.archive).values(
                        id=camera.archive_id, camera_id=camera.id, token_epoch=token_epoch
                    )
                )
        except IntegrityError as error:
            raise AlreadyExists(f"a camera {camera.id} exists already") from error

    def camera(self, camera_id: UUID) -> Camera | None:
        """The camera of that id."""
        with reading(self._engine) as connection:
            return _find(connection, camera_id)

    def cameras(self, *, limit: int, after: tuple[str, UUID] | None = None) -> list[Camera]:
        """Cameras by title, then id; ``after`` is the last of the page before."""
        page = _CAMERAS.order_by(t.camera.c.title, t.camera.c.id).limit(limit)
        if after is not None:
            title, camera_id = after
            page = page.where(
                or_(
                    t.camera.c.title > title,
                    and_(t.camera.c.title == title, t.camera.c.id > camera_id),
                )
            )
        with reading(self._engine) as connection:
            return [_camera(row) for row in connection.execute(page)]

    def change_camera(self, camera_id: UUID, changes: dict[str, Any]) -> Camera:
        """Change the named fields (of Camera, or ``source_url``). Raises UnknownCamera."""
        values = dict(changes)
        if "location" in values:
            values.update(_place_columns(values.pop("location")))
        with writing(self._engine) as connection:
            if values:
                connection.execute(
                    update(t.camera).where(t.camera.c.id == camera_id, ~t.camera.c.removed).values(**values)
                )
            camera = _find(connection, camera_id)
        if camera is None:
            raise _unknown(camera_id)
        return camera

    def mark_camera(self, camera_id: UUID, until_ms: int | None = None, *, now_ms: int = 0) -> Archive:
        """Take a camera out of sight, its archive and all it keeps with it. Raises UnknownCamera.

        Until ``until_ms`` it can be taken back; without one, never, and its footage is leaving.
        Exports that wait or run are cancelled. Raises Locked where a lock stands at ``now_ms``.
        """
        with writing(self._engine) as connection:
            archive = _archive_of(connection, camera_id)
            locked = select(t.lock.c.id).where(
                t.lock.c.archive_number == archive.number, standing_locks(now_ms)
            )
            if connection.execute(locked.limit(1)).first() is not None:
                raise Locked("locks protect footage of this camera: remove them first")
            connection.execute(
                update(t.camera)
                .where(t.camera.c.id == camera_id)
                .values(removed=True, restorable_until_ms=until_ms)
            )
            cancel_all(connection, archive)
        return archive

    def restore_camera(self, camera_id: UUID) -> None:
        """Take a camera back from the bin. Raises UnknownCamera where it is not there."""
        with writing(self._engine) as connection:
            restored = connection.execute(
                update(t.camera)
                .where(t.camera.c.id == camera_id, _IS_IN_BIN)
                .values(removed=False, restorable_until_ms=None)
            )
        if not restored.rowcount:
            raise UnknownCamera(f"no camera of the id {camera_id} can be taken back")

    def bin(self) -> list[BinnedCamera]:
        """Cameras that can be taken back, by title, then id."""
        wanted = select(t.camera.c.id, t.camera.c.title, t.camera.c.restorable_until_ms).where(_IS_IN_BIN)
        with reading(self._engine) as connection:
            rows = connection.execute(wanted.order_by(t.camera.c.title, t.camera.c.id)).all()
        return [BinnedCamera(*row) for row in rows]

    def empty_bin(self, now_ms: int) -> int:
        """Let go for good what could be taken back until ``now_ms``; how many cameras."""
        with writing(self._engine) as connection:
            gone = connection.execute(
                update(t.camera)
                .where(
                    _IS_IN_BIN,
                    t.camera.c.restorable_until_ms <= now_ms,
                    # Locked in the moment in which it was removed.
                    ~exists().where(
                        t.archive.c.camera_id == t.camera.c.id,
                        t.lock.c.archive_number == t.archive.c.number,
                        standing_locks(now_ms),
                    ),
                )
                .values(restorable_until_ms=None)
            )
        return gone.rowcount

    def raise_token_epoch(self, camera_id: UUID) -> int:
        """Revoke every link to the camera's archive; the new epoch. Raises UnknownCamera."""
        with writing(self._engine) as connection:
            epoch = _archive_of(connection, camera_id).token_epoch + 1
            connection.execute(
                update(t.archive).where(t.archive.c.camera_id == camera_id).values(token_epoch=epoch)
            )
        return epoch


def _find(connection: Connection, camera_id: UUID) -> Camera | None:
    row = connection.execute(_CAMERAS.where(t.camera.c.id == camera_id)).one_or_none()
    return None if row is None else _camera(row)


def _archive_of(connection: Connection, camera_id: UUID) -> Archive:
    row = connection.execute(
        select(t.archive.c.number, t.archive.c.id, t.archive.c.camera_id, t.archive.c.token_epoch)
        .join(t.camera, t.camera.c.id == t.archive.c.camera_id)
        .where(t.camera.c.id == camera_id, ~t.camera.c.removed)
    ).one_or_none()
    if row is None:
        raise _unknown(camera_id)
    return Archive(*row)


def _unknown(camera_id: UUID) -> UnknownCamera:
    return UnknownCamera(f"no camera has the id {camera_id}")


def _place_columns(location: Location | None) -> dict[str, str | None]:
    room = location.room if location else None
    return {
        "location_id": location.id if location else None,
        "location_title": location.title if location else None,
        "room_id": room.id if room else None,
        "room_title": room.title if room else None,
    }


def _camera(row: Row[Any]) -> Camera:
    room = None if row.room_id is None else Place(row.room_id, row.room_title)
    location = None if row.location_id is None else Location(row.location_id, row.location_title, room)
    return Camera(
        id=row.id,
        archive_id=row.archive_id,
        title=row.title,
        archive_days=row.archive_days,
        archive_bytes=row.archive_bytes,
        device_id=row.device_id,
        camera_model=row.camera_model,
        platform=row.platform,
        serial_number=row.serial_number,
        firmware_version=row.firmware_version,
        application_version=row.application_version,
        location=location,
        has_source=row.source_url is not None,
        transport=row.transport,
        is_recorded=row.is_recorded,
        is_audio_recorded=row.is_audio_recorded,
        created_ms=row.created_ms,
    )
