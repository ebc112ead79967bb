"""The house's own rules: who may import whom, and how long a page may be."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import grimp
import pytest

import footage

SOURCE = Path(footage.__file__).parent
PROJECT = SOURCE.parents[1]
MODULES = sorted(SOURCE.rglob("*.py"))

# They wire the rest together, and stand above the layers or beside them.
WIRING = {"__init__", "__main__", "settings"}


@pytest.fixture(scope="module")
def contracts() -> list[dict[str, Any]]:
    """What pyproject.toml says of imports."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = project["tool"]["importlinter"]["contracts"]
    return found


@pytest.fixture(scope="module")
def folders() -> set[str]:
    """Every folder and module right below the package."""
    inside = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    return inside | {path.stem for path in SOURCE.glob("*.py")}


def test_the_imports_keep_to_their_layers() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    told = subprocess.run(
        [linter, "--no-cache"], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=120
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "0 broken" in told.stdout


def test_every_folder_has_its_layer(contracts: list[dict[str, Any]], folders: set[str]) -> None:
    [layers] = [contract["layers"] for contract in contracts if contract["type"] == "layers"]
    named = {name.strip().removeprefix("footage.") for layer in layers for name in layer.split("|")}
    assert named == folders - WIRING


def test_the_map_of_the_house_shows_every_folder_and_nothing_that_is_not_there(folders: set[str]) -> None:
    drawn = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")[1]
    above, shown = "", set()
    for line in drawn.splitlines():
        branch = re.match(r"(│  )?[├└]─ ((?:[\w.]+/?(?:, )?)+)", line)
        if branch is None:
            continue
        inside, names = branch.groups()
        for name in names.split(", "):
            place = f"{above if inside else ''}{name}"
            assert (SOURCE / place).exists(), place
            if not inside:
                above = name
                shown.add(name.removesuffix("/").removesuffix(".py"))
    assert shown == folders - {"__init__", "__main__"}


def test_every_invariant_is_named_by_the_tests_that_attack_it() -> None:
    part = (
        (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## Invariants")[1].split("## ")[0]
    )
    items = re.split(r"^\d\. ", part, flags=re.MULTILINE)[1:]
    assert len(items) == 8
    for number, item in enumerate(items, 1):
        files = re.findall(r"\]\((tests/[\w/]+\.py)\)", item)
        assert files, number
        for file in files:
            assert number in _named_invariants((PROJECT / file).read_text(encoding="utf-8")), (number, file)


def _named_invariants(text: str) -> set[int]:
    """``Invariant 2``, ``invariants 1, 2 and 5``, ``Invariants 1 to 4``."""
    named: set[int] = set()
    for numbers in re.findall(r"[Ii]nvariants? (\d(?:(?:, | and | to )\d)*)", text):
        for first, last in re.findall(r"(\d)(?: to (\d))?", numbers):
            named |= set(range(int(first), int(last or first) + 1))
    return named


def test_fences_forget_no_folder(contracts: list[dict[str, Any]], folders: set[str]) -> None:
    inside = {"av": {"media"}, "sqlalchemy": {"archive"}, "litestar": {"api", "http_process"}}
    for library, owners in inside.items():
        [kept_out] = [
            {name.split(".")[1] for name in contract["source_modules"]}
            for contract in contracts
            if library in contract.get("forbidden_modules", ())
        ]
        assert kept_out | owners >= folders - {"__init__", "__main__"}, library


def test_the_index_alone_sees_the_database_inside_the_archive(contracts: list[dict[str, Any]]) -> None:
    [kept_out] = [
        set(contract["source_modules"])
        for contract in contracts
        if "sqlalchemy" in contract.get("forbidden_modules", ())
    ]
    inside = {path.stem for path in (SOURCE / "archive").glob("*.py")} | {"storage"}
    assert kept_out >= {f"footage.archive.{name}" for name in inside - {"__init__", "errors"}}


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph = grimp.build_graph("footage", cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    # Raises CycleError, which names the circle.
    assert len(list(TopologicalSorter(imports).static_order())) == len(graph.modules)


def test_only_the_command_line_imports_the_wiring() -> None:
    graph = grimp.build_graph("footage", cache_dir=None)
    importers = graph.find_modules_that_directly_import("footage.server")
    assert importers
    assert all(module.startswith("footage.cli") for module in importers)
    for process in ("footage.http_process", "footage.recorder_process", "footage.export_process"):
        assert not graph.find_modules_that_directly_import(process)


def test_what_looks_after_others_does_not_load_what_they_need() -> None:
    graph = grimp.build_graph("footage", cache_dir=None)
    assert not graph.find_shortest_chains("footage.cli.serving", "footage.api.app")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_a_module_is_read_in_one_sitting_and_says_what_it_is_for(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 500
    assert text.startswith('"""')


def test_folders_are_named_for_what_they_hold() -> None:
    names = {path.stem.lower().strip("_") for path in (*MODULES, *SOURCE.rglob("*/"))}
    assert not names & {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}


def test_the_package_says_that_it_is_typed() -> None:
    assert (SOURCE / "py.typed").is_file()
