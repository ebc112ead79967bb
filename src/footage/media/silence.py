"""Sound that is not there, as silence: players stand still where a track with sound has none.

Measured in design/playlist-and-gaps.md: Chromium's own HLS freezes where 50 ms of sound are missing
at the end of a run, hls.js where a whole segment has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from av.audio.stream import AudioStream
from av.packet import Packet

from footage.media.mpegts import TICKS_PER_MS

_SAMPLES = 1024
# ISO/IEC 14496-3, 1.6.3.4: the rates that an ADTS header can name, by their index.
RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000)
_FRAMES = {1: bytes.fromhex("00c800802380"), 2: bytes.fromhex("210049900219002380")}
"""One AAC-LC frame of silence, by the number of channels."""
_HEADER_BYTES = 7


def silent_frame(channels: int) -> bytes | None:
    """A frame of silence of AAC-LC without its header; None but for mono and stereo."""
    return _FRAMES.get(channels)


@dataclass(frozen=True, slots=True)
class Silence:
    """Frames of silence that fit between those of a track: ``frame_ticks`` long each."""

    data: bytes
    frame_ticks: int

    @classmethod
    def like(cls, track: AudioStream) -> Silence | None:
        """For a track of AAC-LC, mono or stereo; None for others, whose holes stay."""
        context = track.codec_context
        frame = _FRAMES.get(context.channels)
        if frame is None or context.sample_rate not in RATES or context.profile not in (None, "LC"):
            return None
        header = adts_header(context.sample_rate, context.channels, len(frame))
        return cls(header + frame, _SAMPLES * 1000 * TICKS_PER_MS // context.sample_rate)

    def at(self, pts: int) -> Packet[Any]:
        """A frame of it."""
        packet: Packet[Any] = Packet(self.data)
        packet.pts = packet.dts = pts
        packet.duration = self.frame_ticks
        return packet


def adts_header(rate: int, channels: int, frame_bytes: int) -> bytes:
    """ISO/IEC 14496-3, 1.A.2.2: MPEG-4, no CRC, profile LC, one frame, a full buffer.

    Raises ValueError where it cannot name the rate.
    """
    bits = 0xFFF1 << 40 | 1 << 38 | RATES.index(rate) << 34 | channels << 30
    bits |= (frame_bytes + _HEADER_BYTES) << 13 | 0x7FF << 2
    return bits.to_bytes(_HEADER_BYTES, "big")
