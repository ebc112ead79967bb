"""``footage``: every command, and how errors become one line and an exit code."""

from __future__ import annotations

import gc
import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

import footage
from footage.access.signing_keys import SigningKeysError
from footage.archive.errors import ArchiveError, Overlap, UnknownCamera
from footage.cli.output import CommandError, Exit, fail
from footage.media.errors import MediaError
from footage.settings import SettingsError

_COMMANDS = {
    "camera": "cameras:app",
    "key": "keys:app",
    "signing-key": "keys:signing_app",
    "lock": "retention:lock_app",
    "retention": "retention:app",
    "import": "importing:import_files",
    "export": "exporting:export",
    "adopt": "adopting:adopt",
    "backup": "backing_up:backup",
    "check": "checking:check",
    "serve": "serving:serve",
    "api": "serving:api",
    "record": "serving:record",
    "settings": "serving:show_settings",
    "audit": "audit:audit",
    "token": "cameras:token",
    "demo": "demo:demo",
    "doctor": "doctor:doctor",
}
"""Where each command is. A command loads what it needs itself, which is most of the time it takes."""


class _Commands(TyperGroup):
    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        names: Any = dict.fromkeys(_COMMANDS)
        self.commands = names

    def get_command(self, _context: Any, cmd_name: str) -> Any:
        return _command(cmd_name) if cmd_name in _COMMANDS else None


@cache
def _command(name: str) -> Any:
    module, attribute = _COMMANDS[name].split(":")
    made = getattr(import_module(f"footage.cli.{module}"), attribute)
    gc.freeze()
    gc.enable()
    holder = typer.Typer(rich_markup_mode=None)
    if isinstance(made, typer.Typer):
        holder.add_typer(made, name=name)
    else:
        holder.command(name)(made)
    return get_group(holder).commands[name]


app = typer.Typer(
    name="footage",
    cls=_Commands,
    help="An archive server for cameras.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback(invoke_without_command=True)
def _root(
    data: Annotated[
        Path | None, typer.Option("--data", help="Data folder [FOOTAGE_DATA_DIR]", metavar="DIR")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version")] = False,
) -> None:
    if version:
        typer.echo(f"footage {footage.__version__}")
        raise typer.Exit
    if data is not None:
        os.environ["FOOTAGE_DATA_DIR"] = str(data)


def main() -> None:
    """Run a command; errors that were foreseen end it with one line."""
    try:
        app(prog_name="footage")
    except CommandError as error:
        fail(str(error), error.code)
    except UnknownCamera as error:
        fail(str(error), Exit.NOT_FOUND)
    except Overlap as error:
        fail(str(error), Exit.OVERLAP)
    except SettingsError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(error.strerror or str(error))
    except (ArchiveError, MediaError, SigningKeysError) as error:
        fail(str(error))
    except KeyboardInterrupt:
        fail("interrupted", Exit.INTERRUPTED)
