"""Exports in the background: asking for them, waiting for them, looking at their files' boxes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from kit.server import Server, SignedLink, children_of, command_of

WITHIN_S = 120
ENDED = ("done", "failed", "cancelled")


def ask(link: SignedLink, **wanted: Any) -> dict[str, Any]:
    """Ask for an export; what the server says of it."""
    response = httpx.post(link.of("exports"), json=wanted, timeout=60)
    assert response.status_code == httpx.codes.CREATED, response.text
    asked: dict[str, Any] = response.json()
    return asked


def told(link: SignedLink, export_id: str) -> dict[str, Any]:
    """How far it is."""
    response = link.get(f"exports/{export_id}")
    assert response.status_code == httpx.codes.OK, response.text
    said: dict[str, Any] = response.json()
    return said


def remove(link: SignedLink, export_id: str) -> int:
    """Cancel or remove it; the status of the answer."""
    return httpx.delete(link.of(f"exports/{export_id}"), timeout=60).status_code


def wait_until(said: Callable[[], object]) -> None:
    """Return when it is so."""
    deadline = time.monotonic() + WITHIN_S
    while not said():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def wait_until_ended(link: SignedLink, export_id: str) -> dict[str, Any]:
    """What is said of it in the end."""
    wait_until(lambda: told(link, export_id)["state"] in ENDED)
    return told(link, export_id)


def wait_until_done(link: SignedLink, export_id: str) -> dict[str, Any]:
    """The same, where it has to be done."""
    said = wait_until_ended(link, export_id)
    assert said["state"] == "done", said
    return said


def exporter_pid(server: Server) -> int:
    """The process that makes a server's exports."""
    found = list[int]()

    def looked() -> bool:
        pids = children_of(server.process.pid)
        found.extend(pid for pid in pids if "footage.export_process" in command_of(pid))
        return bool(found)

    wait_until(looked)
    return found[0]


def boxes_in_order(data: bytes) -> list[bytes]:
    """The kinds of a file's outermost boxes."""
    return list(_kinds(data))


def _kinds(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8]
        at += size if size != 1 else int.from_bytes(data[at + 8 : at + 16], "big")
    assert at == len(data), "the last box is not whole"
