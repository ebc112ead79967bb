"""The package as its users meet it: what is in it, what it needs, and the examples as they stand."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

import footage_client
from footage_client import Archive, AsyncArchive, Camera
from footage_client.asynchronous import AsyncArchiveMethods, AsyncCamera, AsyncFootage
from footage_client.blocking import ArchiveMethods, Footage
from kit.archive import Shelf
from kit.clips import Clip
from kit.server import footage_json
from kit.site import Site

PACKAGE = Path(__file__).parents[1]
SOURCE = PACKAGE / "src" / "footage_client"
GUIDE = PACKAGE.parents[1] / "docs" / "guide" / "python-client.md"
MakeClip = Callable[[str, Clip], Path]


@pytest.fixture(scope="module")
def filled(site: Site, clips: MakeClip) -> Shelf:
    """Footage of the evening that the examples ask for: 14:13:20 to 14:13:45 UTC."""
    shelf = site.shelf("Entrance")
    start = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    shelf.import_file(clips("example.mp4", Clip(seconds=25)), round(start.timestamp() * 1000))
    return shelf


def examples(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def for_real(example: str, site: Site, shelf: Shelf) -> str:
    """An example with the server, the key and the camera of the test in the place of its own."""
    key = footage_json("key", "add", f"example-{hash(example)}", data=site.server.data)["key"]
    link = site.link(shelf).of()
    example = re.sub(r"https://video\.example\.com/archives/ID\?[^\"]*", lambda _: link, example)
    return (
        example.replace("https://video.example.com", site.server.url)
        .replace("footage_KEY", key)
        .replace("0b6f6a0e-8f5e-4f0f-a1f7-5d2f5a3c9e77", str(shelf.camera.id))
    )


def run(program: str, folder: Path) -> str:
    """What a program of its own prints; it finds the client and httpx."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        cwd=folder,
        env={"PYTHONPATH": str(SOURCE.parent)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_readme_finds_a_clip_and_saves_it(site: Site, filled: Shelf, tmp_path: Path) -> None:
    [example] = examples(PACKAGE / "README.md")
    assert len(example.splitlines()) <= 10
    assert run(for_real(example, site, filled), tmp_path) == "kept from 14:13:26 to 14:13:45\n"
    [saved] = tmp_path.iterdir()
    assert saved.name == "entrance.mp4"
    with av.open(str(saved)) as clip:
        shown = sum(1 for frame in clip.decode(video=0) if frame.time is not None and frame.time >= 0)
    assert shown == 5 * 25


def test_the_guides_pictures(site: Site, filled: Shelf, tmp_path: Path) -> None:
    pictures, *_ = examples(GUIDE)
    program = for_real(pictures, site, filled).replace("17, 0, tzinfo", "17, 13, 27, 650000, tzinfo")
    told = run(program, tmp_path).splitlines()
    assert told[0] == "17:13 17:13:27.640000"
    assert told[1:] == [f"{17 + m // 60}:{m % 60:02} nothing is kept" for m in range(23, 70, 10)]
    assert [path.name for path in tmp_path.iterdir()] == ["1713.jpg"]


def test_the_guides_page_for_a_player(site: Site, filled: Shelf) -> None:
    _, page, _ = examples(GUIDE)
    names: dict[str, Any] = {}
    exec(for_real(page, site, filled), names)
    start = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
    asked = names["player_page"](filled.camera.id, start, timedelta(seconds=20))
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(asyncio.run, asked).result(60)
    assert httpx.get(told["playlist"]).text.startswith("#EXTM3U")
    assert httpx.get(told["thumbnails"]).text.startswith("WEBVTT")
    assert told["size"] > 10_000


def test_the_guides_archive_by_its_link(site: Site, filled: Shelf, tmp_path: Path) -> None:
    *_, by_link = examples(GUIDE)
    assert run(for_real(by_link, site, filled), tmp_path) == "2026-09-21 14:13:45+00:00\n"


def test_it_needs_nothing_but_what_it_says() -> None:
    """Nothing of the server, and no library but httpx."""
    imported = set()
    for module in SOURCE.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            imported |= {name.split(".")[0] for name in names}
    assert imported - sys.stdlib_module_names == {"httpx", "footage_client"}
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert [re.match(r"[a-z]+", each)[0] for each in project["dependencies"]] == ["httpx"]  # type: ignore[index]


def test_a_wheel_holds_the_package_and_says_that_it_is_typed(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=PACKAGE,
        check=True,
        capture_output=True,
        timeout=60,
    )
    [wheel] = tmp_path.iterdir()
    assert wheel.name == f"footage_client-{footage_client.__version__}-py3-none-any.whl"
    names = {
        name.partition("/")[2] for name in zipfile.ZipFile(wheel).namelist() if ".dist-info" not in name
    }
    assert names == {path.name for path in SOURCE.glob("*.py")} | {"py.typed"}


@pytest.mark.parametrize(
    ("blocking", "asynchronous"),
    [
        (Footage, AsyncFootage),
        (Archive, AsyncArchive),
        (Camera, AsyncCamera),
        (ArchiveMethods, AsyncArchiveMethods),
    ],
)
def test_both_clients_can_do_the_same(blocking: type, asynchronous: type) -> None:
    """The same methods with the same parameters, and all of them in the README."""

    def methods(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(each).parameters)
            for name, each in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert methods(blocking) == methods(asynchronous)
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for name in methods(blocking):
        assert name == "close" or f"`{name}(" in readme, name


def test_every_error_is_in_the_readme() -> None:
    readme = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for name, each in vars(footage_client).items():
        if isinstance(each, type) and issubclass(each, Exception):
            assert f"`{name}`" in readme


def test_modules_are_read_in_one_sitting_and_say_what_they_are_for() -> None:
    for module in SOURCE.glob("*.py"):
        text = module.read_text(encoding="utf-8")
        assert text.startswith('"""')
        assert len(text.splitlines()) <= 500
