"""A running server together with the house behind it, for tests that fill archives directly."""

from __future__ import annotations

import time
from dataclasses import dataclass

from footage.access.tokens import Token, sign
from footage.house import House
from kit.archive import Shelf, add_shelf
from kit.server import Server, SignedLink


@dataclass(frozen=True)
class Site:
    """A running server, and its data folder opened by the test too."""

    server: Server
    house: House

    def shelf(self, title: str = "Entrance") -> Shelf:
        """A new camera with an empty archive."""
        return add_shelf(self.house, title)

    def link(
        self, shelf: Shelf, *, from_ms: int | None = None, to_ms: int | None = None, ttl_s: int = 3600
    ) -> SignedLink:
        """A signed link to a shelf."""
        token = Token(int(time.time()) + ttl_s, from_ms, to_ms)
        archive = shelf.house.index.archive(shelf.archive.id)
        assert archive is not None
        signature = sign(self.house.signing_keys.all()[0], archive.id, archive.token_epoch, token)
        query = dict(pair.split("=") for pair in token.query(signature).split("&"))
        return SignedLink(f"{self.server.url}/archives/{archive.id}", query)
