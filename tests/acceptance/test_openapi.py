"""The OpenAPI document is a valid one, its examples fit it, and the running server keeps to it.

schemathesis makes its requests up from the document: its examples, every bound and one beyond it,
random ones good and bad, and chains of them. It runs as its users run it, in a process of its own;
what it was answered is read off the server's metrics. The same requests are made in every run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
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
from footage.timeline import Lock, Segment, Span
from kit.archive import CODECS, START_MS, Shelf
from kit.clips import Clip
from kit.exports import ask, wait_until_done
from kit.server import SignedLink, running_server
from kit.site import Site

DOCUMENT: dict[str, Any] = json.loads(document())
OPERATIONS = [
    (method, path)
    for path, item in DOCUMENT["paths"].items()
    for method in item
    if method in ("get", "post", "patch", "delete")
]
ALSO_REFUSED = {
    "GET /archives/{archiveId}/index.m3u8": 400,
    "GET /archives/{archiveId}/{segment}.ts": 416,
    "GET /archives/{archiveId}/storyboard.vtt": 413,
    "GET /archives/{archiveId}/storyboard.jpg": 413,
    "GET /archives/{archiveId}/exports": 400,
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
SPARE_CAMERAS = SPARE_EXPORTS = SPARE_LOCKS = 60
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
    key: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A running server in which no queue is ever full: a 503 is a fault here."""
    data = tmp_path_factory.mktemp("site")
    house = open_house(load(data_dir=data))
    with running_server(data, environment={"FOOTAGE_EXPORT_QUEUE": "10000"}) as server:
        yield Site(server, house)
    house.close()


@pytest.fixture(scope="module")
def filled(site: Site, clips: Callable[[str, Clip], Path]) -> Filled:
    shelf = site.shelf()
    clip = clips("described.mp4", Clip(seconds=12))
    for start_ms in SEGMENTS:
        shelf.import_file(clip, start_ms)
    _record(shelf)
    key = make_key()
    site.house.keys.add("schemathesis", hash_key(key), START_MS)
    link = site.link(shelf, from_ms=START_MS - 60_000, to_ms=START_MS + 3_600_000)
    return Filled(site, shelf, link, key)


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
    answered = _run_schemathesis(filled, tmp_path, authorised=True, examples=25)
    for method, path in OPERATIONS:
        good = [s for (m, p, s) in answered if (m, p) == (method, _route(path)) and s < 300]
        assert good, f"no {method} {path} was answered well"
    refused = {status for _, _, status in answered}
    assert {206, 304, 400, 401, 403, 404, 405} <= refused
    assert not {status for status in refused if status >= 500}


def test_the_server_keeps_to_it_whatever_the_token_and_the_key(filled: Filled, tmp_path: Path) -> None:
    answered = _run_schemathesis(filled, tmp_path, authorised=False, examples=10)
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


def _run_schemathesis(filled: Filled, folder: Path, *, authorised: bool, examples: int) -> Answers:
    """How it was answered. Fails with its report where an answer is not a documented one."""
    config = folder / "schemathesis.toml"
    config.write_text(_config(filled, authorised=authorised))
    url = filled.site.server.url
    before = _answered(filled)
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{url}/openapi.json", "--url", url),
            *("--max-examples", str(examples), "--generation-deterministic", "--no-color"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return _answered(filled) - before


def _config(filled: Filled, *, authorised: bool) -> str:
    """What to ask for: mostly what is there, now and then anything. TOML; its lists are JSON's too."""
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
    page = httpx.get(
        f"{filled.site.server.url}/v1/cameras", params={"limit": 1}, headers={KEY_HEADER: filled.key}
    )
    exports = [ask(filled.link, start=START_MS, duration=1000)["id"] for _ in range(SPARE_EXPORTS)]
    tags = [filled.link.get(f"{start_ms}.ts").headers["etag"] for start_ms in SEGMENTS]
    words: dict[str, tuple[float, list[Any]]] = {
        "path.archiveId": (0.9, [str(filled.shelf.archive.id)]),
        "path.cameraId": (0.8, cameras),
        "path.lockId": (0.9, [str(lock.id) for lock in locks]),
        "path.exportId": (0.9, [wait_until_done(filled.link, export_id)["id"] for export_id in exports]),
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
        "body.key": (0.8, [filled.key]),
        "body.sourceUrl": (1.0, ["rtsp://viewer:secret@192.0.2.7/1", "https://[2001:db8::7]:8443/2"]),
    }
    # Parameters that nobody asked for are ignored, so they are no fault that could be refused.
    lines = ["[generation]", "allow-extra-parameters = false"]
    if authorised:
        # The good signature takes the place of any made-up one, so none is to be made up.
        lines += ["with-security-parameters = false"]
    lines += ["[parameters]"]
    for number, (name, (probability, _)) in enumerate(words.items()):
        lines.append(f'"{name}" = {{dictionary = "d{number}", probability = {probability}}}')
    if authorised:
        lines += [f'"query.{name}" = "{filled.link.token[name]}"' for name in ("from", "to")]
    for number, (_, values) in enumerate(words.values()):
        lines += [f"[dictionaries.d{number}]", f"values = {json.dumps(values)}"]
    if authorised:
        lines += ["[auth.openapi]"]
        given = {name: filled.link.token[name] for name in ("signature", "exp")}
        session = Session(hash_key(filled.key), int(time.time()) + 3600)
        given["session"] = seal(filled.site.house.signing_keys.all()[0], session)
        for name, value in {**given, "integrationKey": filled.key}.items():
            lines.append(f'{name} = {{api_key = "{value}"}}')
    for name, status in ALSO_REFUSED.items():
        lines += ["[[operations]]", f'include-name = "{name}"']
        lines += ["[operations.checks.positive_data_acceptance]"]
        lines += [f"expected-statuses = {json.dumps(['2xx', '3xx', 401, 403, 404, status])}"]
    return "\n".join(lines)
