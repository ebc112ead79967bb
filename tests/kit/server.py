"""A server as a user runs it: the ``footage`` program in a process of its own, over a data folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_WITHIN_S = 60
# The cameras of tests are on this machine.
TEST_ENVIRONMENT = {"FOOTAGE_LOCAL_SOURCES": '["127.0.0.0/8"]'}


@dataclass
class Server:
    """A running ``footage serve`` or ``footage api``; ``log`` is what it wrote to standard error."""

    data: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def link(self, camera_id: str, *options: str) -> SignedLink:
        """A signed link to a camera's archive, made by ``footage token``."""
        made = footage_json("token", camera_id, *options, data=self.data)
        path = httpx.URL(made["archiveApiUrl"]).path
        query = {"signature": made["signature"], "exp": str(made["exp"])}
        query |= {name: str(made[name]) for name in ("from", "to") if name in made}
        return SignedLink(f"{self.url}{path}", query)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@dataclass(frozen=True)
class SignedLink:
    """``archiveApiUrl`` and the token's query."""

    url: str
    token: dict[str, str]

    def get(self, path: str = "", **parameters: Any) -> httpx.Response:
        """GET a method of the archive, e.g. ``timeline``."""
        return httpx.get(self.of(path, **parameters), timeout=60)

    def of(self, path: str = "", **parameters: Any) -> str:
        """The URL of a method."""
        query = {**self.token, **{name: str(value) for name, value in parameters.items()}}
        target = f"{self.url}/{path}" if path else self.url
        return str(httpx.URL(target, params=query))


def footage(*arguments: str, data: Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the ``footage`` program."""
    return subprocess.run(
        [sys.executable, "-m", "footage", *arguments],
        env={**os.environ, **TEST_ENVIRONMENT, "FOOTAGE_DATA_DIR": str(data), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=check,
        timeout=240,
    )


def footage_json(*arguments: str, data: Path) -> Any:
    """Run it with ``--json`` and read what it prints."""
    return json.loads(footage(*arguments, "--json", data=data).stdout)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_server(
    data: Path,
    *,
    workers: int = 1,
    record: bool = False,
    environment: Mapping[str, str] | None = None,
    trust: ssl.SSLContext | None = None,
) -> Iterator[Server]:
    """``footage serve``, or without recorders ``footage api``, ready to answer; stopped at the end.

    ``trust`` says that it speaks https, and whom to believe."""
    port = free_port()
    log = data / "serve.log"
    data.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as log_file:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "footage",
                "serve" if record else "api",
                f"--port={port}",
                f"--workers={workers}",
            ],
            env={**os.environ, **TEST_ENVIRONMENT, "FOOTAGE_DATA_DIR": str(data), **(environment or {})},
            stderr=log_file,
            stdout=log_file,
        )
    scheme = "http" if trust is None else "https"
    server = Server(data, f"{scheme}://127.0.0.1:{port}", process, log)
    try:
        _wait_until_ready(server, trust or ssl.create_default_context())
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def http_process(server: Server) -> int:
    """The process that serves HTTP, by its workers."""
    children = children_of(server.process.pid)
    [found] = [pid for pid in children if "footage.http_process" in command_of(pid)]
    return found


def http_workers(server: Server) -> list[int]:
    """The processes that answer."""
    return children_of(http_process(server))


def children_of(pid: int) -> list[int]:
    """The children of a process, also those that ended and were not waited for."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        # A thread may end while it is looked at.
        with suppress(OSError):
            found += map(int, children.read_text().split())
    return found


def command_of(pid: int) -> str:
    """The command line of a process; empty for one that has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _wait_until_ready(server: Server, trust: ssl.SSLContext) -> None:
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            if httpx.get(f"{server.url}/readyz", timeout=2, verify=trust).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the server did not start:\n{server.log.read_text()}")
