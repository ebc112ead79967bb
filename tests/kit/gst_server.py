"""Starts GStreamer's RTSP server on clips that the tests made."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import av

from footage.demo.login import Login

_SYSTEM_PYTHON = "/usr/bin/python3"
_PROGRAM = Path(__file__).with_name("gst_rtsp.py")


@dataclass(frozen=True)
class GstServer:
    """Where it listens, and who may look."""

    port: int
    login: Login | None

    def url(self, name: str, *, login: Login | None = None) -> str:
        """The URL of a mount, with the server's own user and password or others."""
        known = login or self.login
        return f"rtsp://{'' if known is None else known.in_url()}127.0.0.1:{self.port}/{name}"


@contextmanager
def gst_server(clips: Mapping[str, Path], *, login: Login | None = None) -> Iterator[GstServer]:
    """Serve each MP4 or MOV clip (H.264 or H.265, with AAC, G.711 or no sound) under its name."""
    told = {
        "mounts": {name: _mount(path) for name, path in clips.items()},
        "login": None if login is None else [login.user, login.password],
    }
    process = subprocess.Popen(
        [_SYSTEM_PYTHON, "-I", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(told) + "\n")
            process.stdin.flush()
            port = process.stdout.readline()
            assert port.strip().isdecimal(), "GStreamer's server did not start"
            yield GstServer(int(port), login)
        finally:
            process.kill()


def _mount(path: Path) -> dict[str, str | None]:
    with av.open(str(path)) as clip:
        audio = clip.streams.audio[0].codec_context.name if clip.streams.audio else None
        return {
            "path": str(path.resolve()),
            "video": clip.streams.video[0].codec_context.name,
            "audio": audio,
        }
