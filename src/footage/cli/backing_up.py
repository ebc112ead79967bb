"""``footage backup``: index, settings and signing keys, copied while the server runs."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from footage.archive.errors import ArchiveError
from footage.archive.index.copying import copy_index
from footage.cli.opening import house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    out,
    print_json,
)

_FILES = ("footage.toml", "signing-keys")


def backup(
    target: Annotated[Path, typer.Argument(help="Folder to make; it must not exist", metavar="FOLDER")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the index, the settings and the signing keys into a new folder. Footage is not copied."""
    if target.exists():
        raise CommandError(f"{target} is there already", Exit.USAGE)
    began_s = time.monotonic()
    with house_for(data) as house:
        half_made = target.with_name(f"{target.name}.half-made")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True, mode=0o700)
        try:
            copy_index(house.settings.index, half_made / "index.db")
            for name in _FILES:
                if (house.settings.data_dir / name).exists():
                    _copy(house.settings.data_dir / name, half_made / name)
            _sync(half_made)
            half_made.rename(target)
            _sync(target.parent)
        except (ArchiveError, OSError):
            shutil.rmtree(half_made, ignore_errors=True)
            raise
    files = {path.name: path.stat().st_size for path in sorted(target.iterdir())}
    told = {"folder": str(target), "files": files, "seconds": round(time.monotonic() - began_s, 3)}
    if as_json:
        print_json(told)
    else:
        out.print(f"{target}: {', '.join(files)}, {sum(files.values())} bytes", markup=False)


def _copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)
    _sync(target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
