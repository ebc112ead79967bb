"""What a keyframe says of its stream: parameter sets, picture size, and whether they changed."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from footage.media.gops import AnyPacket
from footage.media.parameter_sets import Framing
from footage.media.segment_muxer import Tracks
from footage.timeline import Codecs


class KeyframeReader:
    """Reads each keyframe of one source, and completes it so that it decodes alone."""

    def __init__(self, tracks: Tracks) -> None:
        video, audio = tracks.video.codec_context, tracks.audio and tracks.audio.codec_context
        name = "hevc" if video.codec.canonical_name == "hevc" else "h264"
        self._extradata = video.extradata or b""
        self._framing = Framing.of(name, self._extradata)
        self._sets = self._framing.sets_in_header(self._extradata)
        self._codecs = self._described(
            Codecs(
                video=name,
                width=video.width,
                height=video.height,
                audio="aac" if audio else None,
                sample_rate=audio.sample_rate if audio else 0,
                channels=audio.channels if audio else 0,
                fingerprint="",
            )
        )

    def read(self, packet: AnyPacket) -> tuple[AnyPacket, Codecs | None]:
        """The keyframe with its parameter sets in front, and what they say.

        None for the codecs where its bytes are damaged: then it is no keyframe to begin at.
        """
        data = bytes(packet)
        if not self._framing.is_whole(data):
            return packet, None
        found = self._framing.sets_in_picture(data)
        if not found:
            return _copy_with(packet, self._framing.with_sets(data, self._sets)), self._codecs
        if found != self._sets:
            known, self._sets = self._sets, found
            if known or not self._codecs.width:
                width, height = self._picture_size(data)
                self._codecs = replace(self._codecs, width=width, height=height)
            self._codecs = self._described(self._codecs)
        return packet, self._codecs

    def _described(self, codecs: Codecs) -> Codecs:
        """The codecs with the fingerprint of all that a decoder is set up with."""
        digest = hashlib.blake2b(digest_size=8)
        words = (codecs.video, codecs.audio or "", str(codecs.sample_rate), str(codecs.channels))
        for part in (*(word.encode() for word in words), *self._sets):
            digest.update(len(part).to_bytes(4, "big") + part)
        return replace(codecs, fingerprint=digest.hexdigest())

    def _picture_size(self, data: bytes) -> tuple[int, int]:
        """Width and height of a picture, by decoding it; the known ones where it does not decode."""
        context = av.CodecContext.create(self._codecs.video, "r")
        assert isinstance(context, VideoCodecContext)
        if self._framing.length_bytes:
            context.extradata = self._extradata
        try:
            frames = [*context.decode(Packet(data)), *context.decode(None)]
        except av.error.InvalidDataError:
            frames = []
        known = self._codecs
        return (frames[0].width, frames[0].height) if frames else (known.width, known.height)


def _copy_with(packet: AnyPacket, data: bytes) -> AnyPacket:
    copy = Packet(data)
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.time_base = packet.time_base
    copy.is_keyframe = True
    return copy
