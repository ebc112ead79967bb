"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from kit.archive import Shelf, open_shelf
from kit.clips import Clip, make_clip


# A busy machine is slow, not wrong.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    """An empty archive of one camera."""
    opened = open_shelf(tmp_path / "data")
    yield opened
    opened.house.close()


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Clip], Path]:
    """Makes a clip once a session: ``clips("name.mp4", Clip(...))``."""
    folder = tmp_path_factory.mktemp("clips")
    made: dict[str, Clip] = {}

    def make(name: str, clip: Clip) -> Path:
        if name not in made:
            make_clip(folder / name, clip)
            made[name] = clip
        assert made[name] == clip, f"{name} was made as another clip before"
        return folder / name

    return make
