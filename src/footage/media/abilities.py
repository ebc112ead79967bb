"""What the FFmpeg inside can do, and what of it recording and playing need."""

from __future__ import annotations

import av

_NEEDED = {
    "decoders": ("h264", "hevc", "aac"),
    "encoders": ("libx264", "aac"),
    "formats": ("rtsp", "hls", "mpegts", "mp4"),
}


def missing_abilities() -> list[str]:
    """Names of what is needed and not there; empty where all is well."""
    missing = [f"format {name}" for name in _NEEDED["formats"] if name not in av.formats_available]
    for kind, mode in (("decoders", "r"), ("encoders", "w")):
        for name in _NEEDED[kind]:
            try:
                av.Codec(name, "r" if mode == "r" else "w")
            except (ValueError, av.error.FFmpegError):
                missing.append(f"{kind.removesuffix('s')} {name}")
    return missing


def ffmpeg_version() -> str:
    """The version of FFmpeg's own program that the libraries belong to."""
    return str(av.ffmpeg_version_info)
