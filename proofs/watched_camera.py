"""A camera that is to be recorded, with the archive that it goes into."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from footage.house import House
from footage.timeline import Archive, Camera
from proofs.witness import WitnessedCamera


@dataclass(frozen=True)
class Filmed:
    """A camera, its archive, and the id by which logs call it."""

    camera: WitnessedCamera
    archive: Archive
    id: str


def add_camera(house: House, camera: WitnessedCamera) -> Filmed:
    """Let it be recorded."""
    added = house.cameras.add(Camera(id=uuid4(), archive_id=uuid4(), title=camera.name), camera.url)
    return Filmed(camera, house.cameras.archive_of(added), str(added.id))
