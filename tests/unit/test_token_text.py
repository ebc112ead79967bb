"""Signatures: what they cover, and that nothing else passes for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from footage.access.tokens import Token, sign, verify

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
ARCHIVE = UUID("11111111-2222-4333-8444-555555555555")
NOW = 1_790_000_000
TOKEN = Token(NOW + 60, 1_790_000_000_000, 1_790_000_100_000)

moments = st.one_of(st.none(), st.integers(0, 253_402_300_800_000))
tokens = st.builds(Token, st.integers(0, 1 << 40), moments, moments)
epochs = st.integers(0, 1 << 31)


def good(
    signature: str,
    *,
    keys: Sequence[bytes] = (KEY,),
    archive: UUID = ARCHIVE,
    epoch: int = 3,
    token: Token = TOKEN,
    now_s: float = NOW,
) -> bool:
    return verify(keys, archive, epoch, token, signature=signature, now_s=now_s)


SIGNATURE = sign(KEY, ARCHIVE, 3, TOKEN)


def test_the_signed_text_is_one_field_a_line() -> None:
    text = (
        "footage token 1\n11111111-2222-4333-8444-555555555555\n3\n1790000060\n1790000000000\n1790000100000"
    )
    digest = hmac.new(KEY, text.encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(digest).decode() == f"{SIGNATURE}="
    bare = hmac.new(KEY, b"footage token 1\n" + str(ARCHIVE).encode() + b"\n0\n7\n\n", hashlib.sha256)
    assert sign(KEY, ARCHIVE, 0, Token(7)) == base64.urlsafe_b64encode(bare.digest()).decode().rstrip("=")


def test_a_signature_needs_no_escaping_in_a_url() -> None:
    for number in range(50):
        signature = sign(KEY, ARCHIVE, number, TOKEN)
        assert len(signature) == 43
        assert set(signature) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.uuids(), epochs, tokens)
def test_what_was_signed_is_good_until_it_expires(archive: UUID, epoch: int, token: Token) -> None:
    signature = sign(KEY, archive, epoch, token)

    def is_good(now_s: float) -> bool:
        return good(signature, archive=archive, epoch=epoch, token=token, now_s=now_s)

    assert is_good(token.exp - 1)
    assert is_good(token.exp - 0.001)
    assert not is_good(token.exp)
    assert not is_good(token.exp + 0.001)


@given(st.uuids(), epochs, tokens, st.data())
def test_every_field_matters(archive: UUID, epoch: int, token: Token, data: st.DataObject) -> None:
    signature = sign(KEY, archive, epoch, token)
    field = data.draw(st.sampled_from(["archive", "epoch", "exp", "from_ms", "to_ms"]))
    changed: dict[str, Any] = {"archive": archive, "epoch": epoch, "token": token}
    if field == "archive":
        changed["archive"] = UUID(int=archive.int ^ 1 << data.draw(st.integers(0, 127)))
    elif field == "epoch":
        changed["epoch"] = data.draw(epochs)
        assume(changed["epoch"] != epoch)
    else:
        value = data.draw(st.integers(0, 1 << 40) if field == "exp" else moments)
        assume(value != getattr(token, field))
        fields: dict[str, Any] = {field: value}
        changed["token"] = replace(token, **fields)
    assert not good(signature, **changed, now_s=-1)


@given(st.tuples(st.uuids(), epochs, tokens), st.tuples(st.uuids(), epochs, tokens))
def test_no_two_tokens_have_one_text(one: tuple[UUID, int, Token], other: tuple[UUID, int, Token]) -> None:
    assert (sign(KEY, *one) == sign(KEY, *other)) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # Digits that move from one field to its neighbour, and a limit that changes its name.
        ((1, Token(11)), (11, Token(1))),
        ((0, Token(1, 12, 3)), (0, Token(1, 1, 23))),
        ((0, Token(1, 5)), (0, Token(1, None, 5))),
        ((0, Token(1, 0)), (0, Token(1))),
        ((0, Token(15)), (0, Token(1, 5))),
    ],
)
def test_fields_do_not_run_into_each_other(one: tuple[int, Token], other: tuple[int, Token]) -> None:
    assert sign(KEY, ARCHIVE, *one) != sign(KEY, ARCHIVE, *other)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        SIGNATURE[:-1],
        SIGNATURE[1:],
        SIGNATURE + "=",
        SIGNATURE + "A",
        f" {SIGNATURE}",
        f"{SIGNATURE}\n",
        f"{SIGNATURE}\x00",
        SIGNATURE.swapcase(),
        SIGNATURE.lower(),
        SIGNATURE.upper(),
        SIGNATURE[::-1],
        "é" * 43,
        "\udc80" * 43,
        "签" * 43,
        "A" * 100_000,
        base64.urlsafe_b64decode(SIGNATURE + "=").hex(),
        sign(OTHER_KEY, ARCHIVE, 3, TOKEN),
    ],
)
def test_nothing_else_is_a_signature(signature: str) -> None:
    assert good(SIGNATURE)
    assert not good(signature)


@given(st.integers(0, 42), st.characters())
@example(0, "\ud800")
def test_no_character_can_be_another(place: int, character: str) -> None:
    assume(SIGNATURE[place] != character)
    assert not good(SIGNATURE[:place] + character + SIGNATURE[place + 1 :])


def test_there_is_one_way_to_write_a_signature() -> None:
    # The last character carries four bits: others decode to the same digest.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    digest = base64.urlsafe_b64decode(SIGNATURE + "=")
    same = [
        letter for letter in alphabet if base64.urlsafe_b64decode(f"{SIGNATURE[:-1]}{letter}=") == digest
    ]
    assert len(same) == 4
    assert [letter for letter in same if good(SIGNATURE[:-1] + letter)] == [SIGNATURE[-1]]


def test_keys_rotate_without_breaking_links() -> None:
    new = b"n" * 32
    assert good(SIGNATURE, keys=(new, KEY))
    assert good(SIGNATURE, keys=(new, OTHER_KEY, KEY))
    assert good(sign(new, ARCHIVE, 3, TOKEN), keys=(new, KEY))
    assert not good(SIGNATURE, keys=(new, OTHER_KEY))
    assert not good(SIGNATURE, keys=())


@given(tokens)
def test_the_query_carries_the_whole_token(token: Token) -> None:
    fields = dict(parse_qsl(token.query("sig-_")))
    expected = {"signature": "sig-_", "exp": token.exp, "from": token.from_ms, "to": token.to_ms}
    assert fields == {name: str(value) for name, value in expected.items() if value is not None}
    assert token.query("sig").startswith("signature=sig&exp=")
