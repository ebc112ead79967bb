"""Segments on the wire, against nginx with ``sendfile`` and the same bytes, and behind it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.parse import urlsplit

import httpx

from bench.clips import short_clip
from bench.measure import Figure, Suite, Target, in_turn, ratios
from kit.nginx import PERL_MODULE, guide_blocks
from kit.server import SignedLink, footage, footage_json, free_port, running_server

ROUNDS = 11
WORKERS = 2
_SECONDS = 3
_CONNECTIONS = 16
_START_MS = 1_700_000_000_000
_MEGABITS = 2
_SIZE_BYTES = 1_500_000
_SETTINGS = {
    "FOOTAGE_TRUSTED_PROXIES": '["127.0.0.1"]',
    "FOOTAGE_ACCEL_LOCATION": "/_footage/",
}
_HOW = f"""\
`wrk` with {_CONNECTIONS} connections and two threads for {_SECONDS} s a side, {ROUNDS} rounds: one \
segment of {{size_mb:.2f}} MB (1080p at {_MEGABITS} Mbit/s, 6 s) out of its block, by its signed URL; \
the same bytes as a file from nginx with `sendfile` and `tcp_nopush`; and the segment with its \
timestamps moved, as playlists without tags ask for after a gap. Both servers have {WORKERS} worker \
processes and write their access logs; the file is in the page cache. Then the segment through nginx as a \
proxy: with its bytes from the server, and sent by nginx itself (`accel_location`, the guide's \
configuration without TLS). MB/s are of bodies, counted by \
answers that were whole. The load generator shares the machine's cores with the server."""


def run() -> Suite:
    """Measure."""
    with TemporaryDirectory(prefix="footage-bench-") as temporary:
        data = Path(temporary, "data")
        camera = str(footage_json("camera", "add", "Street", data=data)["id"])
        clip = str(short_clip(_MEGABITS))
        footage("import", clip, "--camera", camera, "--start", str(_START_MS), data=data)
        with running_server(data, workers=WORKERS, environment=_SETTINGS) as server:
            url, body = _segment(server.link(camera))
            with _nginx(Path(temporary, "nginx"), body, server.url, data / "footage") as nginx_url:
                target = url.removeprefix(server.url)
                ours, theirs, moved, proxied, left = in_turn(
                    ROUNDS,
                    partial(_load, url, len(body)),
                    partial(_load, f"{nginx_url}/segment.ts", len(body)),
                    partial(_load, f"{url}&shift=3600000", len(body)),
                    partial(_load, f"{nginx_url}/proxied{target}", len(body)),
                    partial(_load, f"{nginx_url}/left{target}", len(body)),
                )
    figures = (
        Figure("segments / nginx", "x", ratios(ours, theirs), Target(at_least=0.8)),
        Figure("segments with moved timestamps / nginx", "x", ratios(moved, theirs)),
        Figure("segments sent by nginx for the server / by nginx alone", "x", ratios(left, theirs)),
        Figure("segments sent by nginx for the server / passed on by it", "x", ratios(left, proxied)),
        Figure("segments", "MB/s", ours),
        Figure("segments with moved timestamps", "MB/s", moved),
        Figure("nginx", "MB/s", theirs),
        Figure("segments passed on by nginx", "MB/s", proxied),
        Figure("segments sent by nginx for the server", "MB/s", left),
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
def _nginx(folder: Path, body: bytes, server_url: str, storage: Path) -> Iterator[str]:
    """The URL of an nginx of our own in ``folder``.

    It has a file with that body, ``segment.ts``; below ``proxied`` the server's answers; below
    ``left`` the same, with segments sent by itself.
    """
    folder.mkdir()
    [module] = guide_blocks("perl")
    (folder / "footage.pm").write_text(module)
    subprocess.run(["chmod", "-R", "a+rX", storage.parent], check=True)
    (folder / "segment.ts").write_bytes(body)
    folder.chmod(0o755)
    folder.parent.chmod(0o755)
    port = free_port()
    settings = folder / "nginx.conf"
    settings.write_text(
        f"""
        load_module {PERL_MODULE};
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
            perl_modules {folder};
            perl_require footage.pm;
            upstream footage {{ server {urlsplit(server_url).netloc}; keepalive 32; }}
            server {{
                listen 127.0.0.1:{port};
                root {folder};
                proxy_http_version 1.1;
                proxy_set_header Connection "";
                proxy_buffering off;
                set $sends "";
                proxy_set_header X-Sendfile-Type $sends;
                location /proxied/ {{ proxy_pass http://footage/; }}
                location /left/ {{ set $sends X-Accel-Redirect; proxy_pass http://footage/; }}
                location /_footage/ {{ internal; alias {storage}/; perl footage::send; }}
            }}
        }}
        """
    )
    process = subprocess.Popen(
        ["nginx", "-p", folder, "-e", folder / "error.log", "-c", settings, "-g", "daemon off;"]
    )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/segment.ts")
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
