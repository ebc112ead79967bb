"""A million made-up inputs to everything that reads what a client or a camera says.

``python -m proofs.fuzz [INPUTS]``. Nothing may be raised but what is documented; ends with 1 where it was.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from random import Random
from uuid import UUID

from footage.access.sessions import unseal
from footage.access.tokens import Token, sign, verify
from footage.api.archive_api import _SEGMENT
from footage.api.delivery import matches, parse_range, takes_gzip
from footage.api.errors import Refusal
from footage.api.gate import _token
from footage.api.parameters import Query, parse_uuid
from footage.api.source_urls import is_at_forbidden_address, is_source_url
from footage.media import mpegts

INPUTS = 1_000_000
_KEYS = (b"k" * 32, b"l" * 32)
_ARCHIVE = UUID(int=1)
_NAMES = ("start", "duration", "time", "exp", "from", "to", "signature", "shift", "discontinuity")
_NUMBERISH = "0123456789.eE+-_ xinfaNA\u0663"
_SEED = 79


def query(data: bytes) -> None:
    """Raises nothing but a Refusal."""
    with suppress(Refusal):
        read = Query(data)
        for name in _NAMES:
            read.moment(name)
            read.length(name)
            read.whole(name, 0, 10)
            read.switch(name)
            read.text(name)
        read.span()
        read.check()
    _token(data)


def token(signature: str, exp: int, limit: int | None) -> None:
    """Nothing made up is ever good, and what was signed is."""
    wanted = Token(exp, limit, None)
    good = sign(_KEYS[1], _ARCHIVE, 3, wanted)
    assert not verify(_KEYS, _ARCHIVE, 3, wanted, signature=signature, now_s=exp - 1) or signature == good
    assert verify(_KEYS, _ARCHIVE, 3, wanted, signature=good, now_s=exp - 1)
    assert not verify(_KEYS, _ARCHIVE, 3, wanted, signature=good, now_s=exp)
    assert unseal(_KEYS, signature, now_s=0) is None


def header(text: str, size: int) -> None:
    """Raises nothing but ValueError, and only for a range that cannot be."""
    with suppress(ValueError):
        part = parse_range(text, size)
        assert part is None or 0 <= part.start < part.end <= size
    matches(text, 'W/"x"')
    takes_gzip(text)


def names(text: str) -> None:
    """Segment names, ids and sources: read, or refused."""
    match = _SEGMENT.fullmatch(text)
    assert match is None or int(match[1]) >= 0
    with suppress(Refusal):
        parse_uuid("archiveId", text)
    for url in (text, f"rtsp://{text}"):
        if is_source_url(url):
            is_at_forbidden_address(url, ())


def stream(data: bytes, ticks: int) -> None:
    """Any bytes are read and moved; moving changes no length."""
    mpegts.keyframes(data)
    list(mpegts.access_units(data))
    mpegts.seals(data)
    mpegts.pes_packets(data)
    assert len(mpegts.moved_back(data, ticks)) == len(data)


def _query_bytes(dice: Random) -> bytes:
    pairs = (f"{dice.choice(_NAMES)}={_number(dice)}" for _ in range(dice.randrange(6)))
    return _bent(dice, "&".join(pairs).encode("utf-8", "replace"))


def _signature(dice: Random) -> str:
    good = sign(_KEYS[0], _ARCHIVE, 3, Token(dice.randrange(10**10)))
    return _bent(dice, good.encode()).decode("latin-1")


def _number(dice: Random) -> str:
    length = dice.randrange(1, 40)
    return "".join(dice.choices(_NUMBERISH, k=length))


def _name(dice: Random) -> str:
    good = dice.choice(
        (
            f"{_number(dice)}.ts",
            "1790000000000.ts",
            str(_ARCHIVE),
            "u:p@192.0.2.7:554/x",
            "[::1]:1/",
            "0x7f.1",
        )
    )
    return _bent(dice, good.encode("utf-8", "replace")).decode("latin-1")


def _stream(dice: Random) -> bytes:
    """Packets that are nearly those of a segment: the head right, and anything behind it."""
    packets = []
    for _ in range(dice.randrange(6)):
        head = dice.choice((b"G\x41\x00", b"G\x41\x01", b"G\x01\x00", b"G\x1f\xff", b"\0\0\0"))
        adaptation = bytes((dice.choice((0x10, 0x20, 0x30, dice.randrange(256))), dice.randrange(256)))
        pes = dice.choice((b"", b"\0\0\1\xe0\0\0\x80\xc0\x0a"))
        packets.append((head + adaptation + pes + dice.randbytes(dice.randrange(64))).ljust(188, b"\xff"))
    return b"".join(packets)


def _bent(dice: Random, data: bytes) -> bytes:
    """Bytes changed, taken out, put in, or as they are."""
    bent = bytearray(data)
    for _ in range(dice.randrange(4)):
        at = dice.randrange(len(bent) + 1)
        bent[at : at + dice.randrange(3)] = dice.randbytes(dice.randrange(3))
    return bytes(bent)


TARGETS: dict[str, Callable[[Random], None]] = {
    "query": lambda dice: query(_query_bytes(dice)),
    "token": lambda dice: token(_signature(dice), dice.randrange(10**15), dice.choice((None, 5))),
    "header": lambda dice: header(
        _bent(dice, f"bytes={_number(dice)}-{_number(dice)}".encode("utf-8", "replace")).decode("latin-1"),
        dice.randrange(1, 10**9),
    ),
    "names": lambda dice: names(_name(dice)),
    "stream": lambda dice: stream(_stream(dice), dice.randrange(mpegts.WRAP)),
}


def run(name: str, inputs: int, seed: int) -> None:
    """Give a target so many inputs; the seed tells which. Raises what it raised."""
    target, dice = TARGETS[name], Random(seed)
    for number in range(inputs):
        try:
            target(dice)
        except Exception:
            print(f"{name}: input {number} of seed {seed}", file=sys.stderr)
            raise


def main(arguments: list[str]) -> None:
    """Every target, its share of the inputs, and a table."""
    total = int(arguments[0]) if arguments else INPUTS
    each = -(-total // len(TARGETS))
    print("| target | inputs | s of CPU |\n|---|---|---|")
    for name in TARGETS:
        began = time.process_time()
        run(name, each, _SEED)
        print(f"| {name} | {each} | {time.process_time() - began:.0f} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
