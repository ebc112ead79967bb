"""Debian's nginx as a reverse proxy that puts a server under a path."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from kit.server import START_WITHIN_S

_SETTINGS = """
worker_processes 1;
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
    server {{
        listen 127.0.0.1:{port};
        location {path}/ {{ proxy_pass {upstream}/; }}
    }}
}}
"""


@contextmanager
def reverse_proxy(folder: Path, *, port: int, path: str, upstream: str) -> Iterator[Path]:
    """It serves ``upstream`` below ``path``, and nothing else; yields the log of what was asked of it."""
    folder.mkdir(parents=True)
    # Its worker is another user.
    for each in (folder, *folder.parents[:3]):
        if each.stat().st_uid == folder.stat().st_uid:
            each.chmod(0o755)
    settings = folder / "nginx.conf"
    settings.write_text(_SETTINGS.format(folder=folder, port=port, path=path, upstream=upstream))
    process = subprocess.Popen(
        ["nginx", "-p", folder, "-e", folder / "error.log", "-c", settings, "-g", "daemon off;"]
    )
    try:
        _wait_until_open(f"http://127.0.0.1:{port}/")
        yield folder / "access.log"
    finally:
        process.terminate()
        process.wait(30)


def _wait_until_open(url: str) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=2)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("nginx did not start")
