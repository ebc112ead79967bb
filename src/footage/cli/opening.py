"""What commands share that work with what is kept: the house, and a camera in it.

Apart from the rest, because a command that only looks after others does without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from footage.archive.errors import UnknownCamera
from footage.cli.output import CommandError, Exit, settings_for
from footage.house import House, open_house
from footage.timeline import Camera


@contextmanager
def house_for(data: Path | None, **flags: Any) -> Iterator[House]:
    """The house of the data folder, open while the command works."""
    house = open_house(settings_for(data, **flags))
    try:
        yield house
    finally:
        house.close()


def find_camera(house: House, camera: str) -> Camera:
    """The camera of that id. Raises CommandError, UnknownCamera."""
    try:
        return house.cameras.get(UUID(camera))
    except ValueError:
        raise CommandError(f"{camera!r} is not a camera id", Exit.USAGE) from None
    except UnknownCamera as error:
        raise CommandError(str(error), Exit.NOT_FOUND) from None
