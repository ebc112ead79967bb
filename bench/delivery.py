"""Segments on the wire, against nginx with ``sendfile`` and the same bytes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import httpx

from bench.clips import short_clip
from bench.measure import Figure, Suite, Target, in_turn, ratios
from kit.server import SignedLink, footage, footage_json, free_port, running_server

ROUNDS = 11
WORKERS = 2
_SECONDS = 3
_CONNECTIONS = 16
_START_MS = 1_700_000_000_000
_MEGABITS = 2
_SIZE_BYTES = 1_500_000
_HOW = f"""\
`wrk` with {_CONNECTIONS} connections and two threads for {_SECONDS} s a side, {ROUNDS} rounds: one \
segment of {{size_mb:.2f}} MB (1080p at {_MEGABITS} Mbit/s, 6 s) out of its block, by its signed URL; \
the same bytes as a file from nginx with `sendfile` and `tcp_nopush`; and the segment with its \
timestamps moved, as playlists without tags ask for after a gap. Both servers have {WORKERS} worker \
processes and write their access logs; the file is in the page cache. MB/s are of bodies, counted by \
answers that were whole. The load generator shares the machine's cores with the server."""


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="footage-bench-") as temporary:
        data = Path(temporary, "data")
        camera = str(footage_json("camera", "add", "Street", data=data)["id"])
        clip = str(short_clip(_MEGABITS))
        footage("import", clip, "--camera", camera, "--start", str(_START_MS), data=data)
        with running_server(data, workers=WORKERS) as server:
            url, body = _segment(server.link(camera))
            with _nginx(Path(temporary, "nginx"), body) as nginx_url:
                ours, theirs, moved = in_turn(
                    ROUNDS,
                    partial(_load, url, len(body)),
                    partial(_load, nginx_url, len(body)),
                    partial(_load, f"{url}&shift=3600000", len(body)),
                )
    figures = (
        Figure("segments / nginx", "x", ratios(ours, theirs), Target(at_least=0.8)),
        Figure("segments with moved timestamps / nginx", "x", ratios(moved, theirs)),
        Figure("segments", "MB/s", ours),
        Figure("segments with moved timestamps", "MB/s", moved),
        Figure("nginx", "MB/s", theirs),
    )
    return Suite("Delivery", _HOW.format(size_mb=len(body) / 1e6), figures)


def _segment(link: SignedLink) -> tuple[str, bytes]:
    """The URL and bytes of the segment nearest to the wanted size."""
    playlist = link.get("index.m3u8").text
    bodies = {}
    for uri in re.findall(r"^\d+\.ts\?.*$", playlist, re.MULTILINE):
        url = f"{link.url}/{uri}"
        bodies[url] = httpx.get(url).raise_for_status().content
    return min(bodies.items(), key=lambda item: abs(len(item[1]) - _SIZE_BYTES))


def _load(url: str, size_bytes: int) -> float:
    """MB/s of whole bodies."""
    said = subprocess.run(
        ["wrk", "-t2", f"-c{_CONNECTIONS}", f"-d{_SECONDS}s", url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = re.search(r"Requests/sec:\s*([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(found[1]) * size_bytes / 1e6


@contextmanager
def _nginx(folder: Path, body: bytes) -> Iterator[str]:
    """An nginx of our own in ``folder``, and the URL of a file with that body."""
    folder.mkdir()
    (folder / "segment.ts").write_bytes(body)
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(
        f"""
        worker_processes {WORKERS};
        pid {folder}/pid;
        error_log {folder}/error.log;
        events {{ worker_connections 256; }}
        http {{
            access_log {folder}/access.log;
            client_body_temp_path {folder}/body;
            proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi;
            uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            types {{ video/mp2t ts; }}
            sendfile on;
            tcp_nopush on;
            server {{ listen 127.0.0.1:{port}; root {folder}; }}
        }}
        """
    )
    process = subprocess.Popen(
        ["nginx", "-p", folder, "-e", folder / "error.log", "-c", settings, "-g", "daemon off;"]
    )
    try:
        url = f"http://127.0.0.1:{port}/segment.ts"
        _wait_for(url)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(url: str) -> None:
    deadline = monotonic() + 10
    while monotonic() < deadline:
        try:
            httpx.get(url).raise_for_status()
        except httpx.TransportError:
            sleep(0.05)
        else:
            return
    raise RuntimeError("nginx did not start")
