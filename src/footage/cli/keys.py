"""``footage key`` for integration keys, ``footage signing-key`` for those behind the links."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from footage.access.integration_keys import hash_key, make_key
from footage.cli.audit import note
from footage.cli.opening import house_for
from footage.cli.output import (
    CommandError,
    DataOption,
    Exit,
    JsonOption,
    out,
    print_json,
    print_table,
)
from footage.timeline import Scope, format_ms

app = typer.Typer(help="Integration keys: add, list, revoke.", no_args_is_help=True)
signing_app = typer.Typer(help="Keys that links are signed with.", no_args_is_help=True)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Whose key it is")],
    scope: Annotated[Scope, typer.Option(help="What it may do: look, also change, or all")] = Scope.ADMIN,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key. It is shown once and kept hashed."""
    if not name.strip():
        raise CommandError("a key needs a name", Exit.USAGE)
    key = make_key()
    with house_for(data) as house:
        house.keys.add(name, hash_key(key), int(time.time() * 1000), scope)
        note(house, "key.added", name=name, scope=scope.value)
    if as_json:
        print_json({"name": name, "scope": scope.value, "key": key})
    else:
        out.print(key, markup=False)


@app.command("list")
def list_keys(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the names of all keys, and what each may do."""
    with house_for(data) as house:
        keys = [
            {"name": key.name, "scope": key.scope.value, "created": format_ms(key.created_ms)}
            for key in house.keys.all()
        ]
    if as_json:
        print_json(keys)
    else:
        print_table(["name", "scope", "created"], [list(key.values()) for key in keys])


@app.command()
def revoke(name: Annotated[str, typer.Argument(help="Its name")], data: DataOption = None) -> None:
    """Make a key worthless. The last key of scope admin cannot be revoked."""
    with house_for(data) as house:
        if not house.keys.revoke(name):
            raise CommandError(f"no key is named {name!r}", Exit.NOT_FOUND)
        note(house, "key.revoked", name=name)
    out.print(f"revoked {name!r}", markup=False)


@signing_app.command()
def rotate(
    keep: Annotated[
        int, typer.Option(help="Old keys that stay valid; 0 breaks every link at once", min=0)
    ] = 1,
    data: DataOption = None,
) -> None:
    """Sign new links with a new key; links made with the keys kept stay valid."""
    with house_for(data) as house:
        count = house.signing_keys.rotate(keep)
        note(house, "signing_key.rotated", kept=keep)
    out.print(f"{count} signing keys are valid", markup=False)
