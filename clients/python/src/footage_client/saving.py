"""A clip on its way into a file: there whole, or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeAlias

Target: TypeAlias = "str | os.PathLike[str] | BinaryIO"
Progress: TypeAlias = Callable[[int], None]


class Saving:
    """Takes pieces and tells ``progress`` how many bytes came.

    A path gets its file when all is there, in the place of one that was there; until then the bytes
    are in a hidden file beside it, which goes where anything fails. What is written to an open file
    stays in it, whatever happens. Raises OSError.
    """

    def __init__(self, to: Target, progress: Progress | None) -> None:
        self.size_bytes = 0
        self._progress = progress
        self._path: Path | None = None
        self._part: Path | None = None
        self._file: BinaryIO
        if isinstance(to, (str, os.PathLike)):
            self._path = Path(to)
            self._part = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.part")
            self._file = self._part.open("xb")
        else:
            self._file = to

    def write(self, piece: bytes, /) -> None:
        """Take a piece."""
        self._file.write(piece)
        self.size_bytes += len(piece)
        if self._progress is not None:
            self._progress(self.size_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path is None or self._part is None:
            return
        try:
            self._file.close()
            if kind is None:
                self._part.replace(self._path)
        finally:
            with suppress(FileNotFoundError):
                self._part.unlink()
