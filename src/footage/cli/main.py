"""``footage``: every command, and how errors become one line and an exit code."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from footage import __version__
from footage.access.signing_keys import SigningKeysError
from footage.archive.errors import ArchiveError, Overlap, UnknownCamera
from footage.cli import (
    adopting,
    audit,
    backing_up,
    cameras,
    checking,
    demo,
    doctor,
    exporting,
    importing,
    keys,
    retention,
    serving,
)
from footage.cli.output import CommandError, Exit, fail
from footage.media.errors import MediaError
from footage.settings import SettingsError

app = typer.Typer(
    name="footage",
    help="An archive server for cameras.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(cameras.app, name="camera")
app.add_typer(keys.app, name="key")
app.add_typer(keys.signing_app, name="signing-key")
app.add_typer(retention.lock_app, name="lock")
app.add_typer(retention.app, name="retention")
app.command("import")(importing.import_files)
app.command("export")(exporting.export)
app.command("adopt")(adopting.adopt)
app.command("backup")(backing_up.backup)
app.command("check")(checking.check)
app.command("serve")(serving.serve)
app.command("api")(serving.api)
app.command("record")(serving.record)
app.command("settings")(serving.show_settings)
app.command("audit")(audit.audit)
app.command("token")(cameras.token)
app.command("demo")(demo.demo)
app.command("doctor")(doctor.doctor)


@app.callback(invoke_without_command=True)
def _root(
    data: Annotated[
        Path | None, typer.Option("--data", help="Data folder [FOOTAGE_DATA_DIR]", metavar="DIR")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version")] = False,
) -> None:
    if version:
        typer.echo(f"footage {__version__}")
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
