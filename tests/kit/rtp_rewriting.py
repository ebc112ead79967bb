"""A track's RTP and RTCP as a camera with a mind of its own would send them (RFC 3550, 5.1 and 6.4.1)."""

from __future__ import annotations

import struct

from footage.demo.wire import Track

_RTP_HEADER = 12
_SENDER_REPORT = 200
_SENDER_REPORT_BYTES = 20


class TrackRewriter:
    """Moves one track's timestamps, and lets another source go on where the last one stopped."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._shift = 0
        self._sequence_shift = 0
        self._clock_set_s = 0.0
        self._wrap_in_s: float | None = None
        self._joining = False
        self._same: tuple[int, bytes] | None = None
        self._last: tuple[int, int, float] | None = None

    def jump(self, seconds: float) -> None:
        """The camera's clock is set: timestamps and the wall time in the reports move together."""
        self._shift += round(seconds * self._track.clock_rate)
        self._clock_set_s += seconds

    def wrap_in(self, seconds: float) -> None:
        """The timestamps from the next packet on pass 2**32 so much later."""
        self._wrap_in_s = seconds

    def join(self) -> None:
        """Another source follows: numbers and timestamps go on, a picture begins with a keyframe."""
        self._joining = self._last is not None

    def rtp(self, packet: bytes, now: float) -> bytes | None:
        """The packet to send at a moment of the monotonic clock, or None."""
        if len(packet) < _RTP_HEADER:
            return packet
        kind, sequence, moment = struct.unpack_from(">xBHI", packet)
        if self._joining:
            if self._track.kind == "video" and not begins_keyframe(packet[_RTP_HEADER:], self._track.codec):
                return None
            assert self._last is not None
            last_moment, last_sequence, last_at = self._last
            self._shift = last_moment + round((now - last_at) * self._track.clock_rate) - moment
            self._sequence_shift = last_sequence + 1 - sequence
            self._joining = False
        self._arm_wrap(moment)
        moment = (moment + self._shift) % 2**32
        sequence = (sequence + self._sequence_shift) % 2**16
        if self._same is None:
            self._same = (kind & 0x7F, packet[8:12])
        payload_type, sender = self._same
        self._last = (moment, sequence, now)
        head = struct.pack(">BBHI", packet[0], kind & 0x80 | payload_type, sequence, moment)
        return head + sender + packet[_RTP_HEADER:]

    def rtcp(self, packet: bytes) -> bytes | None:
        """The report to send, or None while it tells of another source's clock."""
        if self._joining:
            return None
        if len(packet) < _SENDER_REPORT_BYTES or packet[1] != _SENDER_REPORT:
            return packet
        wall, moment = struct.unpack_from(">QI", packet, 8)
        self._arm_wrap(moment)
        wall = (wall + round(self._clock_set_s * 2**32)) % 2**64
        sender = packet[4:8] if self._same is None else self._same[1]
        moved = struct.pack(">QI", wall, (moment + self._shift) % 2**32)
        return packet[:4] + sender + moved + packet[_SENDER_REPORT_BYTES:]

    def _arm_wrap(self, moment: int) -> None:
        if self._wrap_in_s is not None:
            self._shift = 2**32 - round(self._wrap_in_s * self._track.clock_rate) - moment
            self._wrap_in_s = None


def begins_keyframe(payload: bytes, codec: str) -> bool:
    """Whether a packet holds the start of a keyframe or its parameter sets (RFC 6184, RFC 7798)."""
    if codec == "H264":
        unit, payload = payload[0] & 0x1F, payload + bytes(4)
        if unit == 24:  # several units in one packet
            unit = payload[3] & 0x1F
        elif unit == 28:  # a piece of one
            unit = payload[1] & 0x1F if payload[1] & 0x80 else 0
        return unit in {5, 7, 8}
    unit, payload = payload[0] >> 1 & 0x3F, payload + bytes(5)
    if unit == 48:
        unit = payload[4] >> 1 & 0x3F
    elif unit == 49:
        unit = payload[2] & 0x3F if payload[2] & 0x80 else 0
    return 16 <= unit <= 21 or 32 <= unit <= 34
