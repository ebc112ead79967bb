"""What commands share: settings, printing, and how they end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, Never

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from footage.settings import Settings, load

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """What a command's exit code means; docs/reference/cli.md lists them."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_FOUND = 3
    OVERLAP = 4
    DAMAGED = 5
    INTERRUPTED = 130


class CommandError(Exception):
    """A command that cannot do what was asked: one line, and an exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


DataOption = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder [FOOTAGE_DATA_DIR]", metavar="DIR", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON")]


def settings_for(data: Path | None, **flags: Any) -> Settings:
    """The settings in force for a command."""
    return load(data_dir=data, **flags)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode()
    typer.echo(text)


def print_table(columns: list[str], rows: list[list[object]]) -> None:
    """A table for people."""
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    out.print(table)


def fail(message: str, code: Exit = Exit.FAILED) -> Never:
    """End the command with one line on standard error."""
    err.print(f"error: {message}", markup=False)
    raise SystemExit(int(code))


@contextmanager
def stop_on_sigint() -> Iterator[Callable[[], bool]]:
    """Ctrl-C asks a command to stop after the piece in progress; a second one breaks it off."""
    asked = False

    def ask(_signal: int, _frame: object) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
