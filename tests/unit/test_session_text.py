"""Sessions as text: what the seal covers, and that nothing else passes for one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.access.sessions import Session, seal, unseal
from footage.access.tokens import Token, sign

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
NOW = 1_790_000_000
SESSION = Session(hashlib.sha256(b"footage_x").digest(), NOW + 60)
TEXT = seal(KEY, SESSION)

sessions = st.builds(Session, st.binary(min_size=32, max_size=32), st.integers(0, 10**15 - 1))


def test_the_sealed_text_is_one_field_a_line() -> None:
    text = f"footage session 1\n{SESSION.key_hash.hex()}\n1790000060"
    digest = hmac.new(KEY, text.encode(), hashlib.sha256).digest()
    signature = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    key_hash = base64.urlsafe_b64encode(SESSION.key_hash).decode().rstrip("=")
    assert f"{key_hash}.1790000060.{signature}" == TEXT


def test_it_needs_no_quotes_in_a_cookie() -> None:
    assert set(TEXT) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@given(sessions)
def test_what_was_sealed_comes_back(session: Session) -> None:
    assert unseal((KEY,), seal(KEY, session), now_s=session.exp - 1) == session


@given(sessions)
def test_it_ends_when_it_says(session: Session) -> None:
    text = seal(KEY, session)
    assert unseal((KEY,), text, now_s=session.exp - 0.5) == session
    assert unseal((KEY,), text, now_s=session.exp) is None


@given(st.text(max_size=120))
def test_no_other_text_is_one(text: str) -> None:
    assert unseal((KEY,), text, now_s=0) is None


@given(st.integers(0, len(TEXT) - 1), st.sampled_from("AB09-_.é "))
def test_every_character_counts(place: int, other: str) -> None:
    changed = TEXT[:place] + other + TEXT[place + 1 :]
    assert (unseal((KEY,), changed, now_s=NOW) is None) is (changed != TEXT)


def test_spare_bits_are_another_text() -> None:
    """43 characters of base64 hold 258 bits, two more than a hash: they must be zero."""
    key_hash, exp, signature = TEXT.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet[alphabet.index(key_hash[-1]) + 1]
    assert base64.urlsafe_b64decode(f"{key_hash[:-1]}{last}=") == SESSION.key_hash
    assert unseal((KEY,), f"{key_hash[:-1]}{last}.{exp}.{signature}", now_s=NOW) is None


@pytest.mark.parametrize(
    "exp", ["01790000060", "+1790000060", " 1790000060", "1790000060.0", "1_790_000_060"]
)
def test_there_is_one_way_to_write_an_expiry(exp: str) -> None:
    key_hash, _, signature = TEXT.split(".")
    assert unseal((KEY,), f"{key_hash}.{exp}.{signature}", now_s=NOW) is None


def test_every_valid_key_unseals_and_no_other() -> None:
    assert unseal((OTHER_KEY, KEY), TEXT, now_s=NOW) == SESSION
    assert unseal((KEY, OTHER_KEY), TEXT, now_s=NOW) == SESSION
    assert unseal((OTHER_KEY,), TEXT, now_s=NOW) is None
    assert unseal((), TEXT, now_s=NOW) is None


def test_a_links_signature_seals_no_session() -> None:
    """The two texts begin with version lines of their own."""
    signature = sign(KEY, UUID(int=1), 0, Token(SESSION.exp))
    key_hash, exp, _ = TEXT.split(".")
    assert unseal((KEY,), f"{key_hash}.{exp}.{signature}", now_s=NOW) is None
    assert signature not in TEXT
