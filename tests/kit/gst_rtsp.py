"""Serves clips over RTSP with GStreamer's own server: what stands for cameras that nobody here wrote.

Run with the system's Python, which has GStreamer's bindings. Takes as JSON on standard input
``{"mounts": {name: {"path", "video", "audio"}}, "login": [user, password] | null}``, prints the
port, and serves until standard input ends. Each player gets a clip from its beginning, in real time,
and the end of the connection at its end.
"""

from __future__ import annotations

import importlib
import json
import sys
import threading
from typing import Any

gi = importlib.import_module("gi")
gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
GLib = importlib.import_module("gi.repository.GLib")
Gst = importlib.import_module("gi.repository.Gst")
GstRtsp = importlib.import_module("gi.repository.GstRtsp")
GstRtspServer = importlib.import_module("gi.repository.GstRtspServer")

PAYLOADERS = {
    "h264": "h264parse config-interval=-1 ! rtph264pay",
    "hevc": "h265parse config-interval=-1 ! rtph265pay",
    "aac": "rtpmp4gpay",
    "pcm_mulaw": "rtppcmupay",
    "pcm_alaw": "rtppcmapay",
}


def factory_of(mount: dict[str, Any]) -> Any:
    """A pipeline from the file to payloaders; the demuxer gives avc and raw, which they take."""
    tracks = [("video_0", mount["video"])] + [("audio_0", mount["audio"])] * bool(mount["audio"])
    pipeline = f'filesrc location="{mount["path"]}" ! qtdemux name=demuxer '
    for number, (pad, codec) in enumerate(tracks):
        pipeline += f" demuxer.{pad} ! queue ! {PAYLOADERS[codec]} name=pay{number} pt={96 + number}"
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(f"( {pipeline} )")
    factory.set_shared(False)
    return factory


def protect(server: Any, factories: list[Any], user: str, password: str) -> None:
    """Let in only who knows the password, by Digest."""
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.add_digest(user, password, token)
    server.set_auth(auth)
    for factory in factories:
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_permission_for_role("viewer", "media.factory.access", True)
        permissions.add_permission_for_role("viewer", "media.factory.construct", True)
        factory.set_permissions(permissions)


def main() -> None:
    Gst.init(None)
    wanted = json.loads(sys.stdin.readline())
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service("0")
    factories = {name: factory_of(mount) for name, mount in wanted["mounts"].items()}
    if wanted["login"] is not None:
        protect(server, list(factories.values()), *wanted["login"])
    mounts = server.get_mount_points()
    for name, factory in factories.items():
        mounts.add_factory(f"/{name}", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.quit()), daemon=True).start()
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    loop.run()


if __name__ == "__main__":
    main()
