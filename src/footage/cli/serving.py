"""``footage serve``, ``footage api``, ``footage record`` and ``footage settings``."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr

from footage import server
from footage.cli.output import DataOption, JsonOption, print_json, print_table, settings_for
from footage.settings import Settings
from footage.telemetry import logs

HostOption = Annotated[str | None, typer.Option(help="Address to listen on", show_default=False)]
PortOption = Annotated[int | None, typer.Option(help="Port to listen on", show_default=False)]


WorkersOption = Annotated[int | None, typer.Option(help="HTTP worker processes", show_default=False)]
RecordersOption = Annotated[int | None, typer.Option(help="Recorder processes", show_default=False)]


def serve(
    host: HostOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
    recorders: RecordersOption = None,
    data: DataOption = None,
) -> None:
    """Record the cameras and serve their archive over HTTP until told to stop."""
    _serve(settings_for(data, host=host, port=port, workers=workers, recorders=recorders))


def api(
    host: HostOption = None,
    port: PortOption = None,
    workers: WorkersOption = None,
    data: DataOption = None,
) -> None:
    """Only serve the archive over HTTP."""
    _serve(settings_for(data, host=host, port=port, workers=workers), record=False)


def record(recorders: RecordersOption = None, data: DataOption = None) -> None:
    """Only record the cameras."""
    _serve(settings_for(data, recorders=recorders), http=False)


def _serve(settings: Settings, *, http: bool = True, record: bool = True) -> None:
    logs.configure(level=settings.log_level, as_json=settings.log_format == "json")
    server.serve(settings, http=http, record=record)


def show_settings(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show every setting in force, secrets hidden."""
    settings = settings_for(data)
    shown = {
        name: "(hidden)" if isinstance(value, SecretStr) else value
        for name, value in settings.model_dump(mode="python").items()
    }
    if as_json:
        print_json({name: _plain(value) for name, value in shown.items()})
    else:
        print_table(["setting", "value"], [[name, _plain(value)] for name, value in shown.items()])


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if value is None or isinstance(value, int) else str(value)
