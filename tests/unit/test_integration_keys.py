"""Integration keys: made of chance, kept as a hash."""

from __future__ import annotations

import base64
import hashlib

from footage.access.integration_keys import hash_key, make_key


def test_a_key_has_256_bits_of_chance_and_a_prefix_to_know_it_by() -> None:
    keys = {make_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        prefix, _, rest = key.partition("_")
        assert prefix == "footage"
        assert len(base64.urlsafe_b64decode(rest + "=")) == 32


def test_what_is_kept_does_not_tell_the_key() -> None:
    key = make_key()
    assert hash_key(key) == hashlib.sha256(key.encode()).digest()
    assert key.encode() not in hash_key(key)


def test_keys_that_differ_in_a_letter_have_nothing_in_common() -> None:
    key = make_key()
    assert len({hash_key(one) for one in (key, key.swapcase(), key[:-1], key + "A", f" {key}", "")}) == 6


def test_any_header_can_be_hashed() -> None:
    # What a client sends need be no text at all.
    assert hash_key("\udcff\x00é") == hashlib.sha256(b"\xff\x00\xc3\xa9").digest()
