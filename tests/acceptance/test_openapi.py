"""The OpenAPI document is a valid one, its examples fit it, and the running server keeps to it.

schemathesis makes its requests up from the document: its examples, every bound and one beyond it,
random ones good and bad, and chains of them. It runs as its users run it, in a process of its own;
what it was answered is read off the server's metrics. The same requests are made in every run.
"""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jsonschema_rs
import pytest
import schemathesis

from footage.access.integration_keys import hash_key, make_key
from footage.access.sessions import Session, seal
from footage.api.authorisation import KEY_HEADER
from footage.api.openapi import document
from footage.archive.commit import RunWriter
from footage.house import open_house
from footage.settings import load
from footage.timeline import Lock, Scope, Segment, Span
from kit.archive import CODECS, START_MS, Shelf
from kit.clips import Clip
from kit.exports import ask, wait_until_done
from kit.scopes import NEEDED
from kit.server import SignedLink, running_server
from kit.site import Site

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in ("get", "post", "patch", "delete")
]
NOT_EACH_BOUND = ("--phases", "examples,fuzzing,stateful")
"""Where nothing is looked at but the key, bounds are not: those that open everything try them."""
KEYED: list[dict[str, list[str]]] = [{"integrationKey": []}]
"""What is said of operations that want a key."""
PAGES_OF_EXPORTS = "GET /archives/{archiveId}/exports"
"""Its cursor is none of the cameras' pages."""
ALSO_REFUSED = {
    "GET /archives/{archiveId}/index.m3u8": 400,
    "GET /archives/{archiveId}/{segment}.ts": 416,
    "GET /archives/{archiveId}/storyboard.vtt": 413,
    "GET /archives/{archiveId}/storyboard.jpg": 413,
    PAGES_OF_EXPORTS: 400,
    "GET /archives/{archiveId}/exports/{exportId}/movie.mp4": 416,
    "GET /v1/cameras": 400,
    "PATCH /v1/cameras/{cameraId}": 400,
    "POST /v1/cameras/{cameraId}/tokens": 400,
    "POST /v1/cameras/{cameraId}/locks": 400,
    "DELETE /v1/cameras/{cameraId}": 409,
}
"""Where a request can be refused for what a schema cannot say: gaps that come without discontinuity,
a range beyond the end, more pictures than there may be, a cursor that no page gave, a source where none
may be, a part that ends before it begins, a lock that has ended, a camera with locks or of another
title."""
SEGMENTS = (START_MS, START_MS + 60_000)
"""The first of each run."""
SPARE_CAMERAS = SPARE_LOCKS = 60
SPARE_EXPORTS = 40
"""One of them is removed now and then, so there must be more."""
Answers = Counter[tuple[str, str, int]]
"""Method, route and status of requests, and how many there were."""
_COUNTED = re.compile(r'footage_http_requests_total\{method="(\w+)",route="([^"]*)",status="(\d+)"\} (\d+)')


@dataclass(frozen=True)
class Filled:
    """A server with two runs of footage, and all that opens it."""

    site: Site
    shelf: Shelf
    link: SignedLink
    keys: dict[Scope, str]
    exports: list[str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server in which no queue is ever full: a 503 is a fault here.

    Cameras may be anywhere: a schema cannot tell its own addresses from others.
    """
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    environment = {"FOOTAGE_EXPORT_QUEUE": "10000", "FOOTAGE_LOCAL_SOURCES": '["0.0.0.0/0", "::/0"]'}
    with running_server(data, environment=environment) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def filled(site: Site, clips: Callable[[str, Clip], Path]) -> Filled:
    shelf = site.shelf()
    clip = clips("described.mp4", Clip(seconds=12))
    for start_ms in SEGMENTS:
        shelf.import_file(clip, start_ms)
    _record(shelf)
    keys = {scope: make_key() for scope in Scope}
    for scope, key in keys.items():
        site.house.keys.add(f"schemathesis {scope}", hash_key(key), START_MS, scope)
    link = site.link(shelf, from_ms=START_MS - 60_000, to_ms=START_MS + 3_600_000)
    asked = [ask(link, start=START_MS, duration=1000)["id"] for _ in range(SPARE_EXPORTS)]
    exports = [wait_until_done(link, export_id)["id"] for export_id in asked]
    return Filled(site, shelf, link, keys, exports)


def _record(shelf: Shelf) -> None:
    """A run that did not come from a file, so that there is something live."""
    house = shelf.house
    fence = house.index.claim(shelf.archive, uuid4(), 0)
    writer = RunWriter(house.index, house.storage, shelf.archive, CODECS, fence=fence)
    writer.add(Segment(START_MS + 120_000, 6000, 188, 0, ()), bytes(188))
    writer.commit()


def test_the_document_is_valid() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()
    names = [DOCUMENT["paths"][path][method]["operationId"] for method, path in OPERATIONS]
    assert len(set(names)) == len(names)


def test_every_example_fits_its_schema() -> None:
    found = 0
    for content in _contents(DOCUMENT["paths"]):
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        shown = [example["value"] for example in content.get("examples", {}).values()]
        for example in [*shown, *([content["example"]] if "example" in content else [])]:
            jsonschema_rs.Draft202012Validator(schema, validate_formats=True).validate(example)
            found += 1
    assert found > 50


def test_every_component_is_used() -> None:
    text = document().decode()
    for kind in ("schemas", "headers", "parameters"):
        for name in DOCUMENT["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, name


def test_the_server_serves_it(filled: Filled) -> None:
    answer = httpx.get(f"{filled.site.server.url}/openapi.json")
    assert answer.json() == DOCUMENT


def test_the_server_keeps_to_it(filled: Filled, tmp_path: Path) -> None:
    answered = _run_schemathesis(filled, tmp_path, _config(filled, Scope.ADMIN), 12)
    for method, path in OPERATIONS:
        good = [s for (m, p, s) in answered if (m, p) == (method, _route(path)) and s < 300]
        assert good, f"no {method} {path} was answered well"
    refused = {status for _, _, status in answered}
    assert {206, 304, 400, 401, 403, 404, 405} <= refused
    assert not {status for status in refused if status >= 500}


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_a_key_does_what_its_scope_says_whatever_is_asked(
    filled: Filled, tmp_path: Path, scope: Scope
) -> None:
    known = {
        f"{m.upper()} {_route(p)}" for m, p in OPERATIONS if DOCUMENT["paths"][p][m]["security"] == KEYED
    }
    assert known == set(NEEDED)
    config = _config(filled, scope)
    before = _kept(filled)
    keyed_alone = ("--include-path-regex", "^/v1/")
    answered = _run_schemathesis(filled, tmp_path, config, 12, *keyed_alone, *NOT_EACH_BOUND)
    assert not {status for _, _, status in answered if status >= 500}
    for route, needed in NEEDED.items():
        method, path = route.split(" ")
        statuses = {s for (m, p, s) in answered if (m, p) == (method.lower(), path)}
        if scope.includes(needed):
            assert {s for s in statuses if s < 300}, route
        else:
            # The key comes before all else, so nothing is said but that it does not reach so far.
            assert statuses <= {401, 403}, (route, statuses)
            assert 403 in statuses, route
    after = _kept(filled)
    if scope is Scope.READ:
        assert after == before
    for table in ("run", "block", "integration_key"):
        assert after[table] == before[table]
    # Nothing is removed, and nothing that was removed comes back.
    assert {row[0]: row[1] for row in before["camera"]}.items() <= {
        row[0]: row[1] for row in after["camera"]
    }.items()


def test_the_server_keeps_to_it_whatever_the_token_and_the_key(filled: Filled, tmp_path: Path) -> None:
    answered = _run_schemathesis(filled, tmp_path, _config(filled, None), 10, *NOT_EACH_BOUND)
    for method, path in OPERATIONS:
        if DOCUMENT["paths"][path][method]["security"]:
            statuses = {s for (m, p, s) in answered if (m, p) == (method, _route(path))}
            assert statuses <= {400, 401, 403, 404, 405, 413}, (method, path, statuses)
            # A session that is none is nobody's; a key that is none is refused.
            assert (401 if path == "/session" else 403) in statuses, (method, path)


def _contents(node: Any) -> Iterator[dict[str, Any]]:
    """Every media type object with a schema for JSON below ``node``."""
    if isinstance(node, dict):
        for media_type, content in node.get("content", {}).items():
            if "json" in media_type:
                yield content
        for child in node.values():
            yield from _contents(child)


def _route(path: str) -> str:
    """A path of the document as the metrics name its route."""
    return re.sub(r"\{[^}]*\}(\.ts)?", "{}", path)


def _answered(filled: Filled) -> Answers:
    """How many requests were answered by now."""
    text = httpx.get(f"{filled.site.server.url}/metrics").text
    counts: Answers = Counter()
    for method, route, status, count in _COUNTED.findall(text):
        counts[method.lower(), _route(route), int(status)] += int(count)
    return counts


def _kept(filled: Filled) -> dict[str, list[tuple[Any, ...]]]:
    """All rows but those of the audit log, by table, and all files with the time of their last change."""
    root = filled.site.house.settings.storage
    kept: dict[str, list[tuple[Any, ...]]] = {
        "files": sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))
    }
    with closing(sqlite3.connect(filled.site.house.settings.data_dir / "index.db")) as database:
        names = [
            name for (name,) in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for name in set(names) - {"audit", "sqlite_sequence"}:
            columns = "id, removed, *" if name == "camera" else "*"
            kept[name] = sorted(database.execute(f"SELECT {columns} FROM {name}"), key=str)
    return kept


def _run_schemathesis(filled: Filled, folder: Path, config: str, examples: int, *options: str) -> Answers:
    """How it was answered. Fails with its report where an answer is not a documented one."""
    file = folder / "schemathesis.toml"
    file.write_text(config)
    url = filled.site.server.url
    before = _answered(filled)
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(file)),
            *("run", f"{url}/openapi.json", "--url", url),
            *("--max-examples", str(examples), "--generation-deterministic", "--no-color"),
            *options,
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return _answered(filled) - before


def _words(filled: Filled, key: str) -> dict[str, tuple[float, list[Any]]]:
    """What to ask for, by name of the parameter: with which probability, and from what."""
    spare = [str(filled.site.shelf("Spare").camera.id) for _ in range(SPARE_CAMERAS)]
    removed = [filled.site.shelf("Removed").camera.id for _ in range(SPARE_CAMERAS // 2)]
    for camera_id in removed:
        filled.site.house.cameras.remove(camera_id, now_ms=time.time_ns() // 1_000_000)
    locked = filled.site.shelf("Locked")
    locks = [
        Lock(uuid4(), Span(START_MS, START_MS + 1), "spare", None, START_MS) for _ in range(SPARE_LOCKS)
    ]
    for lock in locks:
        filled.site.house.index.add_lock(locked.archive, lock)
    cameras = [*spare, *map(str, removed), *[str(locked.camera.id)] * (SPARE_CAMERAS // 2)]
    page = httpx.get(f"{filled.site.server.url}/v1/cameras", params={"limit": 1}, headers={KEY_HEADER: key})
    tags = [filled.link.get(f"{start_ms}.ts").headers["etag"] for start_ms in SEGMENTS]
    return {
        "path.archiveId": (0.9, [str(filled.shelf.archive.id)]),
        "path.cameraId": (0.8, cameras),
        "path.lockId": (0.9, [str(lock.id) for lock in locks]),
        "path.exportId": (0.9, filled.exports),
        "path.segment": (0.8, [str(start_ms) for start_ms in SEGMENTS]),
        "query.start": (0.6, [START_MS, START_MS / 1000, START_MS + 60_001, START_MS + 30_000]),
        "query.duration": (0.5, [10_000, 10]),
        "query.time": (0.6, [START_MS, START_MS / 1000, START_MS + 60_001, START_MS + 30_000]),
        "query.interval": (0.8, [1000, 5000]),
        "query.sheet": (0.9, [0]),
        "query.after": (1.0, [page.json()["next"]]),
        "query.shift": (0.6, [0, 54_000]),
        "header.If-Range": (1.0, tags),
        "header.Range": (1.0, ["bytes=0-187", "bytes=-188", "bytes=999999999-", "bytes=5-3"]),
        "header.If-None-Match": (0.2, ["*"]),
        "body.start": (0.6, [START_MS, START_MS / 1000, START_MS + 60_001]),
        "body.duration": (0.5, [10_000, 10]),
        "body.key": (0.8, [key]),
        "body.sourceUrl": (1.0, ["rtsp://viewer:secret@192.0.2.7/1", "https://[2001:db8::7]:8443/2"]),
    }


def _config(filled: Filled, scope: Scope | None) -> str:
    """What to ask for: mostly what is there, now and then anything. TOML; its lists are JSON's too.

    With a good link and a key of ``scope``; None: with whatever comes.
    """
    key = filled.keys[scope or Scope.ADMIN]
    words = _words(filled, key)
    # Parameters that nobody asked for are ignored, so they are no fault that could be refused.
    lines = ["[generation]", "allow-extra-parameters = false"]
    if scope is not None:
        # The good signature takes the place of any made-up one, so none is to be made up.
        lines += ["with-security-parameters = false"]
    lines += ["[parameters]"]
    for number, (name, (probability, _)) in enumerate(words.items()):
        lines.append(f'"{name}" = {{dictionary = "d{number}", probability = {probability}}}')
    if scope is not None:
        lines += [f'"query.{name}" = "{filled.link.token[name]}"' for name in ("from", "to")]
    for number, (_, values) in enumerate(words.values()):
        lines += [f"[dictionaries.d{number}]", f"values = {json.dumps(values)}"]
    pages = filled.link.get("exports", limit=1).json()["next"]
    lines += ["[dictionaries.pages]", f"values = {json.dumps([pages])}"]
    if scope is not None:
        lines += ["[auth.openapi]"]
        given = {name: filled.link.token[name] for name in ("signature", "exp")}
        session = Session(hash_key(key), int(time.time()) + 3600)
        given["session"] = seal(filled.site.house.signing_keys.all()[0], session)
        for name, value in {**given, "integrationKey": key}.items():
            lines.append(f'{name} = {{api_key = "{value}"}}')
    # A camera that was not removed cannot be taken back.
    lines += ["[[operations]]", 'include-name = "POST /v1/cameras/{cameraId}/restore"']
    lines += ["[operations.checks.ensure_resource_availability]", "enabled = false"]
    return "\n".join([*lines, *_refused()])


def _refused() -> Iterator[str]:
    """What else may be answered to good requests."""
    for name, status in ALSO_REFUSED.items():
        yield from ("[[operations]]", f'include-name = "{name}"')
        if name == PAGES_OF_EXPORTS:
            yield 'parameters."query.after" = {dictionary = "pages", probability = 1.0}'
        yield "[operations.checks.positive_data_acceptance]"
        yield f"expected-statuses = {json.dumps(['2xx', '3xx', 401, 403, 404, status])}"
