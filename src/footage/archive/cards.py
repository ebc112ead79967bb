"""A camera's card: what the index knows of a camera, kept as a small file beside its footage.

An index that is lost comes back from the storage alone, and footage without its camera is of
little use. A card holds the ids, so that old links keep working, the title and what was chosen
for the camera. It never holds the source's URL, which may carry a password in more places than
one: a card is as public as the footage. Writing one never makes a change of a camera fail;
``footage check`` tells of those that are missing or old.
"""

from __future__ import annotations

import logging
from uuid import UUID

import msgspec

from footage.archive.errors import ArchiveError
from footage.archive.storage import Storage
from footage.telemetry.logs import event
from footage.timeline import Archive, Camera

CARD = "camera.json"
_log = logging.getLogger(__name__)


class Card(msgspec.Struct, frozen=True):
    """A camera as its card tells it; ``has_source`` of the camera says that it had one."""

    camera: Camera
    token_epoch: int
    version: int = 1


def card_name(archive_id: UUID) -> str:
    """Where the card of an archive's camera lies."""
    return f"{archive_id}/{CARD}"


def write_card(storage: Storage, camera: Camera, archive: Archive) -> None:
    """Keep a camera's card. Raises as the storage does."""
    text = msgspec.json.format(msgspec.json.encode(Card(camera, archive.token_epoch)), indent=2)
    storage.put(card_name(archive.id), text + b"\n")


def try_to_write_card(storage: Storage, camera: Camera, archive: Archive) -> None:
    """The same, and where it cannot be done the log says so."""
    try:
        write_card(storage, camera, archive)
    except ArchiveError as error:
        event(_log, logging.WARNING, "card.not_written", camera=str(camera.id), reason=str(error))


def read_card(storage: Storage, archive_id: UUID) -> Card | None:
    """The card of an archive's camera; None where there is none that can be read.

    Raises Unavailable.
    """
    text = storage.get(card_name(archive_id))
    if text is None:
        return None
    try:
        card = msgspec.json.decode(text, type=Card)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return card if card.camera.archive_id == archive_id else None


def is_up_to_date(storage: Storage, camera: Camera, archive: Archive) -> bool:
    """True where the card says of a camera what the index says."""
    return read_card(storage, archive.id) == Card(camera, archive.token_epoch)
