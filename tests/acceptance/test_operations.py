"""Running it: health, metrics, logs, a graceful end, and what happens when a part is away."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from kit.archive import START_MS, open_shelf
from kit.clips import Clip
from kit.exports import wait_until
from kit.server import Server, footage, footage_json, http_process, http_workers, running_server
from kit.site import Site

MakeClip = Callable[[str, Clip], Path]


def metric(server: Server, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry the labels."""
    total = 0.0
    for line in httpx.get(f"{server.url}/metrics").text.splitlines():
        if line.startswith(name) and all(f'{k}="{v}"' in line for k, v in labels.items()):
            total += float(line.rsplit(" ", 1)[1])
    return total


def test_health_and_readiness(site: Site) -> None:
    assert httpx.get(f"{site.server.url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{site.server.url}/readyz").json() == {"status": "ready"}


def test_metrics_count_what_happens(tmp_path: Path, clips: MakeClip) -> None:
    """Over two workers: any of them answers for both."""
    shelf = open_shelf(tmp_path)
    shelf.import_file(clips("metrics.mp4", Clip(seconds=6)), START_MS)
    with running_server(tmp_path, workers=2) as server:
        link = server.link(str(shelf.camera.id))
        answers = [link.get(f"{START_MS}.ts") for _ in range(10)]
        for _ in range(3):
            link.get("preview", time=START_MS)
        link.get("preview", time=START_MS + 60_000_000)
        segment = "/archives/{archive_id}/{name}"
        served = sum(len(answer.content) for answer in answers)
        assert metric(server, "footage_http_requests_total", route=segment, status="200") == 10
        assert metric(server, "footage_http_bytes_total", route=segment) == served
        assert metric(server, "footage_http_request_seconds_count", route=segment) == 10
        drawn = metric(server, "footage_previews_total", result="decoded")
        cached = metric(server, "footage_previews_total", result="cached")
        # Each worker draws a picture once and then has it.
        assert drawn + cached == 3
        assert 1 <= drawn <= 2
        assert metric(server, "footage_http_requests_total", status="404") == 1
    shelf.house.close()


def test_logs_are_lines_of_json_if_wanted_and_carry_no_signature(tmp_path: Path) -> None:
    shelf = open_shelf(tmp_path)
    shelf.add_run(START_MS, [(6000, 376)])
    key = footage_json("key", "add", "k", data=tmp_path)["key"]
    with running_server(tmp_path, environment={"FOOTAGE_LOG_FORMAT": "json"}) as server:
        link = server.link(str(shelf.camera.id))
        link.get("timeline", start="wrong")
        link.get("index.m3u8")
        httpx.get(link.of("timeline").replace("signature=", "signature=x"))
        httpx.get(f"{server.url}/v1/cameras", headers={"X-Integration-Key": key})
        server.stop()
    lines = [json.loads(line) for line in server.log.read_text().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    statuses = {(line["path"].rsplit("/", 1)[1], line["status"]) for line in requests}
    assert {("timeline", 400), ("index.m3u8", 200), ("timeline", 403), ("cameras", 200)} <= statuses
    text = server.log.read_text()
    assert link.token["signature"] not in text
    assert key not in text
    assert lines[-1]["event"] == "stopped"
    shelf.house.close()


def test_requests_in_flight_end_before_the_server_does(tmp_path: Path) -> None:
    """A slow client is in the middle of a large segment when SIGTERM comes: it gets all of it."""
    shelf = open_shelf(tmp_path)
    size = 48 << 20
    shelf.add_run(START_MS, [(6000, size)])
    with running_server(tmp_path) as server:
        parts = urlsplit(server.link(str(shelf.camera.id)).of(f"{START_MS}.ts"))
        with socket.create_connection((parts.hostname, parts.port), timeout=30) as client:
            request = f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
            client.sendall(request.encode("ascii"))
            received = len(client.recv(1 << 16))
            stopper = threading.Thread(target=server.process.terminate)
            stopper.start()
            time.sleep(1)
            while piece := client.recv(1 << 20):
                received += len(piece)
            stopper.join()
        assert received > size
        assert server.process.wait(30) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/healthz", timeout=2)
    shelf.house.close()


def test_storage_that_is_away_is_a_503_and_nothing_is_lost(tmp_path: Path, clips: MakeClip) -> None:
    shelf = open_shelf(tmp_path)
    shelf.import_file(clips("metrics.mp4", Clip(seconds=6)), START_MS)
    with running_server(tmp_path) as server:
        link = server.link(str(shelf.camera.id))
        (tmp_path / "footage").rename(tmp_path / "unmounted")
        (tmp_path / "footage").mkdir()
        for path, wanted in ((f"{START_MS}.ts", {}), ("preview", {"time": START_MS})):
            answer = link.get(path, **wanted)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["content-type"] == "application/problem+json"
            assert str(tmp_path) not in answer.text
        assert httpx.get(f"{server.url}/readyz").status_code == 503
        # What the index knows is still told.
        assert link.get("timeline").status_code == 200
        shutil.rmtree(tmp_path / "footage")
        (tmp_path / "unmounted").rename(tmp_path / "footage")
        assert link.get(f"{START_MS}.ts").status_code == 200
        assert httpx.get(f"{server.url}/readyz").status_code == 200
    shelf.house.close()


def test_an_index_that_cannot_be_read_is_a_503(tmp_path: Path) -> None:
    shelf = open_shelf(tmp_path)
    for number in range(400):
        shelf.add_run(START_MS + number * 100_000, [(6000, 188)])
    shelf.house.close()
    with running_server(tmp_path) as server:
        link = server.link(str(shelf.camera.id))
        database = tmp_path / "index.db"
        with database.open("r+b") as file:
            file.write(b"garbage!" * (database.stat().st_size // 8))
        for path in ("timeline", "size", "index.m3u8", f"{START_MS}.ts", "preview"):
            answer = link.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) >= 1
            assert "sql" not in answer.text.lower()
            assert str(tmp_path) not in answer.text
        assert httpx.get(f"{server.url}/healthz").status_code == 200


@pytest.mark.parametrize("dies", ["a worker", "what looks after them"])
def test_a_process_that_dies_is_replaced(tmp_path: Path, dies: str) -> None:
    open_shelf(tmp_path).house.close()
    with running_server(tmp_path, workers=2) as server:
        workers = http_workers(server)
        assert len(workers) == 2
        for pid in workers if dies == "a worker" else [http_process(server)]:
            os.kill(pid, signal.SIGKILL)
        # None is left that would answer on, with nobody to look after it.
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{server.url}/healthz", timeout=2).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        assert httpx.get(f"{server.url}/healthz").status_code == 200


def test_a_port_that_is_taken_is_one_line_and_an_exit_code(site: Site, tmp_path: Path) -> None:
    port = str(urlsplit(site.server.url).port)
    result = footage("serve", "--port", port, data=tmp_path, check=False)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("error: ")
    assert port in result.stderr
    assert "Traceback" not in result.stderr
