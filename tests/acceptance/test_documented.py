"""Nothing that an operator or an integrator can use is undocumented: settings, routes, metrics,
commands with their options, exit codes. And the reference names nothing that is not there.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from litestar import Litestar
from prometheus_client.metrics import MetricWrapperBase
from typer.core import TyperGroup
from typer.main import get_command

from footage.api.openapi import document
from footage.cli.main import app as command_line
from footage.cli.output import Exit
from footage.http_process import build_app
from footage.settings import Settings
from footage.telemetry import metrics
from footage.telemetry.camera_metrics import CAMERA_METRICS
from footage.telemetry.retention_metrics import RETENTION_METRICS
from footage.timeline import Reason, State
from kit.archive import Shelf

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
GUIDES = REFERENCE.with_name("guide")
DOCUMENT: dict[str, Any] = json.loads(document())
BY_CORES = {"workers", "recorders", "preview_threads"}
"""Settings whose default hangs on the machine."""
PAGES = {"GET /", "GET /docs", "GET /{}"}
"""Pages to look at, not methods to call: the description of the APIs leaves them out."""
_ROW = re.compile(r"^\| `([^`]*)`(.*)\|$", re.MULTILINE)


def test_every_setting() -> None:
    rows = _rows((REFERENCE / "settings.md").read_text())
    assert list(rows) == list(Settings.model_fields), "settings.md lists others, or in another order"
    for name, field in Settings.model_fields.items():
        variable, default, meaning = rows[name]
        assert variable == f"`FOOTAGE_{name.upper()}`"
        assert meaning
        if name not in BY_CORES:
            words = {None: "none", (): "empty"}
            assert default == words.get(field.default, f"`{field.default}`"), name


def test_every_metric() -> None:
    rows = _rows((REFERENCE / "metrics.md").read_text())
    declared = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    named = {f"{each._name}_total" if each._type == "counter" else each._name: each for each in declared}
    wanted = {name: (each._type, list(each._labelnames)) for name, each in named.items()}
    wanted |= {each.name: (each.kind, list(each.labels)) for each in (*CAMERA_METRICS, *RETENTION_METRICS)}
    assert list(rows) == list(wanted), "metrics.md lists others, or in another order"
    for name, (kind, labels, meaning) in rows.items():
        assert (kind, re.findall(r"`(\w+)`", labels)) == wanted[name]
        assert meaning


def test_every_route_is_in_the_description(shelf: Shelf) -> None:
    routes = inspect.getclosurevars(build_app(shelf.house)).nonlocals["app"]
    assert isinstance(routes, Litestar)
    served = {
        f"{method} {_nameless(route.path_format)}"
        for route in routes.routes
        for method in getattr(route, "methods", ())
        # These are answered wherever GET is, as its own text says.
        if method not in ("HEAD", "OPTIONS")
    }
    assert served - PAGES == {f"{method} {_nameless(path)}" for method, path, _ in _operations()}
    assert served >= PAGES
    for page in PAGES - {"GET /{}"}:
        assert f"`{page}`" in (REFERENCE / "http-operations.md").read_text()


@pytest.mark.parametrize(
    ("tag", "page"),
    [
        ("Archive API", "http-archive-api.md"),
        ("Integration API", "http-integration-api.md"),
        ("Operations", "http-operations.md"),
    ],
)
def test_every_operation_is_in_the_reference(tag: str, page: str) -> None:
    text = (REFERENCE / page).read_text()
    described = [each for each in _operations() if each[2]["tags"] == [tag]]
    titles = {f"{m} {path.replace('/archives/{archiveId}', '{archiveApiUrl}')}" for m, path, _ in described}
    named = set(re.findall(r"`((?:GET|POST|PATCH|PUT|DELETE) [^` ]+)`", text))
    assert named - PAGES == titles
    for _, path, operation in described:
        for parameter in map(_resolved, operation.get("parameters", ())):
            assert parameter["name"] in text.replace("archiveApiUrl", "archiveId"), path
        for status in operation["responses"]:
            assert status in text, (path, status)


def test_every_field_of_a_camera_is_in_the_reference() -> None:
    text = (REFERENCE / "http-integration-api.md").read_text()
    for schema in (
        "CameraIn",
        "CameraOut",
        "CameraPage",
        "StatusOut",
        "KeptForOut",
        "LockIn",
        "LockList",
        "ArchiveApiToken",
    ):
        for name in DOCUMENT["components"]["schemas"][schema]["properties"]:
            assert re.search(rf'[`"{{]{name}[`"}}]', text), name


def test_every_command_and_option() -> None:
    intro, *sections = re.split(r"^## ", (REFERENCE / "cli.md").read_text(), flags=re.MULTILINE)
    by_title = {section.split("\n", 1)[0].strip("`"): section for section in sections}
    root = get_command(command_line)
    assert isinstance(root, TyperGroup)
    assert set(_options(intro)) == {*_long_options(root), "--help"}
    commands = dict(_commands(root, "footage"))
    assert set(by_title) - {"Exit codes"} == set(commands)
    for name, command in commands.items():
        assert sorted(_options(by_title[name])) == sorted(_long_options(command)), name
        for parameter in command.params:
            if parameter.param_type_name == "argument":
                assert f"{parameter.name}".upper().removesuffix("S") in by_title[name], name
        assert f"](#{name.replace(' ', '-')})" in intro, f"{name} is not in the list at the top"


def test_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", (REFERENCE / "cli.md").read_text(), re.MULTILINE)
    assert rows == [(str(int(code)), code.name) for code in Exit]


def test_every_state_and_reason_of_a_camera() -> None:
    text = (REFERENCE.parent / "guide" / "cameras.md").read_text()
    assert list(_rows(text)) == [word.value for word in (*State, *Reason)]


def test_every_page_is_listed_and_every_link_leads_somewhere() -> None:
    contents = (REFERENCE.parent / "README.md").read_text()
    for page in (*REFERENCE.glob("*.md"), *GUIDES.glob("*.md")):
        assert f"({page.parent.name}/{page.name})" in contents
        for target, anchor in re.findall(r"\]\(([\w./-]*)(?:#([\w-]+))?\)", page.read_text()):
            path = page.parent / target if target else page
            assert path.exists(), f"{page.name}: {target}"
            if anchor:
                assert anchor in map(_anchor, re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE))


def _rows(text: str) -> dict[str, list[str]]:
    """The table rows that begin with a name in code, and their other cells."""
    return {name: [cell.strip() for cell in rest.split("|")[1:]] for name, rest in _ROW.findall(text)}


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method.upper(), path, operation


def _resolved(parameter: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in parameter:
        return parameter
    found: dict[str, Any] = DOCUMENT["components"]["parameters"][parameter["$ref"].rsplit("/", 1)[1]]
    return found


def _nameless(path: str) -> str:
    """A path without the names of its variable parts."""
    return re.sub(r"\{[^}]*\}(\.ts)?", "{}", path)


def _commands(group: TyperGroup, name: str) -> Iterator[tuple[str, Any]]:
    for word in group.commands:
        command = group.get_command(cast("Any", None), word)
        if isinstance(command, TyperGroup):
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def _long_options(command: Any) -> list[str]:
    options = [option for each in command.params for option in (*each.opts, *each.secondary_opts)]
    return [option for option in options if option.startswith("--")]


def _options(section: str) -> list[str]:
    """The options that the tables of a section list."""
    cells = re.findall(r"^\| (`--[^|]*) \|", section, re.MULTILINE)
    return [option for cell in cells for option in re.findall(r"`(--[\w-]+)`", cell)]


def _anchor(heading: str) -> str:
    """How a heading is linked to."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
