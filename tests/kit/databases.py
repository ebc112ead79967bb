"""Every kind of database that an index can live in: the suites of the contract run over all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

DATABASES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda folder: f"sqlite:///{folder / 'index.db'}",
}
"""Makers of a new database's URL, given a folder of its own."""
